import { compareBytewise } from "./encoding.js";
import { demand, Faults } from "./fault.js";
import { checkBalance, decimal, firstDifference, nameArc, partsOf } from "./flows.js";
import { lastDayOf } from "./moment.js";
import { round } from "./rounding.js";
import { FLOW_UNIT } from "./tables.js";

/** What the other steps ask of the tables of an inspector draw; `firmFrame` is that of the draw it builds on. */
export class InspectorFrame {
  constructor(tables, firmFrame) {
    this.tables = tables;
    this.rules = firmFrame.rules;
    this.visits = firmFrame.visits;
    this.inspectors = new Map();
    this.ofAgency = new Map();
    const { inspectors, recusals, needs } = tables;
    for (let i = 0; i < inspectors.size; i++) {
      const inspector = {
        name: inspectors.column("inspector")[i],
        agency: inspectors.column("agency")[i],
        validUntil: inspectors.column("valid_until")[i],
        qualifications: new Set(inspectors.column("qualifications")[i].split(" ").filter(Boolean)),
        recused: new Set(),
      };
      this.inspectors.set(inspector.name, inspector);
      if (!this.ofAgency.has(inspector.agency)) this.ofAgency.set(inspector.agency, []);
      this.ofAgency.get(inspector.agency).push(inspector);
    }
    for (let i = 0; i < recusals.size; i++) this.inspectors.get(recusals.column("inspector")[i])?.recused.add(recusals.column("firm")[i]);
    this.needs = new Map();
    for (let i = 0; i < needs.size; i++) {
      const [visit, agency, qualification] = ["visit", "agency", "qualification"].map((column) => needs.column(column)[i]);
      const need = { visit, agency, qualification, officers: Number(needs.column("officers")[i]), qualified: Number(needs.column("qualified")[i]) };
      this.needs.set(`${visit}:${agency}`, need);
    }
  }

  /** PROTOCOL 7: of the agency, certified to the end of the month, recused by nothing. */
  isEligible(inspector, need) {
    const visit = this.visits.get(need.visit);
    return (
      visit !== undefined && inspector.agency === need.agency &&
      inspector.validUntil >= lastDayOf(visit.month) && !inspector.recused.has(visit.firm)
    );
  }

  /** All who are eligible for a need, by inspector. */
  eligible(need) {
    return (this.ofAgency.get(need.agency) ?? []).filter((inspector) => this.isEligible(inspector, need));
  }
}

/** Notes rows that name a visit, need or inspector there is not, and visits whose agencies owe officers and have no need. */
export function checkInspectorTables(frame) {
  const { needs, recusals, assignments } = frame.tables;
  const faults = new Faults();
  for (const need of frame.needs.values()) {
    const where = `need ${need.visit} ${need.agency}`;
    faults.unless(frame.visits.has(need.visit), `${where}: there is no such visit`);
    faults.unless(need.qualified <= need.officers, `${where}: more qualified than officers`);
    faults.unless(need.qualified === 0 || need.qualification !== "", `${where}: the qualification is not named`);
  }
  for (let i = 0; i < recusals.size; i++) {
    faults.unless(frame.inspectors.has(recusals.column("inspector")[i]), `recusals.csv row ${i + 1}: there is no such inspector`);
  }
  for (let i = 0; i < assignments.size; i++) {
    const [visit, agency, inspector] = ["visit", "agency", "inspector"].map((column) => assignments.column(column)[i]);
    faults.unless(frame.needs.has(`${visit}:${agency}`), `assignments.csv row ${i + 1}: nothing is needed there`);
    faults.unless(frame.inspectors.has(inspector), `assignments.csv row ${i + 1}: there is no such inspector`);
  }
  faults.settle();
}

/** Every arc of the flow by what it joins: needs to children, needs and children to duties; the rest are grouping. */
function readArcs(frame, flow) {
  const parts = flow.names.map(partsOf);
  const arcs = { seats: [], children: [], entering: new Map(), stray: [] };
  for (let arc = 0; arc < flow.size; arc++) {
    const [tail, head] = [parts[flow.tails[arc]], parts[flow.heads[arc]]];
    const [from, to] = [tail?.[0], head?.[0]];
    if (from === "need" && to === "duty") arcs.seats.push({ arc, need: tail, duty: head });
    else if (from === "need" && to === "need" && tail.length === 3 && head.length === 4) arcs.children.push({ arc, need: tail, child: head });
    else if (from === undefined && to === "need" && head.length === 3) arcs.entering.set(`${head[1]}:${head[2]}`, (arcs.entering.get(`${head[1]}:${head[2]}`) ?? 0) + flow.flows[arc]);
    else if (from === "duty" && to === "inspector" && tail[1] === head[1]) continue;
    else if (from === "inspector" && to === undefined) continue;
    else if (from === undefined && to === undefined) continue;
    else arcs.stray.push(arc);
  }
  return arcs;
}

/** Balance and bounds of the flow of an inspector draw (PROTOCOL 7.1). */
export function checkInspectorFlow(frame, flow) {
  const faults = new Faults();
  checkBalance(flow, faults);
  const arcs = readArcs(frame, flow);
  for (const arc of arcs.stray) faults.unless(false, `arc ${arc} from ${nameArc(flow, arc)} joins what PROTOCOL 7 does not`);
  for (const key of new Set([...frame.needs.keys(), ...arcs.entering.keys()])) {
    const [total, officers] = [arcs.entering.get(key) ?? 0, frame.needs.get(key)?.officers ?? 0];
    faults.unless(total === officers * FLOW_UNIT, () => `need ${key}: the flow is ${decimal(total)}, officers are ${officers}`);
  }
  const qualified = new Map();
  for (const { arc, need, child } of arcs.children) {
    const key = `${need[1]}:${need[2]}`;
    const isOfNeed = child[1] === need[1] && child[2] === need[2] && child[3] === frame.needs.get(key)?.qualification;
    faults.unless(isOfNeed, () => `arc ${arc} from ${nameArc(flow, arc)} leads to no child of that need`);
    qualified.set(key, (qualified.get(key) ?? 0) + flow.flows[arc]);
  }
  for (const [key, need] of frame.needs) {
    const total = qualified.get(key) ?? 0;
    faults.unless(total >= need.qualified * FLOW_UNIT, () => `need ${key}: ${decimal(total)} qualified, ${need.qualified} needed`);
  }
  const pairs = new Set();
  for (const { arc, need, duty } of arcs.seats) {
    const inspector = frame.inspectors.get(duty[1]);
    const pair = `${need[1]}:${need[2]}:${duty[1]}`;
    faults.unless(flow.flows[arc] <= FLOW_UNIT, () => `arc ${arc} from ${nameArc(flow, arc)} is above 1`);
    faults.unless(frame.visits.get(need[1])?.month === duty[2], () => `arc ${arc} from ${nameArc(flow, arc)} is not of the visit's month`);
    faults.unless(need.length === 3 || inspector?.qualifications.has(need[3]), () => `arc ${arc} from ${nameArc(flow, arc)}: not qualified`);
    faults.unless(!pairs.has(pair), () => `${duty[1]} has two arcs from need ${need[1]} ${need[2]}`);
    pairs.add(pair);
  }
  faults.settle();
}

/** Rounds again and compares row by row; returns the number of rows (PROTOCOL 7.2). */
export function replayInspectors(frame, flow, tickets) {
  const counts = round(flow, (i, n) => tickets.coin(i, n));
  const { seats } = readArcs(frame, flow);
  const drawn = seats.filter(({ arc }) => counts[arc] === 1).map(({ need, duty }) => [need[1], need[2], duty[1]]);
  drawn.sort((one, other) => compareBytewise(one[0], other[0]) || compareBytewise(one[1], other[1]) || compareBytewise(one[2], other[2]));
  const { assignments } = frame.tables;
  const published = assignments.column("visit").map((visit, i) => `${visit},${assignments.column("agency")[i]},${assignments.column("inspector")[i]}`);
  const difference = firstDifference("assignments.csv", drawn.map((row) => row.join(",")), published);
  demand(difference === null, difference);
  return drawn.length;
}

/** Every eligible inspector has a chance at every need, and nobody else has (PROTOCOL 7). */
export function checkEligibility(frame, flow) {
  const faults = new Faults();
  const chances = new Map([...frame.needs.keys()].map((key) => [key, new Map()]));
  for (const { arc, need, duty } of readArcs(frame, flow).seats) {
    const ofNeed = chances.get(`${need[1]}:${need[2]}`);
    ofNeed?.set(duty[1], (ofNeed.get(duty[1]) ?? 0) + flow.flows[arc]);
  }
  let [pairs, least, most] = [0, Infinity, 0];
  for (const [key, need] of frame.needs) {
    const ofNeed = chances.get(key);
    for (const { name } of frame.eligible(need)) {
      const chance = ofNeed.get(name) ?? 0;
      faults.unless(chance > 0, () => `${name} is eligible for need ${key} and has no chance`);
      ofNeed.delete(name);
      pairs++;
      least = Math.min(least, chance);
      most = Math.max(most, chance);
    }
    for (const name of ofNeed.keys()) faults.unless(false, `${name} is not eligible for need ${key} and has an arc`);
  }
  faults.settle();
  return `${pairs} eligible pairs, each with a chance, ${decimal(least)} to ${decimal(most)}`;
}

/** Counts the officers of every need: as many as needed, each once, eligible, qualified where asked; and the needs themselves against the rules. */
export function checkOfficers(frame) {
  const faults = new Faults();
  const { assignments } = frame.tables;
  const sent = new Map([...frame.needs.keys()].map((key) => [key, []]));
  for (let i = 0; i < assignments.size; i++) {
    const key = `${assignments.column("visit")[i]}:${assignments.column("agency")[i]}`;
    if (sent.has(key)) sent.get(key).push(assignments.column("inspector")[i]);
    else faults.unless(false, `assignments.csv row ${i + 1}: nothing is needed there`);
  }
  for (const [key, need] of frame.needs) {
    const names = sent.get(key);
    const inspectors = names.map((name) => frame.inspectors.get(name));
    faults.unless(names.length === need.officers && new Set(names).size === names.length, () => `need ${key}: ${names.length} officers sent, ${need.officers} needed`);
    faults.unless(inspectors.every((inspector) => inspector && frame.isEligible(inspector, need)), () => `need ${key}: an officer sent is not eligible`);
    const qualified = inspectors.filter((inspector) => inspector?.qualifications.has(need.qualification)).length;
    faults.unless(qualified >= need.qualified, () => `need ${key}: ${qualified} qualified sent, ${need.qualified} needed`);
    faults.unless(need.officers >= frame.rules.officers_per_agency, () => `need ${key}: the rules want ${frame.rules.officers_per_agency} officers`);
  }
  for (const { visit, task } of frame.visits.values()) {
    const agencies = frame.rules.tasks[task]?.agencies ?? [];
    for (const agency of agencies) faults.unless(frame.needs.has(`${visit}:${agency}`), () => `visit ${visit}: ${agency} owes officers and has no need`);
  }
  faults.settle();
  return "as many as needed, all eligible, qualified where asked";
}
