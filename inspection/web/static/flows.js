import { demand, Faults } from "./fault.js";
import { round } from "./rounding.js";
import { FLOW_UNIT } from "./tables.js";

/** "12.345678" for 12 345 678 millionths. */
export function decimal(millionths) {
  return (millionths / FLOW_UNIT).toFixed(6);
}

export function nameArc(flow, arc) {
  return `the arc from ${flow.names[flow.tails[arc]]} to ${flow.names[flow.heads[arc]]}`;
}

/** Throws a Fault unless every node of the flow is in balance and every arc joins two nodes once (PROTOCOL 3). */
export function demandBalance(flow) {
  const faults = new Faults();
  const seen = new Set();
  for (let arc = 0; arc < flow.size; arc++) {
    const pair = flow.tails[arc] * flow.names.length + flow.heads[arc];
    if (seen.has(pair) || flow.tails[arc] === flow.heads[arc])
      faults.note(`${nameArc(flow, arc)} is there twice, or a loop`);
    seen.add(pair);
  }
  const { entering, leaving } = flow.totals();
  flow.names.forEach((name, node) => {
    faults.unless(
      entering[node] === leaving[node],
      () => `${name} receives ${entering[node]} and gives ${leaving[node]}`,
    );
    faults.unless(leaving[node] <= Number.MAX_SAFE_INTEGER, () => `${name} has a flow beyond 2^53`);
  });
  faults.settle();
}

/** The rounded flow; every named total ends at its floor or its ceiling (PROTOCOL 1), or a Fault. */
export function drawAgain(flow, tickets) {
  const counts = round(flow, (i, n) => tickets.coin(i, n));
  const totals = new Float64Array(flow.names.length);
  for (let arc = 0; arc < flow.size; arc++) totals[flow.heads[arc]] += counts[arc];
  const { entering } = flow.totals();
  const faults = new Faults();
  flow.names.forEach((name, node) => {
    const isNear = Math.abs(totals[node] * FLOW_UNIT - entering[node]) < FLOW_UNIT;
    faults.unless(!name.includes(":") || isNear, () => `${name}: ${decimal(entering[node])} became ${totals[node]}`);
  });
  faults.settle();
  return counts;
}

/** Throws a Fault unless the rows drawn again are those published; returns the sentence that says so. */
export function demandSameRows(drawn, published) {
  const row = drawn.findIndex((text, i) => text !== published[i]);
  const count = `${drawn.length} rows drawn, ${published.length} published`;
  demand(row < 0, () => `${count}; row ${row + 1}: drawn ${drawn[row]}, published ${published[row] ?? "nothing"}`);
  demand(drawn.length === published.length, count);
  return `${drawn.length} rows drawn again, all equal to those published`;
}
