// Bring the phone's log and photos to the server: in order, again and again, never twice at once. The phone forgets only what
// the server names as held.
import { data, t } from "./dom.js";
import { sha256, publicKey } from "./keys.js";
import * as store from "./store.js";
import { state, changed, load } from "./state.js";

const PIECE = 256 * 1024, BATCH = 50, BATCH_BYTES = 512 * 1024, PATIENCE = 20000, TRIES = 4;
const FRESH = 3 * 60e3, JUST_HEARD = 5000;
const WAITS = [2, 4, 8, 15, 30, 60];
let failures = 0, timer = 0, again = false;

export class Answer extends Error {
  constructor(status, body) { super(body?.message || String(status)); this.status = status; this.body = body ?? {}; }
}

// One request. Anything but JSON where JSON is due means that somebody stands in between: the sign-in page, a portal of a Wi-Fi.
async function ask(url, { body = null, json = null } = {}) {
  const headers = { Accept: "application/json" };
  if (body || json) headers["X-CSRFToken"] = state.hello?.csrf ?? "";
  if (json) headers["Content-Type"] = "application/json";
  if (body) headers["Content-Type"] = "application/octet-stream";
  const stop = new AbortController();
  const timeout = setTimeout(() => stop.abort(), PATIENCE);
  try {
    const response = await fetch(url, { method: body || json ? "POST" : "GET", headers, body: json ? JSON.stringify(json) : body, signal: stop.signal, cache: "no-store" });
    const isJson = (response.headers.get("Content-Type") || "").includes("json");
    const got = isJson ? await response.json() : null;
    if (response.ok && isJson && !response.redirected) return got;
    if (response.ok || response.redirected || response.status === 401) throw new Answer(401, got);
    throw new Answer(response.status, got);
  } finally { clearTimeout(timeout); }
}

// Requests that fail on the way, or of which the server was not able to make anything, are tried again at once a few times.
async function tried(url, options) {
  for (let turn = 1; ; turn += 1) {
    try { return await ask(url, options); } catch (error) {
      const passing = !(error instanceof Answer) || error.status >= 500;
      if (!passing || turn >= TRIES || !navigator.onLine) throw error;
      await new Promise((resolve) => setTimeout(resolve, 150 * turn));
    }
  }
}

export async function hello(owner) {
  const url = new URL(data.urls.hello, location.origin);
  if (owner) url.searchParams.set("vault", owner.vault);
  if (owner?.device) url.searchParams.set("device", owner.device.uid);
  return tried(url.pathname + url.search);
}

// Who may see what is on this phone: opens, changes or locks the vault as the server says. Returns whether to go on.
export async function identify() {
  const first = (await store.opened())?.owner ?? state.vault?.owner.owner;
  const known = (await store.owners()).find((one) => one.owner === first);
  let said = await hello(known);
  if (!said.signed_in) { state.hello = null; state.trouble = "auth"; await store.lock(); return false; }
  const owner = await store.ownerFor(said.owner, said.name);
  if (owner.owner !== known?.owner) said = await hello(owner);
  Object.assign(state, { hello: said, heard: Date.now() });
  if (said.revoked || !said.half) { state.trouble = "revoked"; state.vault = null; await store.lock(); return false; }
  if (state.vault?.owner.owner !== owner.owner) { state.vault = await store.unlock(owner, said.half); await load(); }
  else await store.unlock(owner, said.half);
  if (["auth", "revoked"].includes(state.trouble)) state.trouble = "";
  if (!said.may) return true;
  const device = await state.vault.deviceFor(said.post);
  if (!device.registered) {
    try { await tried(data.urls.device, { json: { uid: device.uid, vault: owner.vault, key: await publicKey(device.signer) } }); } catch (error) {
      if (error.status === 409) await state.vault.wornOut();
      throw error;
    }
    await state.vault.registered();
  }
  return true;
}

async function sendEntries() {
  for (;;) {
    const all = await state.vault.entries();
    const open = all.filter((entry) => !entry.outcome);
    if (!open.length) return;
    const device = open[0].device;
    const batch = [];
    let size = 0;
    for (const entry of open) {
      if (entry.device !== device || batch.length >= BATCH || (batch.length && size + entry.size > BATCH_BYTES)) break;
      batch.push(entry);
      size += entry.size;
    }
    const operations = await Promise.all(batch.map((entry) => state.vault.parcel(entry)));
    const said = await tried(data.urls.operations, { json: { device, now: Date.now(), operations } });
    const outcomes = new Map(said.outcomes.map((one) => [one.hash, one]));
    for (const entry of batch) {
      const one = outcomes.get(entry.hash);
      if (!one) throw new Error("not answered");
      await state.vault.db.put("entries", { ...entry, outcome: one.outcome, code: one.code });
      if (one.outcome !== "applied") await remember(entry, one);
      if (["fork", "chain"].includes(one.code) && state.vault.owner.device?.uid === device) await state.vault.wornOut();
    }
    await forget();
  }
}

// What was not simply applied is shown to the officer until they have seen it.
async function remember(entry, one) {
  const notes = (await state.vault.get("notes")) ?? [];
  notes.push({ task: entry.task, outcome: one.outcome, because: one.because, at: Date.now() });
  await state.vault.put("notes", notes.slice(-50));
}

// Ask what the server holds for good, and forget exactly that.
async function forget() {
  const entries = (await state.vault.entries()).filter((entry) => entry.outcome);
  const photos = (await state.vault.photos()).filter((photo) => photo.whole && !photo.held);
  for (const device of new Set([...entries, ...photos].map((one) => one.device))) {
    const mine = entries.filter((entry) => entry.device === device), shots = photos.filter((photo) => photo.device === device);
    const held = await tried(data.urls.have, { json: { device, operations: mine.map((entry) => entry.hash), photos: shots.map((photo) => photo.id) } });
    const hashes = new Set(held.operations);
    await state.vault.forgetEntries(mine.filter((entry) => hashes.has(entry.hash)));
    for (const photo of shots) {
      if (held.photos[photo.id] === photo.sha256) await state.vault.markPhoto(photo.id, { held: true, full: null });
      else await state.vault.markPhoto(photo.id, { whole: false, sent: 0 });
    }
  }
  await count();
}

async function sendPhotos() {
  const queue = (await state.vault.photos()).filter((photo) => !photo.held && !photo.whole && !photo.broken);
  let n = 0;
  for (const photo of queue) {
    n += 1;
    state.photo = { n, all: queue.length };
    changed();
    await sendPhoto(photo);
  }
  state.photo = null;
  if (queue.length) await forget();
}

async function sendPhoto(photo) {
  const url = `${data.urls.photos}${photo.id}/`;
  let far;
  try { far = await tried(url); } catch (error) {
    if (error.status === 404) return; // not announced: its entry is still on the way
    throw error;
  }
  let bytes = null;
  for (let rounds = 0; !far.done; ) {
    if (!bytes) {
      bytes = await state.vault.original(photo);
      if ((await sha256(bytes)) !== photo.sha256) { await state.vault.markPhoto(photo.id, { broken: true }); return; }
    }
    try {
      far = await tried(`${url}?offset=${far.received}`, { body: bytes.slice(far.received, far.received + PIECE) });
      await state.vault.markPhoto(photo.id, { sent: far.received });
    } catch (error) {
      if (error.status === 409 && error.body.received !== undefined) far = error.body;
      else if (error.body?.code === "photo_hash" && rounds < 2) { rounds += 1; far = { ...error.body, received: 0 }; }
      else throw error;
    }
  }
  await state.vault.markPhoto(photo.id, { whole: true, sent: photo.size });
}

// Finished visits of which nothing waits any more leave the phone.
async function tidy() {
  const waiting = new Set([...(await state.vault.entries()), ...(await state.vault.photos()).filter((photo) => !photo.held)].map((one) => one.task));
  const photos = await state.vault.photos();
  for (const name of (await state.vault.names()).filter((one) => one.startsWith("work:"))) {
    const uid = name.slice(5);
    const mine = await state.vault.get(name);
    if (waiting.has(uid) || !mine.finished) continue; // what is begun stays, also when somebody else has finished the visit
    await state.vault.forgetRecords([name]);
    await state.vault.forgetPhotos(photos.filter((photo) => photo.task === uid).map((photo) => photo.id));
    const pack = await state.vault.get("pack");
    if (pack) await state.vault.put("pack", { ...pack, tasks: pack.tasks.filter((one) => one.uid !== uid) });
  }
  await load();
}

async function fetchTasks(force) {
  if (!state.hello?.may || (!force && state.packed && Date.now() - (state.fetched ?? 0) < FRESH)) return;
  const pack = await tried(data.urls.tasks);
  const kept = (await state.vault.get("pack")) ?? { tasks: [], lists: {} };
  // A visit begun on this phone whose task the server no longer lists (done by another, moved) stays until it is handed in.
  const listed = new Set(pack.tasks.map((one) => one.uid));
  const begun = new Set((await state.vault.names()).filter((name) => name.startsWith("work:")).map((name) => name.slice(5)));
  const others = kept.tasks.filter((one) => !listed.has(one.uid) && begun.has(one.uid)).map((one) => ({ ...one, elsewhere: true }));
  pack.lists = { ...Object.fromEntries(others.flatMap((one) => one.lists.map((id) => [id, kept.lists[id]]))), ...pack.lists };
  pack.tasks.push(...others);
  await state.vault.put("pack", pack);
  state.fetched = Date.now();
  await load();
}

async function count() {
  state.waiting = await state.vault.waiting();
  changed();
}

// Once through: who am I, entries, photos, tidy, fresh tasks. One tab at a time; a call while it runs makes it run again.
export async function sync({ force = false } = {}) {
  clearTimeout(timer);
  if (!navigator.onLine && !force) { changed(); return; }
  await navigator.locks.request("anlan-patrol-sync", { ifAvailable: true }, async (mine) => {
    if (!mine) { again = true; return; }
    state.syncing = true;
    changed();
    try {
      if (Date.now() - (state.heard ?? 0) < JUST_HEARD ? state.vault : await identify()) {
        await sendEntries();
        await sendPhotos();
        await sendEntries();
        await fetchTasks(force);
        await tidy();
        state.trouble = "";
        state.at = Date.now();
      }
      failures = 0;
    } catch (error) {
      const busy = error instanceof Answer;
      if (busy && error.status === 401) state.trouble = "auth";
      else if (busy && error.body?.code === "second_factor") { state.trouble = "auth"; state.login = error.body.url; }
      else {
        state.trouble = busy && error.body?.message ? error.body.message : navigator.onLine ? t("link_bad") : "";
        failures += 1;
        timer = setTimeout(() => sync({ force }), 1000 * WAITS[Math.min(failures, WAITS.length) - 1] * (0.75 + Math.random() / 2));
      }
    } finally {
      state.syncing = false;
      state.photo = null;
      if (state.vault) await count(); else changed();
    }
  });
  if (again) { again = false; timer = setTimeout(() => sync(), 1500); }
}
