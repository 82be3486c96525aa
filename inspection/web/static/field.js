// The officer's pages: what is entered goes to the outbox first, then to the server as soon as there is a network.
import { add, entries, foreign, remove, send } from "./field-outbox.js";

const box = document.getElementById("field");
const line = box.querySelector(".line");
const words = JSON.parse(document.getElementById("field-words").textContent);
const account = box.dataset.account;
// Milliseconds until it is tried again: soon at first, as a network may come back a moment after the browser says so.
const KEPT_FOR = 3 * 24 * 3600 * 1000;
const [SOON, LATEST] = [1000, 30_000];

const filled = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");

function tell(kind, text) {
  line.className = `line ${kind}`;
  line.textContent = text;
}

/** Items of a form that differ from what was stored or queued before; items left empty are not among them. */
function changed(form) {
  const found = [];
  for (const item of form.querySelectorAll(".item")) {
    const value = (name) => item.querySelector(`[name^="${name}."]`).value.trim();
    const now = JSON.stringify([value("result"), value("note"), value("disposal")]);
    if (value("result") === "" || now === (item.dataset.before ?? stored(item))) continue;
    found.push({ element: item, now, finding: {
      item: item.dataset.item, result: value("result"), note: value("note") || null,
      disposal: value("disposal") || null, seen: Number(value("seen")),
    } });
  }
  return found;
}

/** What the server's page says of an item. */
function stored(item) {
  const select = item.querySelector("select");
  const option = [...select.options].find(({ defaultSelected }) => defaultSelected) ?? select.options[0];
  const texts = [...item.querySelectorAll(".more input")].map(({ defaultValue }) => defaultValue.trim());
  return JSON.stringify([option.value, ...texts]);
}

async function keepFindings(form) {
  const items = changed(form);
  if (items.length === 0) return tell("warn", words.nothing);
  const { visit, agency } = form.dataset;
  const body = {
    agency, visit, found_on: form.elements.found_on.value, method: form.elements.method.value,
    findings: items.map(({ finding }) => finding),
  };
  await add({ account, kind: "findings", agency, visit, body });
  for (const { element, now } of items) element.dataset.before = now;
}

async function keepPhotos(form) {
  const { visit, agency } = form.dataset;
  for (const file of form.elements.files.files) {
    // Read whole first: a file that is only pointed to may be gone when there is a network.
    const kept = new Blob([await file.arrayBuffer()], { type: file.type });
    await add({ account, kind: "photo", agency, visit, file: kept, name: file.name });
  }
  form.reset();
}

async function submitted(event, keep) {
  event.preventDefault();
  try {
    await keep(event.target);
    navigator.storage?.persist?.();
  } catch (error) {
    return tell("fault", `${words.full} (${error?.name ?? error})`);
  }
  await show();
  await sync();
}

/** What waits, on the page: in the forms it belongs to, in the list of visits, in the list at the top. */
async function show() {
  const waiting = await entries(account);
  for (const tag of document.querySelectorAll(".pending")) tag.hidden = true;
  for (const entry of waiting) {
    mark(document.querySelector(`[data-pending="${CSS.escape(entry.visit)}"]`));
    if (entry.kind === "findings") overlay(entry);
  }
  list(waiting);
  return waiting;
}

function mark(tag) {
  if (!tag) return;
  tag.hidden = false;
  tag.textContent = words.pending;
}

function overlay(entry) {
  const choose = `form.findings[data-visit="${CSS.escape(entry.visit)}"][data-agency="${CSS.escape(entry.agency)}"]`;
  const form = document.querySelector(choose);
  for (const finding of form ? entry.body.findings : []) {
    const item = form.querySelector(`[data-item="${CSS.escape(finding.item)}"]`);
    if (!item) continue;
    const now = [finding.result, finding.note ?? "", finding.disposal ?? ""];
    if (item.dataset.before !== JSON.stringify(now) && entry.state === "waiting") {
      ["result", "note", "disposal"].forEach((name, at) => {
        item.querySelector(`[name^="${name}."]`).value = now[at];
      });
      item.dataset.before = JSON.stringify(now);
    }
    mark(item.querySelector(".pending"));
  }
}

function list(waiting) {
  const section = document.getElementById("field-queue");
  section.hidden = waiting.length === 0;
  const rows = waiting.map((entry) => {
    const row = document.createElement("li");
    const link = document.createElement("a");
    link.href = `/field/visit/${encodeURIComponent(entry.visit)}`;
    link.textContent = entry.visit;
    const what = filled(words[entry.kind], { name: entry.name ?? "", count: entry.body?.findings.length ?? 1 });
    row.append(link, ` ${what}`);
    if (entry.state === "refused") row.append(refusal(entry));
    return row;
  });
  section.querySelector("ul").replaceChildren(...rows);
}

function refusal(entry) {
  const told = document.createElement("p");
  told.className = "fault lines";
  told.textContent = `${words.refused}\n${entry.why}\n`;
  const button = document.createElement("button");
  button.textContent = words.discard;
  button.addEventListener("click", async () => {
    if (!confirm(words.discard_sure)) return;
    await remove(entry.number);
    await show();
  });
  told.append(button);
  return told;
}

let again;
let pause = SOON;

async function sync() {
  clearTimeout(again);
  const waiting = (await entries(account)).filter(({ state }) => state === "waiting");
  if (waiting.length > 0) tell("", filled(words.sending, { count: waiting.length }));
  let isHere = false;
  const outcome = await send(account, (entry) => {
    isHere ||= document.querySelector(`form[data-visit="${CSS.escape(entry.visit)}"]`) !== null;
  });
  const left = await show();
  const count = left.filter(({ state }) => state === "waiting").length;
  box.dataset.waiting = String(count);
  if (outcome === "anonymous") tell("warn", filled(words.sign_in, { count }));
  else if (count > 0) tell("warn", filled(words.waiting, { count }));
  else if (!navigator.onLine) tell("warn", words.offline);
  else tell("", waiting.length > 0 ? words.kept : words.online);
  if (count > 0 || outcome !== "sent") {
    again = setTimeout(sync, pause);
    pause = Math.min(2 * pause, LATEST);
  } else pause = SOON;
  // What was stored has a newer version now: the page says so, unless something is being typed.
  const isTyping = [...document.querySelectorAll("form.findings")].some((form) => changed(form).length > 0);
  if (isHere && count === 0 && left.length === 0 && navigator.onLine && !isTyping) location.reload();
}

/** The pages of the day are kept, so that they open without a network. */
async function keepPages() {
  const links = document.querySelectorAll("#field-keep a");
  if (!("caches" in window) || links.length === 0 || !navigator.onLine) return;
  const cache = await caches.open("field-pages");
  for (const { pathname } of links) {
    try {
      const answer = await fetch(pathname);
      if (answer.ok && !answer.redirected) await cache.put(pathname, answer);
    } catch {
      return;
    }
  }
  await forgetOld(cache);
  box.dataset.pages = String(links.length);
}

/** Firms visited days ago are nobody's business on a phone that may be lost. */
async function forgetOld(cache) {
  for (const request of await cache.keys()) {
    const made = Date.parse((await cache.match(request))?.headers.get("date") ?? "");
    const isSheet = new URL(request.url).pathname.startsWith("/field/visit/");
    if (isSheet && !(Date.now() - made < KEPT_FOR)) await cache.delete(request);
  }
}

/** Pages of somebody else's who used this device are not shown to this account. */
async function forgetOthers() {
  if (!("caches" in window)) return;
  const before = localStorage.getItem("field-account");
  if (before !== null && before !== account) await caches.delete("field-pages");
  localStorage.setItem("field-account", account);
  const others = await foreign(account);
  if (others > 0) tell("warn", filled(words.other, { count: others }));
}

async function signOut(event) {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !form.action.endsWith("/sign-out") || form.dataset.sure) return;
  event.preventDefault();
  const left = (await entries(account)).length;
  if (left > 0 && !confirm(filled(words.sign_out_sure, { count: left }))) return;
  if ("caches" in window) await caches.delete("field-pages");
  form.dataset.sure = "1";
  form.requestSubmit();
}

async function main() {
  document.addEventListener("submit", signOut, true);
  if (!window.isSecureContext || !("serviceWorker" in navigator)) {
    // Without TLS browsers keep nothing for pages: forms are sent the plain way, at once.
    tell("warn", words.insecure);
    return;
  }
  for (const form of document.querySelectorAll("form.findings")) {
    form.addEventListener("submit", (event) => submitted(event, keepFindings));
  }
  for (const form of document.querySelectorAll("form.photo")) {
    form.addEventListener("submit", (event) => submitted(event, keepPhotos));
  }
  window.addEventListener("online", () => {
    pause = SOON;
    sync();
  });
  window.addEventListener("offline", () => tell("warn", words.offline));
  await forgetOthers();
  await navigator.serviceWorker.register("/field/worker.js", { scope: "/field" }).catch((error) => console.warn(error));
  await show();
  await sync();
  await keepPages();
  box.dataset.ready = "1";
}

main();
