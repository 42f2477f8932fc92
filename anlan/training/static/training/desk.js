// The teacher's desk: uploads that resume, cut points that can be moved, lessons that can be dragged.
// Every form here works without this file.
(() => {
  "use strict";
  const token = (form) => form.querySelector('[name="csrfmiddlewaretoken"]').value;
  const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const clock = (ms) => {
    const s = Math.floor(ms / 1000);
    const tail = `${String(Math.floor(s / 60) % 60).padStart(s >= 3600 ? 2 : 1, "0")}:${String(s % 60).padStart(2, "0")}`;
    return s >= 3600 ? `${Math.floor(s / 3600)}:${tail}` : tail;
  };

  // ── Upload in chunks. The server says how far it is; we go on from there, also after a reload or a lost network.
  function bindUpload(form) {
    const input = form.querySelector('input[type="file"]');
    const task = form.querySelector("[data-task]");
    const words = form.querySelector("[data-words]");
    const problem = form.querySelector("[data-problem]");
    const start = form.querySelector("[data-start]");
    const pause = form.querySelector("[data-pause]");
    const chunk = Number(form.dataset.chunk);
    const pauseLabel = pause.textContent;
    let paused = false;
    let running = false;

    const say = (text) => { problem.textContent = text; problem.hidden = !text; };
    const check = () => {
      const file = input.files[0];
      if (!file) return false;
      const over = file.size > Number(form.dataset.max) * 1024 * 1024;
      say(over ? form.dataset.tooLarge : file.size === 0 ? form.dataset.empty : "");
      start.disabled = over || file.size === 0;
      return !start.disabled;
    };
    input.addEventListener("change", check);

    const show = (file, done) => {
      task.querySelector("progress").value = (100 * done) / file.size;
      const mb = (n) => (n / 1048576).toFixed(n < 10485760 ? 1 : 0);
      task.querySelector("[data-amount]").textContent = `${mb(done)} / ${mb(file.size)} MB · ${Math.floor((100 * done) / file.size)}%`;
    };

    async function ask(url, options) {
      for (let delay = 1000; ; delay = Math.min(delay * 2, 15000)) {
        try {
          const answer = await fetch(url, { credentials: "same-origin", ...options });
          const type = answer.headers.get("Content-Type") || "";
          if (answer.status < 500 || answer.status === 507) return { answer, body: type.includes("json") ? await answer.json() : {} };
        } catch (error) {
          if (!(error instanceof TypeError)) throw error;
        }
        words.textContent = form.dataset.cut;
        await wait(delay);
      }
    }

    async function send(file) {
      const headers = { "X-CSRFToken": token(form), Accept: "application/json" };
      let { answer, body } = await ask(form.getAttribute("action") || location.href, {
        method: "POST", headers, body: new URLSearchParams({ name: file.name, size: file.size }),
      });
      if (!answer.ok) return say(body.message || "");
      while (body.uploaded < file.size) {
        if (paused) { await wait(200); continue; }
        words.textContent = form.dataset.going;
        show(file, body.uploaded);
        const piece = file.slice(body.uploaded, body.uploaded + chunk);
        ({ answer, body } = await ask(`${body.chunk}?offset=${body.uploaded}`, {
          method: "POST", headers: { ...headers, "Content-Type": "application/octet-stream" }, body: piece,
        }));
        if (!answer.ok && body.code !== "offset") return say(body.message || "");
      }
      show(file, file.size);
      words.textContent = form.dataset.done;
      location.href = body.page;
      return undefined;
    }

    pause.addEventListener("click", () => {
      paused = !paused;
      pause.textContent = paused ? pause.dataset.resumeLabel : pauseLabel;
      if (paused) words.textContent = form.dataset.paused;
    });
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      event.stopPropagation();
      if (running || !check()) return;
      running = true;
      const file = input.files[0];
      task.querySelector("[data-name]").textContent = file.name;
      task.hidden = pause.hidden = false;
      start.disabled = input.disabled = true;
      await send(file);
      running = false;
      start.disabled = input.disabled = false;
      pause.hidden = true;
    });
  }

  // ── Cut points: the rows are the truth; handles on the wave move them.
  function bindCuts(form) {
    const duration = Number(form.dataset.duration);
    const most = 15 * 60 * 1000;
    const list = form.querySelector(".d-cuts");
    const wave = form.querySelector(".d-wave");
    const add = form.querySelector("[data-add]");
    const warn = form.querySelector("[data-warn]");
    const spare = list.querySelector("[data-spare]");
    const field = (row, name) => row.querySelector(`[name="${name}"]`);
    const rows = () => [...list.querySelectorAll("[data-cut]:not([data-spare])")];
    const at = (row) => (Number(field(row, "minute").value || 0) * 60 + Number(field(row, "second").value || 0)) * 1000;
    const put = (row, ms) => {
      const tenths = Math.round(ms / 100);
      field(row, "minute").value = Math.floor(tenths / 600);
      field(row, "second").value = (tenths % 600) / 10;
    };
    const handles = new Map();
    wave.classList.add("live");
    spare.hidden = true;
    spare.querySelectorAll("input").forEach((input) => { input.disabled = true; });
    add.hidden = false;

    function limits(row) {
      const all = rows();
      const n = all.indexOf(row);
      return [n > 0 ? at(all[n - 1]) + 10000 : 0, n + 1 < all.length ? at(all[n + 1]) - 10000 : duration - 10000];
    }
    function move(row, ms) {
      const [low, high] = limits(row);
      put(row, Math.max(low, Math.min(high, ms)));
      draw();
    }
    function drop(row) {
      handles.get(row)?.remove();
      handles.delete(row);
      row.remove();
      draw();
    }
    function handle(row) {
      const knob = document.createElement("button");
      knob.type = "button";
      knob.className = "d-handle";
      knob.setAttribute("role", "slider");
      knob.append(document.createElement("span"));
      knob.addEventListener("keydown", (event) => {
        const step = { ArrowLeft: -1000, ArrowDown: -1000, ArrowRight: 1000, ArrowUp: 1000, PageUp: 30000, PageDown: -30000 }[event.key];
        if (step) { event.preventDefault(); move(row, at(row) + step * (event.shiftKey ? 10 : 1)); }
        if (event.key === "Delete") { event.preventDefault(); drop(row); }
      });
      knob.addEventListener("pointerdown", (event) => {
        knob.setPointerCapture(event.pointerId);
        const drag = (moved) => {
          const box = wave.getBoundingClientRect();
          move(row, ((moved.clientX - box.left) / box.width) * duration);
        };
        knob.addEventListener("pointermove", drag);
        knob.addEventListener("lostpointercapture", () => knob.removeEventListener("pointermove", drag), { once: true });
      });
      wave.append(knob);
      handles.set(row, knob);
      return knob;
    }
    function bindRow(row) {
      row.addEventListener("input", draw);
      if (row === rows()[0]) return;
      const merge = document.createElement("button");
      merge.type = "button";
      merge.className = "btn btn-quiet btn-sm";
      merge.textContent = form.dataset.remove;
      merge.addEventListener("click", () => drop(row));
      row.append(merge);
    }
    function draw() {
      const all = rows();
      let over = 0;
      all.forEach((row, n) => {
        const start = at(row);
        const end = n + 1 < all.length ? at(all[n + 1]) : duration;
        const length = row.querySelector("[data-length]");
        row.querySelector(".n").textContent = n + 1;
        length.textContent = clock(end - start);
        const long = end - start > most;
        length.classList.toggle("al-late", long);
        if (long) over = over || n + 1;
        if (n === 0) return;
        const knob = handles.get(row) || handle(row);
        knob.style.left = `${(100 * start) / duration}%`;
        knob.firstChild.textContent = n + 1;
        knob.setAttribute("aria-label", form.dataset.handle.replace("%n", n + 1));
        knob.setAttribute("aria-valuemin", "0");
        knob.setAttribute("aria-valuemax", String(Math.round(duration / 1000)));
        knob.setAttribute("aria-valuenow", String(Math.round(start / 1000)));
        knob.setAttribute("aria-valuetext", clock(start));
      });
      warn.textContent = over ? `${form.dataset.piece.replace("%n", over)} ${form.dataset.over}` : "";
    }
    add.addEventListener("click", () => {
      // In the middle of the longest piece.
      const all = rows();
      const ends = all.map((row, n) => (n + 1 < all.length ? at(all[n + 1]) : duration));
      const n = all.reduce((best, row, i) => (ends[i] - at(row) > ends[best] - at(all[best]) ? i : best), 0);
      const row = spare.cloneNode(true);
      row.hidden = false;
      row.removeAttribute("data-spare");
      row.querySelectorAll("input").forEach((input) => { input.disabled = false; });
      all[n].after(row);
      put(row, (at(all[n]) + ends[n]) / 2);
      field(row, "cut_title").value = form.dataset.piece.replace("%n", n + 2);
      bindRow(row);
      draw();
      handles.get(row).focus();
    });
    rows().forEach(bindRow);
    draw();
  }

  // ── Lessons: drag by the grip; the arrow buttons do the same by keyboard and without script.
  function bindOrder(list) {
    const status = document.getElementById("order-state");
    const version = document.getElementById("course-version");
    list.classList.add("js-order");
    const ids = () => [...list.children].map((item) => item.dataset.lesson);
    async function save(before) {
      if (ids().join() === before) return;
      const body = new URLSearchParams({ version: version.value });
      ids().forEach((id) => body.append("lesson", id));
      const answer = await fetch(list.dataset.order, {
        method: "POST", body, credentials: "same-origin",
        headers: { "X-CSRFToken": token(list.closest("form")), "X-Requested-With": "fetch", Accept: "application/json" },
      });
      status.textContent = answer.ok ? list.dataset.saved : list.dataset.lost;
      if (!answer.ok) return;
      version.value = await answer.text();
      document.querySelectorAll('input[name="version"]').forEach((input) => { input.value = version.value; });
      [...list.children].forEach((item, n) => {
        item.querySelector(".n").textContent = n + 1;
        item.querySelector('[value$=":up"]').disabled = n === 0;
        item.querySelector('[value$=":down"]').disabled = n === list.children.length - 1;
      });
    }
    list.querySelectorAll(".d-grip").forEach((grip) => grip.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      const item = grip.closest("li");
      const before = ids().join();
      grip.setPointerCapture(event.pointerId);
      item.classList.add("dragged");
      const drag = (moved) => {
        const over = [...list.children].find((other) => {
          const box = other.getBoundingClientRect();
          return other !== item && moved.clientY > box.top && moved.clientY < box.bottom;
        });
        if (!over) return;
        const box = over.getBoundingClientRect();
        if (moved.clientY > box.top + box.height / 2) over.after(item); else over.before(item);
      };
      grip.addEventListener("pointermove", drag);
      grip.addEventListener("lostpointercapture", () => {
        grip.removeEventListener("pointermove", drag);
        item.classList.remove("dragged");
        save(before);
      }, { once: true });
    }));
  }

  function bind(root) {
    root.querySelectorAll("[data-upload]:not([data-desk])").forEach((form) => { form.dataset.desk = "1"; bindUpload(form); });
    root.querySelectorAll("[data-cuts]:not([data-desk])").forEach((form) => { form.dataset.desk = "1"; bindCuts(form); });
    root.querySelectorAll(".d-lessons:not([data-desk])").forEach((list) => { list.dataset.desk = "1"; bindOrder(list); });
    // When the background has brought a recording to its next state, the page around it is another one.
    const state = document.getElementById("recording-state");
    if (state?.dataset.state && document.body.dataset.wasBusy) location.reload();
    if (state?.dataset.busy) document.body.dataset.wasBusy = "1";
  }
  document.addEventListener("DOMContentLoaded", () => bind(document));
  document.addEventListener("htmx:load", (event) => bind(event.detail.elt));
})();
