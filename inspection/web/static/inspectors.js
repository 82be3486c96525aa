import { compareBytewise } from "./encoding.js";
import { demand, Faults, known } from "./fault.js";
import { decimal, demandBalance, demandSameRows, drawAgain, nameArc } from "./flows.js";
import { lastDayOf } from "./moment.js";
import { Flow } from "./rounding.js";
import { FLOW_UNIT } from "./tables.js";

/** What the steps of an inspector draw ask of its tables, found once. */
export class InspectorFrame {
  constructor({ needs, inspectors, recusals, assignments }) {
    this.inspectors = new Map();
    this.ofAgency = new Map();
    for (const [name, agency, validUntil, words] of inspectors.rows(
      "inspector",
      "agency",
      "valid_until",
      "qualifications",
    )) {
      const inspector = {
        name,
        agency,
        validUntil,
        qualifications: new Set(words.split(" ").filter(Boolean)),
        recused: new Set(),
      };
      this.inspectors.set(name, inspector);
      if (!this.ofAgency.has(agency)) this.ofAgency.set(agency, []);
      this.ofAgency.get(agency).push(inspector);
    }
    for (const [name, firm] of recusals.rows("inspector", "firm")) this.inspectors.get(name)?.recused.add(firm);
    this.needs = new Map();
    for (const [visit, agency, officers, qualified, qualification] of needs.rows(
      "visit",
      "agency",
      "officers",
      "qualified",
      "qualification",
    )) {
      this.needs.set(`${visit}:${agency}`, {
        visit,
        agency,
        officers: Number(officers),
        qualified: Number(qualified),
        qualification,
      });
    }
    this.assignments = assignments
      .rows("visit", "agency", "inspector")
      .map(([visit, agency, inspector]) => ({ visit, agency, inspector }));
  }

  /** Who may be sent to a visit `of` the firm draw: of the agency, certified to the end of the month, not recused. */
  eligible(of, visit, agency) {
    const row = of.visit.get(visit);
    demand(row !== undefined, () => `there is no visit ${visit}`);
    const [until, firm] = [lastDayOf(row.month), of.visited.get(visit)];
    const able = (this.ofAgency.get(agency) ?? []).filter((one) => one.validUntil >= until && !one.recused.has(firm));
    return able.map((one) => one.name);
  }
}

/** A node of PROTOCOL 3 taken apart; the kind of a grouping node is "". `need` is the key of the need it belongs to. */
function partsOf(node) {
  const [kind, ...names] = node.split(":");
  if (kind === "need" && [2, 3].includes(names.length)) {
    return { kind, need: `${names[0]}:${names[1]}`, visit: names[0], agency: names[1], qualification: names[2] };
  }
  if (kind === "duty" && names.length === 2) return { kind, inspector: names[0], month: names[1] };
  if (kind === "inspector" && names.length === 1) return { kind, inspector: names[0] };
  return { kind: "" };
}

/** Whether an arc may join two nodes (PROTOCOL 7.1): hub → need → its child; either → duty → inspector → hub. */
function mayJoin(tail, head) {
  if (tail.kind === "need") {
    const isChild = tail.qualification === undefined && head.qualification !== undefined && head.need === tail.need;
    return head.kind === "duty" || (head.kind === "need" && isChild);
  }
  if (tail.kind === "duty") return head.kind === "inspector" && head.inspector === tail.inspector;
  if (tail.kind === "inspector") return head.kind === "";
  return head.kind === "" || (head.kind === "need" && head.qualification === undefined);
}

/** Why an arc from a need or its child to a duty is against PROTOCOL 7.1, or null. */
function faultOf(frame, of, tail, head, millionths) {
  const [need, inspector] = [frame.needs.get(tail.need), frame.inspectors.get(head.inspector)];
  if (need === undefined) return "is of no need";
  if (inspector === undefined) return "is of no inspector";
  if (millionths > FLOW_UNIT) return "is above 1";
  if (of.visit.get(tail.visit)?.month !== head.month) return "is not of the visit's month";
  if (tail.qualification === undefined) return null;
  return tail.qualification === need.qualification && inspector.qualifications.has(tail.qualification)
    ? null
    : "is of someone not qualified";
}

/** The chance of every inspector at every need: {need: {inspector: millionths}}. Notes arcs against PROTOCOL 7.1. */
function readChances(frame, of, flow, faults) {
  const parts = flow.names.map(partsOf);
  const chances = new Map([...frame.needs.keys()].map((need) => [need, new Map()]));
  for (let arc = 0; arc < flow.size; arc++) {
    const [tail, head] = [parts[flow.tails[arc]], parts[flow.heads[arc]]];
    if (!mayJoin(tail, head)) faults.note(`${nameArc(flow, arc)} has no place in PROTOCOL 7`);
    if (tail.kind !== "need" || head.kind !== "duty") continue;
    const given = chances.get(tail.need);
    const fault =
      faultOf(frame, of, tail, head, flow.flows[arc]) ??
      (given?.has(head.inspector) ? "is the second of its pair" : null);
    if (fault !== null) faults.note(`${nameArc(flow, arc)} ${fault}`);
    if (flow.flows[arc] > 0) given?.set(head.inspector, flow.flows[arc]);
  }
  return chances;
}

/** Balance and bounds of the flow (PROTOCOL 3, 7.1). Sets draw.flow, draw.chances, and draw.of, that of the firms. */
export function checkInspectorFlow(draw) {
  const flow = new Flow(known(draw.tables.flow, "flow.csv"));
  demandBalance(flow);
  draw.flow = flow;
  const frame = known(draw.frame, "the tables");
  draw.of = known(known(draw.base, "the firm draw it builds on").frame, "the tables of the firm draw it builds on");
  const faults = new Faults();
  draw.chances = readChances(frame, draw.of, flow, faults);
  const { entering } = flow.totals();
  const into = (node) => entering[flow.nodes.get(node)] ?? 0;
  for (const [key, { officers, qualified, qualification }] of frame.needs) {
    const [all, some] = [into(`need:${key}`), into(`need:${key}:${qualification}`)];
    faults.unless(
      all === officers * FLOW_UNIT && some >= qualified * FLOW_UNIT,
      () => `need ${key}: ${decimal(all)}, ${decimal(some)} of it qualified, not ${officers} and ${qualified}`,
    );
  }
  faults.settle();
  return "balanced; needs whole, qualified where asked, duties within 1";
}

/** Rounds again and compares row by row (PROTOCOL 7.2). */
export function replayInspectors(draw) {
  const flow = known(draw.flow, "a balanced flow");
  const counts = drawAgain(flow, known(draw.tickets, "the seed"));
  const parts = flow.names.map(partsOf);
  const drawn = [];
  for (let arc = 0; arc < flow.size; arc++) {
    const [tail, head] = [parts[flow.tails[arc]], parts[flow.heads[arc]]];
    if (counts[arc] > 0 && tail.kind === "need" && head.kind === "duty")
      drawn.push([tail.visit, tail.agency, head.inspector]);
  }
  drawn.sort(
    (one, other) =>
      compareBytewise(one[0], other[0]) || compareBytewise(one[1], other[1]) || compareBytewise(one[2], other[2]),
  );
  const published = known(draw.frame, "the tables").assignments;
  return demandSameRows(
    drawn.map((row) => row.join()),
    published.map(({ visit, agency, inspector }) => `${visit},${agency},${inspector}`),
  );
}

/** Checks that needs are those the tasks owe. */
function checkOwed(frame, of) {
  const tasks = of.rules.take("tasks");
  const faults = new Faults();
  const owed = new Set();
  for (const { visit, task } of of.visits) {
    faults.unless(Object.hasOwn(tasks, task), `visit ${visit} is of no task, ${task}`);
    for (const agency of tasks[task]?.agencies ?? []) owed.add(`${visit}:${agency}`);
  }
  for (const key of owed) faults.unless(frame.needs.has(key), `need ${key} is owed by its task and not in needs.csv`);
  for (const key of frame.needs.keys()) faults.unless(owed.has(key), `need ${key} is in needs.csv and owed by no task`);
  faults.settle();
}

/** Every eligible inspector has a chance at every need, and nobody else has (PROTOCOL 7). Sets draw.eligible. */
export function checkEligibility(draw) {
  const of = known(draw.of, "the firm draw it builds on");
  const frame = known(draw.frame, "the tables");
  const chances = known(draw.chances, "the arcs to duties");
  checkOwed(frame, of);
  draw.eligible = (visit, agency) => frame.eligible(of, visit, agency);
  const faults = new Faults();
  const found = { pairs: 0, least: Infinity, most: 0 };
  for (const [key, { visit, agency }] of frame.needs) {
    const given = chances.get(key);
    const able = new Set(draw.eligible(visit, agency));
    for (const name of able) {
      const chance = given.get(name) ?? 0;
      if (chance === 0) faults.note(`${name} is eligible for need ${key} and left out`);
      found.pairs++;
      found.least = Math.min(found.least, chance);
      found.most = Math.max(found.most, chance);
    }
    for (const name of given.keys())
      faults.unless(able.has(name), () => `${name} is not eligible for need ${key} and has a chance`);
  }
  faults.settle();
  return `${found.pairs} eligible pairs, each with a chance, ${decimal(found.least)} to ${decimal(found.most)}`;
}

/** Counts the officers of every need: as many as needed, all eligible, qualified where asked (PROTOCOL 10). */
export function checkOfficers(draw) {
  const eligible = known(draw.eligible, "who is eligible");
  const frame = known(draw.frame, "the tables");
  const least = draw.of.rules.take("officers_per_agency");
  const faults = new Faults();
  const sent = new Map([...frame.needs.keys()].map((key) => [key, []]));
  for (const { visit, agency, inspector } of frame.assignments) {
    faults.unless(sent.has(`${visit}:${agency}`), `nobody of ${agency} is needed at ${visit}`);
    sent.get(`${visit}:${agency}`)?.push(inspector);
  }
  for (const [key, { visit, agency, officers, qualified, qualification }] of frame.needs) {
    const names = sent.get(key);
    const able = new Set(eligible(visit, agency));
    for (const name of names) faults.unless(able.has(name), `${visit}: ${name} is not eligible`);
    const skilled = names.filter((name) => frame.inspectors.get(name)?.qualifications.has(qualification)).length;
    faults.unless(
      names.length === officers && officers >= least && skilled >= qualified,
      `need ${key}: ${names.length} officers, ${skilled} qualified`,
    );
  }
  faults.settle();
  return "as many as needed, all eligible, qualified where asked";
}
