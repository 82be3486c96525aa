import { isDigest, isRecord, isText, parseCanonical } from "./canonical.js";
import { digestNamed } from "./digest.js";
import { isSigned } from "./ed25519.js";
import { bytesOfBase64, ENCODER, hexOf, isEqual, textOf } from "./encoding.js";
import { demand, Fault, Faults, NotChecked } from "./fault.js";
import { eachLine, Frontier } from "./merkle.js";
import { nanosecondsOf } from "./moment.js";

const TYPES = ["commit", "result", "void", "replace", "substitute", "disclose"];

/** The entries of log/entries.jsonl, each with its `index` and its time `at` in nanoseconds; and the bytes they came from. */
export function readEntries(bytes, plan) {
  const entries = [];
  const faults = new Faults();
  eachLine(bytes, (from, to) => {
    const index = entries.length;
    const entry = parseCanonical(bytes.subarray(from, to), `entry ${index}`);
    demand(isRecord(entry), `entry ${index} is not an object`);
    entries.push({ ...entry, index, at: nanosecondsOf(entry.time) });
  });
  for (const entry of entries) {
    const where = `entry ${entry.index}`;
    faults.unless(TYPES.includes(entry.type), `${where}: the type ${entry.type} is unknown`);
    faults.unless(entry.plan === plan, `${where} is of another plan, ${entry.plan}`);
    faults.unless(isText(entry.draw), `${where} names no draw`);
    faults.unless(isText(entry.actor), `${where} names no actor`);
    faults.unless(entry.at !== null, `${where}: ${entry.time} is no RFC 3339 time with offset`);
    faults.unless(isDigest(entry.digest) || !["commit", "result"].includes(entry.type), `${where} has no digest`);
    const before = entries[entry.index - 1];
    faults.unless(!before || before.at === null || entry.at === null || before.at <= entry.at, `${where} is earlier than the one before it`);
  }
  faults.settle();
  return entries;
}

/** The verifier key of log/key: its name, the four bytes that name it in signature lines, and the Ed25519 key (PROTOCOL 8). */
export function readKey(bytes) {
  const text = textOf(bytes, "log/key").replace(/\n$/, "");
  const parts = /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text);
  demand(parts, "log/key is not <name>+<hex key hash>+<base64>");
  const [, name, hash, encoded] = parts;
  const typed = bytesOfBase64(encoded, "log/key");
  demand(typed.length === 33 && typed[0] === 1, "log/key holds no Ed25519 key");
  const digest = digestNamed("sha256");
  const named = digest.begin().text(`${name}\n`).feed(typed).end().hex().slice(0, 8);
  demand(named === hash, `log/key: the key hash is ${named}, not ${hash}`);
  return { name, hash, key: typed.subarray(1) };
}

/** A checkpoint and its signature lines (C2SP tlog-checkpoint in a signed note). */
function readCheckpoint(bytes, what) {
  const text = textOf(bytes, what);
  const end = text.lastIndexOf("\n\n") + 1;
  demand(end > 0 && text.endsWith("\n"), `${what} is no signed note`);
  const body = text.slice(0, end);
  const lines = body.split("\n").slice(0, -1);
  demand(lines.length === 3 && /^(0|[1-9]\d{0,14})$/.test(lines[1]), `${what} is not origin, size, root`);
  const signatures = text.slice(end + 1, -1).split("\n").map((line) => {
    const parts = /^— (\S+) (\S+)$/.exec(line);
    demand(parts, `${what}: "${line}" is no signature line`);
    const signature = bytesOfBase64(parts[2], `${what}: a signature`);
    demand(signature.length > 4, `${what}: a signature is too short`);
    return { name: parts[1], hash: hexOf(signature.subarray(0, 4)), signature: signature.subarray(4) };
  });
  return { origin: lines[0], size: Number(lines[1]), root: bytesOfBase64(lines[2], `${what}: the root`), body, signatures };
}

/** The tree heads over the first `size` lines, for every size wanted. */
function rootsOf(bytes, sizes) {
  const roots = new Map();
  const frontier = new Frontier(digestNamed("sha256"));
  const note = () => sizes.has(frontier.size) && roots.set(frontier.size, frontier.root());
  note();
  eachLine(bytes, (from, to) => {
    frontier.add(bytes, from, to);
    note();
  });
  return { roots, size: frontier.size };
}

/**
 * Every checkpoint of the log, checked: `files` is {size as the file's name: bytes}.
 *
 * @returns {{origin, sizes, witnesses}} sizes in order; witnesses by name, whose lines are not checked here
 */
export async function checkCheckpoints(files, entryBytes, key) {
  demand(files.size > 0, "the log has no checkpoint");
  const checkpoints = [...files].map(([name, bytes]) => ({ name, ...readCheckpoint(bytes, `checkpoint ${name}`) }));
  checkpoints.sort((one, other) => one.size - other.size);
  const { roots, size } = rootsOf(entryBytes, new Set(checkpoints.map((checkpoint) => checkpoint.size)));
  const faults = new Faults();
  const witnesses = new Set();
  for (const checkpoint of checkpoints) {
    const what = `checkpoint ${checkpoint.name}`;
    faults.unless(checkpoint.name === String(checkpoint.size), `${what} is of size ${checkpoint.size}`);
    faults.unless(checkpoint.origin === key.name, `${what} is of ${checkpoint.origin}, the key of ${key.name}`);
    const root = roots.get(checkpoint.size);
    faults.unless(root && isEqual(root, checkpoint.root), `${what}: the root is not that of the first ${checkpoint.size} entries`);
    faults.unless(await isSignedBy(key, checkpoint), `${what} is not signed by the key of the log`);
    for (const line of checkpoint.signatures) if (line.name !== key.name || line.hash !== key.hash) witnesses.add(line.name);
  }
  faults.unless(checkpoints.at(-1).size === size, `the last checkpoint covers ${checkpoints.at(-1).size} of ${size} entries`);
  faults.settle();
  return { origin: key.name, sizes: checkpoints.map((checkpoint) => checkpoint.size), witnesses: [...witnesses] };
}

async function isSignedBy(key, checkpoint) {
  const lines = checkpoint.signatures.filter((line) => line.name === key.name && line.hash === key.hash);
  const message = ENCODER.encode(checkpoint.body);
  const checks = await Promise.all(lines.map((line) => isSigned(key.key, line.signature, message)));
  return checks.length > 0 && checks.every(Boolean);
}

/** Every draw the log knows: committed once, and either in the bundle or given up with a reason. */
export function checkLogDraws(entries, inBundle) {
  const faults = new Faults();
  const given = [];
  const names = new Set(entries.map((entry) => entry.draw));
  for (const name of names) {
    const of = (type) => entries.filter((entry) => entry.draw === name && entry.type === type);
    const [commits, results, voids] = [of("commit"), of("result"), of("void")];
    faults.unless(commits.length === 1, `${name} is committed to ${commits.length} times`);
    if (voids.length > 0) {
      given.push(name);
      faults.unless(results.length === 0, `${name} is void and has a result`);
      faults.unless(voids.every((entry) => isText(entry.reason)), `${name} is void without a reason`);
    } else {
      faults.unless(inBundle.has(name), `${name} is in the log, not void, and not in the bundle`);
    }
  }
  faults.settle();
  return given;
}

/** The entries of one draw in their order in time (PROTOCOL 8). */
export function checkInLog(draw, commitment, digest, entries, sizes) {
  const one = (type) => {
    const found = entries.filter((entry) => entry.draw === draw && entry.type === type);
    demand(found.length === 1, `the log has ${found.length} ${type} entries of ${draw}, not one`);
    return found[0];
  };
  if (entries.some((entry) => entry.draw === draw && entry.type === "void")) throw new Fault(`${draw} was given up`);
  const [commit, result] = [one("commit"), one("result")];
  const faults = new Faults();
  faults.unless(commit.digest === digest, `the log committed to ${commit.digest}, commitment.json is ${digest}`);
  faults.unless(commit.index < result.index, "the result is before the commitment");
  const covering = sizes.filter((size) => size > commit.index && size <= result.index);
  faults.unless(covering.length > 0, "no checkpoint covers the commitment and not the result");
  const opened = commitment.public === null ? null : nanosecondsOf(commitment.public.not_before);
  if (opened !== null) {
    faults.unless(commit.at < opened, "the commitment is not before the public value");
    faults.unless(opened <= result.at, "the result is before the public value");
  }
  faults.settle();
  return { commit, result, covering };
}
