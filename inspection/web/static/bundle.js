import { demandShape, isText, parseCanonical } from "./canonical.js";
import { demand, Faults } from "./fault.js";

export const PROTOCOL = "open-draw/1";

/** PROTOCOL 3: the tables and rules of a draw left of the bar, and the result right of it. */
export const INPUTS = {
  firms: ["rules.json", "firms.csv", "pools.csv", "flow.csv", "months.csv"],
  inspectors: ["needs.csv", "inspectors.csv", "recusals.csv", "flow.csv"],
};
export const RESULT = { firms: "visits.csv", inspectors: "assignments.csv" };

/** Files by path, from a Map or from an object with `list()` and `read(path)`; either may answer by promise. */
export class Bundle {
  #files;
  #paths = new Set();

  constructor(files) {
    this.#files = files instanceof Map ? { list: () => [...files.keys()], read: (path) => files.get(path) } : files;
  }

  /** Lists the files; until then the bundle is empty. */
  async open() {
    this.#paths = new Set(await this.#files.list());
  }

  /** The bytes of a file; a Fault if the bundle has none of that path. */
  async read(path) {
    demand(this.#paths.has(path), `${path} is missing or no plain file`);
    return this.#files.read(path);
  }

  /** What lies right under a folder: names of files and of folders. */
  names(folder) {
    const under = [...this.#paths].filter((path) => path.startsWith(`${folder}/`));
    return [...new Set(under.map((path) => path.slice(folder.length + 1).split("/")[0]))];
  }
}

/** What is found about one draw, step by step; what no step has found is undefined. */
function drawOf(plan, folder) {
  return { folder, name: `${plan}/${folder}`, kind: folder.split("-")[1], isVoid: false };
}

/** Reads bundle.json into `plan`: its name, even where the rest is wrong, and its draws. */
export async function readHead(bundle, plan) {
  const head = parseCanonical(await bundle.read("bundle.json"), "bundle.json");
  plan.name = head.plan;
  demandShape(
    head,
    {
      protocol: (value) => value === PROTOCOL,
      plan: isText,
      draws: (value) => Array.isArray(value) && value.every((name) => /^\d+-(firms|inspectors)$/.test(name)),
    },
    "bundle.json",
  );
  const faults = new Faults();
  const found = bundle.names("draws");
  for (const name of head.draws) faults.unless(found.includes(name), `draws/${name} is missing`);
  for (const name of found) faults.unless(head.draws.includes(name), `draws/${name} is not listed`);
  const numbers = head.draws.map((name) => Number.parseInt(name, 10));
  faults.unless(
    numbers.every((number, i) => i === 0 || numbers[i - 1] < number),
    "the draws are not numbered in order",
  );
  faults.settle();
  plan.draws = head.draws.map((folder) => drawOf(head.plan, folder));
  return `plan ${head.plan}, draws ${head.draws.join(", ")}`;
}
