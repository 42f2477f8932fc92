// What the pages show and share: the vault, the tasks, what waits, and how the connection is.
import { h, icon, t, clock } from "./dom.js";

export const state = {
  vault: null, hello: null, tasks: [], lists: {}, packed: null, more: 0, deadlines: {}, latest: {},
  waiting: { entries: 0, photos: 0 }, syncing: false, trouble: "", at: 0, doubts: 0, photo: null,
};

const listeners = new Set();
export const onChange = (listener) => listeners.add(listener);
export function changed() { for (const listener of listeners) listener(); }

export async function load() {
  const pack = await state.vault.get("pack");
  Object.assign(state, { tasks: pack?.tasks ?? [], lists: pack?.lists ?? {}, packed: pack?.at ?? null, more: pack?.more ?? 0,
    deadlines: pack?.deadlines ?? {}, latest: pack?.latest ?? {} });
  state.waiting = await state.vault.waiting();
}

export const task = (uid) => state.tasks.find((one) => one.uid === uid);
export const work = async (uid) => (await state.vault.get(`work:${uid}`)) ?? { answers: {}, hazards: {}, rechecks: {}, photos: [], signs: {}, accompanied: "", words: "", place: "" };
export const saveWork = (uid, value) => state.vault.put(`work:${uid}`, value);

// All items of a task in order, with the answer as it stands on this phone.
export function items(one, mine) {
  return one.lists.flatMap((list) => (state.lists[list]?.items ?? []).map((item) => {
    const key = `${list}:${item.key}`;
    return { ...item, list, id: key, answer: mine.answers[key] ?? one.answers[key] ?? null };
  }));
}

// The strip under the top bar: how the connection is, what lies on the phone, and that it is safe there.
export function strip() {
  const { entries, photos } = state.waiting;
  const kept = photos ? t("waiting", { n: entries, m: photos }) : entries ? t("waiting_entries", { n: entries }) : t("nothing_waits");
  let mark = "cloud-check", words = t("online"), more = kept, act = null;
  if (state.trouble === "auth") [mark, words, more] = ["lock", t("sign_in_again"), t("all_kept", { kept })];
  else if (state.trouble === "revoked") [mark, words] = ["lock", t("revoked")];
  else if (state.trouble) [mark, words, more] = ["cloud-off", t("retrying"), `${state.trouble} ${kept}`];
  else if (!navigator.onLine) [mark, words] = ["cloud-off", t("offline")];
  else if (state.syncing) [mark, words, more] = ["cloud-upload", t("syncing"), state.photo ? t("photo_progress", state.photo) : kept];
  else if (entries || photos) [mark, words] = ["cloud-upload", t("will_send")];
  else if (state.at) more = t("synced_at", { clock: clock(state.at) });
  if (state.trouble === "auth") act = h("a", { cls: "btn btn-quiet", href: state.login }, t("sign_in"));
  else if (!state.syncing && navigator.onLine && (entries || photos || state.trouble)) {
    act = h("button", { type: "button", cls: "btn btn-quiet", id: "sync-now", onclick: () => document.dispatchEvent(new Event("patrol:sync")) }, t("sync_now"));
  }
  return { key: JSON.stringify([mark, words, more, Boolean(act)]), parts: [icon(mark), h("span", {}, h("b", {}, words), more), act].filter(Boolean) };
}
