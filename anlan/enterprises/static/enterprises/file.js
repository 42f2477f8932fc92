// The file's forms in a yard with bad reception: a draft kept on the device, the position at hand. All works without.
(() => {
  "use strict";
  const PRIVATE = /phone|csrf|seen|uid/;
  const OLD = 7 * 24 * 3600 * 1000;

  // What was typed stays in this browser until it was sent; telephone numbers are never kept.
  function bindDraft(form) {
    const key = `draft:${form.dataset.draft}`;
    const says = form.querySelector("[data-draft-state]");
    const fields = () => [...form.elements].filter((field) => field.name && !PRIVATE.test(field.name) && !["hidden", "submit", "button", "file"].includes(field.type));
    const read = () => { try { return JSON.parse(localStorage.getItem(key)); } catch { return null; } };
    const start = JSON.stringify(values());
    function values() {
      return fields().filter((field) => !["radio", "checkbox"].includes(field.type) || field.checked).map((field) => [field.name, field.value]);
    }
    const saved = read();
    const failed = form.querySelector('[role="alert"]');
    if (saved && Date.now() - saved.at < OLD && !failed && JSON.stringify(saved.values) !== start) {
      const kept = new Map();
      saved.values.forEach(([name, value]) => kept.set(name, [...(kept.get(name) || []), value]));
      fields().forEach((field) => {
        const found = kept.get(field.name);
        if (["radio", "checkbox"].includes(field.type)) { if (found) { field.checked = found.includes(field.value); } }
        else if (found) { field.value = found[0]; }
      });
      says.textContent = form.dataset.found;
    }
    let timer;
    form.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        try {
          localStorage.setItem(key, JSON.stringify({ at: Date.now(), values: values() }));
          const now = new Date();
          const time = `${String(now.getHours()).padStart(2, "0")}:${String(now.getMinutes()).padStart(2, "0")}`;
          says.textContent = form.dataset.saved.replace("%s", time);
        } catch { /* private mode: nothing is kept, the form works all the same */ }
      }, 600);
    });
    form.addEventListener("submit", (event) => {
      clearTimeout(timer);
      // A lost connection leaves the draft: it is dropped when the server answered with another page.
      if (!event.submitter || event.submitter.name !== "find") { sessionStorage.setItem("draft-sent", key); }
    });
  }

  function forgetSent() {
    try {
      const key = sessionStorage.getItem("draft-sent");
      if (!key) { return; }
      sessionStorage.removeItem("draft-sent");
      const form = document.querySelector("form[data-draft]");
      const same = form && `draft:${form.dataset.draft}` === key;
      if (!same) { localStorage.removeItem(key); }
    } catch { /* nothing was kept */ }
  }

  function bindLocate(button) {
    if (!navigator.geolocation) { return; }
    button.hidden = false;
    const form = button.form;
    const says = form.querySelector("[data-locate-state]");
    button.addEventListener("click", () => {
      button.disabled = true;
      says.textContent = button.dataset.busy;
      navigator.geolocation.getCurrentPosition((found) => {
        button.disabled = false;
        form.elements.latitude.value = found.coords.latitude.toFixed(6);
        form.elements.longitude.value = found.coords.longitude.toFixed(6);
        says.textContent = button.dataset.done.replace("%s", Math.round(found.coords.accuracy));
        form.dispatchEvent(new Event("input", { bubbles: true }));
      }, () => {
        button.disabled = false;
        says.textContent = button.dataset.denied;
      }, { enableHighAccuracy: true, timeout: 20000, maximumAge: 30000 });
    });
  }

  // A reason is asked only where there is a doubt.
  function bindDoubts(form) {
    form.classList.add("e-scripted");
    form.querySelectorAll(".e-fact").forEach((fact) => {
      const reason = fact.querySelector(".e-reason");
      if (!reason) { return; }
      const show = (focus) => {
        const doubt = fact.querySelector("[data-doubt]").checked;
        reason.classList.toggle("shown", doubt);
        if (doubt && focus) { reason.focus(); }
      };
      fact.addEventListener("change", (event) => { if (event.target.type === "radio") { show(true); } });
      show(false);
    });
  }

  document.addEventListener("DOMContentLoaded", () => {
    forgetSent();
    document.querySelectorAll("[data-draft]").forEach(bindDraft);
    document.querySelectorAll("[data-locate]").forEach(bindLocate);
    document.querySelectorAll(".e-verify").forEach(bindDoubts);
  });
})();
