// Roster upload by dragging, and the choice of workers that survives turning pages. Without it the forms work as they are.
(() => {
  "use strict";

  function bindDrop(zone) {
    const field = zone.querySelector('input[type="file"]');
    ["dragenter", "dragover"].forEach((name) => zone.addEventListener(name, (event) => { event.preventDefault(); zone.classList.add("over"); }));
    ["dragleave", "drop"].forEach((name) => zone.addEventListener(name, () => zone.classList.remove("over")));
    zone.addEventListener("drop", (event) => {
      event.preventDefault();
      if (event.dataTransfer.files.length) { field.files = event.dataTransfer.files; }
    });
  }

  // Chosen workers are kept in this tab under the firm's id, so that one can search, choose, search again and choose more.
  function bindChoice(form) {
    const key = `workers:${form.dataset.choice}`;
    const read = () => { try { return new Set(JSON.parse(sessionStorage.getItem(key) || "[]")); } catch { return new Set(); } };
    const write = (set) => { try { sessionStorage.setItem(key, JSON.stringify([...set])); } catch { /* private mode: this page only */ } };
    const chosen = read();
    const bar = form.querySelector("[data-bulk]");
    const boxes = [...form.querySelectorAll('input[name="workers"]')];
    const all = form.querySelector("[data-all]");
    const show = () => {
      bar.hidden = chosen.size === 0;
      bar.querySelector("[data-count]").textContent = bar.dataset.words.replace("{n}", chosen.size);
      boxes.forEach((box) => { box.checked = chosen.has(box.value); box.closest("tr").classList.toggle("picked", box.checked); });
      if (all) { all.checked = boxes.length > 0 && boxes.every((box) => box.checked); }
    };
    const set = (box, on) => { if (on) { chosen.add(box.value); } else { chosen.delete(box.value); } };
    boxes.forEach((box) => box.addEventListener("change", () => { set(box, box.checked); write(chosen); show(); }));
    all?.addEventListener("change", () => { boxes.forEach((box) => set(box, all.checked)); write(chosen); show(); });
    bar.querySelector("[data-clear]").addEventListener("click", () => { chosen.clear(); write(chosen); show(); });
    form.addEventListener("submit", () => {
      const here = new Set(boxes.map((box) => box.value));
      chosen.forEach((value) => {
        if (here.has(value)) { return; }
        const hidden = document.createElement("input");
        hidden.type = "hidden"; hidden.name = "workers"; hidden.value = value;
        form.append(hidden);
      });
      chosen.clear(); write(chosen);
    });
    show();
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("[data-drop]").forEach(bindDrop);
    document.querySelectorAll("[data-choice]").forEach(bindChoice);
  });
})();
