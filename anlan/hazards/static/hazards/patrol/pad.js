// A signature with the finger, as a PNG of a few kilobytes. Whoever cannot draw writes their name.
import { h, icon, t } from "./dom.js";

const WIDTH = 600, HEIGHT = 220;

export function pad(label, onchange) {
  const canvas = h("canvas", { cls: "pt-pad", width: WIDTH, height: HEIGHT, role: "img", "aria-label": label });
  const pen = canvas.getContext("2d");
  let drawn = 0, last = null;
  const spot = (event) => {
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left) * WIDTH / box.width, (event.clientY - box.top) * HEIGHT / box.height];
  };
  const wipe = () => {
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, WIDTH, HEIGHT);
    pen.strokeStyle = "#17262b";
    pen.lineWidth = 4;
    pen.lineCap = pen.lineJoin = "round";
    drawn = 0;
  };
  wipe();
  canvas.addEventListener("pointerdown", (event) => { canvas.setPointerCapture(event.pointerId); last = spot(event); event.preventDefault(); });
  canvas.addEventListener("pointermove", (event) => {
    if (!last) return;
    for (const step of event.getCoalescedEvents?.().length ? event.getCoalescedEvents() : [event]) {
      const next = spot(step);
      pen.beginPath();
      pen.moveTo(...last);
      pen.lineTo(...next);
      pen.stroke();
      drawn += Math.hypot(next[0] - last[0], next[1] - last[1]);
      last = next;
    }
  });
  const end = () => { if (last) { last = null; onchange(drawn > 40 ? canvas.toDataURL("image/png").split(",")[1] : ""); } };
  canvas.addEventListener("pointerup", end);
  canvas.addEventListener("pointercancel", end);
  const clear = h("button", { type: "button", cls: "btn btn-quiet", onclick: () => { wipe(); onchange(""); } }, icon("refresh"), t("sign_again"));
  const put = (png) => {
    if (!png) return;
    const image = new Image();
    image.onload = () => pen.drawImage(image, 0, 0);
    image.src = `data:image/png;base64,${png}`;
  };
  return { element: h("div", { cls: "pt-sign" }, canvas, clear), put };
}
