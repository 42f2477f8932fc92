// Filling in an entry: drafts keep themselves, fields appear when they are asked for, photos go up one by one.
(() => {
  "use strict";
  const WAIT = 1500;
  document.addEventListener("DOMContentLoaded", () => {
    const form = document.querySelector(".g-form");
    if (!form) return;
    const status = form.querySelector("[data-status]");
    const revision = form.querySelector('[name="revision"]');
    const token = form.querySelector('[name="csrfmiddlewaretoken"]').value;
    const say = (words, late) => { if (status) { status.textContent = words; status.classList.toggle("al-late", Boolean(late)); } };
    let timer = 0, busy = false, again = false, leaving = false;

    // --- show-if: the same few comparisons as on the server, which decides in the end ---
    const values = (key) => [...form.querySelectorAll(`[name="v.${key}"]`)].flatMap((input) =>
      input.type === "radio" || input.type === "checkbox" ? (input.checked ? [input.value] : [])
        : input.tagName === "SELECT" ? (input.value ? [input.value, input.selectedOptions[0].textContent.split("（")[0]] : [])
          : input.value ? [input.value] : []);
    const number = (text) => { const found = Number(String(text).replace(/[,，]/g, "")); return text !== "" && Number.isFinite(found) ? found : null; };
    const same = (a, b) => a === b || (number(a) !== null && number(a) === number(b));
    function meets(field) {
      const got = values(field.dataset.showField), wanted = field.dataset.showValue;
      switch (field.dataset.showOp) {
        case "filled": return got.length > 0;
        case "ne": return got.length > 0 && !got.some((each) => same(each, wanted));
        case "gt": return got.length > 0 && number(got[0]) > number(wanted);
        case "lt": return got.length > 0 && number(got[0]) < number(wanted);
        default: return got.some((each) => same(each, wanted));
      }
    }
    function showIf() {
      // In order, so that a field whose question is hidden hides, too.
      form.querySelectorAll("[data-show-field]").forEach((field) => {
        const other = form.querySelector(`[data-key="${field.dataset.showField}"]`);
        field.hidden = Boolean(other?.hidden) || !meets(field);
      });
    }
    form.querySelectorAll(".g-when").forEach((hint) => hint.remove());
    form.querySelectorAll("[data-noscript]").forEach((button) => button.remove());
    showIf();

    // --- drafts ---
    async function keep() {
      if (!form.dataset.draft || leaving) return;
      if (busy) { again = true; return; }
      busy = true;
      const data = new FormData(form);
      for (const [name, value] of [...data]) if (value instanceof File) data.delete(name);
      try {
        const answer = await fetch(form.dataset.draft, { method: "POST", body: data, headers: { "X-CSRFToken": token, Accept: "application/json" } });
        const found = await answer.json();
        if (!answer.ok) { say(found.message, true); if (found.code === "stale" || found.code === "sealed") form.removeAttribute("data-draft"); return; }
        revision.value = found.revision;
        form.querySelectorAll("input[type=hidden][name$='.drawn']").forEach((field) => { field.value = ""; });
        for (const [key, value] of Object.entries(found.calculated)) {
          const output = form.querySelector(`[data-calc="${key}"]`);
          if (output) output.textContent = value || "—";
        }
        say(`${form.dataset.saved} ${found.at}`);
      } catch {
        say(form.dataset.lost, true);
        again = true;
      } finally {
        busy = false;
        if (again) { again = false; timer = setTimeout(keep, 4000); }
      }
    }
    const soon = () => { clearTimeout(timer); timer = setTimeout(keep, WAIT); };
    form.addEventListener("input", (event) => { if (event.target.type !== "file") { showIf(); soon(); } });
    form.addEventListener("change", (event) => { if (event.target.type !== "file") { showIf(); soon(); } });
    form.addEventListener("submit", async (event) => {
      clearTimeout(timer);
      if (busy && !leaving) { // the draft on its way would make this one look old
        event.preventDefault();
        while (busy) await new Promise((resolve) => setTimeout(resolve, 50));
        delete form.dataset.sent;
        leaving = true;
        form.requestSubmit(event.submitter);
        return;
      }
      leaving = true;
      setTimeout(() => { leaving = false; }, 4000);
    }, true);

    // --- rows of tables ---
    form.querySelectorAll("[data-add-row]").forEach((button) => button.addEventListener("click", (event) => {
      event.preventDefault();
      const list = form.querySelector(`[data-rows="${button.dataset.addRow}"]`);
      const row = form.querySelector(`template[data-row="${button.dataset.addRow}"]`).content.cloneNode(true);
      row.querySelectorAll("[name], [id], [for]").forEach((part) => ["name", "id", "for"].forEach((name) => {
        if (part.hasAttribute(name)) part.setAttribute(name, part.getAttribute(name).replace("__n__", list.children.length));
      }));
      list.append(row);
      list.lastElementChild.querySelector("input:not([type=hidden]), select")?.focus();
    }));

    // --- photos and files ---
    form.querySelectorAll("[data-upload]").forEach((input) => input.addEventListener("change", async () => {
      for (const file of [...input.files]) {
        say(`${file.name} …`);
        const data = new FormData();
        data.set("key", input.dataset.field);
        data.set("file", file);
        try {
          const answer = await fetch(input.dataset.upload, { method: "POST", body: data, headers: { "X-CSRFToken": token, "HX-Request": "true" } });
          const html = await answer.text();
          const box = document.getElementById(answer.ok ? `files-${input.dataset.field}` : "messages");
          if (answer.ok) {
            box.outerHTML = html;
            window.htmx?.process(document.getElementById(`files-${input.dataset.field}`));
            say(form.dataset.saved);
          } else { box.innerHTML = html; box.scrollIntoView(); say(""); }
        } catch { say(form.dataset.lost, true); }
      }
      input.value = "";
    }));
  });
})();
