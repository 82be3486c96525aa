// Serves the pages below /field from what was kept when the network is dead. Findings and photos are never here:
// they wait in the page's own outbox (field-outbox.js).
const PAGES = "field-pages";
const ASSETS = "field-assets-1";
const OFFLINE = "/field/offline";
const NEEDED = [
  "/static/house.css", "/static/field.css", "/static/field.js", "/static/field-outbox.js", "/static/icon.svg",
  "/static/vendor/htmx-2.0.11.min.js",
];
const PATIENCE = 5000;

self.addEventListener("install", (event) => {
  event.waitUntil(
    (async () => {
      await (await caches.open(ASSETS)).addAll(NEEDED);
      await keep(new Request(OFFLINE), await fetch(OFFLINE));
      await self.skipWaiting();
    })(),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys()) {
        if (name.startsWith("field-") && name !== PAGES && name !== ASSETS) await caches.delete(name);
      }
      await self.clients.claim();
    })(),
  );
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (url.pathname === "/field/me" || url.pathname.startsWith("/api/")) return;
  if (url.pathname.startsWith("/static/")) event.respondWith(served(request, ASSETS));
  else if (url.pathname === "/field" || url.pathname.startsWith("/field/")) event.respondWith(served(request, PAGES));
});

/** A page that was asked for and given, not the sign-in it may have led to. */
async function keep(request, response, name = PAGES) {
  if (response.ok && !response.redirected && response.type === "basic") {
    await (await caches.open(name)).put(request, response.clone());
  }
}

/** From the network, kept for later; from what was kept where the network is dead or hangs. */
async function served(request, name) {
  const kept = await (await caches.open(name)).match(request, { ignoreVary: true });
  try {
    const response = await (kept ? patient(request) : fetch(request));
    await keep(request, response, name);
    return response;
  } catch (error) {
    if (kept) return kept;
    if (request.mode === "navigate") {
      const page = await caches.match(OFFLINE, { ignoreVary: true });
      if (page) return page;
    }
    throw error;
  }
}

function patient(request) {
  return new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error("the network hangs")), PATIENCE);
    fetch(request).then(resolve, reject);
  });
}
