import { FLOW_UNIT } from "./tables.js";

/**
 * The arcs of a flow by number: `tails`, `heads` (node numbers), `flows` in millionths. Node numbers follow first
 * appearance; `names` turns them back and `nodes` gives the number of a name.
 */
export class Flow {
  constructor(table) {
    this.nodes = new Map();
    this.names = [];
    this.size = table.size;
    this.tails = this.#number(table.column("tail"));
    this.heads = this.#number(table.column("head"));
    this.flows = Float64Array.from(table.column("flow"), Number);
  }

  #number(names) {
    const numbers = new Int32Array(names.length);
    for (let i = 0; i < names.length; i++) {
      let number = this.nodes.get(names[i]);
      if (number === undefined) {
        number = this.names.push(names[i]) - 1;
        this.nodes.set(names[i], number);
      }
      numbers[i] = number;
    }
    return numbers;
  }

  /** What enters each node and what leaves it, in millionths. */
  totals() {
    const entering = new Float64Array(this.names.length);
    const leaving = new Float64Array(this.names.length);
    for (let arc = 0; arc < this.size; arc++) {
      leaving[this.tails[arc]] += this.flows[arc];
      entering[this.heads[arc]] += this.flows[arc];
    }
    return { entering, leaving };
  }
}

/** The two lowest-numbered fractional arcs of every node. Arcs only ever settle, so both marks only ever move on. */
class Fractional {
  #from;
  #arcs;
  #first;
  #second;
  #rests;

  constructor(flow, rests) {
    const nodes = flow.names.length;
    this.#rests = rests;
    this.#from = new Int32Array(nodes + 1);
    const touch = (visit) => {
      for (let arc = 0; arc < flow.size; arc++) {
        if (rests[arc] === 0) continue;
        visit(flow.tails[arc], arc);
        if (flow.heads[arc] !== flow.tails[arc]) visit(flow.heads[arc], arc);
      }
    };
    touch((node) => this.#from[node + 1]++);
    for (let node = 0; node < nodes; node++) this.#from[node + 1] += this.#from[node];
    this.#arcs = new Int32Array(this.#from[nodes]);
    this.#first = this.#from.slice(0, nodes);
    touch((node, arc) => (this.#arcs[this.#first[node]++] = arc));
    this.#first.set(this.#from.subarray(0, nodes));
    this.#second = this.#first.map((mark) => mark + 1);
  }

  /** The lowest-numbered fractional arc touching the node, except one; -1 if there is none. */
  lowest(node, except) {
    const stop = this.#from[node + 1];
    let first = this.#first[node];
    while (first < stop && this.isSettled(this.#arcs[first])) first++;
    this.#first[node] = first;
    if (first >= stop) return -1;
    if (this.#arcs[first] !== except) return this.#arcs[first];
    let second = Math.max(this.#second[node], first + 1);
    while (second < stop && this.isSettled(this.#arcs[second])) second++;
    this.#second[node] = second;
    return second < stop ? this.#arcs[second] : -1;
  }

  isSettled(arc) {
    return this.#rests[arc] === 0 || this.#rests[arc] === FLOW_UNIT;
  }
}

/** Turns the cycle of walk[from …] by what the coin says (PROTOCOL 5.3 and 5.4). */
function turn(walk, from, rests, tossed) {
  let up = FLOW_UNIT;
  let down = FLOW_UNIT;
  for (let i = from; i < walk.length; i++) {
    const rest = rests[walk.arcs[i]];
    const room = FLOW_UNIT - rest;
    up = Math.min(up, walk.isForward[i] ? room : rest);
    down = Math.min(down, walk.isForward[i] ? rest : room);
  }
  const step = tossed(up + down) < down ? up : -down;
  for (let i = from; i < walk.length; i++) rests[walk.arcs[i]] += walk.isForward[i] ? step : -step;
}

/**
 * The whole numbers a balanced flow is rounded to, one per arc (PROTOCOL 5).
 *
 * `coin(i, n)` is that of PROTOCOL 4. The flow must be balanced; a walk that cannot go on throws an Error.
 */
export function round(flow, coin) {
  const { tails, heads, flows, size } = flow;
  const rests = Int32Array.from(flows, (millionths) => millionths % FLOW_UNIT);
  const fractional = new Fractional(flow, rests);
  const walk = { arcs: new Int32Array(size + 1), isForward: new Uint8Array(size + 1), length: 0 };
  const place = new Int32Array(flow.names.length).fill(-1); // of a node on the walk: the arcs walked before it
  let cycles = 0;
  for (let start = 0; start < size; start++) {
    if (fractional.isSettled(start)) continue;
    let node = tails[start];
    place[node] = 0;
    for (;;) {
      const arc = fractional.lowest(node, walk.length > 0 ? walk.arcs[walk.length - 1] : -1);
      if (arc < 0) break;
      const isForward = tails[arc] === node;
      const next = isForward ? heads[arc] : tails[arc];
      walk.arcs[walk.length] = arc;
      walk.isForward[walk.length++] = isForward ? 1 : 0;
      if (place[next] >= 0) {
        const from = place[next];
        const index = cycles++;
        turn(walk, from, rests, (n) => coin(index, n));
        for (let i = from; i < walk.length; i++)
          place[walk.isForward[i] ? heads[walk.arcs[i]] : tails[walk.arcs[i]]] = -1;
        walk.length = from;
        place[next] = from;
      } else {
        place[next] = walk.length;
      }
      node = next;
    }
    if (walk.length > 0) throw new Error("the flow is not balanced: the walk of PROTOCOL 5 came to a dead end");
    place[node] = -1;
  }
  return Float64Array.from(
    flows,
    (millionths, arc) => Math.floor(millionths / FLOW_UNIT) + (rests[arc] === FLOW_UNIT ? 1 : 0),
  );
}
