// Says in words why a passkey was not used: allauth's script reports only the browser's exception.
(() => {
  "use strict";
  document.addEventListener("allauth.error", (event) => {
    event.preventDefault();
    const note = document.getElementById("passkey-error");
    if (!note) return;
    const name = event.detail.exception?.name;
    note.querySelector("div").textContent = name === "SecurityError" || name === "TypeError" ? note.dataset.unfit : note.dataset.none;
    note.hidden = false;
  });
})();
