// Checks the firm's proof that the page carries, in the firm's own browser.
import { ENCODER } from "./encoding.js";
import { checkProof } from "./verify-public.js";
import { ZipFiles } from "./zip.js";

const words = document.getElementById("proof").dataset;
const VERDICTS = { passed: words.passed, failed: words.failed, "not checked": words.open };

function show({ step, draw, verdict, detail }) {
  const table = document.getElementById("steps");
  table.hidden = false;
  const row = table.tBodies[0].insertRow();
  row.className = { failed: "bad", "not checked": "open" }[verdict] ?? "";
  for (const text of [`${step} ${draw}`, VERDICTS[verdict] ?? verdict, detail]) row.insertCell().textContent = text;
}

/** The public bundle, whose whole list proves that a firm was not drawn; undefined where it cannot be had. */
async function bundle() {
  const answer = await fetch("/open/bundle.zip");
  return answer.ok ? new ZipFiles(new Uint8Array(await answer.arrayBuffer())) : undefined;
}

const verdict = document.getElementById("verdict");
verdict.textContent = words.working;
const text = JSON.parse(document.getElementById("proof-text").textContent);
const isNotDrawn = JSON.parse(text).draws.some(({ outcome }) => outcome === "not drawn");
const { code } = await checkProof(ENCODER.encode(text), isNotDrawn ? await bundle() : undefined, { progress: show });
verdict.className = { 0: "done", 1: "fault", 3: "warn" }[code];
verdict.textContent = { 0: words.good, 1: words.bad, 3: words.part }[code];
verdict.dataset.code = String(code);
