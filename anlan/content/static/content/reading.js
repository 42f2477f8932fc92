// Notes the tags of the page that is being read, after ten seconds, if the reader agreed to it; the server decides.
(() => {
  const block = document.querySelector("[data-reading]");
  if (!block) return;
  const note = () => {
    if (document.visibilityState !== "visible") return;
    const headers = block.dataset.token ? { "X-CSRFToken": block.dataset.token } : {};
    fetch(block.dataset.reading, { method: "POST", headers, credentials: "same-origin", keepalive: true }).catch(() => {});
  };
  window.setTimeout(note, 10000);
})();
