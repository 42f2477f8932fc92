// The verify link: share it where the phone can, else copy it; without script it is a plain link.
(() => {
  "use strict";
  document.addEventListener("click", async (event) => {
    const link = event.target.closest("a[data-copy]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (!navigator.share && !navigator.clipboard) return;
    event.preventDefault();
    try {
      if (navigator.share && window.matchMedia("(pointer: coarse)").matches) {
        await navigator.share({ url: link.href });
      } else {
        await navigator.clipboard.writeText(link.href);
        const words = link.querySelector("span");
        const before = words.textContent;
        words.textContent = link.dataset.copied;
        words.setAttribute("role", "status");
        setTimeout(() => { words.textContent = before; }, 3000);
      }
    } catch (error) {
      if (error.name !== "AbortError") window.location.href = link.href;
    }
  });
})();
