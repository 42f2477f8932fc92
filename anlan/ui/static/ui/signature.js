// 签名板: any [data-signature] with a canvas, a hidden field for the PNG (data URL) and a text field for the typed name.
// Without script the text field alone serves. Touch, pen and mouse; a resize keeps what was drawn.
// `data-clears` is what the hidden field says when the pad was wiped, where the server keeps strokes before the form is sent.
(() => {
  "use strict";
  function bind(box) {
    box.dataset.bound = "1";
    const pad = box.querySelector(".al-sign-pad");
    const canvas = pad.querySelector("canvas");
    const field = box.querySelector('input[type="hidden"]');
    const pen = canvas.getContext("2d");
    let last = null, drawn = false;
    pad.hidden = false;
    pen.lineWidth = 4;
    pen.lineCap = pen.lineJoin = "round";
    pen.strokeStyle = "#17262b";

    const at = (event) => {
      const box = canvas.getBoundingClientRect();
      return [(event.clientX - box.left) * canvas.width / box.width, (event.clientY - box.top) * canvas.height / box.height];
    };
    function keep() {
      field.value = drawn ? canvas.toDataURL("image/png") : box.dataset.clears ?? "";
      field.dispatchEvent(new Event("change", { bubbles: true }));
    }
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      event.preventDefault();
      canvas.setPointerCapture(event.pointerId);
      last = at(event);
      pen.beginPath();
      pen.arc(last[0], last[1], 2, 0, 7);
      pen.fillStyle = pen.strokeStyle;
      pen.fill();
      drawn = true;
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!last) return;
      for (const each of event.getCoalescedEvents?.() ?? [event]) {
        const next = at(each);
        pen.beginPath();
        pen.moveTo(last[0], last[1]);
        pen.lineTo(next[0], next[1]);
        pen.stroke();
        last = next;
      }
    });
    const stop = () => { if (last) { last = null; keep(); } };
    canvas.addEventListener("pointerup", stop);
    canvas.addEventListener("pointercancel", stop);
    pad.querySelector("[data-clear]").addEventListener("click", () => {
      pen.clearRect(0, 0, canvas.width, canvas.height);
      drawn = false;
      box.parentElement.querySelector("[data-signed]")?.remove(); // the one of before, where it is shown
      keep();
    });
  }
  const all = (root) => root.querySelectorAll("[data-signature]:not([data-bound])").forEach(bind);
  document.addEventListener("DOMContentLoaded", () => all(document));
  document.addEventListener("htmx:load", (event) => all(event.detail.elt));
})();
