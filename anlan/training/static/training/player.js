// The player: plays, asks, remembers the place, and reports what was really played. The server decides what it is worth.
(() => {
  "use strict";
  const data = JSON.parse(document.getElementById("lesson-data").textContent);
  const words = data.words;
  const $ = (id) => document.getElementById(id);
  const show = (element, on) => { if (element) element.hidden = !on; };
  const two = (n) => String(n).padStart(2, "0");
  const say = (text, values = {}) => text.replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole);

  function clock(ms) {
    const s = Math.floor(ms / 1000);
    return s >= 3600 ? `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}` : `${Math.floor(s / 60)}:${two(s % 60)}`;
  }
  const spoken = (ms) => say(ms < 60000 ? words.seconds : words.minutes, { m: Math.floor(ms / 60000), s: Math.floor(ms / 1000) % 60 });

  // ---- tabs: without script all panels stand below each other
  const tabs = [...document.querySelectorAll("#tabs a")];
  function openTab(id) {
    tabs.forEach((tab) => {
      const on = tab.hash === `#${id}`;
      if (on) tab.setAttribute("aria-current", "true"); else tab.removeAttribute("aria-current");
      show(document.querySelector(tab.hash), on);
    });
  }
  tabs.forEach((tab) => tab.addEventListener("click", (event) => { event.preventDefault(); openTab(tab.hash.slice(1)); }));
  if (tabs.length) { $("player").classList.add("tabbed"); openTab("toc"); }
  if (!data.ready) return;

  // ---- what the server knows, and what is still only here
  const SLIP_MS = 1200; // what may be missed between pausing and going on without holding anyone back
  const media = data.kind === "video" ? $("video") : null;
  let position = data.position_ms;
  let local = [];
  let counting = false;
  let shownGap = false;

  function covered() {
    const pairs = [...local.map((pair) => [...pair])];
    for (let i = 0; i < beats.known.covered.length; i += 2) pairs.push([beats.known.covered[i], beats.known.covered[i + 1]]);
    pairs.sort((a, b) => a[0] - b[0]);
    const merged = [];
    pairs.forEach(([a, b]) => {
      const last = merged[merged.length - 1];
      if (last && a <= last[1] + SLIP_MS) last[1] = Math.max(last[1], b); else merged.push([a, b]);
    });
    return merged;
  }
  const frontier = () => { const first = covered()[0]; return first && first[0] < 500 ? first[1] : 0; };
  function firstGap() {
    let at = 0;
    for (let i = 0; i < beats.known.covered.length; i += 2) {
      if (beats.known.covered[i] > at + 60) return at;
      at = beats.known.covered[i + 1];
    }
    return at;
  }

  // ---- the note under the title
  function note(kind, title, text, action) {
    const box = $("note");
    box.classList.toggle("ok", kind === "ok");
    box.classList.toggle("error", kind === "error");
    if ($("note-title").textContent !== title) $("note-title").textContent = title;
    if ($("note-text").textContent !== text) $("note-text").textContent = text;
    const acts = $("note-acts");
    if (acts.dataset.words === (action ? action.words : "")) return;
    acts.dataset.words = action ? action.words : "";
    acts.replaceChildren();
    if (!action) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-quiet mt-2";
    button.textContent = action.words;
    button.addEventListener("click", action.act);
    acts.append(button);
  }

  function tell() {
    const credited = beats.known.credited_ms;
    const saved = beats.savedAt ? ` · ${say(words.saved, { clock: `${two(beats.savedAt.getHours())}:${two(beats.savedAt.getMinutes())}` })}` : "";
    const rule = data.kind === "document" ? words.reading : words.rule + (data.strict && !beats.known.complete ? words.strict : "");
    if (beats.lost) {
      media?.pause();
      counting = false;
      note("error", words.lost, words.lost_more, { words: words.take, act: takeOver });
    } else if (beats.offline) {
      const ms = beats.waiting;
      note("", ms ? say(words.offline, { time: spoken(ms) }) : words.failed, ms ? words.offline_more : words.failed_more);
    } else if (beats.known.complete) {
      note("ok", say(words.complete, { time: spoken(credited) }) + saved, words.complete_more,
        data.next ? { words: words.next, act: () => { location.href = data.next; } } : null);
      show($("following"), true);
    } else if (shownGap) {
      const left = data.length - total(beats.known.covered);
      note("", say(words.gap, { time: spoken(left) }), say(words.gap_more, { at: clock(firstGap()) }), { words: words.go_gap, act: goGap });
    } else {
      note("ok", say(words.counted, { time: spoken(credited) }) + saved, rule);
    }
    draw();
  }
  const total = (flat) => { let sum = 0; for (let i = 0; i < flat.length; i += 2) sum += flat[i + 1] - flat[i]; return sum; };

  const beats = new AnlanBeats(data, tell);
  async function takeOver() {
    try { await beats.take(); local = []; position = beats.known.position_ms; if (media) { media.currentTime = position / 1000; media.play(); } counting = true; tell(); }
    catch (error) { note("error", words.failed, words.failed_more, { words: words.take, act: takeOver }); }
  }
  function goGap() {
    shownGap = false;
    local = [];
    if (media) { seekTo(firstGap()); media.play(); }
    tell();
  }

  async function begin() {
    if (counting) return;
    try { counting = await beats.begin(); } catch (error) {
      counting = false;
      beats.offline = true;
      tell();
      setTimeout(() => { if (!counting && (!media || !media.paused)) begin(); }, 5000);
    }
  }

  function played(a, b) {
    beats.note(a, b);
    const last = local[local.length - 1];
    if (last && Math.abs(a - last[1]) < 1500 && b >= last[0]) last[1] = Math.max(last[1], b); else local.push([a, b]);
    position = b;
  }

  function draw() {
    const at = media ? media.currentTime * 1000 : total(beats.known.covered);
    if ($("clock")) $("clock").textContent = `${clock(data.kind === "document" ? readMs() : at)} / ${clock(data.length)}`;
    if (!media) return;
    const group = $("seen");
    const spans = covered();
    while (group.childElementCount > spans.length) group.lastChild.remove();
    while (group.childElementCount < spans.length) {
      const rect = document.createElementNS("http://www.w3.org/2000/svg", "rect");
      rect.setAttribute("class", "seen");
      rect.setAttribute("height", "6");
      group.append(rect);
    }
    spans.forEach(([a, b], i) => {
      group.children[i].setAttribute("x", String((100 * a) / data.length));
      group.children[i].setAttribute("width", String((100 * (b - a)) / data.length));
    });
    $("head").setAttribute("x", String(Math.min(99.4, (100 * at) / data.length)));
    $("seek").value = String(at);
    $("seek").setAttribute("aria-valuetext", `${clock(at)} / ${clock(data.length)}`);
  }

  // ---- notes and questions carry the moment
  document.addEventListener("submit", (event) => {
    const moment = event.target.querySelector?.("[data-moment]");
    if (moment) moment.value = String(Math.floor(media ? media.currentTime * 1000 : readMs()));
  }, true);
  document.addEventListener("htmx:configRequest", (event) => {
    if ("at_ms" in event.detail.parameters) event.detail.parameters.at_ms = String(Math.floor(media ? media.currentTime * 1000 : readMs()));
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-seek]");
    if (button && media) seekTo(Number(button.dataset.seek));
  });

  // ---- video
  function seekTo(ms) {
    const limit = data.strict && !beats.known.complete ? frontier() : data.length;
    const to = Math.max(0, Math.min(ms, Math.max(limit, 0)));
    if (ms > to + 1000) toast(say(words.skip, { at: clock(to) }));
    const open = nextPrompt(0);
    if (open && to > open.at) { media.currentTime = open.at / 1000; return; }
    media.currentTime = to / 1000;
  }

  function toast(text) {
    const box = document.createElement("div");
    box.className = "al-note al-toast";
    box.textContent = text;
    $("toasts").append(box);
    setTimeout(() => box.remove(), 6000);
  }

  const asked = new Set(data.passed);
  const nextPrompt = (after) => data.prompts.find((prompt) => !asked.has(prompt.id) && prompt.at >= after);

  function ask(prompt) {
    media.pause();
    media.currentTime = prompt.at / 1000;
    beats.flush();
    if (document.fullscreenElement) document.exitFullscreen();
    const dialog = $("ask");
    if (dialog.open) return;
    $("ask-stem").textContent = prompt.stem;
    $("ask-said").textContent = "";
    $("ask-send").textContent = words.answer;
    $("ask-back").textContent = words.back;
    show($("ask-back"), false);
    dialog.dataset.done = "";
    $("ask-options").replaceChildren(...prompt.options.map((text, i) => {
      const label = document.createElement("label");
      const input = Object.assign(document.createElement("input"), { type: "radio", name: "choice", value: String(i) });
      const face = document.createElement("span");
      const mark = document.createElement("b");
      mark.textContent = "ABCDEF"[i];
      face.append(mark, text);
      label.append(input, face);
      return label;
    }));
    dialog.showModal();
    $("ask-stem").focus();
    $("ask-back").onclick = () => { dialog.close(); media.currentTime = Math.max(0, prompt.at / 1000 - 20); media.play(); };
    $("ask-form").onsubmit = (event) => { event.preventDefault(); answer(prompt, dialog); };
  }

  async function answer(prompt, dialog) {
    if (dialog.dataset.done) { dialog.close(); media.play(); return; }
    const picked = $("ask-form").querySelector("input:checked");
    if (!picked) { $("ask-said").textContent = words.pick; return; }
    try {
      const response = await fetch(prompt.url, {
        method: "POST", body: new URLSearchParams({ choice: picked.value, class: data.class || "" }),
        headers: { "X-CSRFToken": anlanCookie("csrftoken"), Accept: "application/json" },
      });
      if (!response.ok) throw new Error(String(response.status));
      const verdict = await response.json();
      if (!verdict.right) { $("ask-said").textContent = words.wrong; show($("ask-back"), true); return; }
      asked.add(prompt.id);
      dialog.dataset.done = "1";
      $("ask-said").textContent = `${words.right}${verdict.why}`;
      show($("ask-back"), false);
      $("ask-send").textContent = words.go_on;
      beats.refresh();
    } catch (error) { $("ask-said").textContent = words.unsent; }
  }

  function setUpVideo() {
    const stage = $("stage");
    media.controls = false;
    let last = null;
    let speed = 1;
    let audioOnly = false;
    let hls = null;

    function load() {
      const at = media.currentTime || position / 1000;
      const going = !media.paused;
      hls?.destroy();
      hls = null;
      media.replaceChildren();
      if (audioOnly || !data.hls) media.src = data.audio;
      else if (window.Hls?.isSupported()) {
        hls = new Hls({ startPosition: at, maxBufferLength: 60 });
        hls.on(Hls.Events.ERROR, (_name, problem) => { if (problem.fatal) recover(problem); });
        hls.loadSource(data.hls);
        hls.attachMedia(media);
      } else if (media.canPlayType("application/vnd.apple.mpegurl")) media.src = data.hls;
      else { audioOnly = true; media.src = data.audio; }
      media.addEventListener("loadedmetadata", () => { media.currentTime = at; media.playbackRate = speed; if (going) media.play().catch(() => {}); }, { once: true });
      stage.classList.toggle("listening", audioOnly);
      show(stage.querySelector(".v-still"), audioOnly);
      $("listen").setAttribute("aria-pressed", String(audioOnly));
    }
    let recoveries = 0;
    function recover(problem) {
      if (problem.type === Hls.ErrorTypes.MEDIA_ERROR && recoveries++ < 2) { hls.recoverMediaError(); return; }
      if (problem.type === Hls.ErrorTypes.NETWORK_ERROR && recoveries++ < 20) { setTimeout(() => hls?.startLoad(), 3000); return; }
      note("error", words.media_failed, "");
    }

    // The first play waits for the sitting, so that not even the first moment goes uncounted; without a network it goes on.
    let passing = false;
    async function startCounting() {
      media.pause();
      await begin();
      passing = true;
      if (!beats.lost) media.play().catch(() => { passing = false; state(); });
    }

    const toggle = () => { if (media.paused) media.play().catch(() => {}); else media.pause(); };
    $("play").addEventListener("click", toggle);
    $("big").addEventListener("click", toggle);
    media.addEventListener("click", toggle);
    media.addEventListener("play", () => {
      const open = data.prompts.find((prompt) => !asked.has(prompt.id) && media.currentTime * 1000 > prompt.at - 50);
      if (open) { ask(open); return; }
      if (!counting && !beats.lost && !passing) { startCounting(); return; }
      passing = false;
      last = media.currentTime * 1000;
      shownGap = false;
      state();
    });
    media.addEventListener("pause", () => { step(); last = null; beats.flush(); state(); });
    media.addEventListener("ended", async () => {
      step();
      last = null;
      await beats.flush();
      setTimeout(() => { shownGap = !beats.known.complete && !beats.lost && !beats.offline; tell(); }, 3200);
    });
    media.addEventListener("seeking", () => {
      last = null;
      if (data.strict && !beats.known.complete && media.currentTime * 1000 > frontier() + 1500) {
        const to = frontier();
        toast(say(words.skip, { at: clock(to) }));
        media.currentTime = to / 1000;
      }
    });
    media.addEventListener("ratechange", () => { if (media.playbackRate > data.pace / 100) { media.playbackRate = data.pace / 100; } });
    media.addEventListener("timeupdate", step);
    media.addEventListener("error", () => { if (!hls && media.error) note("error", words.media_failed, ""); });

    function step() {
      const now = media.currentTime * 1000;
      if (!media.seeking && last !== null && now > last && now - last < 2500 * media.playbackRate && counting) played(last, now);
      last = media.paused ? null : now;
      if (!media.paused) {
        const open = data.prompts.find((prompt) => !asked.has(prompt.id) && now >= prompt.at);
        if (open) ask(open);
      }
      caption(now);
      draw();
    }

    let line = null;
    function caption(now) {
      const found = data.subtitles.find(([a, b]) => now >= a && now < b);
      if (found === line) return;
      line = found;
      const on = $("captions").getAttribute("aria-pressed") === "true";
      $("cap").textContent = found ? found[2] : "";
      show($("cap"), Boolean(found) && on);
      document.querySelectorAll("#transcript li").forEach((row) => row.classList.toggle("now", Boolean(found) && Number(row.dataset.at) === found[0]));
    }

    function state() {
      const paused = media.paused;
      stage.dataset.state = paused ? "paused" : "playing";
      show($("big"), paused && media.currentTime * 1000 < data.length - 500);
      $("play").setAttribute("aria-label", paused ? words.play : words.pause);
      show($("play").querySelector('[data-on="play"]'), paused);
      show($("play").querySelector('[data-on="pause"]'), !paused);
    }

    $("seek").addEventListener("input", () => seekTo(Number($("seek").value)));
    ["back10", "rewind"].forEach((id) => $(id)?.addEventListener("click", () => seekTo(media.currentTime * 1000 - 10000)));
    $("listen").addEventListener("click", () => { audioOnly = !audioOnly; load(); });
    $("captions").addEventListener("click", () => {
      const on = $("captions").getAttribute("aria-pressed") !== "true";
      $("captions").setAttribute("aria-pressed", String(on));
      line = null;
      show($("cap"), on && Boolean($("cap").textContent));
    });
    $("speed").addEventListener("click", () => {
      const steps = [1, 1.25, 1.5].filter((rate) => rate * 100 <= data.pace);
      speed = steps[(steps.indexOf(speed) + 1) % steps.length];
      media.playbackRate = speed;
      $("speed").firstElementChild.textContent = `${speed}×`;
    });
    $("full").addEventListener("click", () => {
      if (document.fullscreenElement) document.exitFullscreen();
      else if (stage.requestFullscreen) stage.requestFullscreen();
      else media.webkitEnterFullscreen?.();
    });
    stage.addEventListener("keydown", (event) => {
      if (event.target.closest("button, a, input")) return;
      if (event.key === " " || event.key === "k") { event.preventDefault(); toggle(); }
      if (event.key === "ArrowLeft") seekTo(media.currentTime * 1000 - 10000);
    });
    document.querySelectorAll("#transcript li").forEach((row) => row.addEventListener("click", () => seekTo(Number(row.dataset.at))));
    show($("controls"), true);
    show($("seek"), true);
    show($("back10"), true);
    load();
    state();
  }

  // ---- documents: time on the visible page, while someone is there
  const IDLE_MS = 120000;
  let readFrom = null;
  let active = Date.now();
  let reading = false;
  const readMs = () => Math.min(data.length, Math.max(total(beats.known.covered), local.reduce((sum, [, b]) => Math.max(sum, b), 0)));

  function setUpDocument() {
    ["scroll", "pointerdown", "keydown", "touchstart", "mousemove"].forEach((name) => addEventListener(name, () => { active = Date.now(); }, { passive: true }));
    readFrom = firstGap();
    begin();
    setInterval(() => {
      if (document.visibilityState !== "visible" || (!reading && Date.now() - active > IDLE_MS) || beats.lost || beats.known.complete) return;
      if (!counting) { begin(); return; }
      const to = Math.min(data.length, readFrom + 1000);
      played(readFrom, to);
      readFrom = to;
      if (to >= data.length) { readFrom = firstGap(); beats.flush(); }
      draw();
    }, 1000);
    readAloud();
  }

  function readAloud() {
    const button = $("read");
    if (!("speechSynthesis" in window)) return;
    show(button, true);
    const label = button.querySelector("span");
    const stop = () => { speechSynthesis.cancel(); reading = false; label.textContent = words.read; };
    button.addEventListener("click", () => {
      if (reading) { stop(); return; }
      const parts = [...$("doc-text").querySelectorAll("h1, h2, h3, p, li, td, th")].map((part) => part.textContent.trim()).filter(Boolean);
      reading = true;
      label.textContent = words.stop_reading;
      parts.forEach((part, i) => {
        const voice = new SpeechSynthesisUtterance(part);
        voice.lang = "zh-CN";
        if (i === parts.length - 1) voice.onend = stop;
        speechSynthesis.speak(voice);
      });
    });
    addEventListener("pagehide", stop);
  }

  beats.start().then(() => {
    position = beats.known.position_ms;
    beats.kept.forEach((spans) => {
      for (let i = 0; i < spans.length; i += 2) local.push([spans[i], spans[i + 1]]);
      if (!beats.known.complete) position = Math.max(position, ...spans);
    });
    if (media) setUpVideo(); else setUpDocument();
    tell();
  });
})();
