// Search of the emergency cards while people type or speak, and keeping them on the phone. Without it the form asks the server.
"use strict";
(() => {
  const field = document.querySelector("[data-ask]");
  const tiles = [...document.querySelectorAll("[data-words]")];
  const none = document.querySelector("[data-none]");
  const heard = document.querySelector("[data-heard]");
  const plain = (text) => text.toLowerCase().replace(/[\s，。？?！!、的了吗怎么办]/g, "");

  // A card is as near as the pairs of signs that it shares with the question; a whole word counts most.
  const nearness = (words, asked) => {
    if (!asked) return 1;
    if (words.includes(asked)) return 100;
    if (asked.length < 2) return 0;
    let shared = 0;
    for (let i = 0; i + 2 <= asked.length; i += 1) if (words.includes(asked.slice(i, i + 2))) shared += 1;
    return shared / (asked.length - 1) >= 0.4 ? shared : 0;
  };

  const show = () => {
    const asked = plain(field.value);
    const rated = tiles.map((tile) => [nearness(plain(tile.dataset.words), asked), tile]);
    let shown = 0;
    for (const [near, tile] of rated) { tile.hidden = near === 0; shown += near > 0; }
    for (const [, tile] of [...rated].sort((a, b) => b[0] - a[0])) tile.parentNode.append(tile);
    none.hidden = shown > 0;
  };

  if (field && tiles.length) {
    field.addEventListener("input", show);
    const Recognition = window.SpeechRecognition ?? window.webkitSpeechRecognition;
    const button = document.querySelector("[data-speak]");
    if (Recognition && button) {
      button.hidden = false;
      button.addEventListener("click", () => {
        const ear = new Recognition();
        ear.lang = "zh-CN";
        ear.onresult = (event) => { field.value = event.results[0][0].transcript; heard.textContent = `“${field.value}”`; show(); };
        ear.onerror = () => field.focus();
        button.setAttribute("aria-pressed", "true");
        ear.onend = () => button.removeAttribute("aria-pressed");
        ear.start();
      });
    }
  }

  const place = document.querySelector("[data-worker]");
  if (place && "serviceWorker" in navigator) {
    navigator.serviceWorker.register(place.dataset.worker, { scope: "/knowledge/" }).then(() => navigator.serviceWorker.ready).then(() => {
      for (const note of document.querySelectorAll("[data-kept]")) note.hidden = false;
    }).catch(() => { /* a browser that keeps nothing still reads everything with a network */ });
  }
})();
