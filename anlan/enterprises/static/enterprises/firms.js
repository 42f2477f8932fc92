// The list of firms: ticking survives turning pages. Without it the tick boxes of one page work as they are.
(() => {
  "use strict";

  const KEY = "firms";
  const read = () => { try { return new Set(JSON.parse(sessionStorage.getItem(KEY) || "[]")); } catch { return new Set(); } };
  const write = (set) => { try { sessionStorage.setItem(KEY, JSON.stringify([...set])); } catch { /* private mode: this page only */ } };

  function bind(form) {
    const chosen = read();
    let everything = false;
    const bar = form.querySelector("[data-bulk]");
    const boxes = [...form.querySelectorAll('input[name="firms"]')];
    const all = form.querySelector("[data-all]");
    const more = form.querySelector("[data-everything]");
    const ids = form.querySelector("[data-ids]");
    const exporter = bar.querySelector("[data-export]");
    const conditions = document.querySelector("[data-conditions]");
    const asked = conditions ? conditions.value : "";
    const show = () => {
      bar.hidden = chosen.size === 0;
      bar.querySelector("[data-count]").textContent = everything ? more.textContent.trim() : form.dataset.words.replace("{n}", chosen.size);
      boxes.forEach((box) => { box.checked = everything || chosen.has(box.value); box.closest("tr").classList.toggle("picked", box.checked); });
      if (all) { all.checked = boxes.length > 0 && boxes.every((box) => box.checked); }
      if (more) { more.hidden = everything || chosen.size === 0; }
      exporter.hidden = false;
      bar.querySelector("[data-clear]").hidden = false;
    };
    const set = (box, on) => { if (on) { chosen.add(box.value); } else { chosen.delete(box.value); } };
    const changed = () => { everything = false; write(chosen); show(); };
    boxes.forEach((box) => box.addEventListener("change", () => { set(box, box.checked); changed(); }));
    all?.addEventListener("change", () => { boxes.forEach((box) => set(box, all.checked)); changed(); });
    more?.addEventListener("click", (event) => { event.preventDefault(); everything = true; show(); });
    bar.querySelector("[data-clear]").addEventListener("click", () => { chosen.clear(); changed(); });
    form.addEventListener("submit", (event) => {
      const action = event.submitter && event.submitter.dataset.allAction;
      if (everything && action) {
        event.preventDefault();
        location.assign(action + asked);
        return;
      }
      boxes.forEach((box) => { box.disabled = true; });
      ids.disabled = false;
      ids.value = [...chosen].join(".");
      chosen.clear(); write(chosen);
    });
    exporter.addEventListener("click", () => { conditions.value = everything ? asked : `?status=any&ids=${[...chosen].join(".")}`; });
    show();
  }

  document.addEventListener("DOMContentLoaded", () => document.querySelectorAll("[data-firms]").forEach(bind));
})();
