// Suggestions under every search box: a listbox after the ARIA combobox pattern. Without script the form just searches.
(() => {
  "use strict";
  const WAIT_MS = 120;
  let boxes = 0;

  function bind(input) {
    const list = document.createElement("ul");
    const status = document.createElement("span");
    const seen = new Map();
    let lines = [], at = -1, timer = 0, asked = "", typed = input.value;
    list.className = "sr-list";
    list.id = `sr-list-${++boxes}`;
    list.hidden = true;
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", input.getAttribute("aria-label"));
    status.className = "visually-hidden";
    status.setAttribute("role", "status");
    Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id })
      .forEach(([name, value]) => input.setAttribute(name, value));
    input.closest(".sr-box, form").append(list, status);

    const close = () => { list.hidden = true; at = -1; input.setAttribute("aria-expanded", "false"); input.removeAttribute("aria-activedescendant"); };
    const go = (line) => { close(); location.assign(line.url); };

    function show() {
      list.replaceChildren(...lines.map((line, n) => {
        const item = document.createElement("li");
        const text = document.createElement("b"), note = document.createElement("span"), kind = document.createElement("small");
        text.textContent = line.text; note.textContent = line.note; kind.textContent = line.kind;
        item.id = `${list.id}-${n}`;
        item.setAttribute("role", "option");
        item.setAttribute("aria-selected", "false");
        item.append(text, note, kind);
        item.addEventListener("mousedown", (event) => { event.preventDefault(); go(line); });
        return item;
      }));
      at = -1;
      list.hidden = !lines.length;
      input.setAttribute("aria-expanded", String(!list.hidden));
      status.textContent = lines.length ? String(lines.length) : "";
    }

    function mark(next) {
      const items = [...list.children];
      items[at]?.setAttribute("aria-selected", "false");
      at = next < -1 ? items.length - 1 : next >= items.length ? -1 : next;
      if (at < 0) { input.removeAttribute("aria-activedescendant"); input.value = typed; return; }
      items[at].setAttribute("aria-selected", "true");
      items[at].scrollIntoView({ block: "nearest" });
      input.setAttribute("aria-activedescendant", items[at].id);
      input.value = lines[at].text;
    }

    async function ask() {
      const words = input.value.trim();
      asked = words;
      if (!words || words.length > 40) { lines = []; show(); return; }
      try {
        if (!seen.has(words)) {
          const answer = await fetch(`${input.dataset.suggest}?q=${encodeURIComponent(words)}`, { credentials: "same-origin" });
          if (!answer.ok) return;
          seen.set(words, (await answer.json()).lines);
        }
      } catch { return; } // no network: the form still works
      if (asked === words && document.activeElement === input) { lines = seen.get(words); show(); }
    }

    input.addEventListener("input", (event) => {
      typed = input.value;
      if (event.isComposing) return; // an input method has not finished the word
      clearTimeout(timer);
      timer = setTimeout(ask, WAIT_MS);
    });
    input.addEventListener("compositionend", () => { typed = input.value; clearTimeout(timer); timer = setTimeout(ask, WAIT_MS); });
    input.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      if (event.key === "ArrowDown" && list.hidden && lines.length) { show(); event.preventDefault(); return; }
      if (list.hidden) return;
      if (event.key === "ArrowDown") { event.preventDefault(); mark(at + 1); }
      else if (event.key === "ArrowUp") { event.preventDefault(); mark(at - 1); }
      else if (event.key === "Escape") { event.preventDefault(); input.value = typed; close(); }
      else if (event.key === "Enter" && at >= 0) { event.preventDefault(); go(lines[at]); }
      else if (event.key === "Tab") close();
    });
    input.addEventListener("blur", () => { clearTimeout(timer); close(); });
  }

  document.querySelectorAll("input[data-suggest]").forEach(bind);
})();
