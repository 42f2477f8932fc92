// Small helpers for making elements. No markup from strings: what people typed stays text.
export const data = JSON.parse(document.getElementById("patrol-data").textContent);

export const t = (key, values = {}) => (data.words[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "checked" || name === "value" || name === "hidden" || name === "disabled" || name === "open" || name === "multiple" || name === "required") element[name] = value;
    else element.setAttribute(name === "cls" ? "class" : name, value === true ? "" : value);
  }
  element.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "ti");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${data.icons}#${name}`);
  svg.append(use);
  return svg;
}

const WEEK = () => t("weekdays").split(" ");
// "11 月 25 日，周三"
export function day(iso) {
  const [y, m, d] = iso.split("-").map(Number);
  return t("day", { m, d, w: WEEK()[new Date(y, m - 1, d).getDay()] });
}
export const shortDay = (iso) => t("short_day", { m: Number(iso.slice(5, 7)), d: Number(iso.slice(8)) });
export const today = () => new Date(Date.now() + 8 * 3600e3).toISOString().slice(0, 10); // the province's clock
export const daysLate = (iso) => Math.round((Date.parse(today()) - Date.parse(iso)) / 864e5);
export const clock = (ms) => new Date(ms).toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit", hour12: false, timeZone: "Asia/Shanghai" });

// The page: top bar, sync strip, body, action bar. `main` keeps its place in the document, so that focus can go there.
export function show({ title, small = "", back = "#/", leave = "", body, actions = [], tools = [] }) {
  const top = document.getElementById("top");
  top.replaceChildren(
    leave ? h("a", { href: leave, "aria-label": t("leave") }, icon("chevron-left")) : h("a", { href: back, "aria-label": t("back") }, icon("chevron-left")),
    h("h1", {}, title, small ? h("small", {}, small) : null), ...tools,
  );
  document.title = `${title} · ${t("brand")}`;
  document.getElementById("main").replaceChildren(...[body].flat(3).filter(Boolean));
  const bar = document.getElementById("acts");
  bar.hidden = !actions.length;
  bar.replaceChildren(...actions);
}
export const goTop = () => { window.scrollTo(0, 0); document.getElementById("main").focus({ preventScroll: true }); };

export function toast(words, kind = "") {
  const box = h("div", { cls: `al-toast ${kind}` }, words);
  document.getElementById("toasts").replaceChildren(box);
  setTimeout(() => box.remove(), 6000);
}
