// What lies on the phone. One small open store says whose vaults there are; one vault per owner, every record of it sealed.
import * as keys from "./keys.js";

const META = "anlan-patrol";

const meta = () => idb.openDB(META, 1, {
  upgrade(db) {
    db.createObjectStore("owners", { keyPath: "owner" });
    db.createObjectStore("open");
  },
  blocking(_now, _next, event) { event.target.close(); },
});

async function withMeta(work) {
  const db = await meta();
  try { return await work(db); } finally { db.close(); }
}

export const owners = () => withMeta((db) => db.getAll("owners"));
export const saveOwner = (owner) => withMeta((db) => db.put("owners", owner));
export const opened = () => withMeta((db) => db.get("open", "now"));
export const lock = () => withMeta((db) => db.clear("open"));

export async function ownerFor(id, name) {
  const known = (await owners()).find((one) => one.owner === id);
  if (known) return known;
  const made = { owner: id, name, vault: crypto.randomUUID(), base: await keys.makeBase(), device: null, pending: 0 };
  await saveOwner(made);
  return made;
}

// Open the vault of its owner with the server's half, and keep it open for work without a network.
export async function unlock(owner, half) {
  const key = await keys.joinHalves(owner.base, half, owner.owner);
  await withMeta((db) => db.put("open", { owner: owner.owner, key }, "now"));
  return new Vault(owner, key).ready();
}

export async function reopen() {
  const open = await opened();
  const owner = open && (await owners()).find((one) => one.owner === open.owner);
  return owner ? new Vault(owner, open.key).ready() : null;
}

export class Vault {
  constructor(owner, key) {
    this.owner = owner;
    this.key = key;
  }

  async ready() {
    this.db = await idb.openDB(`${META}-${this.owner.owner}`, 1, {
      upgrade(db) {
        db.createObjectStore("records");
        db.createObjectStore("chains");
        db.createObjectStore("entries", { keyPath: ["device", "seq"] });
        db.createObjectStore("photos", { keyPath: "id" });
      },
    });
    return this;
  }

  async get(name) {
    const sealed = await this.db.get("records", name);
    return sealed ? keys.unsealJson(this.key, sealed, name) : null;
  }

  async put(name, value) { await this.db.put("records", await keys.sealJson(this.key, value, name), name); }

  async names() { return this.db.getAllKeys("records"); }

  // A phone signs as one device per post: with another post begins another log.
  async deviceFor(post) {
    if (!this.owner.device || this.owner.device.post !== post) {
      this.owner.device = { uid: crypto.randomUUID(), post, signer: await keys.makeSigner(), registered: false };
      await saveOwner(this.owner);
    }
    return this.owner.device;
  }

  async registered() {
    this.owner.device.registered = true;
    await saveOwner(this.owner);
  }

  async wornOut() {
    this.owner.device = null;
    await saveOwner(this.owner);
  }

  // Write one entry of the log together with what changes on the phone: all of it or nothing. `records`: {name: value}.
  async append(kind, task, body, { records = {}, photo = null } = {}) {
    return navigator.locks.request(`${META}-log-${this.owner.owner}`, async () => {
      const device = this.owner.device;
      const chain = (await this.db.get("chains", device.uid)) || { seq: 0, head: "" };
      const entry = { v: 1, id: crypto.randomUUID(), device: device.uid, seq: chain.seq + 1, prev: chain.head, kind, task, at: Date.now(), body };
      const text = keys.canonical(entry);
      const hash = await keys.hashText(text);
      const signature = await keys.sign(device.signer, text);
      const sealed = await keys.sealJson(this.key, { text, signature }, hash);
      const changed = await Promise.all(Object.entries(records).map(async ([name, value]) => [name, await keys.sealJson(this.key, value, name)]));
      const tx = this.db.transaction(["entries", "chains", "records", "photos"], "readwrite");
      tx.objectStore("entries").add({ device: device.uid, seq: entry.seq, hash, task, kind, size: text.length, sealed });
      tx.objectStore("chains").put({ seq: entry.seq, head: hash }, device.uid);
      for (const [name, value] of changed) tx.objectStore("records").put(value, name);
      if (photo) tx.objectStore("photos").put(photo);
      await tx.done;
      return hash;
    });
  }

  async entries() { return this.db.getAll("entries"); }
  async parcel(entry) { return keys.unsealJson(this.key, entry.sealed, entry.hash); }
  async forgetEntries(list) {
    const tx = this.db.transaction("entries", "readwrite");
    list.forEach((entry) => tx.store.delete([entry.device, entry.seq]));
    await tx.done;
  }

  // A photo: the original and a small copy to look at, both sealed.
  async sealPhoto(about, bytes, thumb) {
    return {
      id: about.id, task: about.task, device: this.owner.device.uid, sha256: about.sha256, size: bytes.byteLength, sent: 0, held: false,
      full: await keys.seal(this.key, bytes, `${about.id}:full`), thumb: thumb && (await keys.seal(this.key, thumb, `${about.id}:thumb`)),
    };
  }
  async photos() { return this.db.getAll("photos"); }
  async photo(id) { return this.db.get("photos", id); }
  async original(photo) { return keys.unseal(this.key, photo.full, `${photo.id}:full`); }
  async thumb(id) {
    const photo = await this.photo(id);
    return photo?.thumb ? new Blob([await keys.unseal(this.key, photo.thumb, `${id}:thumb`)], { type: "image/jpeg" }) : null;
  }
  async markPhoto(id, change) {
    const tx = this.db.transaction("photos", "readwrite");
    const photo = await tx.store.get(id);
    if (photo) tx.store.put({ ...photo, ...change });
    await tx.done;
  }
  async forgetPhotos(ids) {
    const tx = this.db.transaction("photos", "readwrite");
    ids.forEach((id) => tx.store.delete(id));
    await tx.done;
  }
  async forgetRecords(names) {
    const tx = this.db.transaction("records", "readwrite");
    names.forEach((name) => tx.store.delete(name));
    await tx.done;
  }

  // How much waits on the phone: entries not yet held, photos not yet held.
  async waiting() {
    const [entries, photos] = [await this.entries(), (await this.photos()).filter((photo) => !photo.held)];
    const pending = entries.length + photos.length;
    if (pending !== this.owner.pending) {
      this.owner.pending = pending;
      await saveOwner(this.owner);
    }
    return { entries: entries.length, photos: photos.length };
  }
}
