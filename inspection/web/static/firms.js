import { compareBytewise } from "./encoding.js";
import { Faults, known } from "./fault.js";
import { decimal, demandBalance, demandSameRows, drawAgain, nameArc } from "./flows.js";
import { Flow } from "./rounding.js";
import { FLOW_UNIT } from "./tables.js";

/** What the steps of a firm draw and of its plan ask of its tables, found once. */
export class FirmFrame {
  constructor(rules, tables) {
    const { firms, pools, months, visits } = tables;
    this.rules = rules;
    this.poolOf = firms.map("firm", "pool");
    this.townOf = firms.map("firm", "town");
    this.tierOf = pools.map("pool", "tier");
    this.kindOf = pools.header.includes("kind") ? pools.map("pool", "kind") : undefined;
    /** Firms of every pool that has any. */
    this.members = new Map();
    for (const [firm, pool] of this.poolOf) {
      if (!this.members.has(pool)) this.members.set(pool, []);
      this.members.get(pool).push(firm);
    }
    this.months = months
      .rows("task", "month", "visits")
      .map(([task, month, count]) => ({ task, month, visits: Number(count) }));
    this.visits = visits
      .rows("visit", "firm", "task", "month")
      .map(([visit, firm, task, month]) => ({ visit, firm, task, month }));
    this.visit = new Map(this.visits.map((visit) => [visit.visit, visit]));
    /** Who is visited now: the firm drawn, or the last that replaced it. */
    this.visited = new Map(this.visits.map(({ visit, firm }) => [visit, firm]));
  }
}

/** Checks what the tables of a firm draw say of one another and of the rules, beyond their form. */
export function checkFirmTables(plan, frame) {
  const faults = new Faults();
  const { rules, members, tierOf } = frame;
  const tiers = rules.take("tiers");
  const tasks = rules.take("tasks");
  const merged = Object.keys(rules.take("combinations"));
  for (const pool of members.keys()) faults.unless(tierOf.has(pool), `pool ${pool} of firms.csv is not in pools.csv`);
  for (const tier of new Set(tierOf.values()))
    faults.unless(tiers.includes(tier), `tier ${tier} of pools.csv is not in rules.json`);
  faults.unless(new Set(tiers).size === tiers.length, "rules.json names a tier twice");
  for (const [task, { agencies }] of Object.entries(tasks)) {
    faults.unless(
      agencies.length > 0 && new Set(agencies).size === agencies.length,
      `task ${task} names no agency, or one twice`,
    );
  }
  faults.unless(rules.take("plan") === plan.name, "rules.json is of another plan");
  for (const task of merged) faults.unless(Object.hasOwn(tasks, task), `combination ${task} is no task`);
  faults.settle();
  return `${merged.length} tasks are combinations; not understood: ${rules.unknown.join(", ") || "nothing"}`;
}

/** "pool" and its name, for "pool:<pool>"; the kind of a grouping node is of no account. */
function partsOf(node) {
  const colon = node.indexOf(":");
  return colon < 0 ? ["", node] : [node.slice(0, colon), node.slice(colon + 1)];
}

/** The arcs pool → task in their order, and whatever else is joined to a pool or a task. */
function readFeeds(frame, flow) {
  const parts = flow.names.map(partsOf);
  const feeds = [];
  for (let arc = 0; arc < flow.size; arc++) {
    const [[from, pool], [to, task]] = [parts[flow.tails[arc]], parts[flow.heads[arc]]];
    if (from !== "pool" && to !== "task") continue;
    feeds.push({
      arc,
      pool,
      task,
      isSound: from === "pool" && to === "task" && frame.tierOf.has(pool),
      flow: flow.flows[arc],
    });
  }
  return feeds;
}

/** What the arcs pool → task add up to. */
function sumUp(feeds) {
  const shares = { ofPool: new Map(), ofTask: new Map(), arcsOfPool: new Map() };
  const raise = (map, key, by) => map.set(key, (map.get(key) ?? 0) + by);
  for (const { pool, task, flow } of feeds) {
    raise(shares.ofPool, pool, flow);
    raise(shares.arcsOfPool, pool, 1);
    raise(shares.ofTask, task, flow);
  }
  return shares;
}

/** Balance and bounds of the flow (PROTOCOL 3, 6). Sets draw.flow, draw.feeds and, once these are sound, draw.shares. */
export function checkFirmFlow(draw) {
  const flow = new Flow(known(draw.tables.flow, "flow.csv"));
  demandBalance(flow);
  draw.flow = flow;
  const frame = known(draw.frame, "the tables");
  draw.feeds = readFeeds(frame, flow);
  const faults = new Faults();
  for (const { arc, isSound } of draw.feeds)
    faults.unless(isSound, () => `${nameArc(flow, arc)} has no place in PROTOCOL 6`);
  faults.settle();
  draw.shares = sumUp(draw.feeds);
  for (const [pool, total] of draw.shares.ofPool) {
    const size = frame.members.get(pool)?.length ?? 0;
    faults.unless(total <= size * FLOW_UNIT, () => `pool ${pool} has flow ${decimal(total)} for ${size} firms`);
  }
  const tasks = frame.rules.take("tasks");
  const due = new Map();
  for (const { task, month, visits } of frame.months) {
    due.set(task, (due.get(task) ?? 0) + visits);
    faults.unless(Object.hasOwn(tasks, task) && tasks[task].months.includes(month), `${task} may not be in ${month}`);
  }
  for (const task of new Set([...due.keys(), ...draw.shares.ofTask.keys()])) {
    const [total, whole] = [draw.shares.ofTask.get(task) ?? 0, due.get(task) ?? 0];
    faults.unless(total === whole * FLOW_UNIT, () => `task ${task} has flow ${decimal(total)}, months.csv ${whole}`);
  }
  faults.settle();
  return "balanced; pools within their sizes, tasks whole and in their months";
}

/** Firms of every pool in ticket order, cut for each task in arc order (PROTOCOL 6.2); what is left is the reserve. */
function cut(frame, feeds, counts, tickets) {
  const ranked = new Map();
  const chosen = new Map(feeds.map(({ task }) => [task, []]));
  for (const [pool, firms] of frame.members) ranked.set(pool, tickets.order("firm", firms));
  for (const { arc, pool, task } of feeds) {
    for (const firm of (ranked.get(pool) ?? []).splice(0, counts[arc])) chosen.get(task).push(firm);
  }
  return { chosen, reserves: ranked };
}

/** The firms of a task as [firm, month], in the order of their visits (PROTOCOL 6.3). */
function deal(frame, task, firms, tickets) {
  const towns = new Map();
  for (const town of new Set(firms.map((firm) => frame.townOf.get(firm)))) towns.set(town, tickets.hex("town", town));
  const ordered = firms.map((firm) => {
    const town = frame.townOf.get(firm);
    return { firm, keys: [towns.get(town), town, tickets.hex("month", firm), firm] };
  });
  ordered.sort((one, other) => {
    const place = one.keys.findIndex((key, i) => key !== other.keys[i]);
    return place < 0 ? 0 : compareBytewise(one.keys[place], other.keys[place]);
  });
  const start = tickets.fraction("start", "month", ordered.length);
  const turned = [...ordered.slice(start), ...ordered.slice(0, start)];
  const months = [];
  for (const row of frame.months) {
    if (row.task !== task) continue;
    for (let i = 0; i < row.visits && months.length < firms.length; i++) months.push(row.month);
  }
  return turned.slice(0, months.length).map(({ firm }, i) => [firm, months[i]]);
}

/** Draws the firms again and compares row by row (PROTOCOL 6). Sets draw.reserves. */
export function replayFirms(draw) {
  const flow = known(draw.flow, "a balanced flow");
  const tickets = known(draw.tickets, "the seed");
  const counts = drawAgain(flow, tickets);
  const frame = known(draw.frame, "the tables");
  const { chosen, reserves } = cut(frame, known(draw.feeds, "the arcs from pools to tasks"), counts, tickets);
  draw.reserves = reserves;
  // PROTOCOL 6.4 does not say how a number is written: the golden bundles have V0001, others more digits.
  const width = Math.max(4, (frame.visits[0]?.visit.length ?? 0) - 1);
  const rows = [];
  for (const [task, firms] of chosen) {
    for (const [firm, month] of deal(frame, task, firms, tickets)) {
      rows.push(`V${String(rows.length + 1).padStart(width, "0")},${firm},${task},${month}`);
    }
  }
  return demandSameRows(
    rows,
    frame.visits.map(({ visit, firm, task, month }) => `${visit},${firm},${task},${month}`),
  );
}

/** Notes a pool whose chance is not what its tier is promised, to one millionth of a visit per arc (decision 0001). */
function checkBounds(frame, shares, pool, bounds, faults) {
  if (bounds === undefined) return;
  const members = frame.members.get(pool);
  const size = BigInt(members.length) * BigInt(FLOW_UNIT);
  const flow = BigInt(shares.ofPool.get(pool) ?? 0);
  const slack = BigInt(shares.arcsOfPool.get(pool) ?? 0);
  const [[low, of], [high, to]] = [bounds.least, bounds.most].map((ratio) => ratio.map(BigInt));
  faults.unless(
    low * size <= (flow + slack) * of && (flow - slack) * to <= high * size,
    () => `pool ${pool}: flow ${decimal(Number(flow))} for ${members.length} firms, not ${low}/${of} to ${high}/${to}`,
  );
}

/** Firms, flow and least and greatest chance of a tier, its exempt pools left out; undefined if nobody is left. */
function addUp(frame, shares, tier, exempt) {
  const pools = [...frame.members.keys()].filter(
    (pool) => frame.tierOf.get(pool) === tier && !Object.hasOwn(exempt, pool),
  );
  const chances = pools.map((pool) => (shares.ofPool.get(pool) ?? 0) / frame.members.get(pool).length);
  const sum = (count) => pools.reduce((total, pool) => total + count(pool), 0);
  return pools.length === 0
    ? undefined
    : {
        tier,
        firms: sum((pool) => frame.members.get(pool).length),
        flow: sum((pool) => shares.ofPool.get(pool) ?? 0),
        slack: sum((pool) => shares.arcsOfPool.get(pool) ?? 0),
        least: chances.reduce((least, chance) => Math.min(least, chance)),
        most: chances.reduce((most, chance) => Math.max(most, chance)),
      };
}

/** Every firm has a chance or an exemption, chances are within their tier's bounds and rise with it in the mean. */
export function checkChances(draw) {
  const shares = known(draw.shares, "the arcs from pools to tasks");
  const frame = known(draw.frame, "the tables");
  const exempt = frame.rules.take("exempt_pools");
  const bounds = frame.rules.take("tier_bounds");
  const faults = new Faults();
  for (const [pool, members] of frame.members) {
    const [flow, reason] = [shares.ofPool.get(pool) ?? 0, Object.hasOwn(exempt, pool) ? exempt[pool] : undefined];
    faults.unless(
      flow > 0 !== (reason !== undefined),
      () => `pool ${pool}: flow ${decimal(flow)} for ${members.length} firms, exemption ${reason ?? "none"}`,
    );
    if (reason === undefined) checkBounds(frame, shares, pool, bounds[frame.tierOf.get(pool)], faults);
  }
  const tiers = frame.rules
    .take("tiers")
    .map((tier) => addUp(frame, shares, tier, exempt))
    .filter(Boolean);
  for (let i = 1; i < tiers.length; i++) {
    const [low, high] = [tiers[i - 1], tiers[i]];
    const isRising =
      BigInt(low.flow - low.slack) * BigInt(high.firms) <= BigInt(high.flow + high.slack) * BigInt(low.firms);
    faults.unless(isRising, `tier ${high.tier} has less chance than ${low.tier}, which is of lower risk`);
  }
  if (draw.tables.chances !== undefined) checkToldChances(draw.tables, frame, shares, faults);
  faults.settle();
  return `${tiers.map(sayTier).join("; ")}; firms with chance 0, by reason: ${sayExempt(frame, exempt)}`;
}

/** chances.csv has a row for every pool, with its firms and its flow. */
function checkToldChances({ chances, pools }, frame, shares, faults) {
  const told = chances.rows("pool", "firms", "flow").map((row) => row.join());
  const due = pools
    .column("pool")
    .map((pool) => [pool, frame.members.get(pool)?.length ?? 0, shares.ofPool.get(pool) ?? 0].join());
  const differing = due.findIndex((row, i) => row !== told[i]);
  faults.unless(
    differing < 0 && told.length === due.length,
    () => `chances.csv has ${told[differing] ?? "rows more"}, not ${due[differing] ?? "these"}`,
  );
}

function sayTier({ tier, firms, flow, least, most }) {
  return `tier ${tier}: ${firms} firms, ${decimal(least)} to ${decimal(most)}, mean ${decimal(flow / firms)}`;
}

function sayExempt(frame, exempt) {
  const counts = new Map();
  for (const [pool, reason] of Object.entries(exempt))
    counts.set(reason, (counts.get(reason) ?? 0) + (frame.members.get(pool)?.length ?? 0));
  return [...counts].map(([reason, count]) => `${reason} ${count}`).join(", ") || "none";
}
