// Classes: counting ticked people, showing only the fields that belong to the chosen way, printing. All works without it.
(() => {
  "use strict";

  function bindPicks(form) {
    const bulk = form.querySelector("[data-bulk]");
    if (!bulk) return;
    const words = bulk.querySelector("[data-picked]");
    const all = form.querySelector("[data-pick-all]");
    const boxes = [...form.querySelectorAll('[name="ids"]')];
    const show = () => {
      const picked = boxes.filter((box) => box.checked).length;
      bulk.hidden = picked === 0;
      words.textContent = words.dataset.words.replace("#", picked);
      boxes.forEach((box) => box.closest("tr").classList.toggle("picked", box.checked));
      if (all) {
        all.checked = picked > 0 && picked === boxes.length;
        all.indeterminate = picked > 0 && picked < boxes.length;
      }
    };
    form.addEventListener("change", (event) => {
      if (event.target === all) boxes.forEach((box) => { box.checked = all.checked; });
      show();
    });
    show();
  }

  function bindWays(form) {
    const show = () => {
      const way = form.querySelector('[name="way"]:checked')?.value || "";
      form.querySelectorAll("[data-way]").forEach((part) => {
        part.hidden = !part.dataset.way.split(" ").includes(way);
      });
      form.querySelectorAll(".c-course").forEach((course) => {
        course.classList.toggle("picked", course.querySelector("input").checked);
      });
    };
    form.addEventListener("change", show);
    form.querySelectorAll("[data-noscript]").forEach((button) => { button.hidden = true; });
    show();
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("[data-picks]").forEach(bindPicks);
    document.querySelectorAll("form.c-new").forEach(bindWays);
    document.querySelectorAll("[data-print]").forEach((button) => {
      button.hidden = false;
      button.addEventListener("click", () => window.print());
    });
  });
})();
