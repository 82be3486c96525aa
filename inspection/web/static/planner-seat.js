// A party's own page: this device makes the secret, keeps it, and hands over nothing but its commitment (PROTOCOL 4)
// until the commitment of the draw is published; then, when the party says so, the secret itself.
import { digestNamed } from "./digest.js";

const ENCODER = new TextEncoder();
const EVERY = 2000;

function keyOf(card) {
  return `open-draw/secret/${card.dataset.draw}/${card.dataset.party}`;
}

function commitmentOf(card, secret) {
  const { draw, party, digest } = card.dataset;
  return digestNamed(digest).hexOfBytes(ENCODER.encode(`open-draw/1/party\n${draw}\n${party}\n${secret}\n`));
}

function newSecret() {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function keep(card, secret) {
  try {
    localStorage.setItem(keyOf(card), secret);
  } catch {
    // Private windows may keep nothing: the file that is offered is then the only copy.
  }
}

function kept(card) {
  try {
    return localStorage.getItem(keyOf(card));
  } catch {
    return null;
  }
}

/** The file `inspection party` makes, so that either can open what the other committed to. */
function fileOf(card, secret) {
  const { draw, party, digest } = card.dataset;
  const members = { draw, party, digest, secret, commitment: commitmentOf(card, secret) };
  return new Blob([JSON.stringify(members, null, 1) + "\n"], { type: "application/json" });
}

function offerFile(card, secret) {
  const link = card.querySelector(".save");
  link.href = URL.createObjectURL(fileOf(card, secret));
  link.download = `${card.dataset.party}-${card.dataset.draw.replaceAll("/", "-")}.secret.json`;
  link.hidden = false;
}

function preparePledge(card) {
  const form = card.querySelector("form.pledge");
  if (!form) return;
  const make = form.querySelector(".make");
  make.hidden = false;
  const show = (secret) => {
    keep(card, secret);
    form.elements.commitment.value = commitmentOf(card, secret);
    form.elements.commitment.readOnly = true;
    form.querySelector(".made").hidden = false;
    offerFile(card, secret);
    make.hidden = true;
  };
  make.addEventListener("click", () => show(newSecret()));
  const before = kept(card);
  if (before) show(before);
}

function prepareReveal(card) {
  const form = card.querySelector("form.reveal");
  if (!form) return;
  const use = (secret) => {
    const fits = secret !== null && commitmentOf(card, secret) === card.dataset.commitment;
    form.querySelector(".kept").hidden = !fits;
    form.querySelector(".lost").hidden = fits;
    if (fits) form.elements.secret.value = secret;
  };
  use(kept(card));
  form.querySelector(".load").hidden = false;
  form.querySelector("input[type=file]").addEventListener("change", async (event) => {
    try {
      use(String(JSON.parse(await event.target.files[0].text()).secret));
    } catch {
      use(null);
    }
  });
  form.addEventListener("submit", (event) => {
    if (commitmentOf(card, form.elements.secret.value.trim()) === card.dataset.commitment) return;
    // A wrong secret would be refused by the server too; it need not leave this device.
    event.preventDefault();
    use(null);
    form.elements.secret.focus();
  });
}

/** Loads the page anew when a draw has moved on, unless something is being typed. */
async function follow(cards) {
  if (document.hidden) return;
  let states;
  try {
    const answer = await fetch(cards[0].dataset.follow, { headers: { Accept: "application/json" } });
    states = await answer.json();
  } catch {
    return;
  }
  const now = new Map(states.map((each) => [each.draw, each.state]));
  if (cards.some((card) => now.has(card.dataset.draw) && now.get(card.dataset.draw) !== card.dataset.state)) {
    location.reload();
  }
}

const cards = [...document.querySelectorAll(".seat[data-draw]")];
for (const card of cards) {
  preparePledge(card);
  prepareReveal(card);
}
if (cards.length) setInterval(() => follow(cards), EVERY);
