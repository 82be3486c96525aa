import { FLOW_UNIT } from "./tables.js";

/** "12.345678" for 12 345 678 millionths. */
export function decimal(millionths) {
  return (millionths / FLOW_UNIT).toFixed(6);
}

/** Notes what is wrong with any flow: a node out of balance, an arc there twice, sums beyond whole numbers. */
export function checkBalance(flow, faults) {
  const { entering, leaving } = flow.totals();
  flow.names.forEach((name, node) => {
    faults.unless(
      entering[node] === leaving[node],
      () => `${name}: ${entering[node]} enters and ${leaving[node]} leaves`,
    );
    faults.unless(leaving[node] <= Number.MAX_SAFE_INTEGER, () => `${name}: the flow is beyond 2^53`);
  });
  const seen = new Set();
  for (let arc = 0; arc < flow.size; arc++) {
    const pair = flow.tails[arc] * flow.names.length + flow.heads[arc];
    faults.unless(!seen.has(pair), () => `arc ${arc} from ${nameArc(flow, arc)} is there twice`);
    seen.add(pair);
  }
}

export function nameArc(flow, arc) {
  return `${flow.names[flow.tails[arc]]} to ${flow.names[flow.heads[arc]]}`;
}

/** Node names of PROTOCOL 3 taken apart: ["pool", pool], ["task", task], ["need", visit, agency, qualification?], … or null for grouping nodes. */
export function partsOf(name) {
  const parts = name.split(":");
  const lengths = { pool: [2], task: [2], need: [3, 4], duty: [3], inspector: [2] }[parts[0]];
  return lengths?.includes(parts.length) ? parts : null;
}

/** Throws nothing: the first row where two lists differ, as a sentence, or null. */
export function firstDifference(name, drawn, published) {
  const length = Math.max(drawn.length, published.length);
  for (let row = 0; row < length; row++) {
    if (drawn[row] !== published[row]) {
      return `${name} row ${row + 1}: drawn again ${drawn[row] ?? "nothing"}, published ${published[row] ?? "nothing"}`;
    }
  }
  return null;
}
