// The exam room. Every answer goes first into this browser's own store, then to the server; what the server has not
// confirmed is sent again, after a reload too, and travels once more with the paper itself.
(() => {
  "use strict";
  const SEND_AFTER_MS = 400, LOOK_EVERY_MS = 20000, RETRY_MS = [1000, 2000, 4000, 8000, 15000], BATCH = 50, FLUSH_MS = 4000;
  const $ = (id) => document.getElementById(id);
  const form = $("paper");
  const boot = JSON.parse($("boot").textContent);
  const words = JSON.parse($("words").textContent);
  const say = (name, values = {}) => words[name].replace(/\{(\w+)\}/g, (_all, key) => values[key]);
  const questions = [...form.querySelectorAll(".x-q")];
  const csrf = form.querySelector("[name=csrfmiddlewaretoken]").value;

  // --- time: the server's, carried forward by the monotonic clock, so that changing the device's clock changes nothing
  let serverAt = Date.parse(boot.now), heardAt = performance.now(), endsAt = Date.parse(boot.ends_at);
  const now = () => serverAt + (performance.now() - heardAt);
  const clockWords = (ms) => {
    const s = Math.max(0, Math.ceil(ms / 1000)), two = (n) => String(n).padStart(2, "0");
    return s >= 3600 ? `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}` : `${two(Math.floor(s / 60))}:${two(s % 60)}`;
  };
  const hourWords = (ms) => new Date(ms).toLocaleTimeString("zh-CN", { hour12: false, timeZone: "Asia/Shanghai" });

  // --- this browser's store; where it is refused (private windows), memory serves and the words say so
  const rows = new Map();   // number → {sitting, number, seq, value, client_id, acked}
  let store = null, lastSeq = 0, token = boot.token, sent = 0, offlineSince = 0, failures = 0, timer = 0, busy = null, over = false;
  const uid = () => (crypto.randomUUID ? crypto.randomUUID() : "10000000-1000-4000-8000-100000000000".replace(/[018]/g,
    (c) => (c ^ (crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (c / 4)))).toString(16)));

  async function openStore() {
    try {
      store = await idb.openDB("anlan-exams", 1, {
        upgrade(db) { db.createObjectStore("answers", { keyPath: ["sitting", "number"] }).createIndex("sitting", "sitting"); },
      });
      for (const row of await store.getAllFromIndex("answers", "sitting", boot.sitting)) rows.set(row.number, row);
    } catch { store = null; }
  }
  const keep = async (row) => { try { if (store) await store.put("answers", row); } catch { store = null; } };

  // --- reading and filling the form
  const named = (name) => [...form.querySelectorAll(`[name="${name}"]`)];
  function chosen(name, kind) {
    const picked = named(name).filter((box) => box.checked).map((box) => box.value);
    return kind === "true_false" ? picked.map((value) => value === "true") : picked.map(Number);
  }
  const partKind = (name) => (named(name)[0].value === "true" ? "true_false" : "choice");
  function partNames(section) { return [...new Set([...section.querySelectorAll("input[name]")].map((box) => box.name))]; }
  function read(section) {
    const n = section.dataset.number, kind = section.dataset.kind;
    if (kind === "fill") return [...section.querySelectorAll(".x-fill input")].map((box) => box.value);
    if (kind === "case") return partNames(section).map((name) => chosen(name, partKind(name)));
    return chosen(`q${n}`, kind);
  }
  function choose(name, value) { named(name).forEach((box) => { box.checked = (value || []).map(String).includes(box.value); }); }
  function fill(number, value) {
    const section = $(`q-${number}`);
    if (!section || !Array.isArray(value)) return;
    if (section.dataset.kind === "fill") section.querySelectorAll(".x-fill input").forEach((box, i) => { box.value = value[i] || ""; });
    else if (section.dataset.kind === "case") partNames(section).forEach((name, i) => choose(name, value[i]));
    else choose(`q${number}`, value);
  }
  const isEmpty = (value) => !Array.isArray(value) || value.every((one) => (Array.isArray(one) ? one.length === 0 : one === ""));
  const marks = new Set(JSON.parse(sessionStorage.getItem(`marks-${boot.sitting}`) || "[]"));

  // --- one question at a time
  let current = 1;
  function go(number, focus = true) {
    current = Math.min(Math.max(1, number), questions.length);
    questions.forEach((section) => { section.hidden = Number(section.dataset.number) !== current; });
    $("back").disabled = current === 1;
    $("next").disabled = current === questions.length;
    if (focus) { window.scrollTo(0, 0); $(`q-${current}`).focus({ preventScroll: true }); }
    sheet();
  }
  function sheet() {
    let done = 0;
    form.querySelectorAll("[data-go]").forEach((link) => {
      const n = Number(link.dataset.go), answered = rows.has(n) && !isEmpty(rows.get(n).value), marked = marks.has(n);
      done += answered;
      link.className = [answered && "done", marked && "mark", n === current && "now"].filter(Boolean).join(" ");
      if (n === current) link.setAttribute("aria-current", "true"); else link.removeAttribute("aria-current");
      link.setAttribute("aria-label", say(answered ? (marked ? "sheet_done_mark" : "sheet_done") : (marked ? "sheet_open_mark" : "sheet_open"), { n }));
    });
    // One filled button: going on, until the last question is reached or everything is answered.
    const finish = current === questions.length || done === questions.length;
    for (const [id, filled] of [["hand-in", finish], ["next", !finish]]) { $(id).classList.toggle("btn-primary", filled); $(id).classList.toggle("btn-quiet", !filled); }
    $("tally").textContent = say("tally", { done, open: questions.length - done, marked: marks.size });
    return done;
  }

  // --- saving
  function saved() {
    const waiting = [...rows.values()].filter((row) => !row.acked).length;
    const off = offlineSince > 0;
    $("saved").querySelector(".x-save-ok").hidden = off;
    $("saved").querySelector(".x-save-off").hidden = !off;
    $("saved").classList.toggle("waiting", waiting > 0 || off);
    if (off) { $("saved-what").textContent = say("offline"); $("saved-where").textContent = say("offline_where", { n: waiting }); }
    else if (waiting) { $("saved-what").textContent = say(store ? "kept" : "sending"); $("saved-where").textContent = say("kept_where"); }
    else if (!sent && rows.size) { $("saved-what").textContent = say("restored"); $("saved-where").textContent = say("restored_where", { n: rows.size }); }
    else if (sent) { $("saved-what").textContent = say("saved"); $("saved-where").textContent = `${hourWords(sent)} · ${say(store ? "both" : "server")}`; }
  }
  async function answer(section) {
    if (over) return;
    const number = Number(section.dataset.number), value = read(section), before = rows.get(number);
    if (JSON.stringify(before ? before.value : null) === JSON.stringify(value) || (!before && isEmpty(value))) return;
    lastSeq = Math.max(lastSeq + 1, Math.floor(now()));
    const row = { sitting: boot.sitting, number, seq: lastSeq, value, client_id: uid(), acked: false };
    rows.set(number, row);
    await keep(row);
    sheet(); saved();
    schedule(SEND_AFTER_MS);
  }
  function schedule(ms) { clearTimeout(timer); timer = setTimeout(flush, ms); }

  // Sends what is not confirmed; one request at a time. Resolves to whether nothing is left.
  function flush() { busy = busy || deliver().finally(() => { busy = null; }); return busy; }
  async function deliver() {
    clearTimeout(timer);
    const batch = [...rows.values()].filter((row) => !row.acked).slice(0, BATCH);
    if (!batch.length) return true;
    const items = batch.map(({ client_id, seq, number, value }) => ({ client_id, seq, number, value }));
    try {
      const response = await fetch(boot.answers_url, {
        method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ token, items }), signal: AbortSignal.timeout ? AbortSignal.timeout(8000) : undefined,
      });
      if (response.status === 401 || response.status === 403) { await look(); throw new Error("token"); }
      if (!response.ok) throw new Error(String(response.status));
      for (const row of batch) {
        if (rows.get(row.number) === row) { row.acked = true; await keep(row); }
      }
      sent = now(); failures = 0;
      back();
      saved();
      const left = [...rows.values()].some((row) => !row.acked);
      if (left) schedule(0);
      return !left;
    } catch {
      if (!offlineSince) offlineSince = now();
      saved();
      schedule(RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)]);
      return false;
    }
  }
  function back() {
    if (!offlineSince) return;
    const seconds = Math.round((now() - offlineSince) / 1000);
    offlineSince = 0;
    if (seconds >= 3) note(say("online_title", { n: seconds }), say("online_text"));
  }
  const told = new Set();
  function note(title, text) {
    const box = $("note").content.cloneNode(true).firstElementChild;
    box.querySelector("b").textContent = title;
    box.querySelector(".x-note-words").textContent = text;
    box.querySelector(".btn-close").addEventListener("click", () => box.remove());
    $("notice").replaceChildren(box);
  }

  // --- the server's view: time, more time, words of the invigilator, answers given on another device
  function take(state) {
    serverAt = Date.parse(state.now); heardAt = performance.now();
    if (Date.parse(state.ends_at) > endsAt) note(say("extended_title"), say("extended_text", { at: hourWords(Date.parse(state.ends_at)).slice(0, 5) }));
    endsAt = Date.parse(state.ends_at); token = state.token;
    $("ends").textContent = hourWords(endsAt).slice(0, 5);
    $("leaves").textContent = state.leaves;
    for (const warning of state.warnings || []) if (!told.has(warning.id)) { told.add(warning.id); note(say("warned"), warning.words); }
    for (const [key, [seq, value]] of Object.entries(state.answers)) {
      const number = Number(key), mine = rows.get(number);
      lastSeq = Math.max(lastSeq, seq);
      if (!mine || mine.seq < seq) {
        const row = { sitting: boot.sitting, number, seq, value, client_id: uid(), acked: true };
        rows.set(number, row); keep(row);
        if (!$(`q-${number}`).contains(document.activeElement) || !mine) fill(number, value);
      } else if (mine.seq === seq && !mine.acked) { mine.acked = true; keep(mine); }
    }
    sheet(); saved();
  }
  async function look() {
    try {
      const response = await fetch(boot.state_url, { headers: { Accept: "application/json" }, cache: "no-store" });
      if (!response.ok) return;
      const state = await response.json();
      if (state.state !== "running") { if (!over) { over = true; location.href = boot.result_url; } return; }
      take(state); back(); saved();
    } catch { /* the next look comes by itself; answers say when the network is gone */ }
  }

  // --- handing in
  const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  async function handIn() {
    if (over) return;
    over = true;
    $("sending").showModal();
    await Promise.race([flush(), wait(FLUSH_MS)]);
    for (let tries = 0; ; tries++) {
      const carried = [...rows.values()].filter((row) => !row.acked).map(({ client_id, seq, number, value }) => ({ client_id, seq, number, value }));
      const body = new URLSearchParams({ csrfmiddlewaretoken: csrf, carried: JSON.stringify(carried) });
      try {
        const response = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
        if (response.ok) { location.href = (await response.json()).url; return; }
        if (response.status < 500 && response.status !== 429) {
          const refusal = await response.json().catch(() => ({ message: "" }));
          $("sending").close(); over = false;
          note(say("refused"), refusal.message || String(response.status));
          return;
        }
      } catch { /* no network: said below, tried again */ }
      $("sending-words").textContent = say("waiting_title");
      $("sending-text").textContent = say("waiting_text", { n: carried.length });
      await wait(RETRY_MS[Math.min(tries, RETRY_MS.length - 1)]);
    }
  }
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    event.stopPropagation();
    const open = questions.length - sheet();
    $("ask-text").textContent = open ? say("ask_open", { n: open }) : say("ask_done");
    const dialog = $("ask");
    dialog.returnValue = "";
    dialog.showModal();
    await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
    if (dialog.returnValue === "yes") handIn();
  }, true);
  $("sending").addEventListener("cancel", (event) => event.preventDefault());

  // --- leaving the page: counted, told, never punished by losing anything
  let gone = null, telling = 0;
  const report = (leave, seconds) => fetch(boot.event_url, {
    method: "POST", keepalive: true, headers: { "X-CSRFToken": csrf, Accept: "application/json" }, body: new URLSearchParams({ client_id: leave.id, seconds }),
  }).then((r) => r.json()).then((r) => { $("leaves").textContent = r.leaves; }).catch(() => {});
  document.addEventListener("visibilitychange", () => {
    if (over) return;
    if (document.visibilityState === "hidden") {
      gone = { id: uid(), at: performance.now() };
      flush();
      telling = setTimeout(() => { if (gone) report(gone, 2); }, 2000);   // a reload hides the page too, but never gets here
    } else if (gone) {
      clearTimeout(telling);
      report(gone, Math.round((performance.now() - gone.at) / 1000));
      gone = null;
      look();
    }
  });
  addEventListener("online", () => { failures = 0; flush(); look(); });
  addEventListener("beforeunload", (event) => { if (!over && [...rows.values()].some((row) => !row.acked)) event.preventDefault(); });

  form.addEventListener("change", (event) => {
    const section = event.target.closest(".x-q");
    if (!section) return;
    if (event.target.matches("[data-mark]")) {
      const n = Number(section.dataset.number);
      marks[event.target.checked ? "add" : "delete"](n);
      sessionStorage.setItem(`marks-${boot.sitting}`, JSON.stringify([...marks]));
      sheet();
    } else answer(section);
  });
  let typing = 0;
  form.addEventListener("input", (event) => {
    if (!event.target.matches(".x-fill input")) return;
    clearTimeout(typing);
    typing = setTimeout(() => answer(event.target.closest(".x-q")), 600);
  });
  form.addEventListener("keydown", (event) => {   // Enter in a blank goes on instead of handing in
    if (event.key === "Enter" && event.target.matches("input")) { event.preventDefault(); go(current + 1); }
  });
  form.addEventListener("click", (event) => {
    const link = event.target.closest("[data-go]");
    if (link) { event.preventDefault(); go(Number(link.dataset.go)); }
  });
  $("back").addEventListener("click", () => go(current - 1));
  $("next").addEventListener("click", () => go(current + 1));

  const spoken = new Set();
  function tick() {
    const left = endsAt - now();
    $("clock").textContent = clockWords(left);
    for (const minutes of [10, 5, 1]) {
      if (left <= minutes * 60000 && left > minutes * 60000 - 5000 && !spoken.has(minutes)) { spoken.add(minutes); note(say("left_title", { n: minutes }), say("left_text")); }
    }
    if (left <= 0 && !over) handIn();
  }

  (async () => {
    await openStore();
    rows.forEach((row) => { lastSeq = Math.max(lastSeq, row.seq); fill(row.number, row.value); });
    form.querySelectorAll(".x-mark, .x-nav, .x-side, #saved").forEach((node) => { node.hidden = false; });
    marks.forEach((n) => { const box = $(`q-${n}`)?.querySelector("[data-mark]"); if (box) box.checked = true; });
    document.documentElement.classList.add("x-live");
    take(boot);
    go(Number(location.hash.slice(3)) || 1, false);
    for (const minutes of [10, 5, 1]) if (endsAt - now() <= minutes * 60000) spoken.add(minutes);   // a paper as short as that needs no telling
    tick();
    setInterval(tick, 500);
    setInterval(look, LOOK_EVERY_MS);
    flush();
  })();
})();
