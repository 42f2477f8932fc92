// The patrol on a phone. Opens from the phone itself; the network is used when it is there.
import { data, t, h, icon, show, goTop } from "./dom.js";
import * as store from "./store.js";
import { state, onChange, changed, load, strip } from "./state.js";
import { sync, identify } from "./sync.js";
import { list } from "./list.js";
import { open, current } from "./task.js";

const HELLO_MS = 3000, SOON_MS = 4000;
state.login = data.urls.login;

let stripKey = "";
function drawStrip() {
  if (state.hello?.elder) document.documentElement.dataset.elder = "on";
  const { key, parts } = strip();
  if (key === stripKey) return; // read aloud only when it says something new
  stripKey = key;
  document.getElementById("strip").replaceChildren(...parts);
}

function closed(title, words, action = null) {
  show({ title: t("patrol"), leave: data.urls.back, body: [h("div", { cls: "al-empty" }, h("img", { src: data.empty, alt: "" }), h("h2", { cls: "h3" }, title), h("p", {}, words), action)] });
}

async function route() {
  if (!state.vault) {
    const owners = await store.owners();
    const pending = owners.reduce((sum, one) => sum + one.pending, 0);
    const kept = pending ? t("locked_kept", { n: pending }) : "";
    if (state.trouble === "revoked") closed(t("revoked"), t("revoked_more"));
    else if (state.trouble === "auth") closed(t("sign_in_again"), `${t("locked")}${kept}`, h("a", { cls: "btn btn-primary", href: state.login }, t("sign_in")));
    else if (state.hello && !state.hello.may) closed(t("may_not"), t("may_not_more"));
    else closed(t(owners.length ? "locked_title" : "first_online"), owners.length ? `${t("locked")}${kept}` : t("first_online_more"), h("button", { type: "button", cls: "btn btn-primary", onclick: start }, icon("refresh"), t("try_again")));
    return;
  }
  const [, where, uid] = location.hash.split("/");
  document.getElementById("main").classList.remove("m-patrol");
  if (where === "visit" && uid) await open(uid);
  else await list();
}

// Draw the list again when something came from the server; a visit under way is left alone.
let drawn = "";
async function follow() {
  drawStrip();
  const now = JSON.stringify([Boolean(state.vault), state.vault?.owner.owner, state.trouble === "auth", state.packed, state.tasks.length, location.hash.startsWith("#/visit") || [state.waiting, state.at]]);
  if (now === drawn) return;
  drawn = now;
  if (!state.vault || !location.hash.startsWith("#/visit")) await route();
}

async function start() {
  navigator.storage?.persist?.();
  const asked = navigator.onLine ? Promise.race([identify().then(() => true, () => false), new Promise((resolve) => setTimeout(resolve, HELLO_MS, false))]) : Promise.resolve(false);
  if (!(await asked) && !state.vault && !["auth", "revoked"].includes(state.trouble)) {
    state.vault = await store.reopen();
    if (state.vault) await load();
  }
  await route();
  drawStrip();
  if (state.trouble !== "auth") sync({ force: true });
}

let soon = 0;
document.addEventListener("patrol:sync", () => sync({ force: true }));
document.addEventListener("patrol:kept", async () => {
  state.waiting = await state.vault.waiting();
  changed();
  clearTimeout(soon);
  soon = setTimeout(() => sync(), SOON_MS);
});
addEventListener("online", () => sync({ force: true }));
addEventListener("offline", changed);
document.addEventListener("visibilitychange", () => { if (!document.hidden && state.trouble !== "auth") sync(); });
addEventListener("hashchange", async () => { await route(); goTop(); });
onChange(follow);

if (navigator.serviceWorker) navigator.serviceWorker.register(data.urls.worker, { scope: data.urls.home, updateViaCache: "none" });
if (!globalThis.isSecureContext || !globalThis.crypto?.subtle || !navigator.locks || !globalThis.indexedDB) closed(t("too_old"), t("too_old_more"), h("a", { cls: "btn btn-primary", href: data.urls.inspections }, t("see_inspections")));
else start();
export { current };
