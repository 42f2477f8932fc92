// Photographs with time and place, fields that depend on the grade, drafts kept on this device. All forms work without it.
(() => {
  "use strict";

  // The device tells when each picture was taken, where it is now and what its clock says.
  function bindPhotos(form) {
    const field = form.querySelector("[data-photos]");
    if (!field) { return; }
    const list = form.querySelector("[data-previews]");
    const says = form.querySelector("[data-place-says]");
    const hidden = (name) => form.querySelector(`input[type="hidden"][name="${name}"]`);
    let asked = false;
    form.classList.add("hz-js");
    field.addEventListener("change", () => {
      const files = [...field.files];
      hidden("taken").value = JSON.stringify(files.map((file) => file.lastModified || 0));
      list.replaceChildren(...files.map((file) => {
        const item = document.createElement("li");
        if (file.type.startsWith("image/") && !/hei[cf]/.test(file.type)) {
          const picture = document.createElement("img");
          picture.alt = "";
          picture.src = URL.createObjectURL(file);
          picture.addEventListener("load", () => URL.revokeObjectURL(picture.src));
          item.append(picture);
        }
        const name = document.createElement("span");
        name.textContent = file.name;
        item.append(name);
        return item;
      }));
      if (asked || !navigator.geolocation || files.length === 0) { return; }
      asked = true;
      navigator.geolocation.getCurrentPosition((found) => {
        hidden("latitude").value = found.coords.latitude.toFixed(6);
        hidden("longitude").value = found.coords.longitude.toFixed(6);
        hidden("accuracy").value = Math.round(found.coords.accuracy);
        says.textContent = says.dataset.found.replace("%s", Math.round(found.coords.accuracy));
        says.hidden = false;
      }, () => { says.textContent = says.dataset.none; says.hidden = false; }, { enableHighAccuracy: true, timeout: 10000, maximumAge: 60000 });
    });
    form.addEventListener("submit", () => { hidden("sent_at").value = new Date().toISOString(); });
  }

  function bindShown(form) {
    const parts = [...form.querySelectorAll("[data-shown-if]")];
    if (!parts.length) { return; }
    const show = () => parts.forEach((part) => {
      const [name, value] = part.dataset.shownIf.split("=");
      const chosen = form.querySelector(`[name="${name}"]:checked`);
      part.hidden = !chosen || chosen.value !== value;
    });
    form.addEventListener("change", show);
    show();
  }

  // A second tap while the first is on its way sends nothing.
  function bindOnce(form) {
    form.addEventListener("submit", (event) => {
      if (form.dataset.gone) { event.preventDefault(); return; }
      form.dataset.gone = "1";
      window.setTimeout(() => { delete form.dataset.gone; }, 15000);
    });
    window.addEventListener("pageshow", () => { delete form.dataset.gone; });
  }

  // What was typed survives a closed tab. Photographs cannot be kept this way; they are chosen again.
  function bindDraft(form) {
    const key = `draft:${form.dataset.draft}`;
    const says = form.querySelector("[data-draft-says]");
    const fields = [...form.elements].filter((field) => field.name && !["hidden", "file", "submit"].includes(field.type));
    const read = () => { try { return JSON.parse(localStorage.getItem(key) || "null"); } catch { return null; } };
    const clock = () => new Date().toTimeString().slice(0, 5);
    const kept = read();
    if (kept && !form.querySelector(".al-note.error")) {
      fields.forEach((field) => {
        if (!(field.name in kept)) { return; }
        if (field.type === "radio") { field.checked = field.value === kept[field.name]; } else { field.value = kept[field.name]; }
      });
      says.textContent = says.dataset.found;
      form.dispatchEvent(new Event("change"));
    }
    let timer = 0;
    form.addEventListener("input", () => {
      window.clearTimeout(timer);
      timer = window.setTimeout(() => {
        const values = {};
        fields.forEach((field) => { if (field.type !== "radio" || field.checked) { values[field.name] = field.value; } });
        try { localStorage.setItem(key, JSON.stringify(values)); says.textContent = says.dataset.saved.replace("%s", clock()); } catch { /* private mode: nothing is kept, nothing is promised */ }
      }, 600);
    });
    form.addEventListener("submit", () => { try { localStorage.removeItem(key); } catch { /* as above */ } });
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("[data-photo-form]").forEach(bindPhotos);
    document.querySelectorAll("form").forEach(bindShown);
    document.querySelectorAll("[data-once]").forEach(bindOnce);
    document.querySelectorAll("[data-draft]").forEach(bindDraft);
  });
})();
