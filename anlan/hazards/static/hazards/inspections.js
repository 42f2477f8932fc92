// Inspections and reports: position, the next open item, photos with time and place, review by the keyboard.
// Every page works without it.
(() => {
  "use strict";
  const here = { asked: false, found: null };

  function locate(then) {
    if (!navigator.geolocation) { then(null); return; }
    navigator.geolocation.getCurrentPosition((found) => then(found.coords), () => then(null), {
      enableHighAccuracy: true, timeout: 10000, maximumAge: 60000,
    });
  }

  // The door: the position is there when the button is pressed, or the form says that there is none.
  function bindPlace(form) {
    const says = form.querySelector("[data-place-says]");
    says.textContent = says.dataset.busy;
    locate((coords) => {
      if (!coords) { says.textContent = says.dataset.none; return; }
      form.querySelector('[name="latitude"]').value = coords.latitude.toFixed(6);
      form.querySelector('[name="longitude"]').value = coords.longitude.toFixed(6);
      form.querySelector('[name="accuracy"]').value = Math.round(coords.accuracy);
      form.querySelector('[name="no_position"]').value = "";
      says.textContent = says.dataset.found.replace("%s", Math.round(coords.accuracy));
    });
  }

  function bindNear(button) {
    button.hidden = !navigator.geolocation;
    button.addEventListener("click", () => {
      button.disabled = true;
      locate((coords) => {
        button.disabled = false;
        if (!coords) { return; }
        const url = new URL(window.location.href);
        url.searchParams.set("at", `${coords.latitude.toFixed(5)},${coords.longitude.toFixed(5)}`);
        url.searchParams.delete("page");
        window.location.assign(url);
      });
    });
  }

  // Photos carry the moment of sending and, once somebody takes one, the place.
  function bindShoot(form) {
    form.dataset.ready = "1";
    const fill = () => {
      form.querySelector("[data-now]").value = new Date().toISOString();
      if (here.found) {
        form.querySelector("[data-lat]").value = here.found.latitude.toFixed(6);
        form.querySelector("[data-lng]").value = here.found.longitude.toFixed(6);
      }
    };
    form.querySelector(".v-file").addEventListener("click", () => {
      if (here.asked) { return; }
      here.asked = true;
      locate((coords) => { here.found = coords; });
    });
    form.addEventListener("change", fill, true);
    form.addEventListener("submit", fill, true);
    if ("shoot" in form.dataset) { form.addEventListener("change", () => form.requestSubmit()); }
  }

  function bindNext(link) {
    const words = link.firstChild.textContent;
    const todo = () => [...document.querySelectorAll(".m-item.todo")];
    const say = () => { link.firstChild.textContent = todo().length ? words : link.dataset.done; };
    link.addEventListener("click", (event) => {
      const open = todo();
      if (!open.length) { return; }
      event.preventDefault();
      const below = open.find((item) => item.getBoundingClientRect().top > 120) || open[0];
      below.scrollIntoView({ block: "start" });
      below.focus({ preventScroll: true });
    });
    document.addEventListener("htmx:afterSwap", say);
    say();
  }

  // j/k move, x marks, p passes, r returns. The same by mouse and touch.
  function bindReview(form) {
    const rows = [...form.querySelectorAll("[data-row]")];
    const boxes = () => [...form.querySelectorAll('input[name="reports"]')];
    const all = form.querySelector("[data-all]");
    const count = form.querySelector("[data-count]");
    const reason = form.querySelector('[name="words"]');
    const single = form.hasAttribute("data-single");
    let at = -1;
    const say = () => {
      if (!count) { return; }
      const n = boxes().filter((box) => box.checked).length;
      count.textContent = count.dataset.words.replace("{n}", n);
      rows.forEach((row) => row.classList.toggle("picked", row.querySelector('input[name="reports"]').checked));
    };
    const go = (step) => {
      if (!rows.length) { return; }
      at = Math.max(0, Math.min(rows.length - 1, at + step));
      rows.forEach((row, n) => row.classList.toggle("now", n === at));
      rows[at].scrollIntoView({ block: "nearest" });
      rows[at].querySelector("a").focus({ preventScroll: true });
    };
    const choose = () => {
      if (single || at < 0 || boxes().some((box) => box.checked)) { return; }
      rows[at].querySelector('input[name="reports"]').checked = true;
      say();
    };
    const press = (value) => form.requestSubmit(form.querySelector(`button[name="passed"][value="${value}"]`));
    form.addEventListener("change", say);
    all?.addEventListener("change", () => { boxes().forEach((box) => { box.checked = all.checked; }); say(); });
    form.addEventListener("submit", (event) => {
      if (event.submitter?.value === "0" && !reason.value.trim()) { event.preventDefault(); reason.focus(); }
    });
    document.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || /^(TEXTAREA|SELECT)$/.test(event.target.tagName)) { return; }
      if (event.target.tagName === "INPUT" && event.target.type !== "checkbox") { return; }
      const act = {
        j: () => go(1), k: () => go(-1), p: () => { choose(); press("1"); }, r: () => { choose(); reason.focus(); },
        x: () => { if (at >= 0) { const box = rows[at].querySelector("input"); box.checked = !box.checked; say(); } },
      }[event.key];
      if (act) { event.preventDefault(); act(); }
    });
    say();
  }

  function bind(root) {
    const find = (selector) => [...(root.matches?.(selector) ? [root] : []), ...root.querySelectorAll(selector)];
    find("[data-place]").forEach(bindPlace);
    find("[data-near]").forEach(bindNear);
    find(".v-shoot:not([data-ready])").forEach(bindShoot);
    find("[data-next]").forEach(bindNext);
    find("[data-review]").forEach(bindReview);
  }
  document.addEventListener("DOMContentLoaded", () => bind(document));
  document.addEventListener("htmx:load", (event) => { if (event.detail.elt !== document.body) { bind(event.detail.elt); } });
})();
