import { isText } from "./canonical.js";
import { compareBytewise } from "./encoding.js";
import { Faults } from "./fault.js";

// Rules that hold over all draws of a plan, by plain counting (PROTOCOL 10). `frames` are the FirmFrames of its firm draws.

/** Distinct firms visited against the share of all firms, rounded up. */
export function checkCoverage(frames) {
  const faults = new Faults();
  const { coverage } = frames.at(-1).rules;
  const counts = (frame, firm) => !coverage.kinds || coverage.kinds.includes(frame.kindOf?.get(frame.poolOf.get(firm)));
  const all = new Set();
  const visited = new Set();
  for (const frame of frames) {
    for (const firm of frame.poolOf.keys()) if (counts(frame, firm)) all.add(firm);
    for (const { firm } of frame.visits.values()) if (counts(frame, firm)) visited.add(firm);
  }
  const least = Number((BigInt(all.size) * BigInt(coverage.numerator) + BigInt(coverage.denominator) - 1n) / BigInt(coverage.denominator));
  const said = `${visited.size} distinct firms of ${all.size}${coverage.kinds ? ` (${coverage.kinds.join(", ")})` : ""}, at least ${least}`;
  faults.unless(visited.size >= least, said);
  faults.settle();
  return said;
}

/** Joint visits, firms or tasks (two agencies or more) against the share wanted. */
export function checkJointShare(frames) {
  const faults = new Faults();
  const { joint_share: wanted } = frames.at(-1).rules;
  const all = { visits: 0, firms: new Set(), tasks: new Set() };
  const joint = { visits: 0, firms: new Set(), tasks: new Set() };
  for (const frame of frames) {
    for (const { firm, task } of frame.visits.values()) {
      const groups = (frame.rules.tasks[task]?.agencies.length ?? 0) >= 2 ? [all, joint] : [all];
      for (const group of groups) {
        group.visits++;
        group.firms.add(firm);
        group.tasks.add(task);
      }
    }
  }
  const count = (group, by) => (by === "visits" ? group.visits : group[by].size);
  const by = wanted.counted_by;
  const isMet = BigInt(count(joint, by)) * BigInt(wanted.denominator) >= BigInt(count(all, by)) * BigInt(wanted.numerator);
  const said = ["visits", "firms", "tasks"].map((by) => `${by} ${count(joint, by)} of ${count(all, by)}`).join(", ");
  faults.unless(isMet, `${said}; by ${by} less than ${wanted.numerator}/${wanted.denominator}`);
  faults.settle();
  return `${said}; counted by ${by}, at least ${wanted.numerator}/${wanted.denominator}`;
}

/** Officer-visits per agency and month against the seats the rules state. */
export function checkSeats(inspectorFrames) {
  const faults = new Faults();
  const used = new Map();
  let seats;
  for (const frame of inspectorFrames) {
    seats = frame.rules.monthly_seats ?? seats;
    const { assignments } = frame.tables;
    for (let i = 0; i < assignments.size; i++) {
      const key = `${assignments.column("agency")[i]} ${frame.visits.get(assignments.column("visit")[i])?.month}`;
      used.set(key, (used.get(key) ?? 0) + 1);
    }
  }
  if (seats === undefined) return "the rules state none";
  for (const [key, count] of used) {
    const [agency, month] = key.split(" ");
    const limit = seats[agency]?.[month] ?? 0;
    faults.unless(count <= limit, `${agency} in ${month}: ${count} officer-visits, ${limit} seats`);
  }
  faults.settle();
  return "within those the rules state";
}

/** How often a firm is visited in the whole plan against the cap, that of its tier where there is one. */
export function checkCaps(frames) {
  const faults = new Faults();
  const visits = new Map();
  const caps = new Map();
  for (const frame of frames) {
    const { visits_by_tier: byTier, visits_per_firm: cap } = frame.rules;
    for (const { firm } of frame.visits.values()) {
      const tier = frame.tierOf.get(frame.poolOf.get(firm));
      visits.set(firm, (visits.get(firm) ?? 0) + 1);
      caps.set(firm, byTier?.[tier] ?? cap);
    }
  }
  let most = 0;
  for (const [firm, count] of visits) {
    most = Math.max(most, count);
    faults.unless(count <= caps.get(firm), `${firm} is visited ${count} times, at most ${caps.get(firm)}`);
  }
  faults.settle();
  return `no firm is visited more than ${most} times`;
}

/**
 * Entries after a draw, counted and replayed (PROTOCOL 9): a replacement is the pool's next reserve firm, a substitute
 * the eligible inspector with the lowest ticket.
 *
 * @param draws {draw name: {frame, tickets, reserves?}}
 */
export function checkLater(entries, draws) {
  const faults = new Faults();
  const counts = { commit: 0, replace: 0, result: 0, substitute: 0, void: 0, disclose: 0 };
  const taken = new Map();
  const sent = new Map();
  const hasResult = new Set();
  for (const entry of entries) {
    counts[entry.type]++;
    if (entry.type === "result") hasResult.add(entry.draw);
    if (entry.type !== "replace" && entry.type !== "substitute") continue;
    const where = `entry ${entry.index} (${entry.type})`;
    const draw = draws.get(entry.draw);
    faults.unless(isText(entry.reason), `${where} has no reason`);
    faults.unless(hasResult.has(entry.draw), `${where} is before the result of ${entry.draw}`);
    if (draw === undefined) faults.unless(false, `${where} is of a draw that was not replayed, ${entry.draw}`);
    else if (entry.type === "replace") checkReplace(entry, draw, taken, where, faults);
    else checkSubstitute(entry, draw, sent, where, faults);
  }
  faults.settle();
  return Object.entries(counts).map(([type, count]) => `${count} ${type}`).join(", ");
}

function checkReplace(entry, { frame, reserves }, taken, where, faults) {
  const visit = frame.visits?.get(entry.visit);
  const reserve = reserves?.get(frame.poolOf?.get(visit?.firm));
  if (reserve === undefined) return faults.unless(false, `${where}: ${entry.visit} is no visit of that draw`);
  const key = `${entry.draw} ${frame.poolOf.get(visit.firm)}`;
  const at = taken.get(key) ?? 0;
  taken.set(key, at + 1);
  return faults.unless(entry.firm === reserve[at], `${where}: ${entry.firm} is not the next reserve firm, ${reserve[at]}`);
}

function checkSubstitute(entry, { frame, tickets }, sent, where, faults) {
  const need = frame.needs?.get(`${entry.visit}:${entry.agency}`);
  if (need === undefined) return faults.unless(false, `${where}: nothing was needed at ${entry.visit} of ${entry.agency}`);
  const key = `${entry.draw} ${need.visit} ${need.agency}`;
  if (!sent.has(key)) sent.set(key, { k: 0, names: assigned(frame, need) });
  const known = sent.get(key);
  const free = frame.eligible(need).map(({ name }) => name).filter((name) => !known.names.has(name));
  const [lowest] = tickets.order(`substitute/${need.visit}/${need.agency}/${known.k}`, free, compareBytewise);
  known.k++;
  known.names.add(entry.inspector);
  return faults.unless(entry.inspector === lowest, `${where}: ${entry.inspector} has not the lowest ticket, ${lowest} has`);
}

function assigned(frame, need) {
  const { assignments } = frame.tables;
  const names = assignments.column("inspector");
  return new Set(names.filter((_name, i) => assignments.column("visit")[i] === need.visit && assignments.column("agency")[i] === need.agency));
}
