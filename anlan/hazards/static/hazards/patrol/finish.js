// The end of a visit: what is still open, which hazards will be registered, who went along, two signatures.
import { t, h, icon, shortDay, show, goTop, data } from "./dom.js";
import { state, saveWork } from "./state.js";
import { say, propose } from "./item.js";
import { pad } from "./pad.js";

export function finish(visit, { all, back, toItem }) {
  const { one, mine } = visit;
  const open = all.filter((item) => !item.answer);
  const failed = all.filter((item) => item.answer?.result === "fail" && (mine.hazards[item.id] || !one.registered.includes(item.id)));
  failed.forEach((item) => { mine.hazards[item.id] ??= { ...propose(item, mine), title: item.answer.note || item.hazard?.title || item.text }; });
  const unplaced = failed.filter((item) => !mine.hazards[item.id].place.trim() || !mine.hazards[item.id].title.trim());
  const unseen = one.recheck.filter((hazard) => mine.rechecks[hazard.id]?.pass === undefined);
  const wordless = one.recheck.filter((hazard) => mine.rechecks[hazard.id]?.pass === false && !mine.rechecks[hazard.id].words);
  const lacking = [
    ...open.map((item) => [t("lack_answer", { name: item.text }), () => toItem(item.id)]),
    ...unplaced.map((item) => [t("lack_place", { name: item.text }), () => toItem(item.id)]),
    ...wordless.map((hazard) => [t("lack_words", { name: hazard.title }), back]),
  ];
  const save = () => saveWork(one.uid, mine);
  const problem = h("div", { id: "problem", role: "alert" });
  const done = h("button", { type: "button", cls: "btn btn-primary flex-fill", id: "finish", onclick: () => end(visit, done, problem, failed, lacking) }, t("finish_visit"));
  show({
    title: one.firm.name, small: one.title,
    actions: [h("button", { type: "button", cls: "btn btn-quiet", "aria-label": t("previous"), onclick: back }, icon("chevron-up")), done],
    body: [
      h("div", { cls: "m-prog" }, h("b", {}, t("finish")), h("span", { cls: "push" }, t("of_all", { n: all.length - open.length, m: all.length }))),
      problem,
      lacking.length ? h("section", { cls: "m-item" }, h("h2", {}, t("lacking", { n: lacking.length })), h("ul", { cls: "pt-links" }, lacking.slice(0, 12).map(([words, go]) => h("li", {}, h("button", { type: "button", cls: "pt-link", onclick: go }, words, icon("chevron-right")))))) : null,
      h("section", { cls: "m-item" }, h("h2", {}, failed.length ? t("will_register", { n: failed.length }) : t("nothing_found")),
        failed.length ? h("ul", { cls: "pt-links" }, failed.map((item) => { const hazard = mine.hazards[item.id]; return h("li", {}, h("button", { type: "button", cls: "pt-link", onclick: () => toItem(item.id) },
          h("span", {}, h("b", {}, hazard.title), h("small", {}, [data.grades.find(([value]) => value === hazard.grade)?.[1], hazard.place, hazard.deadline && t("until", { day: shortDay(hazard.deadline) })].filter(Boolean).join(" · "))), icon("chevron-right"))); })) : null),
      one.recheck.length ? h("section", { cls: "m-item" }, h("h2", {}, t("recheck_sum", { n: one.recheck.length - unseen.length, m: one.recheck.length })), unseen.length ? h("p", { cls: "al-sm al-2" }, t("unseen")) : null) : null,
      h("section", { cls: "m-item pt-fields" },
        h("label", { cls: "form-label", for: "accompanied" }, t("accompanied")), h("input", { cls: "form-control", id: "accompanied", maxlength: 60, value: mine.accompanied, oninput: (event) => { mine.accompanied = event.target.value; save(); } }),
        h("label", { cls: "form-label", for: "words" }, t("words")), h("textarea", { cls: "form-control", id: "words", rows: 3, maxlength: 1000, value: mine.words, oninput: (event) => { mine.words = event.target.value; save(); } }),
        h("p", { cls: "al-sm al-2" }, icon("map-pin"), " ", mine.position?.none ? t(`place_${mine.position.none}`) : t("place_known", { n: mine.position?.acc ?? "?" }))),
      ...["officer", "firm"].map((who) => signing(visit, who, save)),
    ],
  });
}

function signing(visit, who, save) {
  const { mine } = visit;
  const sign = mine.signs[who] ?? (mine.signs[who] = { name: "", png: "" });
  const drawing = pad(t(`sign_${who}`), (png) => { sign.png = png; save(); });
  drawing.put(sign.png);
  return h("section", { cls: "m-item pt-fields" }, h("h2", {}, t(`sign_${who}`)), h("p", { cls: "al-sm al-2" }, t(`sign_${who}_more`)), drawing.element,
    h("label", { cls: "form-label", for: `name-${who}` }, t("sign_name")), h("input", { cls: "form-control", id: `name-${who}`, maxlength: 60, value: sign.name, oninput: (event) => { sign.name = event.target.value; save(); } }));
}

// Write the rest of the log in order. Each line remembers that it was written: after a crash the same button goes on.
async function end(visit, button, problem, failed, lacking) {
  const { one, mine } = visit;
  const officer = mine.signs.officer;
  const wrong = lacking.length ? t("cannot_finish", { n: lacking.length }) : !officer.png && !officer.name.trim() ? t("no_signature") : "";
  problem.replaceChildren(...wrong ? [h("p", { cls: "al-note error" }, icon("alert-circle"), wrong)] : []);
  if (wrong) { goTop(); return; }
  button.disabled = true;
  const record = () => ({ records: { [`work:${one.uid}`]: mine } });
  const place = mine.position?.none ? undefined : mine.position;
  for (const item of failed) {
    await say(visit, item);
    const { logged, ...hazard } = mine.hazards[item.id];
    if (logged) continue;
    mine.hazards[item.id].logged = true;
    await state.vault.append("hazard", one.uid, { ...hazard, list: item.list, item: item.key, position: place }, record());
  }
  for (const [id, said] of Object.entries(mine.rechecks)) {
    if (said.logged || said.pass === undefined) continue;
    said.logged = true;
    await state.vault.append("recheck", one.uid, { hazard: Number(id), pass: said.pass, words: said.words ?? "" }, record());
  }
  for (const who of ["officer", "firm"]) {
    const sign = mine.signs[who];
    if (sign.logged || (!sign.png && !sign.name.trim())) continue;
    sign.logged = true;
    await state.vault.append("sign", one.uid, { who, name: sign.name.trim(), png: sign.png }, record());
  }
  mine.finished = Date.now();
  await state.vault.append("finish", one.uid, { words: mine.words.trim(), accompanied: mine.accompanied.trim(), position: place ?? { none: mine.position?.none ?? "unknown" } }, record());
  document.dispatchEvent(new Event("patrol:kept"));
  document.dispatchEvent(new Event("patrol:sync"));
  location.hash = "#/";
  goTop();
}
