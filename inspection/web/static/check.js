// Checks the proof of a visit in the visitor's own browser, step by step.
import { checkProof } from "./verify-public.js";

const box = document.getElementById("proof");
const words = box.dataset;
const VERDICTS = { passed: words.passed, failed: words.failed, "not checked": words.open };

function show({ step, draw, verdict, detail }) {
  const table = document.getElementById("steps");
  table.hidden = false;
  const row = table.tBodies[0].insertRow();
  row.className = verdict === "failed" ? "bad" : "";
  for (const text of [`${step} ${draw}`, VERDICTS[verdict] ?? verdict, detail]) row.insertCell().textContent = text;
}

async function main() {
  const verdict = document.getElementById("verdict");
  verdict.textContent = words.working;
  try {
    const answer = await fetch(words.proof);
    if (!answer.ok) throw new Error(String(answer.status));
    const { code } = await checkProof(new Uint8Array(await answer.arrayBuffer()), undefined, { progress: show });
    verdict.className = code === 1 ? "fault" : code === 3 ? "warn" : "done";
    verdict.textContent = { 0: words.good, 1: words.bad, 3: words.part }[code];
    verdict.dataset.code = String(code);
  } catch (error) {
    verdict.className = "fault";
    verdict.textContent = `${words.bad} ${error.message}`;
  }
}

main();
