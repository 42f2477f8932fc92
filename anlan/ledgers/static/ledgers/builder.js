// Dragging fields into order; the buttons beside each field do the same by keyboard.
(() => {
  "use strict";
  function bind() {
    const list = document.querySelector("[data-sortable]:not([data-bound])");
    if (!list || !window.Sortable) return;
    list.dataset.bound = "1";
    list.classList.add("g-sorts");
    window.Sortable.create(list, {
      handle: ".g-grip",
      animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 160,
      onEnd: () => {
        const form = list.closest("form");
        const order = [...list.children].map((item) => item.dataset.key).join(",");
        window.htmx.ajax("POST", form.action, {
          target: "#builder", swap: "innerHTML",
          values: { order, edits: form.querySelector('[name="edits"]').value },
        });
      },
    });
  }
  document.addEventListener("DOMContentLoaded", bind);
  document.addEventListener("htmx:load", bind);
})();
