// The grade of a risk point while it is chosen, and points on a plan by press and drag. Everything works without this too.
(() => {
  "use strict";

  function bindRisk(form) {
    const result = form.querySelector(".p-result");
    const parts = { lec: ["l_lec", "e_lec", "c_lec"], matrix: ["l_matrix", "s_matrix"] };
    const show = () => {
      const method = form.elements.method.value || "lec";
      form.querySelectorAll("[data-method]").forEach((part) => { part.hidden = part.dataset.method !== method; });
      const values = parts[method].map((name) => Number(form.elements[name].value));
      const product = Math.round(values.reduce((a, b) => a * b, 1) * 1000) / 1000;
      const limits = form.dataset[method].split(" ").map(Number);
      const grade = ["red", "orange", "yellow"].find((_, n) => product >= limits[n]) || "blue";
      result.hidden = false;
      result.querySelector(".al-num").textContent = `${method === "lec" ? "D" : "R"} = ${values.join(" × ")} = ${product}`;
      result.querySelectorAll("[data-grade]").forEach((tile) => { tile.hidden = tile.dataset.grade !== grade; });
    };
    form.addEventListener("change", show);
    show();
  }

  function bindPlan(svg) {
    const form = document.getElementById("place");
    const select = form?.elements.point;
    if (!select) return;
    const at = (event) => {
      const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
      const box = svg.viewBox.baseVal;
      return [point.x, point.y, box];
    };
    const send = (event, id) => {
      const [x, y, box] = at(event);
      if (id) select.value = id;
      form.elements.x.value = Math.min(100, Math.max(0, (100 * x) / box.width)).toFixed(2);
      form.elements.y.value = Math.min(100, Math.max(0, (100 * y) / box.height)).toFixed(2);
      form.requestSubmit();
    };
    let held = null;
    let moved = false;
    svg.querySelectorAll(".p-mark").forEach((mark) => mark.addEventListener("pointerdown", (event) => {
      held = mark;
      moved = false;
      mark.setPointerCapture(event.pointerId);
      event.preventDefault();
    }));
    svg.addEventListener("pointermove", (event) => {
      if (!held) return;
      moved = true;
      const [x, y] = at(event);
      held.setAttribute("transform", held.getAttribute("transform").replace(/translate\([^)]*\)/, `translate(${x} ${y})`));
    });
    svg.addEventListener("pointerup", (event) => {
      if (!held) return;
      const id = held.dataset.point;
      held = null;
      if (moved) send(event, id);
      else select.value = id;
    });
    svg.addEventListener("click", (event) => {
      if (!event.target.closest(".p-mark") && !moved) send(event, "");
      moved = false;
    });
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("[data-risk]").forEach(bindRisk);
    document.querySelectorAll("[data-plan]").forEach(bindPlan);
  });
})();
