// Progress beats: what was played goes into the browser's own store first, then to the server; it leaves the store when the
// server has committed it. A page that is reloaded, closed or offline loses nothing that the server's clock still allows.
(() => {
  "use strict";
  const EVERY_MS = 15000;
  const RETRY_MS = 6000;
  const MOST_SPANS = 150;

  function cookie(name) {
    const found = document.cookie.split("; ").find((part) => part.startsWith(`${name}=`));
    return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
  }

  class Store {
    // IndexedDB where there is one; a private window without it keeps envelopes in memory.
    constructor(scope) { this.scope = scope; this.memory = new Map(); }
    async open() {
      try {
        this.db = await idb.openDB("anlan-beats", 1, { upgrade: (db) => db.createObjectStore("beats", { keyPath: "key" }) });
      } catch (error) { this.db = null; }
    }
    key(envelope) { return `${this.scope}:${envelope.uid}:${envelope.seq}`; }
    async put(envelope) {
      const row = { ...envelope, key: this.key(envelope), scope: this.scope };
      this.memory.set(row.key, row);
      try { await this.db?.put("beats", row); } catch (error) { this.db = null; }
    }
    async drop(envelope) {
      this.memory.delete(this.key(envelope));
      try { await this.db?.delete("beats", this.key(envelope)); } catch (error) { this.db = null; }
    }
    async all() {
      let rows = [...this.memory.values()];
      try { if (this.db) rows = (await this.db.getAll("beats")).filter((row) => row.scope === this.scope); } catch (error) { this.db = null; }
      return rows.sort((a, b) => a.seq - b.seq);
    }
  }

  class Beats {
    // `tell(state)` is called whenever what the learner should know changes.
    constructor(data, tell) {
      this.data = data;
      this.tell = tell;
      this.store = new Store(`${data.user}:${data.lesson}`);
      this.spans = [];
      this.uid = "";
      this.token = "";
      this.expires = 0;
      this.seq = Date.now();
      this.lost = false;
      this.offline = false;
      this.savedAt = null;
      this.waiting = 0;
      this.sending = null;
      this.kept = [];
      this.known = { covered: data.covered, credited_ms: data.credited_ms, complete: data.complete, passed: data.passed, position_ms: data.position_ms };
    }

    async start() {
      await this.store.open();
      const kept = await this.store.all();
      // The sitting that left something behind is taken up again where it still holds the lease.
      if (kept.length) {
        try { await this.session(kept[kept.length - 1].uid); } catch (error) { kept.length = 0; }
      }
      if (this.lost) { this.lost = false; this.uid = ""; }
      for (const row of kept) if (row.uid !== this.uid) await this.store.drop(row);
      if (kept.length && this.uid) {
        this.kept = kept.filter((row) => row.uid === this.uid).map((row) => row.spans); // not folded yet, but on its way
        await this.send();
      }
      setInterval(() => this.flush(), EVERY_MS);
      window.addEventListener("online", () => this.send());
      window.addEventListener("pagehide", () => this.leave());
      document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") this.flush(); });
    }

    async session(uid) {
      const body = new URLSearchParams({ uid: uid || "", class: this.data.class || "" });
      const response = await fetch(this.data.session, {
        method: "POST", body, headers: { "X-CSRFToken": cookie("csrftoken"), Accept: "application/json" },
      });
      if (!response.ok) throw new Error(String(response.status));
      const answer = await response.json();
      this.known = answer;
      this.offline = false;
      this.lost = answer.lost;
      if (!answer.lost) {
        this.uid = answer.uid;
        this.token = answer.token;
        this.expires = Date.now() + (answer.expires_in - 60) * 1000;
      }
      this.tell(this);
      return !answer.lost;
    }

    // Begin to count: with the sitting that this page has, else with a new one, which takes the lease from any other page.
    async begin() {
      if (this.lost) return false;
      if (this.uid && Date.now() < this.expires) return true;
      return this.session(this.uid);
    }

    async take() {
      this.lost = false;
      this.uid = "";
      this.spans = [];
      return this.session("");
    }

    // Note that media from `a` to `b` milliseconds was played just now.
    note(a, b) {
      if (!this.uid || this.lost) return;
      const from = Math.max(0, Math.round(a));
      const to = Math.min(this.data.length, Math.round(b));
      if (to <= from) return;
      const last = this.spans[this.spans.length - 1];
      if (last && Math.abs(from - last[1]) < 60) last[1] = Math.max(last[1], to);
      else this.spans.push([from, to]);
      if (this.spans.length > MOST_SPANS) this.flush();
    }

    envelope() {
      if (!this.spans.length) return null;
      this.seq = Math.max(this.seq + 1, Date.now());
      const made = { uid: this.uid, seq: this.seq, spans: this.spans.flat(), ms: this.spans.reduce((sum, [a, b]) => sum + b - a, 0) };
      this.spans = [];
      return made;
    }

    async flush() {
      const made = this.envelope();
      if (made) await this.store.put(made);
      await this.send();
    }

    leave() {
      const made = this.envelope();
      if (!made) return;
      this.store.put(made);
      if (this.token) this.post(made, true).then((ok) => ok && this.store.drop(made)).catch(() => {});
    }

    async post(envelope, keepalive) {
      const response = await fetch(this.data.beats, {
        method: "POST", keepalive, headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ token: this.token, seq: envelope.seq, spans: envelope.spans }),
      });
      if (response.ok) return true;
      if (response.status >= 500 || response.status === 429 || response.status === 404) throw new Error(String(response.status));
      return false;
    }

    send() {
      // One sender at a time; whoever calls meanwhile waits for the same round.
      this.sending = this.sending || this.round().finally(() => { this.sending = null; });
      return this.sending;
    }

    async round() {
      const rows = (await this.store.all()).filter((row) => row.uid === this.uid);
      if (!rows.length) return;
      try {
        if (Date.now() >= this.expires && !(await this.session(this.uid))) return this.give_up(rows);
        for (const row of rows) {
          if (!(await this.post(row, false))) {
            if (!(await this.session(this.uid))) return this.give_up(rows);
            await this.post(row, false);
          }
          await this.store.drop(row);
          this.savedAt = new Date();
        }
        this.offline = false;
        this.waiting = 0;
        this.tell(this);
        this.refresh();
      } catch (error) {
        this.offline = true;
        this.waiting = (await this.store.all()).reduce((sum, row) => sum + row.ms, 0);
        this.tell(this);
        clearTimeout(this.retry);
        this.retry = setTimeout(() => this.send(), RETRY_MS);
      }
    }

    async give_up(rows) {
      for (const row of rows) await this.store.drop(row);
      this.tell(this);
    }

    // What the server believes, a moment after it has folded.
    refresh() {
      clearTimeout(this.later);
      this.later = setTimeout(() => this.session(this.uid).catch(() => {}), 1800);
    }
  }

  window.AnlanBeats = Beats;
  window.anlanCookie = cookie;
})();
