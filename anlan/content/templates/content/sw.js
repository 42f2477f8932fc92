// Keeps the emergency cards on the phone, so that they open without a network. Pages are fetched without a session:
// what is kept shows nobody's name.
"use strict";
const CACHE = "anlan-knowledge-{{ version }}";
const PAGES = [{% for page in pages %}"{{ page|escapejs }}"{% if not forloop.last %}, {% endif %}{% endfor %}];
const ASSETS = [{% for asset in assets %}"{{ asset|escapejs }}"{% if not forloop.last %}, {% endif %}{% endfor %}];
const LIST = PAGES[0];

async function keep(cache, url) {
  const response = await fetch(url, { cache: "no-cache", credentials: "omit" });
  if (!response.ok || response.redirected) throw new Error(url);
  await cache.put(url, response);
}

// A few at a time: forty requests at once would choke a phone on a weak line.
async function keepAll(cache, urls) {
  const rest = [...urls];
  await Promise.all([1, 2, 3, 4].map(async () => { while (rest.length) await keep(cache, rest.shift()); }));
}

self.addEventListener("install", (event) => event.waitUntil((async () => {
  await keepAll(await caches.open(CACHE), [...ASSETS, ...PAGES]);
  await self.skipWaiting();
})()));

self.addEventListener("activate", (event) => event.waitUntil((async () => {
  for (const name of await caches.keys()) if (name.startsWith("anlan-knowledge-") && name !== CACHE) await caches.delete(name);
  await self.clients.claim();
})()));

// Pages from the network while it answers, else from the phone; parts of pages from the phone first.
async function page(request, path) {
  const kept = (await caches.open(CACHE)).match(PAGES.includes(path) ? path : LIST);
  try {
    const response = await Promise.race([fetch(request), new Promise((_, no) => setTimeout(no, 4000, new Error("slow")))]);
    return response.ok || response.status < 500 ? response : ((await kept) ?? response);
  } catch {
    return (await kept) ?? fetch(request);
  }
}

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin) return;
  const path = url.pathname;
  if (event.request.mode === "navigate") event.respondWith(page(event.request, path));
  else if (ASSETS.includes(path)) event.respondWith(caches.open(CACHE).then((cache) => cache.match(path)).then((kept) => kept ?? fetch(event.request)));
});
