// One item of a checklist: the answer, and for what is not in order the photos and the hazard that comes of it.
import { data, t, h, icon, day } from "./dom.js";
import { state, saveWork } from "./state.js";
import { keep } from "./camera.js";

const MARKS = { ok: "check", fail: "x", na: "minus" };

export const noteOf = (mine, item) => (mine.hazards[item.id] && mine.answers[item.id]?.result === "fail" ? mine.hazards[item.id].title : mine.answers[item.id]?.note ?? item.answer?.note ?? "");

// Write the answer into the log where it says something new. `base` is what this phone knew: the server compares with it.
export async function say(visit, item) {
  const { mine, one } = visit;
  const answer = mine.answers[item.id];
  if (!answer) return;
  const now = { result: answer.result, note: answer.result === "fail" ? mine.hazards[item.id]?.title ?? "" : answer.note ?? "" };
  const base = answer.said ?? one.answers[item.id] ?? null;
  if (answer.said && answer.said.result === now.result && answer.said.note === now.note) { await saveWork(one.uid, mine); return; }
  answer.said = now;
  answer.note = now.note;
  await state.vault.append("answer", one.uid, { list: item.list, item: item.key, ...now, base }, { records: { [`work:${one.uid}`]: mine } });
}

export function card(visit, item, number, refresh) {
  const { mine } = visit;
  const result = mine.answers[item.id]?.result ?? item.answer?.result ?? "";
  const name = `i-${item.id}`;
  const choose = async (value) => {
    const before = mine.answers[item.id] ?? {};
    mine.answers[item.id] = { ...before, result: value, note: before.note ?? item.answer?.note ?? "" };
    if (value === "fail" && !mine.hazards[item.id] && !visit.one.registered.includes(item.id)) mine.hazards[item.id] = propose(item, mine);
    await say(visit, item);
    refresh(item, name);
  };
  return h("section", { cls: "m-item", id: `item-${item.id}`, "data-item": item.id },
    h("h2", { id: `${name}-words`, tabindex: "-1" }, h("span", { cls: "al-num" }, String(number)), item.text),
    h("p", { cls: "al-xs al-3" }, [item.cite, item.how].filter(Boolean).join(" · ")),
    h("div", { cls: "al-choice", role: "radiogroup", "aria-labelledby": `${name}-words` }, data.results.map(([value, label]) =>
      h("label", { cls: value === "fail" ? "bad" : "" }, h("input", { type: "radio", name, value, checked: result === value, onchange: () => choose(value) }),
        h("span", {}, icon(MARKS[value]), label)))),
    result === "fail" ? bad(visit, item, refresh) : result && (item.photo || shots(mine, item).length || mine.answers[item.id]?.open) ? plain(visit, item, refresh)
      : result ? h("button", { type: "button", cls: "pt-more", onclick: () => { mine.answers[item.id] = { ...item.answer, ...mine.answers[item.id], open: true }; refresh(item); } }, icon("camera"), t("add_note")) : null,
  );
}

const shots = (mine, item) => mine.photos.filter((photo) => photo.list === item.list && photo.item === item.key && !photo.dropped);

export function propose(item, mine) {
  const about = item.hazard ?? {};
  const grade = item.major ? about.grade ?? "general" : "general";
  return { id: crypto.randomUUID(), title: about.title ?? item.text, place: mine.place ?? "", kind: about.kind ?? "other", grade,
    measure: about.measure ?? "", deadline: state.deadlines[grade] ?? "", responsible: "", detail: "" };
}

function plain(visit, item, refresh) {
  const { mine } = visit;
  const answer = mine.answers[item.id] ?? item.answer;
  const id = `note-${item.id}`;
  return h("div", { cls: "m-bad" }, photos(visit, { list: item.list, item: item.key, role: "scene" }, shots(mine, item), () => refresh(item)),
    h("label", { cls: "form-label", for: id }, t("note")), h("input", { cls: "form-control", id, maxlength: 500, value: answer?.note ?? "", onchange: async (event) => {
      mine.answers[item.id] = { ...answer, ...mine.answers[item.id], note: event.target.value.trim() };
      await say(visit, item);
    } }));
}

function bad(visit, item, refresh) {
  const { mine, one } = visit;
  if (one.registered.includes(item.id) && !mine.hazards[item.id]) return h("p", { cls: "m-bad al-sm al-2" }, icon("circle-check"), " ", t("registered"));
  const hazard = mine.hazards[item.id] ?? (mine.hazards[item.id] = { ...propose(item, mine), title: item.answer?.note || item.hazard?.title || item.text });
  const id = (name) => `${name}-${item.id}`;
  // Typing is kept at once; the log gets a line when the field is left.
  const typed = (name, after) => ({
    oninput: (event) => { hazard[name] = event.target.value; saveWork(one.uid, mine); },
    onchange: async (event) => { hazard[name] = event.target.value.trim(); await (after ? after() : saveWork(one.uid, mine)); },
  });
  const major = hazard.grade === "major";
  return h("div", { cls: "m-bad" },
    photos(visit, { list: item.list, item: item.key, role: "before" }, shots(mine, item), () => refresh(item)),
    h("label", { cls: "form-label", for: id("title") }, t("what")), h("input", { cls: "form-control", id: id("title"), maxlength: 80, value: hazard.title, ...typed("title", () => say(visit, item)) }),
    h("label", { cls: "form-label", for: id("place") }, t("where")), h("input", { cls: "form-control", id: id("place"), maxlength: 80, placeholder: t("where_example"), value: hazard.place, ...typed("place", async () => { mine.place = hazard.place; await saveWork(one.uid, mine); }) }),
    item.major ? h("p", { cls: "al-note pt-major" }, icon("scale"), h("span", {}, h("b", {}, t("meets_major")), item.major)) : null,
    h("div", { cls: "pt-pair" },
      h("div", {}, h("label", { cls: "form-label", for: id("grade") }, t("grade")), h("select", { cls: "form-select", id: id("grade"), onchange: async (event) => {
        hazard.grade = event.target.value;
        hazard.deadline = state.deadlines[hazard.grade] ?? hazard.deadline;
        await saveWork(one.uid, mine);
        refresh(item, id("grade"));
      } }, data.grades.map(([value, label]) => h("option", { value, selected: value === hazard.grade }, label)))),
      h("div", {}, h("label", { cls: "form-label", for: id("deadline") }, t("deadline")), h("input", { type: "date", cls: "form-control", id: id("deadline"), value: hazard.deadline, max: state.latest[hazard.grade] ?? null, ...typed("deadline", async () => { await saveWork(one.uid, mine); refresh(item, id("deadline")); }) }))),
    hazard.deadline ? h("div", { cls: "m-line" }, h("span", {}, t("deadline_is")), h("b", {}, day(hazard.deadline))) : null,
    h("details", { cls: "pt-details", open: major }, h("summary", {}, t("cure")),
      h("label", { cls: "form-label", for: id("measure") }, t("measure")), h("textarea", { cls: "form-control", id: id("measure"), rows: 3, maxlength: 500, value: hazard.measure, ...typed("measure") }),
      h("label", { cls: "form-label", for: id("responsible") }, t("responsible")), h("input", { cls: "form-control", id: id("responsible"), maxlength: 60, value: hazard.responsible, ...typed("responsible") }),
      h("label", { cls: "form-label", for: id("kind") }, t("kind")), h("select", { cls: "form-select", id: id("kind"), onchange: (event) => { hazard.kind = event.target.value; saveWork(one.uid, mine); } },
        data.kinds.map(([value, label]) => h("option", { value, selected: value === hazard.kind }, label)))));
}

// The photos of an item or of a re-inspection, the camera and the album.
export function photos(visit, about, list, refresh) {
  const { mine, one } = visit;
  const add = async (event) => {
    const files = [...event.target.files];
    event.target.value = "";
    visit.busy = true;
    await keep(state.vault, files, { task: one.uid, ...about }, (photo) => {
      mine.photos.push({ id: photo.id, list: photo.list, item: photo.item, hazard: photo.hazard, at: photo.taken_at });
      return { [`work:${one.uid}`]: mine };
    });
    visit.busy = false;
    document.dispatchEvent(new Event("patrol:kept"));
    refresh();
  };
  const pick = (words, name, extra) => h("label", { cls: "al-add" }, icon(name), words, h("input", { type: "file", accept: "image/*", multiple: true, cls: "visually-hidden", onchange: add, ...extra }));
  return h("div", { cls: "m-shots" }, list.map((photo, n) => shot(visit, photo, n, refresh)),
    pick(t(list.length ? "another_photo" : "take_photo"), "camera", { capture: "environment" }), pick(t("from_album"), "photo", {}));
}

function shot(visit, photo, n, refresh) {
  const { mine, one } = visit;
  const image = h("img", { alt: t("photo_n", { n: n + 1 }) });
  const mark = h("small", {});
  state.vault.thumb(photo.id).then((blob) => {
    if (!blob) { image.replaceWith(h("span", { cls: "pt-nodraw" }, icon("photo"), t("no_preview"))); return; }
    image.src = URL.createObjectURL(blob);
    image.onload = () => URL.revokeObjectURL(image.src);
  });
  state.vault.photo(photo.id).then((kept) => { mark.textContent = !kept || kept.held ? t("photo_up") : kept.sent ? t("photo_part", { n: Math.round(100 * kept.sent / kept.size) }) : t("photo_here"); });
  const drop = async () => {
    photo.dropped = true;
    await state.vault.append("drop", one.uid, { id: photo.id }, { records: { [`work:${one.uid}`]: mine } });
    refresh();
  };
  return h("figure", { cls: "al-photo pt-shot" }, image, h("figcaption", {}, mark), h("button", { type: "button", cls: "pt-drop", "aria-label": t("drop_photo", { n: n + 1 }), onclick: drop }, icon("x")));
}
