// Another kind of question needs other fields: choosing it fetches them, with what is written kept.
document.querySelectorAll("[data-switch]").forEach((button) => {
  button.hidden = true;
  button.form.elements.kind.addEventListener("change", () => button.form.requestSubmit(button));
});
