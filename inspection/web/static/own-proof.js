// Checks the firm's proof that the page carries, in the firm's own browser.
import { ENCODER } from "./encoding.js";
import { checkProof } from "./verify-public.js";

const words = document.getElementById("proof").dataset;
const VERDICTS = { passed: words.passed, failed: words.failed, "not checked": words.open };

function show({ step, draw, verdict, detail }) {
  const table = document.getElementById("steps");
  table.hidden = false;
  const row = table.tBodies[0].insertRow();
  row.className = { failed: "bad", "not checked": "open" }[verdict] ?? "";
  for (const text of [`${step} ${draw}`, VERDICTS[verdict] ?? verdict, detail]) row.insertCell().textContent = text;
}

const verdict = document.getElementById("verdict");
verdict.textContent = words.working;
const proof = ENCODER.encode(JSON.parse(document.getElementById("proof-text").textContent));
const { code } = await checkProof(proof, undefined, { progress: show });
verdict.className = { 0: "done", 1: "fault", 3: "warn" }[code];
verdict.textContent = { 0: words.good, 1: words.bad, 3: words.part }[code];
verdict.dataset.code = String(code);
