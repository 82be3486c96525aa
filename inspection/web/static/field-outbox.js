// What was entered and has not reached the server: kept in IndexedDB under ids made here, sent in order, once each.
const NAME = "open-draw-field";
const STORE = "entries";
const LOCK = "field-outbox";

function opened() {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(STORE, { keyPath: "number", autoIncrement: true });
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}

async function act(mode, work) {
  const database = await opened();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, mode);
      const asked = work(transaction.objectStore(STORE));
      // Done only when it is on disk: a promise kept at onsuccess could still be lost.
      transaction.oncomplete = () => resolve(asked.result);
      transaction.onabort = transaction.onerror = () => reject(transaction.error ?? asked.error);
    });
  } finally {
    database.close();
  }
}

/** All entries of the account, oldest first. */
export async function entries(account) {
  const all = await act("readonly", (store) => store.getAll());
  return all.filter((entry) => entry.account === account);
}

/** The number of entries that other accounts left on this device. */
export async function foreign(account) {
  return (await act("readonly", (store) => store.getAll())).filter((entry) => entry.account !== account).length;
}

/** The entry is on disk, with an id by which the server knows it however often it is sent. */
export function add(entry) {
  const kept = { ...entry, id: crypto.randomUUID(), made: new Date().toISOString(), state: "waiting", why: "" };
  return act("readwrite", (store) => store.add(kept));
}

export function remove(number) {
  return act("readwrite", (store) => store.delete(number));
}

function refuse(entry, why) {
  return act("readwrite", (store) => store.put({ ...entry, state: "refused", why }));
}

/** What sending came to: "sent", "dead" (no network, or the server is ill), "anonymous" (sign in first). */
export async function send(account, told) {
  return navigator.locks.request(LOCK, async () => {
    const waiting = (await entries(account)).filter(({ state }) => state === "waiting");
    if (waiting.length === 0) return "sent";
    const known = await token(account);
    if (known.outcome) return known.outcome;
    for (const entry of waiting) {
      const outcome = await post(entry, known.csrf);
      if (outcome !== "sent") return outcome;
      await told(entry);
    }
    return "sent";
  });
}

async function token(account) {
  let answer;
  try {
    answer = await fetch("/field/me", { headers: { Accept: "application/json" }, redirect: "manual" });
  } catch {
    return { outcome: "dead" };
  }
  if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) return { outcome: "anonymous" };
  if (!answer.ok) return { outcome: "dead" };
  const me = await answer.json();
  return me.account === account ? { csrf: me.csrf } : { outcome: "anonymous" };
}

async function post(entry, csrf) {
  const headers = { "X-CSRF-Token": csrf, "Idempotency-Key": entry.id, Accept: "application/json" };
  let answer;
  try {
    if (entry.kind === "photo") {
      const body = new FormData();
      body.set("agency", entry.agency);
      body.set("visit", entry.visit);
      body.set("file", entry.file, entry.name);
      answer = await fetch("/api/v1/findings/attachments", { method: "POST", headers, body });
    } else {
      headers["Content-Type"] = "application/json";
      answer = await fetch("/field/findings", { method: "POST", headers, body: JSON.stringify(entry.body) });
    }
  } catch {
    return "dead";
  }
  if (answer.ok) {
    await remove(entry.number);
    return "sent";
  }
  if (answer.status === 401) return "anonymous";
  const { code, detail } = await said(answer);
  if (code === "web.form") return "anonymous";
  if (answer.status === 429 || answer.status >= 500 || code === "web.idempotency.running") return "dead";
  // The server understood and says no: a person decides, nothing is dropped by itself.
  await refuse(entry, detail);
  return "sent";
}

async function said(answer) {
  const text = await answer.text();
  try {
    const { code, detail } = JSON.parse(text);
    return { code: code ?? "", detail: detail ?? text };
  } catch {
    // Pages tell people; their text is in the element with the role of an alert.
    const alert = new DOMParser().parseFromString(text, "text/html").querySelector('[role="alert"]');
    return { code: "", detail: alert?.textContent ?? String(answer.status) };
  }
}
