// Keeps the app of the patrol on the phone, so that it opens without a network. What people write is not here but in the vault.
"use strict";
const CACHE = "anlan-patrol-{{ version }}";
const SHELL = "{% url 'hazards:patrol' %}";
const ASSETS = [{% for asset in assets %}"{{ asset }}"{% if not forloop.last %}, {% endif %}{% endfor %}];

// All parts of one version together, or none: a half-loaded app would break in the yard.
self.addEventListener("install", (event) => event.waitUntil((async () => {
  const cache = await caches.open(CACHE);
  const shell = await fetch(SHELL, { cache: "no-store" });
  if (!shell.ok || shell.redirected) throw new Error("not signed in"); // the next visit tries again
  await Promise.all([...ASSETS.map(async (url) => {
    const response = await fetch(url, { cache: "no-cache" });
    if (!response.ok) throw new Error(url);
    await cache.put(url, response);
  }), cache.put(SHELL, shell)]);
})()));

self.addEventListener("activate", (event) => event.waitUntil((async () => {
  for (const name of await caches.keys()) if (name.startsWith("anlan-patrol-") && name !== CACHE) await caches.delete(name);
  await self.clients.claim();
})()));

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin) return;
  const wanted = event.request.mode === "navigate" && url.pathname === SHELL ? SHELL : ASSETS.includes(url.pathname) ? url.pathname : null;
  if (wanted) event.respondWith(caches.open(CACHE).then((cache) => cache.match(wanted)).then((kept) => kept ?? fetch(event.request)));
});
