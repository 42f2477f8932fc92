// An article: copy, share, read aloud, print. Buttons that need script are hidden without it.
(() => {
  "use strict";

  function say(button, words) {
    const label = button.querySelector("span");
    if (!label || !words) return;
    label.dataset.was ??= label.textContent;
    label.textContent = words;
    setTimeout(() => { label.textContent = label.dataset.was; }, 2500);
  }

  async function copy(button, text) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const box = document.createElement("textarea"); // older WebViews have no clipboard
      box.value = text;
      document.body.append(box);
      box.select();
      document.execCommand("copy");
      box.remove();
      button.focus();
    }
    say(button, button.dataset.done);
  }

  function words(selector) {
    return [...document.querySelectorAll(`${selector} h1, ${selector} p`)].map((line) => line.textContent.trim()).join("\n");
  }

  function show(button, run) {
    button.hidden = false;
    button.addEventListener("click", run);
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("[data-copy]").forEach((button) => show(button, () => copy(button, `${words(button.dataset.copy)}\n${button.dataset.copyTail}`)));
    document.querySelectorAll("[data-copy-text]").forEach((button) => show(button, () => copy(button, button.dataset.copyText)));
    document.querySelectorAll("[data-print]").forEach((button) => show(button, () => window.print()));
    if (navigator.share) {
      document.querySelectorAll("[data-share]").forEach((button) => show(button, () => {
        navigator.share({ title: button.dataset.shareTitle, url: button.dataset.share }).catch(() => {});
      }));
    }
    if (globalThis.speechSynthesis) {
      document.querySelectorAll("[data-speak]").forEach((button) => {
        const label = button.querySelector("span");
        const was = label.textContent;
        show(button, () => {
          if (speechSynthesis.speaking) { speechSynthesis.cancel(); label.textContent = was; return; }
          const spoken = new SpeechSynthesisUtterance(words(button.dataset.speak));
          spoken.lang = "zh-CN";
          spoken.onend = () => { label.textContent = was; };
          speechSynthesis.speak(spoken);
          label.textContent = button.dataset.stop;
        });
      });
    }
  });
})();
