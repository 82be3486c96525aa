import { demandShape, isText, parseCanonical } from "./canonical.js";
import { checkInputs, checkRandomness, checkReveal, INPUTS, PROTOCOL, readCommitment, RESULT } from "./commitment.js";
import { digestNamed } from "./digest.js";
import { demand, Faults, NotChecked } from "./fault.js";
import { checkChances, checkFirmFlow, checkFirmTables, FirmFrame, replayFirms } from "./firms.js";
import { checkEligibility, checkInspectorFlow, checkInspectorTables, checkOfficers, InspectorFrame, replayInspectors } from "./inspectors.js";
import { checkCheckpoints, checkInLog, checkLogDraws, readEntries, readKey } from "./log.js";
import { tableRoot } from "./merkle.js";
import { checkCaps, checkCoverage, checkJointShare, checkLater, checkSeats } from "./plan.js";
import { Report } from "./report.js";
import { Flow } from "./rounding.js";
import { readRules } from "./rules.js";
import { demandForm, readTable } from "./tables.js";
import { Tickets } from "./tickets.js";

/** Files by path, from a Map or from an object with `list()` and `read(path)`, either may be asynchronous. */
class Bundle {
  #files;

  constructor(files) {
    this.#files = files instanceof Map ? { list: () => [...files.keys()], read: (path) => files.get(path) } : files;
  }

  async open() {
    this.paths = await this.#files.list();
    return this;
  }

  async read(path) {
    demand(this.paths.includes(path), `${path} is missing`);
    return this.#files.read(path);
  }

  /** The files right under a folder, by name. */
  async folder(folder) {
    const names = this.paths.filter((path) => path.startsWith(`${folder}/`)).map((path) => path.slice(folder.length + 1));
    const files = new Map();
    for (const name of names) files.set(name, await this.#files.read(`${folder}/${name}`));
    return files;
  }

  get draws() {
    const folders = this.paths.filter((path) => path.startsWith("draws/")).map((path) => path.split("/")[1]);
    return new Set(folders);
  }
}

async function readHead(bundle) {
  const head = parseCanonical(await bundle.read("bundle.json"), "bundle.json");
  demandShape(head, {
    protocol: (value) => value === PROTOCOL,
    plan: isText,
    draws: (value) => Array.isArray(value) && value.length > 0 && value.every((name) => /^\d+-(firms|inspectors)$/.test(name)),
  }, "bundle.json");
  const faults = new Faults();
  for (const name of head.draws) faults.unless(bundle.draws.has(name), `draws/${name} is missing`);
  for (const name of bundle.draws) faults.unless(head.draws.includes(name), `draws/${name} is not listed`);
  faults.unless(new Set(head.draws).size === head.draws.length, "a draw is listed twice");
  faults.settle();
  return head;
}

/** The log: its entries and the sizes of its checkpoints, each undefined where it could not be read. */
async function checkLog(bundle, head, report) {
  const bytes = bundle.paths.includes("log/entries.jsonl") ? await bundle.read("log/entries.jsonl") : undefined;
  const entries = await report.step("entries", null, { head }, () => {
    demand(bytes, "log/entries.jsonl is missing");
    const entries = readEntries(bytes, head.plan);
    return ["canonical and in order of time", entries];
  });
  const checkpoints = await report.step("checkpoints", null, { "log/entries.jsonl": bytes }, async () => {
    const key = readKey(await bundle.read("log/key"));
    const found = await checkCheckpoints(await bundle.folder("log/checkpoints"), bytes, key);
    demand(!found.origin.endsWith("/rehearsal"), "this is the log of a rehearsal, so the bundle is no plan");
    if (found.witnesses.length > 0) throw new NotChecked(`signatures of witnesses, whose keys are not in the bundle: ${found.witnesses.join(", ")}`);
    const said = `${found.sizes.length} of ${found.origin}, key hash ${key.hash} (compare it); no witness signed, so the order in time rests on the log keeper's word`;
    return [said, found];
  });
  await report.step("log draws", null, { head, entries }, () => {
    const given = checkLogDraws(entries, new Set(head.draws.map((name) => `${head.plan}/${name}`)));
    return [`none is hidden; given up and not in the bundle: ${given.join(", ") || "none"}`];
  });
  return { entries, sizes: checkpoints?.sizes };
}

/** Steps common to both kinds: commitment, place in the log, inputs, reveal, result. */
async function checkBefore(files, head, folder, log, plan, report) {
  const step = (name, needs, run) => report.step(name, folder, needs, run);
  const draw = { folder, name: `${head.plan}/${folder}`, files, root: undefined };
  const commitment = await step("commitment", {}, () => {
    demand(files.has("commitment.json"), "commitment.json is missing");
    const commitment = readCommitment(files.get("commitment.json"), head.plan, folder);
    draw.digest = digestNamed(commitment.digest);
    draw.commitmentDigest = draw.digest.hexOfBytes(files.get("commitment.json"));
    return [`${commitment.digest} ${draw.commitmentDigest}`, commitment];
  });
  draw.commitment = commitment;
  const needs = { "commitment.json": commitment };
  draw.inLog = await step("in log", { ...needs, entries: log.entries, checkpoints: log.sizes }, () => {
    const found = checkInLog(draw.name, commitment, draw.commitmentDigest, log.entries, log.sizes);
    return [`commit ${found.commit.time}, checkpoints ${found.covering.join(", ")}, public value ${commitment.public?.not_before ?? "none"}, result ${found.result.time}`, found];
  });
  await step("inputs", needs, () => {
    checkInputs(commitment, draw.digest, files);
    return ["all as committed to"];
  });
  const revealed = await step("reveal", needs, () => {
    demand(files.has("reveal.json"), "reveal.json is missing");
    const revealed = checkReveal(commitment, draw.digest, draw.commitmentDigest, files.get("reveal.json"));
    const who = [...commitment.parties.map(({ name }) => name), ...(commitment.public ? [`who made ${JSON.stringify(commitment.public)}`] : [])];
    return [`seed ${revealed.seed}; to steer it, all of these would have to collude: ${who.join(", ")}`, revealed];
  });
  draw.tickets = revealed && new Tickets(draw.digest, revealed.seed);
  await step("randomness", { ...needs, "reveal.json": revealed }, () => [checkRandomness(commitment, revealed.publicValue)]);
  await step("result", { ...needs, entries: log.entries }, () => [checkResult(draw, log.entries, plan)]);
  return draw;
}

/** The root of the result against the log, and of the result it builds on against its own draw. */
function checkResult(draw, entries, plan) {
  const name = RESULT[draw.commitment.kind];
  demand(draw.files.has(name), `${name} is missing`);
  draw.root = tableRoot(draw.digest, draw.files.get(name));
  const logged = entries.filter((entry) => entry.draw === draw.name && entry.type === "result");
  const faults = new Faults();
  faults.unless(logged.length === 1 && logged[0].digest === draw.root, `${name} has the root ${draw.root}, the log ${logged[0]?.digest}`);
  const { previous, kind } = draw.commitment;
  const base = plan.draws.find((other) => other.root !== undefined && other.root === previous);
  faults.unless(previous === null || base !== undefined, `it builds on ${previous}, which is the result of no draw before it`);
  faults.unless(kind !== "inspectors" || base?.commitment.kind === "firms", "it builds on no firm draw");
  faults.settle();
  draw.base = base;
  return `${name} has the root in the log, ${draw.root}; it builds on ${base?.folder ?? "no other draw"}`;
}

function readTables(draw) {
  const names = [...INPUTS[draw.commitment.kind].filter((name) => name.endsWith(".csv")), RESULT[draw.commitment.kind]];
  const tables = {};
  for (const name of names) {
    demand(draw.files.has(name), `${name} is missing`);
    const table = readTable(name, draw.files.get(name));
    demandForm(table);
    tables[name.slice(0, -4)] = table;
  }
  return tables;
}

async function checkFirms(draw, head, report) {
  const step = (name, needs, run) => report.step(name, draw.folder, needs, run);
  draw.frame = await step("tables", { "commitment.json": draw.commitment }, () => {
    demand(draw.files.has("rules.json"), "rules.json is missing");
    const rules = readRules(draw.files.get("rules.json"), head.plan);
    const frame = new FirmFrame(rules, readTables(draw));
    checkFirmTables(frame);
    const merged = Object.keys(rules.combinations ?? {}).length;
    return [`of the form and in the order of PROTOCOL 3; ${merged} tasks are combinations; not understood: ${rules.unknown.join(", ") || "nothing"}`, frame];
  });
  const { frame } = draw;
  const flow = frame && new Flow(frame.tables.flow);
  await step("flow", { tables: frame }, () => {
    checkFirmFlow(frame, flow);
    return ["balanced; pools within their sizes, tasks whole and in their months"];
  });
  const replay = await step("replay", { tables: frame, seed: draw.tickets }, () => {
    const replay = replayFirms(frame, flow, draw.tickets);
    return [`${replay.rows} rows drawn again, all equal to those published`, replay];
  });
  draw.reserves = replay?.reserves;
  await step("chances", { tables: frame }, () => [checkChances(frame, flow)]);
}

async function checkInspectors(draw, report) {
  const step = (name, needs, run) => report.step(name, draw.folder, needs, run);
  const firms = draw.base?.frame;
  draw.frame = await step("tables", { "commitment.json": draw.commitment, "the firm draw it builds on": firms }, () => {
    const frame = new InspectorFrame(readTables(draw), firms);
    checkInspectorTables(frame);
    return ["of the form and in the order of PROTOCOL 3; not understood: nothing", frame];
  });
  const { frame } = draw;
  const flow = frame && new Flow(frame.tables.flow);
  await step("flow", { tables: frame }, () => {
    checkInspectorFlow(frame, flow);
    return ["balanced; needs whole, qualified where asked, duties within 1"];
  });
  await step("replay", { tables: frame, seed: draw.tickets }, () => [`${replayInspectors(frame, flow, draw.tickets)} rows drawn again, all equal to those published`]);
  await step("eligibility", { tables: frame }, () => [checkEligibility(frame, flow)]);
  await step("officers", { tables: frame }, () => [checkOfficers(frame)]);
}

async function checkPlan(draws, entries, report) {
  const of = (kind) => draws.filter((draw) => draw.folder.endsWith(kind)).map((draw) => draw.frame);
  const all = (frames) => (frames.length > 0 && frames.every(Boolean) ? frames : undefined);
  const firms = { "every firm draw": all(of("firms")) };
  const inspectors = { "every inspector draw": all(of("inspectors")) };
  await report.step("coverage", null, firms, () => [checkCoverage(of("firms"))]);
  await report.step("joint share", null, firms, () => [checkJointShare(of("firms"))]);
  await report.step("seats", null, inspectors, () => [checkSeats(of("inspectors"))]);
  await report.step("later events", null, { entries }, () => {
    const replayed = draws.filter((draw) => draw.frame && draw.tickets);
    return [checkLater(entries, new Map(replayed.map((draw) => [draw.name, draw])))];
  });
  await report.step("caps", null, firms, () => [checkCaps(of("firms"))]);
}

/**
 * Checks a bundle of open-draw/1 and replays its draws.
 *
 * @param files Map of path to Uint8Array, or {list(): paths, read(path): Uint8Array}, either may answer by promise
 * @param progress called with every row as soon as it is settled
 * @returns {{rows: {step, draw, verdict, detail}[], code: 0 | 1 | 3}} never throws for what the files hold
 */
export async function verify(files, { progress } = {}) {
  const report = new Report(progress);
  const bundle = await new Bundle(files).open();
  const head = await report.step("bundle", null, {}, async () => {
    const head = await readHead(bundle);
    return [`plan ${head.plan}, draws ${head.draws.join(", ")}`, head];
  });
  const log = await checkLog(bundle, head, report);
  const plan = { draws: [] };
  for (const folder of head?.draws ?? []) {
    const draw = await checkBefore(await bundle.folder(`draws/${folder}`), head, folder, log, plan, report);
    if (folder.endsWith("firms")) await checkFirms(draw, head, report);
    else await checkInspectors(draw, report);
    plan.draws.push(draw);
  }
  if (head) await checkPlan(plan.draws, log.entries, report);
  return { rows: report.rows, code: report.code };
}
