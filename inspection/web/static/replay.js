// "Check this draw yourself": replays and checks a bundle in a worker of this browser, step by step.
const box = document.getElementById("replay");
const words = box.dataset;
const part = (name) => document.getElementById(`replay-${name}`);
const VERDICTS = { passed: words.passed, failed: words.failed, "not checked": words.open };
const CLASSES = { 0: "done", 1: "fault", 3: "warn" };
let worker;

function say(text, kind = "") {
  const verdict = part("verdict");
  verdict.className = kind;
  verdict.textContent = text;
}

function show({ step, draw, verdict, detail }) {
  part("steps").hidden = false;
  const row = part("steps").querySelector("tbody").insertRow();
  row.className = { failed: "bad", "not checked": "open" }[verdict] ?? "";
  for (const text of [`${step} ${draw}`, VERDICTS[verdict] ?? verdict, detail]) row.insertCell().textContent = text;
  part("count").textContent = `(${part("steps").querySelectorAll("tbody tr").length})`;
}

function compare(checker, digest) {
  const known = document.querySelector(`[data-checker="${checker}"]`)?.textContent;
  part("digest").textContent = `${checker} ${digest} ${digest === known ? words.same : words.other}`;
}

function end(text, kind, code) {
  say(text, kind);
  part("verdict").dataset.code = String(code);
  part("progress").hidden = true;
  part("run")?.removeAttribute("disabled");
  worker.terminate();
}

function hear({ data }) {
  if (data.loaded !== undefined && data.total) {
    part("progress").max = data.total;
    part("progress").value = data.loaded;
  } else if (data.working) {
    part("progress").removeAttribute("value");
    say(words.working);
  } else if (data.checker) compare(data.checker, data.digest);
  else if (data.row) show(data.row);
  else if (data.error !== undefined) end(`${words.broken} ${data.error}`, "fault", "error");
  else if (data.code !== undefined) end(`${words.exit} ${data.code} · ${words[`exit${data.code}`]}`, CLASSES[data.code], data.code);
}

function start(told) {
  worker?.terminate();
  worker = new Worker("/static/replay-worker.js", { type: "module" });
  worker.onmessage = hear;
  worker.onerror = (event) => end(`${words.broken} ${event.message ?? ""}`, "fault", "error");
  part("steps").querySelector("tbody").replaceChildren();
  part("progress").hidden = false;
  part("progress").removeAttribute("value");
  part("run")?.setAttribute("disabled", "");
  delete part("verdict").dataset.code;
  say(words.fetching);
  worker.postMessage(told);
}

part("file-row").hidden = false;
part("file").addEventListener("change", (event) => {
  const [file] = event.target.files;
  if (file) start({ file });
});
if (part("run")) {
  part("run").hidden = false;
  part("run").addEventListener("click", () => start({ address: words.bundle }));
}
