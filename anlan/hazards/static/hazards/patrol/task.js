// One visit: the door (firm, what is to be seen again), then group after group of the checklist.
import { data, t, h, icon, shortDay, show, goTop } from "./dom.js";
import { state, task, work, items, saveWork } from "./state.js";
import { card, photos, say } from "./item.js";
import { locate } from "./camera.js";
import { risk } from "./list.js";
import { finish } from "./finish.js";

let visit = null;
export const current = () => visit;

export async function open(uid) {
  const one = task(uid);
  if (!one) { location.hash = "#/"; return; }
  visit = { one, mine: await work(uid), at: visit?.one.uid === uid ? visit.at : 0 };
  if (visit.mine.finished) handed();
  else if (!visit.mine.started) door();
  else page();
}

function pages() {
  const all = items(visit.one, visit.mine);
  const groups = [];
  all.forEach((item, n) => {
    const name = item.group || t("items");
    const last = groups.at(-1);
    if (last?.name === name && last.list === item.list) last.items.push([item, n + 1]);
    else groups.push({ kind: "group", name, list: item.list, items: [[item, n + 1]] });
  });
  if (visit.one.recheck.length) groups.push({ kind: "recheck", name: t("recheck"), items: [] });
  return { all, groups: [...groups, { kind: "finish", name: t("finish"), items: [] }] };
}

function door() {
  const { one } = visit;
  const { firm } = one;
  const names = one.lists.map((id) => state.lists[id]).filter(Boolean);
  const start = h("button", { type: "button", cls: "btn btn-primary flex-fill", id: "start", onclick: () => begin(start) }, t("start"));
  show({
    title: firm.name, small: one.title, actions: [start],
    body: [
      one.elsewhere ? h("p", { cls: "al-note" }, icon("info-circle"), h("span", {}, t("elsewhere_more"))) : null,
      h("section", { cls: "m-item pt-door" }, h("div", { cls: "pt-card-line" }, risk(firm), one.due ? h("span", {}, t("until", { day: shortDay(one.due) })) : null),
        h("dl", {}, ...fact(t("address"), firm.address || t("unknown")), ...fact(t("contact"), [firm.contact, firm.phone].filter(Boolean).join(" ") || t("unknown")),
          ...fact(t("lists"), names.map((list) => t("list_name", { name: list.name, n: list.number, m: list.items.length })).join("；") || t("no_list"))),
        one.plan ? h("p", {}, one.plan) : null),
      one.recheck.length ? h("section", { cls: "m-item" }, h("h2", {}, t("recheck_title", { n: one.recheck.length })), h("ul", { cls: "pt-plain" }, one.recheck.map((hazard) => h("li", {}, hazard.title, h("small", {}, hazard.place))))) : null,
    ],
  });
  goTop();
}

const fact = (name, value) => [h("dt", {}, name), h("dd", {}, value)];

async function begin(button) {
  const { one, mine } = visit;
  button.disabled = true;
  button.textContent = t("locating");
  mine.position = await locate();
  mine.started = Date.now();
  const position = mine.position.none ? { none: mine.position.none } : mine.position;
  await state.vault.append("start", one.uid, { position, lists: one.lists }, { records: { [`work:${one.uid}`]: mine } });
  document.dispatchEvent(new Event("patrol:kept"));
  page();
  goTop();
}

export function page() {
  const { one, mine } = visit;
  const { all, groups } = pages();
  visit.at = Math.min(visit.at, groups.length - 1);
  const here = groups[visit.at];
  if (here.kind === "finish") { finish(visit, { all, back: () => turn(-1), toItem }); return; }
  const answered = all.filter((item) => item.answer).length;
  const done = here.items.filter(([item]) => item.answer).length;
  show({
    title: one.firm.name, small: one.title, actions: bar(groups),
    body: [
      h("div", { cls: "m-prog" }, h("b", {}, here.name), here.kind === "group" ? h("span", { id: "group-count" }, t("of_items", { n: done, m: here.items.length })) : null,
        h("span", { cls: "push", id: "all-count" }, t("of_all", { n: answered, m: all.length }))),
      h("progress", { cls: "al-bar", id: "all-bar", max: all.length || 1, value: answered, "aria-label": t("answered", { n: answered, m: all.length }) }),
      ...here.kind === "recheck" ? one.recheck.map((hazard) => again(hazard)) : here.items.map(([item, n]) => card(visit, item, n, (changed, focus) => refresh(changed, n, focus))),
    ],
  });
  document.getElementById("main").classList.add("m-patrol");
}

// Draw one item again, keep the focus where it was, and bring counts and the action bar up to date.
function refresh(item, number, focus) {
  const { all, groups } = pages();
  const fresh = all.find((other) => other.id === item.id);
  const old = document.getElementById(`item-${item.id}`);
  if (!old) return;
  const made = card(visit, fresh, number, (changed, next) => refresh(changed, number, next));
  old.replaceWith(made);
  if (focus) (made.querySelector(`input[name="${CSS.escape(focus)}"]:checked`) ?? document.getElementById(focus))?.focus({ preventScroll: true });
  const here = groups[visit.at];
  const answered = all.filter((one) => one.answer).length;
  document.getElementById("group-count").textContent = t("of_items", { n: here.items.filter(([one]) => one.answer).length, m: here.items.length });
  document.getElementById("all-count").textContent = t("of_all", { n: answered, m: all.length });
  document.getElementById("all-bar").value = answered;
  document.getElementById("acts").replaceChildren(...bar(groups));
  document.dispatchEvent(new Event("patrol:kept"));
}

function bar(groups) {
  const here = groups[visit.at];
  const open = here.items.find(([item]) => !item.answer);
  const next = groups[visit.at + 1];
  const words = open ? t("next_item", { name: open[0].text }) : next.kind === "finish" ? t("to_finish") : t("next_group", { name: next.name });
  return [
    h("button", { type: "button", cls: "btn btn-quiet", "aria-label": t(visit.at ? "previous" : "back"), onclick: () => (visit.at ? turn(-1) : (location.hash = "#/")) }, icon("chevron-up")),
    open ? h("button", { type: "button", cls: "btn btn-quiet", "aria-label": t("next_group", { name: next.name }), onclick: () => turn(1) }, icon("chevron-right")) : null,
    h("button", { type: "button", cls: "btn btn-primary flex-fill", id: "next", onclick: () => (open ? toItem(open[0].id) : turn(1)) }, h("span", { cls: "pt-words" }, words), icon("chevron-down")),
  ].filter(Boolean);
}

function turn(by) {
  visit.at += by;
  page();
  goTop();
}

function toItem(id) {
  const { groups } = pages();
  const at = groups.findIndex((group) => group.items.some(([item]) => item.id === id));
  if (at >= 0 && at !== visit.at) { visit.at = at; page(); }
  const heading = document.getElementById(`i-${id}-words`);
  heading?.scrollIntoView({ block: "center" });
  heading?.focus({ preventScroll: true });
}

// Seen again: in order, or not and why.
function again(hazard) {
  const { one, mine } = visit;
  const name = `r-${hazard.id}`;
  const said = mine.rechecks[hazard.id] ?? {};
  const redraw = () => { document.getElementById(`item-${name}`).replaceWith(again(hazard)); document.querySelector(`input[name="${name}"]:checked`)?.focus({ preventScroll: true }); };
  const choose = async (pass) => { mine.rechecks[hazard.id] = { ...said, pass }; await saveWork(one.uid, mine); redraw(); };
  return h("section", { cls: "m-item", id: `item-${name}` },
    h("h2", { id: `${name}-words`, tabindex: "-1" }, hazard.title),
    h("p", { cls: "al-xs al-3" }, [hazard.place, hazard.grade === "major" ? data.grades[1][1] : "", hazard.measure].filter(Boolean).join(" · ")),
    h("div", { cls: "al-choice", role: "radiogroup", "aria-labelledby": `${name}-words` }, [[true, "check", t("passes")], [false, "x", t("fails")]].map(([value, mark, label]) =>
      h("label", { cls: value ? "" : "bad" }, h("input", { type: "radio", name, checked: said.pass === value, onchange: () => choose(value) }), h("span", {}, icon(mark), label)))),
    said.pass === undefined ? null : h("div", { cls: "m-bad" },
      photos(visit, { hazard: hazard.id, role: "scene" }, mine.photos.filter((photo) => photo.hazard === hazard.id && !photo.dropped), redraw),
      h("label", { cls: "form-label", for: `${name}-note` }, said.pass ? t("note") : t("why_fails")),
      h("input", { cls: "form-control", id: `${name}-note`, maxlength: 300, value: said.words ?? "", onchange: (event) => { mine.rechecks[hazard.id].words = event.target.value.trim(); saveWork(one.uid, mine); } })));
}

function handed() {
  show({ title: visit.one.firm.name, small: visit.one.title, body: [h("div", { cls: "al-empty" }, icon("circle-check"), h("h2", { cls: "h3" }, t("done")), h("p", {}, t("done_more")))],
    actions: [h("a", { cls: "btn btn-primary flex-fill", href: "#/" }, t("to_list"))] });
}

export { handed, say };
