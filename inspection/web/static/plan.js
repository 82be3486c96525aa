import { isText } from "./canonical.js";
import { demand, Faults, known, NotChecked } from "./fault.js";

// Rules that hold over all draws of a plan, by plain counting, and what happened after the draws (PROTOCOL 9 and 10).
// Nothing here knows of flows or seeds but the replacement by ticket order.

/** Rules that every firm draw of a plan must repeat, or nobody could say which of them binds. */
const PER_PLAN = ["tiers", "coverage", "joint_share", "visits_per_firm", "visits_by_tier"];

function countingDraws(plan, kind) {
  return plan.draws.filter((draw) => draw.kind === kind && !draw.isVoid);
}

/** The frames of the firm draws that count; coverage is of the first one's register. */
function framesOf(plan) {
  const frames = countingDraws(plan, "firms").map((draw) => known(draw.frame, `the tables of ${draw.folder}`));
  return known(frames.length > 0 ? frames : undefined, "a firm draw that counts");
}

/** Distinct firms visited against the share of all firms, rounded up. */
export function checkCoverage(plan) {
  demand(countingDraws(plan, "firms").length > 0, "no firm draw counts");
  const frames = framesOf(plan);
  const [first] = frames;
  const faults = new Faults();
  for (const rule of PER_PLAN) {
    const values = new Set(frames.map(({ rules }) => rules.spelled(rule)));
    faults.unless(values.size === 1, `rule ${rule} differs between firm draws`);
  }
  faults.settle();
  const { numerator, denominator, kinds } = first.rules.take("coverage");
  demand(kinds === undefined || first.kindOf !== undefined, "coverage counts kinds, and pools.csv has no column kind");
  const isCounted = (firm) => kinds === undefined || kinds.includes(first.kindOf.get(first.poolOf.get(firm)));
  const register = new Set([...first.poolOf.keys()].filter(isCounted));
  const visited = new Set(
    frames.flatMap(({ visits }) => visits.map(({ firm }) => firm)).filter((firm) => register.has(firm)),
  );
  const least = (BigInt(numerator) * BigInt(register.size) + BigInt(denominator) - 1n) / BigInt(denominator);
  const of = `${register.size} (${kinds?.join(", ") ?? "all kinds"})`;
  const said = `${visited.size} distinct firms of ${of}, at least ${least}`;
  demand(visited.size >= least, said);
  return said;
}

/** Joint visits, firms or tasks (two agencies or more) against the share wanted. */
export function checkJointShare(plan) {
  const frames = framesOf(plan);
  const all = { visits: new Set(), firms: new Set(), tasks: new Set() };
  const joint = { visits: new Set(), firms: new Set(), tasks: new Set() };
  frames.forEach(({ rules, visits }, place) => {
    const tasks = rules.take("tasks");
    for (const { visit, firm, task } of visits) {
      demand(Object.hasOwn(tasks, task), `visit ${visit} is of no task, ${task}`);
      for (const group of tasks[task].agencies.length > 1 ? [all, joint] : [all]) {
        group.visits.add(`${place} ${visit}`);
        group.firms.add(firm);
        group.tasks.add(`${place} ${task}`);
      }
    }
  });
  const { numerator, denominator, counted_by: by } = frames[0].rules.take("joint_share");
  const counts = Object.keys(all)
    .map((name) => `${name} ${joint[name].size} of ${all[name].size}`)
    .join(", ");
  const said = `${counts}; binding: ${by}, ${numerator}/${denominator}`;
  demand(BigInt(joint[by].size) * BigInt(denominator) >= BigInt(all[by].size) * BigInt(numerator), said);
  return said;
}

/** Officers owed per agency and month against the most seats the rules of a firm draw state: staff may have grown. */
export function checkSeats(plan) {
  const used = new Map();
  for (const draw of countingDraws(plan, "inspectors")) {
    const of = known(draw.of, `the firm draw of ${draw.folder}`);
    for (const { visit, agency, officers } of draw.frame.needs.values()) {
      demand(of.visit.has(visit), `need ${visit}:${agency} is of no visit`);
      const { month } = of.visit.get(visit);
      const key = `${agency}:${month}`;
      if (!used.has(key)) used.set(key, { agency, month, count: 0 });
      used.get(key).count += officers;
    }
  }
  const stated = used.size === 0 ? [] : framesOf(plan).map(({ rules }) => rules.take("monthly_seats"));
  const faults = new Faults();
  for (const { agency, month, count } of used.values()) {
    const most = Math.max(...stated.map((seats) => seats[agency]?.[month] ?? Infinity));
    faults.unless(count <= most, `${agency} ${month}: ${count} officers, ${most} seats`);
  }
  faults.settle();
  const staffed = countingDraws(plan, "inspectors").map((draw) => draw.base);
  const alone = countingDraws(plan, "firms").filter((draw) => !staffed.includes(draw));
  if (alone.length > 0) throw new NotChecked(`no inspectors were drawn for ${alone.map((draw) => draw.folder).join(", ")}`);
  return "within those the rules state, if any";
}

/** Entries after a draw, counted and replayed (PROTOCOL 9). Sets plan.replaced: [{draw, firm}], who came in. */
export function checkLater(plan) {
  const entries = known(plan.entries, "the entries");
  const counts = new Map(["void", "replace", "substitute"].map((type) => [type, 0]));
  const replaced = [];
  const gone = new Map();
  for (const entry of entries) {
    counts.set(entry.type, (counts.get(entry.type) ?? 0) + 1);
    if (!["replace", "substitute"].includes(entry.type)) continue;
    const where = `entry ${entry.index}`;
    const draw = plan.draws.find((one) => one.name === entry.draw);
    demand(draw, `${where} is of no draw of this bundle`);
    const end = known(draw.end, `the result of ${draw.folder}`);
    demand(
      entry.index > end.index && !draw.isVoid && isText(entry.reason),
      `${where}: no reason, or no result before it`,
    );
    const [found, due] = entry.type === "replace" ? replace(draw, entry, replaced) : substitute(draw, entry, gone);
    demand(found === due, `${where}: ${entry.type} in ${entry.visit} must be by ${due}, not ${found}`);
  }
  plan.replaced = replaced;
  return [...counts]
    .sort()
    .map(([type, count]) => `${count} ${type}`)
    .join(", ");
}

/** The pool's next reserve firm comes in. */
function replace(draw, { visit, firm }, replaced) {
  const reserves = known(draw.reserves, `the reserves of ${draw.folder}`);
  demand(draw.frame.visited.has(visit), `${draw.folder} has no visit ${visit}`);
  const due = reserves.get(draw.frame.poolOf.get(draw.frame.visited.get(visit)))?.shift();
  demand(due !== undefined, `the pool of visit ${visit} has no firm in reserve`);
  draw.frame.visited.set(visit, due);
  replaced.push({ draw, firm: due });
  return [firm, due];
}

/** The eligible inspector with the lowest ticket comes in; nobody twice for one need. */
function substitute(draw, { visit, agency, inspector }, gone) {
  const eligible = known(draw.eligible, `who is eligible in ${draw.folder}`);
  const key = `${draw.name}:${visit}:${agency}`;
  if (!gone.has(key)) gone.set(key, []);
  const out = gone.get(key);
  const team = draw.frame.assignments
    .filter((row) => row.visit === visit && row.agency === agency)
    .map((row) => row.inspector);
  const able = eligible(visit, agency).filter((name) => !team.includes(name) && !out.includes(name));
  const [due] = known(draw.tickets, "the seed").order(`substitute/${visit}/${agency}/${out.length}`, able);
  demand(due !== undefined, `nobody is left to be sent to ${visit}`);
  out.push(due);
  return [inspector, due];
}

/** How often a firm is visited in the whole plan, replacements included, against the cap of its tier at that draw. */
export function checkCaps(plan) {
  const frames = framesOf(plan);
  const [byTier, cap] = [frames[0].rules.take("visits_by_tier"), frames[0].rules.take("visits_per_firm")];
  const times = new Map();
  const faults = new Faults();
  const visits = countingDraws(plan, "firms").flatMap((draw) => draw.frame.visits.map(({ firm }) => ({ draw, firm })));
  visits.push(...(plan.replaced ?? []));
  visits.sort(
    (one, other) =>
      known(one.draw.end, "the results in the log").index - known(other.draw.end, "the results in the log").index,
  );
  for (const { draw, firm } of visits) {
    times.set(firm, (times.get(firm) ?? 0) + 1);
    const tier = draw.frame.tierOf.get(draw.frame.poolOf.get(firm));
    faults.unless(tier !== undefined, `${firm} is of no tier`);
    faults.unless(times.get(firm) <= (byTier[tier] ?? cap), `${firm} is visited ${times.get(firm)} times`);
  }
  faults.settle();
  const most = [...times.values()].reduce((one, other) => Math.max(one, other), 0);
  const said = Object.keys(byTier).length > 0 ? JSON.stringify(byTier) : cap;
  return `no firm is visited more than ${most} times; the cap is ${said}`;
}
