// Behaviour shared by every page. Each behaviour binds by attribute and again after htmx swaps a fragment in.
(() => {
  "use strict";
  const TOAST_MS = 6000;

  function bindToasts(root) {
    root.querySelectorAll("[data-toast]:not([data-bound])").forEach((toast) => {
      toast.dataset.bound = "1";
      const close = () => toast.remove();
      toast.querySelector(".btn-close")?.addEventListener("click", close);
      if (toast.dataset.toast !== "error") setTimeout(close, TOAST_MS);
    });
  }

  // data-confirm="question" data-confirm-yes="verb": destructive forms ask once, in words.
  async function confirmed(form) {
    const dialog = document.getElementById("confirm");
    dialog.querySelector("p").textContent = form.dataset.confirm;
    dialog.querySelector('[value="yes"]').textContent = form.dataset.confirmYes;
    dialog.returnValue = "";
    dialog.showModal();
    await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
    return dialog.returnValue === "yes";
  }

  // Signing out locks what patrols keep on this phone: the key that is open goes, the encrypted records stay.
  function lockPatrols() {
    return new Promise((done) => {
      const open = indexedDB.open("anlan-patrol");
      open.onupgradeneeded = () => open.transaction.abort(); // there is none: do not make one
      open.onerror = done;
      open.onsuccess = () => {
        const db = open.result;
        const clear = db.transaction("open", "readwrite");
        clear.objectStore("open").clear();
        clear.oncomplete = clear.onerror = () => { db.close(); done(); };
      };
      setTimeout(done, 1000);
    });
  }

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (form.method === "post" && form.action.endsWith("/accounts/logout/") && globalThis.indexedDB && !form.dataset.locked) {
      event.preventDefault();
      await lockPatrols();
      form.dataset.locked = "1";
      form.requestSubmit(event.submitter);
      return;
    }
    if (form.dataset.confirm && !form.dataset.confirmed) {
      event.preventDefault();
      if (await confirmed(form)) {
        form.dataset.confirmed = "1";
        form.requestSubmit(event.submitter);
      }
      return;
    }
    // A double tap sends once. The button keeps its words, so that nothing jumps.
    if (form.method === "post" && !form.hasAttribute("hx-post")) {
      if (form.dataset.sent) { event.preventDefault(); return; }
      form.dataset.sent = "1";
      setTimeout(() => delete form.dataset.sent, 4000);
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
    const find = document.querySelector('[data-hotkey="/"]');
    if (find) { event.preventDefault(); find.focus(); }
  });

  // 图 / 表: a chart and its table twin.
  function bindTwins(root) {
    root.querySelectorAll(".al-twin:not([data-bound])").forEach((twin) => {
      twin.dataset.bound = "1";
      twin.querySelectorAll("button").forEach((button) => button.addEventListener("click", () => {
        twin.querySelectorAll("button").forEach((other) => {
          other.setAttribute("aria-pressed", String(other === button));
          document.getElementById(other.dataset.shows).hidden = other !== button;
        });
      }));
    });
  }

  function bindAutosubmit(root) {
    root.querySelectorAll("[data-autosubmit]:not([data-bound])").forEach((field) => {
      field.dataset.bound = "1";
      field.addEventListener("change", () => field.form.requestSubmit());
    });
  }

  function bind(root) {
    bindToasts(root);
    bindTwins(root);
    bindAutosubmit(root);
    root.querySelector("[data-focus]")?.focus();
  }

  document.addEventListener("DOMContentLoaded", () => bind(document));
  document.addEventListener("htmx:load", (event) => bind(event.detail.elt));
})();
