import { isText, parseCanonical } from "./canonical.js";
import { digestNamed } from "./digest.js";
import { isSigned } from "./ed25519.js";
import { bytesOfBase64, ENCODER, hexOf, isEqual, textOf } from "./encoding.js";
import { demand, Faults, known, NotChecked } from "./fault.js";
import { eachLine, Frontier } from "./merkle.js";
import { nanosecondsOf } from "./moment.js";

// PROTOCOL 8. `plan` holds what is known of the log: entryBytes, entries (each with its `index`), times
// (in nanoseconds, by index; only if all are times) and sizes.

/** Reads log/entries.jsonl: canonical entries that say who, when and of which draw, in order of time. */
export async function readEntries(bundle, plan) {
  plan.entryBytes = await bundle.read("log/entries.jsonl");
  const entries = [];
  eachLine(plan.entryBytes, (from, to) => {
    const entry = parseCanonical(plan.entryBytes.subarray(from, to), `entry ${entries.length}`);
    entries.push({ ...entry, index: entries.length });
  });
  plan.entries = entries;
  const times = entries.map((entry) => nanosecondsOf(entry.time));
  const faults = new Faults();
  for (const entry of entries) {
    const where = `entry ${entry.index}`;
    for (const key of ["type", "plan", "draw", "actor"]) faults.unless(isText(entry[key]), `${where} has no ${key}`);
    faults.unless(times[entry.index] !== null, `${where}: ${entry.time} is no RFC 3339 time with offset`);
  }
  if (!times.includes(null)) {
    plan.times = times;
    times.forEach((time, i) =>
      faults.unless(i === 0 || times[i - 1] <= time, `entry ${i} is earlier than the one before it`),
    );
  }
  faults.settle();
  return "canonical and in order of time";
}

/** The verifier key of log/key: its name, the four bytes that mark its signature lines, in hex, and the Ed25519 key. */
export function readKey(bytes) {
  const parts = /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)\n?$/.exec(textOf(bytes, "log/key"));
  demand(parts, "log/key is not <name>+<hex key hash>+<base64>");
  const [, name, mark, encoded] = parts;
  const typed = bytesOfBase64(encoded, "log/key");
  demand(typed.length === 33 && typed[0] === 1, "log/key holds no Ed25519 key");
  const found = digestNamed("sha256").begin().text(`${name}\n`).feed(typed).end().hex().slice(0, 8);
  demand(found === mark, `log/key: the key hash is ${found}, not ${mark}`);
  return { name, mark, key: typed.subarray(1) };
}

/** A checkpoint and its signature lines (C2SP tlog-checkpoint in a signed note). */
export function readCheckpoint(bytes, what) {
  const text = textOf(bytes, what);
  const end = text.indexOf("\n\n") + 1;
  demand(end > 0 && text.endsWith("\n"), `${what} is no signed note`);
  const body = text.slice(0, end);
  const lines = body.split("\n").slice(0, -1);
  demand(lines.length === 3 && /^(0|[1-9]\d{0,14})$/.test(lines[1]), `${what} is not origin, size, root`);
  const signatures = new Map();
  for (const line of text.slice(end + 1, -1).split("\n")) {
    const parts = /^— (\S+) (\S+)$/.exec(line);
    demand(parts && !signatures.has(parts[1]), `${what}: "${line}" is no signature line, or the second of its name`);
    signatures.set(parts[1], bytesOfBase64(parts[2], `${what}: a signature`));
  }
  return {
    origin: lines[0],
    size: Number(lines[1]),
    root: bytesOfBase64(lines[2], `${what}: the root`),
    body,
    signatures,
  };
}

/** The tree heads over the first `size` lines, for every size wanted, and the number of lines. */
function rootsOf(bytes, sizes) {
  const roots = new Map();
  const frontier = new Frontier(digestNamed("sha256"));
  const note = () => sizes.has(frontier.size) && roots.set(frontier.size, frontier.root());
  note();
  eachLine(bytes, (from, to) => {
    frontier.add(bytes, from, to);
    note();
  });
  return { roots, lines: frontier.size };
}

export async function isSignedBy({ name, mark, key }, { body, signatures }) {
  const line = signatures.get(name);
  if (line === undefined || hexOf(line.subarray(0, 4)) !== mark) return false;
  return isSigned(key, line.subarray(4), ENCODER.encode(body));
}

/** Every checkpoint against the entries and the log's key; the last covers them all. Sets plan.sizes. */
export async function checkCheckpoints(bundle, plan) {
  const bytes = known(plan.entryBytes, "log/entries.jsonl");
  const key = readKey(await bundle.read("log/key"));
  const checkpoints = [];
  for (const name of bundle.names("log/checkpoints")) {
    checkpoints.push({ name, ...readCheckpoint(await bundle.read(`log/checkpoints/${name}`), `checkpoint ${name}`) });
  }
  const { roots, lines } = rootsOf(bytes, new Set(checkpoints.map(({ size }) => size)));
  const faults = new Faults();
  for (const checkpoint of checkpoints) {
    const what = `checkpoint ${checkpoint.name}`;
    const root = roots.get(checkpoint.size);
    faults.unless(checkpoint.name === String(checkpoint.size), `${what} is of size ${checkpoint.size}`);
    faults.unless(checkpoint.origin === key.name, `${what} is of ${checkpoint.origin}, the key of ${key.name}`);
    faults.unless(
      root && isEqual(root, checkpoint.root),
      `${what} has not the root of the first ${checkpoint.size} entries`,
    );
    faults.unless(await isSignedBy(key, checkpoint), `${what} is not signed by the log's key`);
  }
  faults.unless(
    checkpoints.some(({ size }) => size === lines),
    `no checkpoint covers all ${lines} entries`,
  );
  faults.settle();
  plan.sizes = checkpoints.map(({ size }) => size).sort((one, other) => one - other);
  return sayWho(key, checkpoints);
}

function sayWho({ name, mark }, checkpoints) {
  demand(!name.endsWith("/rehearsal"), `${name} logs a rehearsal 演练: this is no plan, whatever else holds`);
  const witnesses = new Set(checkpoints.flatMap(({ signatures }) => [...signatures.keys()]));
  witnesses.delete(name);
  if (witnesses.size > 0) {
    throw new NotChecked(
      `all signed by the log's key ${mark}; also by ${[...witnesses].sort().join(", ")}, whose keys are not at hand`,
    );
  }
  const unseen = "no witness signed, so the order in time rests on the log keeper's word";
  return `${checkpoints.length} of ${name}, key hash ${mark} (compare it); ${unseen}`;
}

/** The log is of this plan alone, and every draw in it is in the bundle or given up with a reason. */
export function checkLogDraws(plan) {
  const name = known(plan.name, "the name of the plan");
  const entries = known(plan.entries, "the entries");
  const faults = new Faults();
  for (const entry of entries) faults.unless(entry.plan === name, `entry ${entry.index} is of plan ${entry.plan}`);
  const here = new Set(plan.draws.map((draw) => draw.name));
  const gone = new Set(entries.map((entry) => entry.draw).filter((draw) => !here.has(draw)));
  for (const draw of gone) {
    const told = entries.filter((entry) => entry.draw === draw);
    const isGivenUp = told.map((entry) => entry.type).join() === "commit,void" && isText(told[1].reason);
    faults.unless(isGivenUp, `${draw} is neither here nor given up`);
  }
  faults.settle();
  return `none is hidden; given up and not in the bundle: ${[...gone].sort().join(", ") || "none"}`;
}

/**
 * The commit of a draw and its result or void, in order; a checkpoint and the public value between.
 *
 * Sets draw.commit, draw.end (entries) and draw.isVoid.
 */
export function checkInLog(plan, draw) {
  const ours = known(plan.entries, "the entries").filter(
    ({ draw: name, type }) => name === draw.name && ["commit", "result", "void"].includes(type),
  );
  const types = ours.map((entry) => entry.type).join(", then ");
  demand(
    ["commit, then result", "commit, then void"].includes(types),
    `it must be a commit, then a result or void, not ${types || "nothing"}`,
  );
  const [commit, end] = ours;
  Object.assign(draw, { commit, end, isVoid: end.type === "void" });
  const { public: source } = known(draw.commitment, "the commitment");
  demand(commit.digest === draw.commitmentDigest, "commitment.json is not the one in the log");
  const covering = known(plan.sizes, "the checkpoints").filter((size) => size > commit.index && size <= end.index);
  const faults = new Faults();
  if (draw.isVoid) faults.unless(isText(end.reason), "void without a reason");
  else {
    faults.unless(covering.length > 0, "no checkpoint covers the commitment and not the result");
    const due = source && nanosecondsOf(source.not_before);
    const times = known(plan.times, "the times of the entries");
    const [start, stop] = [times[commit.index], times[end.index]];
    faults.unless(
      due === null || (start < due && due <= stop),
      "the public value is not after the commitment and before the result",
    );
  }
  faults.settle();
  const between = `checkpoints ${covering.join(", ")}, public value ${source?.not_before ?? "none"}`;
  return `commit ${commit.time}, ${between}, ${end.type} ${end.time} ${end.reason ?? ""}`.trimEnd();
}
