// What is due: one card per visit, overdue first.
import { data, t, h, icon, shortDay, today, daysLate, show, goTop } from "./dom.js";
import { state, items, work } from "./state.js";
import { metresTo, locate } from "./camera.js";

const SHAPES = { red: "■", orange: "◆", yellow: "▲", blue: "●" };

const risk = (firm) => h("span", { cls: `al-risk ${firm.risk}` }, firm.risk_word);

function when(one) {
  if (!one.due) return t("no_day");
  const late = daysLate(one.due);
  return late > 0 ? h("b", { cls: "pt-late" }, t("late", { n: late })) : t("until", { day: shortDay(one.due) });
}

function group(one) {
  if (one.mine.finished) return "handing";
  if (one.mine.started || one.state === "doing") return "doing";
  if (!one.due) return "later";
  const left = -daysLate(one.due);
  return left < 0 ? "late" : left <= 7 ? "week" : "later";
}

function card(one) {
  const all = items(one, one.mine), answered = all.filter((item) => item.answer).length;
  const metres = metresTo(one.firm.lat, one.firm.lng);
  const away = metres === null ? "" : metres < 950 ? t("metres", { n: Math.max(10, Math.round(metres / 10) * 10) }) : t("kilometres", { n: (metres / 1000).toFixed(1) });
  return h("li", {}, h("a", { cls: "pt-card", href: `#/visit/${one.uid}` },
    h("span", { cls: "pt-card-top" }, h("b", {}, one.firm.name), icon("chevron-right")),
    h("span", { cls: "pt-card-line" }, risk(one.firm), h("span", {}, one.title)),
    h("span", { cls: "pt-card-line" }, when(one), away ? h("span", {}, away) : null, one.recheck.length ? h("span", {}, t("to_recheck", { n: one.recheck.length })) : null),
    one.firm.address ? h("span", { cls: "pt-card-line al-3" }, one.firm.address) : null,
    one.elsewhere ? h("span", { cls: "pt-card-line" }, t("elsewhere")) : null,
    one.mine.finished ? h("span", { cls: "pt-card-line" }, icon("cloud-upload"), t("handing_in"))
      : answered ? h("span", { cls: "pt-card-line" }, h("progress", { cls: "al-bar", max: all.length || 1, value: answered, "aria-label": t("answered", { n: answered, m: all.length }) }), t("answered_short", { n: answered, m: all.length })) : null,
  ));
}

export async function list() {
  // The code at a firm's door leads here with ?firm=: only its visits are shown until one asks for all.
  const firm = Number(new URLSearchParams(location.search).get("firm")) || 0;
  const rows = await Promise.all(state.tasks.filter((one) => !firm || one.firm.id === firm).map(async (one) => ({ ...one, mine: await work(one.uid) })));
  const notes = (await state.vault.get("notes")) ?? [];
  const sections = ["late", "doing", "week", "later", "handing"].map((name) => [name, rows.filter((one) => group(one) === name)]);
  const body = [
    ...notes.length ? [noted(notes)] : [],
    ...firm && rows.length ? [h("p", { cls: "pt-row" }, h("span", {}, t("only_firm", { name: rows[0].firm.name })), h("a", { cls: "btn btn-quiet", href: data.urls.home }, t("all_firms")))] : [],
    ...state.more && !firm ? [h("p", { cls: "al-note" }, icon("info-circle"), h("span", {}, t("more_tasks", { n: state.more })))] : [],
    ...sections.filter(([, found]) => found.length).map(([name, found]) => h("section", { cls: "pt-group" },
      h("h2", {}, t(`group_${name}`), h("small", {}, t("count", { n: found.length }))), h("ul", { cls: "pt-cards" }, found.map(card)))),
  ];
  if (!rows.length && firm) body.push(h("div", { cls: "al-empty" }, h("img", { src: data.empty, alt: "" }), h("h2", { cls: "h3" }, t("none_here")),
    h("p", { cls: "al-sm" }, t("none_here_more")), h("p", { cls: "pt-row" }, h("a", { cls: "btn btn-quiet", href: data.urls.home }, t("all_firms")),
      h("a", { cls: "btn btn-quiet", href: `${data.urls.arrange}?firm=${firm}` }, t("arrange")))));
  else if (!rows.length) body.push(h("div", { cls: "al-empty" }, h("img", { src: data.empty, alt: "" }), h("h2", { cls: "h3" }, t(state.packed ? "none_due" : "none_yet")),
    h("p", { cls: "al-sm" }, t(state.packed ? "none_due_more" : "none_yet_more")), h("a", { cls: "btn btn-quiet", href: data.urls.inspections }, t("see_inspections"))));
  show({ title: t("patrol"), small: state.hello?.scope ?? "", leave: data.urls.back, body,
    tools: [h("button", { type: "button", cls: "pt-tool push", "aria-label": t("where_am_i"), onclick: async () => { await locate(); list(); } }, icon("current-location"))] });
}

function noted(notes) {
  const conflicts = notes.filter((one) => one.outcome === "conflict").length, doubts = notes.length - conflicts;
  return h("div", { cls: "al-note" }, icon("alert-circle"), h("div", {},
    h("b", {}, doubts ? t("doubts", { n: doubts }) : t("clashes", { n: conflicts })),
    h("p", {}, notes.at(-1).because || t("clash_more")),
    h("p", { cls: "pt-row" }, h("a", { cls: "btn btn-quiet", href: data.urls.quarantine }, t("see_doubts")),
      h("button", { type: "button", cls: "btn btn-quiet", onclick: async () => { await state.vault.put("notes", []); await list(); goTop(); } }, t("seen")))));
}

export const shape = (firm) => SHAPES[firm.risk] ?? "";
export { risk, today };
