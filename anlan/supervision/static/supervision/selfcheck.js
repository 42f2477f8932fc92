// Keeps each answer as it is given, so that a page left half way loses nothing. Without script the button keeps them.
"use strict";
(() => {
  const form = document.querySelector("form[data-selfcheck]");
  const status = document.getElementById("c-done");
  const bar = document.querySelector(".c-prog progress");
  let busy = null;
  let again = false;

  async function keep() {
    if (busy) { again = true; return; }
    busy = fetch(form.action, { method: "POST", body: new FormData(form), headers: { Accept: "application/json" }, keepalive: true });
    try {
      const answer = await busy;
      if (answer.ok) {
        const said = await answer.json();
        status.textContent = status.dataset.words.replace("{done}", said.done).replace("{total}", said.total).replace("{at}", said.at);
        bar.max = said.total;
        bar.value = said.done;
      }
    } catch (lost) {
      // Offline: the choice stays on the page, and the next one or the button sends all of it.
    }
    busy = null;
    if (again) { again = false; keep(); }
  }
  if (form) form.addEventListener("change", () => keep());

  for (const button of document.querySelectorAll("[data-copy]")) {
    if (!navigator.clipboard) continue;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.querySelector(button.dataset.copy).value);
      button.lastChild.textContent = button.dataset.done;
    });
  }
})();
