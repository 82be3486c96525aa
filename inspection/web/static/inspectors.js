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
    for (const [name, agency, validUntil, words] of inspectors.rows("inspector", "agency", "valid_until", "qualifications")) {
      const inspector = { name, agency, validUntil, qualifications: new Set(words.split(" ").filter(Boolean)), recused: new Set() };
      this.inspectors.set(name, inspector);
      if (!this.ofAgency.has(agency)) this.ofAgency.set(agency, []);
      this.ofAgency.get(agency).push(inspector);
    }
    for (const [name, firm] of recusals.rows("inspector", "firm")) this.inspectors.get(name)?.recused.add(firm);
    this.needs = new Map();
    for (const [visit, agency, officers, qualified, qualification] of needs.rows("visit", "agency", "officers", "qualified", "qualification")) {
      this.needs.set(`${visit}:${agency}`, { visit, agency, officers: Number(officers), qualified: Number(qualified), qualification });
    }
    this.assignments = assignments.rows("visit", "agency", "inspector").map(([visit, agency, inspector]) => ({ visit, agency, inspector }));
  }

  /** Names of those who may be sent to a visit `of` the firm draw: of the agency, certified to the end of the month, not recused (PROTOCOL 7). */
  eligible(of, visit, agency) {
    const row = of.visit.get(visit);
    demand(row !== undefined, () => `there is no visit ${visit}`);
    const [until, firm] = [lastDayOf(row.month), of.visited.get(visit)];
    const able = (this.ofAgency.get(agency) ?? []).filter((one) => one.validUntil >= until && !one.recused.has(firm));
    return able.map((one) => one.name);
  }
}

/** ["need", visit, agency, qualification?], ["duty", inspector, month], ["inspector", inspector]; [""] for a grouping node. */
function partsOf(node) {
  const parts = node.split(":");
  const lengths = { need: [3, 4], duty: [3], inspector: [2] }[parts[0]];
  return lengths?.includes(parts.length) ? parts : [""];
}

/** The arcs to duties, by need; and what enters each need and each child of one. A Fault if anything is joined otherwise (PROTOCOL 7.1). */
function readSeats(flow) {
  const parts = flow.names.map(partsOf);
  const seats = [];
  const entering = new Map();
  const faults = new Faults();
  for (let arc = 0; arc < flow.size; arc++) {
    const [tail, head] = [parts[flow.tails[arc]], parts[flow.heads[arc]]];
    const joint = `${tail[0]}>${head[0]}`;
    const isChild = tail.length === 3 && head.length === 4 && tail[1] === head[1] && tail[2] === head[2];
    const isSound = {
      ">": true, ">need": head.length === 3, "need>need": isChild, "need>duty": true, "duty>inspector": tail[1] === head[1], "inspector>": true,
    }[joint];
    faults.unless(isSound, () => `${nameArc(flow, arc)} has no place in PROTOCOL 7`);
    if (joint === "need>duty") seats.push({ arc, need: `${tail[1]}:${tail[2]}`, visit: tail[1], agency: tail[2], qualification: tail[3], inspector: head[1], month: head[2] });
    if (head[0] === "need") entering.set(flow.names[flow.heads[arc]], (entering.get(flow.names[flow.heads[arc]]) ?? 0) + flow.flows[arc]);
  }
  faults.settle();
  return { seats, entering };
}

/** Why a seat is against PROTOCOL 7.1, or null. */
function faultOf(frame, of, seat, flow) {
  const [need, inspector] = [frame.needs.get(seat.need), frame.inspectors.get(seat.inspector)];
  if (need === undefined) return "is of no need";
  if (inspector === undefined) return "is of no inspector";
  if (flow.flows[seat.arc] > FLOW_UNIT) return "is above 1";
  if (of.visit.get(seat.visit)?.month !== seat.month) return "is not of the visit's month";
  if (seat.qualification === undefined) return null;
  return seat.qualification === need.qualification && inspector.qualifications.has(seat.qualification) ? null : "is of someone not qualified";
}

/** Balance and bounds of the flow (PROTOCOL 3 and 7.1). Sets draw.flow, draw.seats and draw.of, the firm draw's frame. */
export function checkInspectorFlow(draw) {
  const flow = new Flow(known(draw.tables.flow, "flow.csv"));
  demandBalance(flow);
  draw.flow = flow;
  const frame = known(draw.frame, "the tables");
  draw.of = known(known(draw.base, "the firm draw it builds on").frame, "the tables of the firm draw it builds on");
  const { seats, entering } = readSeats(flow);
  draw.seats = seats;
  const faults = new Faults();
  const pairs = new Set();
  for (const seat of seats) {
    const [fault, pair] = [faultOf(frame, draw.of, seat, flow), `${seat.need}:${seat.inspector}`];
    faults.unless(fault === null && !pairs.has(pair), () => `${nameArc(flow, seat.arc)} ${fault ?? "is the second of its pair"}`);
    pairs.add(pair);
  }
  for (const [key, { officers, qualified, qualification }] of frame.needs) {
    const [all, some] = [entering.get(`need:${key}`) ?? 0, entering.get(`need:${key}:${qualification}`) ?? 0];
    faults.unless(all === officers * FLOW_UNIT && some >= qualified * FLOW_UNIT, () =>
      `need ${key}: ${decimal(all)}, ${decimal(some)} of it qualified, not ${officers} and ${qualified}`);
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
    if (counts[arc] > 0 && head[0] === "duty") drawn.push([tail[1], tail[2], head[1]]);
  }
  drawn.sort((one, other) => compareBytewise(one[0], other[0]) || compareBytewise(one[1], other[1]) || compareBytewise(one[2], other[2]));
  const published = known(draw.frame, "the tables").assignments;
  return demandSameRows(drawn.map((row) => row.join()), published.map(({ visit, agency, inspector }) => `${visit},${agency},${inspector}`));
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
  const seats = known(draw.seats, "the arcs to duties");
  checkOwed(frame, of);
  draw.eligible = (visit, agency) => frame.eligible(of, visit, agency);
  const chances = new Map([...frame.needs.keys()].map((key) => [key, new Map()]));
  for (const { arc, need, inspector } of seats) if (draw.flow.flows[arc] > 0) chances.get(need)?.set(inspector, draw.flow.flows[arc]);
  const faults = new Faults();
  const found = { pairs: 0, least: Infinity, most: 0 };
  for (const [key, { visit, agency }] of frame.needs) {
    const given = chances.get(key);
    for (const name of draw.eligible(visit, agency)) {
      const chance = given.get(name) ?? 0;
      faults.unless(chance > 0, () => `${name} is eligible for need ${key} and left out`);
      given.delete(name);
      found.pairs++;
      found.least = Math.min(found.least, chance);
      found.most = Math.max(found.most, chance);
    }
    for (const name of given.keys()) faults.unless(false, `${name} is not eligible for need ${key} and has a chance`);
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
    faults.unless(names.length === officers && officers >= least && skilled >= qualified, `need ${key}: ${names.length} officers, ${skilled} qualified`);
  }
  faults.settle();
  return "as many as needed, all eligible, qualified where asked";
}
