import { Bundle } from "./bundle.js";
import { isRecord, isText, isWhole, parseCanonical } from "./canonical.js";
import { checkRandomness, checkReveal, readCommitment } from "./commitment.js";
import { digestNamed } from "./digest.js";
import { ENCODER, hexOf, isEqual, textOf } from "./encoding.js";
import { demand, known, NotChecked } from "./fault.js";
import { isSignedBy, readCheckpoint, readKey } from "./log.js";
import { nanosecondsOf } from "./moment.js";
import { Report } from "./report.js";

// docs/public-bundle.md. `plan` holds what is known of a bundle: head, name, draws, nodes (the leaf hashes of the log),
// shown (entries by place), times, key (its line) and sizes.

const FIELD = '[^:,"\\s]+';
const SALT = "[0-9a-f]{32}";
const WHOLE = "(?:0|[1-9][0-9]{0,14})";
const VISIT = new RegExp(`^V([0-9]{4,}),(${FIELD}),${FIELD},[0-9]{4}-(?:0[1-9]|1[0-2]),${SALT}$`, "u");
const REGISTER = new RegExp(`^(${FIELD}),(${FIELD}),[^,]*,${SALT}$`, "u");
const CHANCE = new RegExp(`^(${FIELD}),(${WHOLE}),(${WHOLE}),${SALT}$`, "u");
const NAME = new RegExp(`^${FIELD}$`, "u");
const HEADER = "visit,firm,task,month,salt";
const HASH = /^[0-9a-f]{64}$/;
const ENDS = { drawn: "commit,result", committed: "commit", void: "commit" };

function bytesOfHex(text) {
  return Uint8Array.from(text.match(/../g), (pair) => Number.parseInt(pair, 16));
}

function hashOf(digest, prefix, ...parts) {
  digest.begin().byte(prefix);
  for (const part of parts) digest.feed(part);
  const hash = new Uint8Array(32);
  digest.end().write(hash, 0);
  return hash;
}

/** The lines of a partial list, null where one is withheld, and the leaf hash of each. */
function readPartial(digest, bytes, what) {
  const lines = textOf(bytes, what).split("\n");
  demand(lines.length > 1 && lines.pop() === "", `${what} is empty, or its last line does not end with LF`);
  const withheld = lines.map((line) => line.startsWith("leaf "));
  demand(
    lines.every((line, i) => !withheld[i] || HASH.test(line.slice(5))),
    `${what}: a withheld line is no leaf hash`,
  );
  const nodes = lines.map((line, i) =>
    withheld[i] ? bytesOfHex(line.slice(5)) : hashOf(digest, 0, ENCODER.encode(line)),
  );
  return { lines: lines.map((line, i) => (withheld[i] ? null : line)), nodes };
}

/** The Merkle tree head over leaf hashes (RFC 9162 2.1.1). */
function headOf(digest, hashes) {
  let nodes = hashes;
  while (nodes.length > 1) {
    const risen = [];
    for (let i = 0; i + 1 < nodes.length; i += 2) risen.push(hashOf(digest, 1, nodes[i], nodes[i + 1]));
    if (nodes.length % 2 === 1) risen.push(nodes.at(-1));
    nodes = risen;
  }
  return nodes[0];
}

/** From a leaf hash up its path to the head it leads to (RFC 9162 2.1.3). */
function climb(digest, node, place, many, path) {
  demand(place < many && path.length > 0 === many > 1, "a proof has not its length");
  if (path.length === 0) return node;
  let half = 1;
  while (half * 2 < many) half *= 2;
  const sibling = bytesOfHex(path.at(-1));
  if (place < half) return hashOf(digest, 1, climb(digest, node, place, half, path.slice(0, -1)), sibling);
  return hashOf(digest, 1, sibling, climb(digest, node, place - half, many - half, path.slice(0, -1)));
}

/** The head that an inclusion proof {index, line, lines, path} leads to. */
function ledTo(digest, row) {
  const isForm =
    isWhole(row.index) &&
    isWhole(row.lines) &&
    !row.line.includes("\n") &&
    Array.isArray(row.path) &&
    row.path.every((one) => HASH.test(one));
  demand(isForm, "a proof is not of its form");
  return climb(digest, hashOf(digest, 0, ENCODER.encode(row.line)), row.index, row.lines, row.path);
}

async function readHead(bundle, plan) {
  await bundle.open();
  const head = parseCanonical(await bundle.read("public-bundle.json"), "public-bundle.json");
  plan.head = head;
  plan.name = head.plan;
  const isOurs = head.protocol === "open-draw/1-public" && NAME.test(head.plan) && nanosecondsOf(head.time) !== null;
  demand(isOurs, "it is of another protocol");
  const names = head.draws.map((one) => one.folder);
  const found = bundle.names("draws");
  demand(
    names.every((name) => /^[1-9][0-9]{0,5}-(firms|inspectors)$/.test(name) && found.includes(name)) &&
      found.every((name) => names.includes(name)),
    `draws/ holds ${found.join(", ")}`,
  );
  const numbers = names.map((name) => Number.parseInt(name, 10));
  demand(
    numbers.every((number, i) => i === 0 || numbers[i - 1] < number),
    "the draws are not numbered in order",
  );
  plan.draws = head.draws.map((claim) => drawOf(plan, claim.folder, claim, bundle));
  return `${head.plan} as of ${head.time}, draws ${names.join(", ")}`;
}

function drawOf(plan, folder, claim, bundle) {
  const read = (name) => bundle.read(`draws/${folder}/${name}`);
  const has = (name) => bundle.names(`draws/${folder}`).includes(name);
  return { folder, name: `${plan.name}/${folder}`, kind: folder.split("-")[1], claim, read, has };
}

async function readEntries(bundle, plan) {
  const { lines, nodes } = readPartial(digestNamed("sha256"), await bundle.read("log/entries.part"), "log/entries.part");
  const shown = new Map();
  lines.forEach((line, i) => {
    if (line !== null) shown.set(i, parseCanonical(ENCODER.encode(line), `entry ${i}`));
  });
  plan.nodes = nodes;
  const times = new Map([...shown].map(([i, entry]) => [i, nanosecondsOf(entry.time)]));
  const inOrder = [...times.values()];
  demand(!inOrder.includes(null), "an entry has no time of RFC 3339");
  demand(
    inOrder.every((time, i) => i === 0 || inOrder[i - 1] <= time),
    "not in order of time",
  );
  const entries = [...shown.values()];
  const isOurs = ({ plan: name, actor }) => name === known(plan.name, "the name of the plan") && isText(actor);
  demand(entries.every(isOurs), "an entry is of another plan, or of nobody");
  const here = new Set((plan.draws ?? []).map((draw) => draw.name));
  demand(
    entries.every((entry) => here.has(entry.draw)),
    "a draw of the log is not in the bundle",
  );
  Object.assign(plan, { shown, times });
  return `${shown.size} of ${nodes.length} are shown, canonical, in order of time, of draws of the bundle`;
}

/** A checkpoint that the log's key signed; throws a Fault where it did not. */
async function openCheckpoint(bytes, key, what) {
  const checkpoint = readCheckpoint(bytes, what);
  demand(checkpoint.origin === key.name && (await isSignedBy(key, checkpoint)), `${what} is not signed by the log's key`);
  demand(!key.name.endsWith("/rehearsal"), `${key.name} logs a rehearsal 演练: this is no plan, whatever else holds`);
  return checkpoint;
}

function saySigners({ name, mark }, checkpoints) {
  const others = new Set(checkpoints.flatMap(({ signatures }) => [...signatures.keys()]));
  others.delete(name);
  if (others.size > 0) {
    const who = [...others].sort().join(", ");
    throw new NotChecked(`signed by ${name}+${mark} (compare it); also by ${who}, whose keys are not at hand`);
  }
  const unseen = "no witness signed, so the order in time rests on the log keeper's word";
  return `signed by ${name}+${mark} (compare it); ${unseen}`;
}

function isHeadOf(nodes, { size, root }) {
  return size > 0 && size <= nodes.length && isEqual(headOf(digestNamed("sha256"), nodes.slice(0, size)), root);
}

async function checkCheckpoints(bundle, plan) {
  const bytes = await bundle.read("log/key");
  plan.key = textOf(bytes, "log/key").replace(/\n$/, "");
  const [key, nodes, found] = [readKey(bytes), known(plan.nodes, "the entries"), []];
  for (const name of bundle.names("log/checkpoints")) {
    const what = `checkpoint ${name}`;
    const checkpoint = await openCheckpoint(await bundle.read(`log/checkpoints/${name}`), key, what);
    demand(name === String(checkpoint.size) && isHeadOf(nodes, checkpoint), `${what} is not of the first ${name} entries`);
    found.push(checkpoint);
  }
  const sizes = found.map(({ size }) => size).sort((one, other) => one - other);
  demand(sizes.includes(nodes.length), `no checkpoint covers all ${nodes.length} entries`);
  plan.sizes = sizes;
  return `${sizes.length} checkpoints; ${saySigners(key, found)}`;
}

function checkWithheld(plan) {
  const [{ withheld }, nodes] = [known(plan.head, "the head"), known(plan.nodes, "the entries")];
  const count = nodes.length - known(plan.shown, "the entries").size;
  const numbers = Object.values(withheld);
  const sum = numbers.reduce((one, other) => one + other, 0);
  demand(numbers.every((many) => isWhole(many) && many > 0) && sum === count, `${count} entries are withheld`);
  if (count > 0) {
    const what = JSON.stringify(withheld);
    throw new NotChecked(`${what}: that they are of these types, and what they say, rests on the auditors, who see all`);
  }
  return "";
}

function checkInLog(plan, draw) {
  const shown = [...known(plan.shown, "the entries")];
  const ours = shown.filter(([, { draw: name, type }]) => name === draw.name && ["commit", "result"].includes(type));
  const { state, reason } = draw.claim;
  const types = ours.map(([, entry]) => entry.type).join();
  demand(Object.hasOwn(ENDS, state) && types === ENDS[state], `it is ${state}, the log has ${types || "nothing"}`);
  const [[start, commit], [end, result] = [plan.nodes.length, null]] = ours;
  demand(commit.digest === known(draw.commitmentDigest, "the commitment"), "commitment.json is not the one in the log");
  if (state === "void") {
    demand(isText(reason) && plan.head.withheld.void > 0, "given up without a reason, or an entry that may say so");
    throw new NotChecked(`given up, ${reason}: that the log says so rests on the auditors`);
  }
  const between = known(plan.sizes, "the checkpoints").filter((size) => start < size && size <= end);
  const { public: source } = draw.commitment;
  const said = `commit ${commit.time}, checkpoints between ${between}, public value ${source?.not_before ?? "none"}`;
  const due = source && nanosecondsOf(source.not_before);
  const isAfter = due === null || (plan.times.get(start) < due && (result === null || due <= plan.times.get(end)));
  demand(between.length > 0 && isAfter, said);
  draw.result = result?.digest;
  return `${said}, ${result === null ? "no result yet" : `result ${result.time}`}`;
}

/** The reveal as far as it is open; what the parties opened is checked even while the seal is closed. */
async function checkOpened(draw) {
  if (!draw.has("reveal.json")) throw new NotChecked("withheld: without a seal it would tell outsiders the list");
  let said;
  let closed;
  try {
    said = await checkReveal(draw);
  } catch (error) {
    if (!(error instanceof NotChecked) || draw.publicValue === undefined) throw error;
    closed = error;
  }
  try {
    checkRandomness(draw);
  } catch (error) {
    if (!(error instanceof NotChecked)) throw error;
    closed ??= error;
  }
  if (closed !== undefined) throw closed;
  return said;
}

async function checkVisits(draw) {
  const { digest } = known(draw.commitment, "the commitment") && draw;
  const { lines, nodes } = readPartial(digest, await draw.read("visits.part"), "visits.part");
  const root = hexOf(headOf(digest, nodes));
  demand(root === known(draw.result, "the result"), "the rows do not add up to the result in the log");
  const open = [];
  lines.forEach((line, i) => {
    if (line === null || i === 0) return;
    const row = VISIT.exec(line);
    demand(row !== null && Number(row[1]) === i, "a row has not its form or place");
    open.push(row[2]);
  });
  demand(lines[0] === HEADER, "its columns are not those of visits.csv");
  const many = nodes.length - 1;
  const isClaimed = draw.claim.visits === many && draw.claim.opened === open.length;
  demand(isClaimed && new Set(open).size === open.length, `${open.length} rows of ${many} are open, not as claimed`);
  Object.assign(draw, { open, isWhole: many === open.length });
  const whole = draw.isWhole ? "; the list is whole: nobody else was drawn" : "";
  return `${open.length} of ${many} visits are open, each under the root in the log${whole}`;
}

async function checkBundle(files, report, plan) {
  const bundle = new Bundle(files);
  await report.step("bundle 公开包", "", () => readHead(bundle, plan));
  await report.step("entries 日志条目", "", () => readEntries(bundle, plan));
  await report.step("checkpoints 检查点与见证", "", () => checkCheckpoints(bundle, plan));
  await report.step("withheld 未公开条目", "", () => checkWithheld(plan));
  for (const draw of plan.draws ?? []) {
    await report.step("commitment 承诺", draw.folder, () => readCommitment(plan, draw));
    await report.step("in log 入日志与先后", draw.folder, () => checkInLog(plan, draw));
    if (draw.claim.state !== "drawn") continue;
    await report.step("reveal 揭示", draw.folder, () => checkOpened(draw));
    if (draw.kind === "firms") await report.step("visits 已公开检查", draw.folder, () => checkVisits(draw));
  }
}

function readProof(bytes, proof) {
  const value = parseCanonical(bytes, "the proof");
  const isOurs =
    value.protocol === "open-draw/1-proof" && NAME.test(value.firm) && nanosecondsOf(value.time) !== null;
  const isDrawn =
    Array.isArray(value.draws) &&
    value.draws.length > 0 &&
    value.draws.every((one) => isRecord(one) && /^[1-9][0-9]{0,5}-firms$/.test(one.folder));
  demand(isOurs && isDrawn, "it is no proof of this protocol, or of no draw");
  proof.value = value;
  return `of firm ${value.firm} in plan ${value.plan} as of ${value.time}; it is meant for this firm alone`;
}

async function checkProofLog(plan, proof) {
  const { key: line, checkpoint: note } = known(proof.value, "the proof");
  const key = readKey(ENCODER.encode(line));
  const checkpoint = await openCheckpoint(ENCODER.encode(note), key, "the checkpoint");
  if (plan.isGiven) {
    const isSame = known(plan.key, "the log's key") === line && isHeadOf(known(plan.nodes, "the entries"), checkpoint);
    demand(isSame, "the bundle is of another log");
  }
  proof.checkpoint = checkpoint;
  return saySigners(key, [checkpoint]);
}

async function checkRegister(plan, proof, one, draw, shown) {
  draw.read = () => ENCODER.encode(one.commitment);
  await readCommitment({ name: proof.value.plan }, draw);
  const { size, root } = known(proof.checkpoint, "the checkpoint");
  const entries = ["commit", "result"].map((kind) => {
    const isUnder = one[kind].lines === size && isEqual(ledTo(digestNamed("sha256"), one[kind]), root);
    demand(isUnder, "an entry is not under the checkpoint");
    const entry = parseCanonical(ENCODER.encode(one[kind].line), kind);
    demand(entry.type === kind && entry.draw === draw.name, "an entry is not of this draw");
    return entry;
  });
  const [commit, result] = entries;
  demand(one.commit.index < one.result.index, "the result is before the commitment");
  const isShown = shown?.result === undefined || shown.result === result.digest;
  demand(commit.digest === draw.commitmentDigest && isShown, "not the commitment in the log, or not the bundle's result");
  const row = REGISTER.exec(one.register.line);
  const isIn = hexOf(ledTo(draw.digest, one.register)) === draw.commitment.inputs["firms.csv"];
  demand(row !== null && row[1] === proof.value.firm && isIn, "the row is another firm's, or not in the register");
  Object.assign(draw, { pool: row[2], result: result.digest });
  return `row ${one.register.index} of ${one.register.lines - 1} committed to at ${commit.time}, result ${result.time}`;
}

function checkChance(one, draw) {
  if (one.chance === undefined) {
    throw new NotChecked("not told: the plan committed to no table of chances that can be shown alone");
  }
  const row = CHANCE.exec(one.chance.line);
  const pool = known(draw.pool, "the row of the register");
  demand(row !== null && row[1] === pool, "it is not this firm's");
  const [firms, flow] = [BigInt(row[2]), BigInt(row[3])];
  demand(firms > 0n && flow <= firms * 1_000_000n, "it is not this firm's");
  const isIn = hexOf(ledTo(draw.digest, one.chance)) === draw.commitment.inputs["chances.csv"];
  demand(isIn, "the row is not in the table committed to");
  const rest = "that this is the flow drawn from, auditors check";
  return `${firms} firms alike share ${flow} millionths of a visit; ${rest}`;
}

function checkOutcome(proof, one, draw, shown) {
  const { firm } = proof.value;
  demand(["opened", "untold", "not drawn"].includes(one.outcome), "the outcome is none");
  if (one.outcome === "opened") {
    const row = VISIT.exec(one.visit.line);
    const isOwn = row !== null && row[2] === firm && Number(row[1]) === one.visit.index;
    demand(isOwn, "the visit has not its form or place, or is another firm's");
    const isIn = hexOf(ledTo(known(draw.digest, "the commitment"), one.visit)) === known(draw.result, "the result");
    demand(isIn, "the visit is not in the result");
    return `drawn: ${one.visit.line.split(",").slice(0, -1).join()}`;
  }
  demand(!shown?.open?.includes(firm), "the public bundle opens a visit of this firm");
  if (!shown?.isWhole) {
    const silence = "were others told that they are not drawn, silence would tell the rest";
    throw new NotChecked(
      one.outcome === "untold"
        ? `told to nobody before every visit is open: ${silence}`
        : "give the public bundle too: its whole list proves it",
    );
  }
  return "not drawn: the whole list, under the root in the log, does not name it";
}

/**
 * Checks a public bundle (docs/public-bundle.md).
 *
 * @param files Map of path to Uint8Array, or {list(): paths, read(path): Uint8Array}, either may answer by promise
 * @returns {{rows: {step, draw, verdict, detail}[], code: 0 | 1 | 3}} never throws for what the files hold
 */
export async function verifyPublic(files, { progress } = {}) {
  const report = new Report(progress);
  await checkBundle(files, report, {});
  return { rows: report.rows, code: report.code };
}

/**
 * Checks a firm's proof, and its public bundle before it where one is given.
 *
 * @param bytes of the proof file
 * @param files of the public bundle, as above, or undefined
 */
export async function checkProof(bytes, files, { progress } = {}) {
  const report = new Report(progress);
  const [plan, proof] = [{ isGiven: files !== undefined }, {}];
  if (plan.isGiven) await checkBundle(files, report, plan);
  await report.step("proof 证明文件", "", () => readProof(bytes, proof));
  await report.step("proof log 证明所依日志", "", () => checkProofLog(plan, proof));
  for (const one of proof.value?.draws ?? []) {
    const { folder } = one;
    const draw = { folder, name: `${proof.value.plan}/${folder}`, kind: "firms" };
    const shown = plan.draws?.find(({ name }) => name === draw.name);
    await report.step("in register 在冻结名录中", folder, () => checkRegister(plan, proof, one, draw, shown));
    await report.step("chance 抽中机会", folder, () => checkChance(one, draw));
    await report.step("outcome 抽取结果", folder, () => checkOutcome(proof, one, draw, shown));
  }
  return { rows: report.rows, code: report.code };
}
