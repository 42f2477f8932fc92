// Photos and the place they are taken at.
import { canonical, sha256 } from "./keys.js";
import { t, toast } from "./dom.js";

const MOST = 50 * 1024 * 1024;
const SMALL = 480;
let fix = null; // the last known place

export function locate() {
  if (!navigator.geolocation) return Promise.resolve({ none: "unsupported" });
  return new Promise((resolve) => {
    const done = (value) => { if (value.lat !== undefined) fix = { ...value, at: Date.now() }; resolve(value); };
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => done({ lat: Math.round(coords.latitude * 1e6), lng: Math.round(coords.longitude * 1e6), acc: Math.round(coords.accuracy) }),
      (error) => done({ none: error.code === 1 ? "denied" : "unknown" }),
      { enableHighAccuracy: true, timeout: 12000, maximumAge: 30000 },
    );
  });
}

export const lastPlace = () => (fix && Date.now() - fix.at < 10 * 60e3 ? { lat: fix.lat, lng: fix.lng, acc: fix.acc } : null);

export function metresTo(lat, lng) {
  if (!fix || lat === null || lng === null) return null;
  const rad = Math.PI / 180, a = fix.lat / 1e6 * rad, b = lat * rad;
  return 6371e3 * Math.hypot((b - a), (lng - fix.lng / 1e6) * rad * Math.cos((a + b) / 2));
}

async function shrink(file) {
  try {
    const image = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, SMALL / Math.max(image.width, image.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(image.width * scale));
    canvas.height = Math.max(1, Math.round(image.height * scale));
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    image.close();
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.7));
    return blob ? await blob.arrayBuffer() : null;
  } catch { return null; } // a kind that this browser cannot draw (HEIC): kept all the same
}

// Keep the chosen files: original and small copy sealed, the announcement in the log, all at once. Returns what was kept.
export async function keep(vault, files, about, change) {
  const kept = [];
  for (const file of files) {
    if (file.size > MOST) { toast(t("photo_large", { mb: Math.ceil(file.size / 1048576) }), "error"); continue; }
    try {
      const bytes = await file.arrayBuffer();
      const photo = {
        ...about, id: crypto.randomUUID(), sha256: await sha256(bytes), size: bytes.byteLength, name: file.name.slice(-80) || "photo.jpg",
        taken_at: Date.now(), position: lastPlace() ?? undefined,
      };
      const record = await vault.sealPhoto(photo, bytes, await shrink(file));
      const { task, ...body } = photo;
      await vault.append("photo", task, JSON.parse(canonical(body)), { photo: record, records: change(photo) });
      kept.push(photo);
    } catch (error) {
      toast(error.name === "QuotaExceededError" ? t("full") : t("photo_broken"), "error");
    }
  }
  return kept;
}
