// Keys and texts. All keys are made here, cannot be taken out of the browser, and are kept as CryptoKey objects.
const subtle = crypto.subtle;
const utf8 = new TextEncoder();
const SIGN = { name: "ECDSA", namedCurve: "P-256" };

export const hex = (bytes) => Array.from(new Uint8Array(bytes), (b) => b.toString(16).padStart(2, "0")).join("");
export const sha256 = async (bytes) => hex(await subtle.digest("SHA-256", bytes));

export function base64(bytes) {
  let text = "";
  for (const b of new Uint8Array(bytes)) text += String.fromCharCode(b);
  return btoa(text);
}

// Text as the server can keep it: no NUL, no half of a surrogate pair.
export const clean = (text) => text.replace(/\u0000/g, "").replace(/[\uD800-\uDBFF][\uDC00-\uDFFF]|[\uD800-\uDFFF]/g, (one) => (one.length === 2 ? one : "\uFFFD"));

// The one text of a value: sorted keys, no spaces, whole numbers only. The server writes the same and compares.
export function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value && typeof value === "object") {
    return `{${Object.keys(value).sort().filter((key) => value[key] !== undefined).map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(",")}}`;
  }
  if (typeof value === "number" && !Number.isSafeInteger(value)) throw new TypeError(`not a whole number: ${value}`);
  return JSON.stringify(typeof value === "string" ? clean(value) : value);
}

// The phone's half of the key to the records. The other half comes from the server, for whoever is signed in as the owner.
export const makeBase = () => subtle.importKey("raw", crypto.getRandomValues(new Uint8Array(32)), "HKDF", false, ["deriveKey"]);

export const joinHalves = (base, half, owner) => subtle.deriveKey(
  { name: "HKDF", hash: "SHA-256", salt: utf8.encode(half), info: utf8.encode(`anlan patrol ${owner}`) },
  base, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"],
);

export const makeSigner = () => subtle.generateKey(SIGN, false, ["sign", "verify"]);
export const publicKey = (pair) => subtle.exportKey("jwk", pair.publicKey);
export const sign = async (pair, text) => base64(await subtle.sign({ name: "ECDSA", hash: "SHA-256" }, pair.privateKey, utf8.encode(text)));
export const hashText = (text) => sha256(utf8.encode(text));

// `name` is bound in: a sealed record opens under its own name only.
export async function seal(key, bytes, name) {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  return { iv, data: await subtle.encrypt({ name: "AES-GCM", iv, additionalData: utf8.encode(name) }, key, bytes) };
}
export const unseal = (key, sealed, name) => subtle.decrypt({ name: "AES-GCM", iv: sealed.iv, additionalData: utf8.encode(name) }, key, sealed.data);
export const sealJson = (key, value, name) => seal(key, utf8.encode(JSON.stringify(value)), name);
export const unsealJson = async (key, sealed, name) => JSON.parse(new TextDecoder().decode(await unseal(key, sealed, name)));
