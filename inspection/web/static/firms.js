import { compareBytewise } from "./encoding.js";
import { demand, Faults } from "./fault.js";
import { checkBalance, decimal, firstDifference, nameArc, partsOf } from "./flows.js";
import { round } from "./rounding.js";
import { FLOW_UNIT } from "./tables.js";

/** What the other steps ask of the tables of a firm draw, found once. */
export class FirmFrame {
  constructor(rules, tables) {
    this.rules = rules;
    this.tables = tables;
    const { firms, pools, visits } = tables;
    this.poolOf = new Map(zip(firms.column("firm"), firms.column("pool")));
    this.townOf = new Map(zip(firms.column("firm"), firms.column("town")));
    this.tierOf = new Map(zip(pools.column("pool"), pools.column("tier")));
    this.kindOf = pools.header.includes("kind") ? new Map(zip(pools.column("pool"), pools.column("kind"))) : null;
    this.members = new Map(pools.column("pool").map((pool) => [pool, []]));
    for (const [firm, pool] of this.poolOf) this.members.get(pool)?.push(firm);
    this.visits = new Map();
    for (let row = 0; row < visits.size; row++) {
      const [visit, firm, task, month] = ["visit", "firm", "task", "month"].map((column) => visits.column(column)[row]);
      this.visits.set(visit, { visit, firm, task, month });
    }
  }
}

function* zip(keys, values) {
  for (let i = 0; i < keys.length; i++) yield [keys[i], values[i]];
}

/** Notes the rows of one table that name what no other has, and numbers out of order. */
export function checkFirmTables(frame) {
  const { rules, tables, tierOf, poolOf } = frame;
  const faults = new Faults();
  const { firms, pools, months, visits } = tables;
  firms.column("pool").forEach((pool, i) => faults.unless(tierOf.has(pool), () => `firms.csv row ${i + 1}: no pool ${pool}`));
  pools.column("tier").forEach((tier, i) => faults.unless(rules.tiers.includes(tier), () => `pools.csv row ${i + 1}: no tier ${tier}`));
  for (let i = 0; i < months.size; i++) checkMonth(rules, months.column("task")[i], months.column("month")[i], `months.csv row ${i + 1}`, faults);
  for (let i = 0; i < visits.size; i++) {
    const where = `visits.csv row ${i + 1}`;
    checkMonth(rules, visits.column("task")[i], visits.column("month")[i], where, faults);
    faults.unless(poolOf.has(visits.column("firm")[i]), () => `${where}: no firm ${visits.column("firm")[i]}`);
    faults.unless(Number(/^\D*(\d+)$/.exec(visits.column("visit")[i])?.[1]) === i + 1, () => `${where}: the visit is numbered ${visits.column("visit")[i]}`);
  }
  faults.unless(new Set(visits.column("visit")).size === visits.size, "visits.csv numbers two visits alike");
  for (const pool of Object.keys(rules.exempt_pools)) faults.unless(tierOf.has(pool), `rules.json exempts a pool there is not, ${pool}`);
  faults.settle();
}

function checkMonth(rules, task, month, where, faults) {
  const rule = rules.tasks[task];
  faults.unless(rule !== undefined, () => `${where}: no task ${task}`);
  faults.unless(rule === undefined || rule.months.includes(month), () => `${where}: ${task} has no visits in ${month}`);
}

/** What flow.csv says of pools and tasks: arcs pool → task in their order, and the flow of each pool and task. */
function readShares(flow) {
  const shares = { arcs: [], ofPool: new Map(), ofTask: new Map(), arcsOfPool: new Map(), stray: [] };
  const parts = flow.names.map(partsOf);
  const raise = (map, key, by) => map.set(key, (map.get(key) ?? 0) + by);
  for (let arc = 0; arc < flow.size; arc++) {
    const [tail, head] = [parts[flow.tails[arc]], parts[flow.heads[arc]]];
    const isPool = tail?.[0] === "pool";
    const isTask = head?.[0] === "task";
    if (isPool !== isTask) shares.stray.push(arc);
    if (!isPool || !isTask) continue;
    shares.arcs.push({ arc, pool: tail[1], task: head[1] });
    raise(shares.ofPool, tail[1], flow.flows[arc]);
    raise(shares.arcsOfPool, tail[1], 1);
    raise(shares.ofTask, head[1], flow.flows[arc]);
  }
  return shares;
}

/** Balance and bounds of the flow of a firm draw (PROTOCOL 3 and 6). */
export function checkFirmFlow(frame, flow) {
  const faults = new Faults();
  checkBalance(flow, faults);
  const { months } = frame.tables;
  const shares = readShares(flow);
  for (const arc of shares.stray) faults.unless(false, `arc ${arc} from ${nameArc(flow, arc)} joins a pool or a task to something else`);
  for (const [pool, total] of shares.ofPool) {
    const size = frame.members.get(pool)?.length;
    faults.unless(size !== undefined, `pool ${pool} of the flow is not in pools.csv`);
    faults.unless(size === undefined || total <= size * FLOW_UNIT, () => `pool ${pool}: ${decimal(total)} visits for ${size} firms`);
  }
  const wanted = new Map();
  for (const [task, visits] of zip(months.column("task"), months.numbers("visits"))) wanted.set(task, (wanted.get(task) ?? 0) + visits);
  for (const task of new Set([...wanted.keys(), ...shares.ofTask.keys()])) {
    const [total, whole] = [shares.ofTask.get(task) ?? 0, wanted.get(task) ?? 0];
    faults.unless(total === whole * FLOW_UNIT, () => `task ${task}: the flow is ${decimal(total)}, months.csv adds up to ${whole}`);
  }
  faults.settle();
  return shares;
}

/** Firms of every pool in ticket order, and a cut for each task, in arc order (PROTOCOL 6.2). */
function cut(frame, shares, counts, tickets) {
  const drawn = new Map(shares.arcs.map(({ task }) => [task, []]));
  const reserves = new Map();
  const at = new Map();
  for (const [pool, firms] of frame.members) reserves.set(pool, tickets.order("firm", firms, compareBytewise));
  for (const { arc, pool, task } of shares.arcs) {
    const from = at.get(pool) ?? 0;
    const firms = reserves.get(pool) ?? [];
    demand(from + counts[arc] <= firms.length, `pool ${pool} has no ${from + counts[arc]} firms`);
    for (let i = from; i < from + counts[arc]; i++) drawn.get(task).push(firms[i]);
    at.set(pool, from + counts[arc]);
  }
  for (const [pool, from] of at) reserves.set(pool, reserves.get(pool).slice(from));
  return { drawn, reserves };
}

/** The firms of a task dealt to its months (PROTOCOL 6.3), as [firm, month]. */
function* deal(frame, firms, months, tickets, townTicket) {
  const ordered = firms.map((firm) => {
    const town = frame.townOf.get(firm);
    return { firm, town, key: townTicket(town), month: tickets.hex("month", firm) };
  });
  ordered.sort((one, other) =>
    compareBytewise(one.key, other.key) || compareBytewise(one.town, other.town) ||
    compareBytewise(one.month, other.month) || compareBytewise(one.firm, other.firm));
  let at = tickets.fraction("start", "month", ordered.length);
  for (const [month, visits] of months) {
    for (let i = 0; i < visits; i++, at++) {
      const place = ordered[at % ordered.length];
      if (place !== undefined) yield [place.firm, month];
    }
  }
}

/** Draws the firms again and compares row by row; returns how many rows, and every pool's reserve in order (PROTOCOL 6). */
export function replayFirms(frame, flow, tickets) {
  const { months, visits } = frame.tables;
  const shares = readShares(flow);
  const counts = round(flow, (i, n) => tickets.coin(i, n));
  const { drawn, reserves } = cut(frame, shares, counts, tickets);
  const towns = new Map();
  const townTicket = (town) => {
    if (!towns.has(town)) towns.set(town, tickets.hex("town", town));
    return towns.get(town);
  };
  const rows = [];
  for (const [task, firms] of drawn) {
    const monthsOfTask = [];
    months.column("task").forEach((name, i) => name === task && monthsOfTask.push([months.column("month")[i], Number(months.column("visits")[i])]));
    for (const [firm, month] of deal(frame, firms, monthsOfTask, tickets, townTicket)) rows.push(`${firm},${task},${month}`);
  }
  const published = visits.column("firm").map((firm, i) => `${firm},${visits.column("task")[i]},${visits.column("month")[i]}`);
  const difference = firstDifference("visits.csv", rows, published);
  demand(difference === null, difference);
  return { rows: rows.length, reserves };
}

/** The chances of a tier: how many firms share which flow, and the least and greatest chance among pools. */
function addUp(frame, shares) {
  const tiers = new Map(frame.rules.tiers.map((tier) => [tier, { firms: 0, flow: 0, least: Infinity, most: 0 }]));
  for (const [pool, members] of frame.members) {
    const tier = tiers.get(frame.tierOf.get(pool));
    if (members.length === 0 || pool in frame.rules.exempt_pools || tier === undefined) continue;
    const flow = shares.ofPool.get(pool) ?? 0;
    const chance = flow / members.length / FLOW_UNIT;
    tier.firms += members.length;
    tier.flow += flow;
    tier.least = Math.min(tier.least, chance);
    tier.most = Math.max(tier.most, chance);
  }
  return tiers;
}

function checkBounds(frame, shares, pool, faults) {
  const bounds = frame.rules.tier_bounds?.[frame.tierOf.get(pool)];
  const size = BigInt(frame.members.get(pool).length);
  if (bounds === undefined || size === 0n) return;
  const flow = BigInt(shares.ofPool.get(pool) ?? 0);
  const slack = BigInt(shares.arcsOfPool.get(pool) ?? 0); // decision 0001: one millionth of a visit per arc
  const scaled = ([numerator]) => BigInt(numerator) * size * BigInt(FLOW_UNIT);
  faults.unless((flow + slack) * BigInt(bounds.least[1]) >= scaled(bounds.least), `pool ${pool}: its chance is below that of its tier`);
  faults.unless((flow - slack) * BigInt(bounds.most[1]) <= scaled(bounds.most), `pool ${pool}: its chance is above that of its tier`);
}

/** Each firm's chance: positive unless exempt with a reason, within its tier's bounds, rising with tier in the mean (PROTOCOL 10). */
export function checkChances(frame, flow) {
  const shares = readShares(flow);
  const faults = new Faults();
  const exempt = new Map();
  for (const [pool, members] of frame.members) {
    const total = shares.ofPool.get(pool) ?? 0;
    const reason = frame.rules.exempt_pools[pool];
    faults.unless(reason === undefined || total === 0, `pool ${pool} is exempt and has a chance`);
    faults.unless(reason !== undefined || total > 0 || members.length === 0, () => `${members.length} firms of pool ${pool} have chance 0 and no reason`);
    if (reason !== undefined) exempt.set(reason, (exempt.get(reason) ?? 0) + members.length);
    else checkBounds(frame, shares, pool, faults);
  }
  const tiers = [...addUp(frame, shares)].filter(([, tier]) => tier.firms > 0);
  for (let i = 1; i < tiers.length; i++) {
    const [[low, less], [high, more]] = [tiers[i - 1], tiers[i]];
    const isRising = BigInt(less.flow) * BigInt(more.firms) <= BigInt(more.flow) * BigInt(less.firms);
    faults.unless(isRising, `tier ${high} has a lower chance than tier ${low}`);
  }
  faults.settle();
  const said = tiers.map(([name, tier]) => `tier ${name}: ${tier.firms} firms, ${tier.least.toFixed(6)} to ${tier.most.toFixed(6)}, mean ${(tier.flow / tier.firms / FLOW_UNIT).toFixed(6)}`);
  return `${said.join("; ")}; firms with chance 0, by reason: ${[...exempt].map(([reason, count]) => `${reason} ${count}`).join(", ") || "none"}`;
}
