import { demand, Fault, Faults } from "./fault.js";
import { compareBytewise, textOf } from "./encoding.js";

export const FLOW_UNIT = 1_000_000;

// Whatever some program takes for the end of a line: two checkers must never see two tables in one file.
const FORBIDDEN = /["\r\v\f\x1c-\x1e\x85\u2028\u2029]/;

const FORMS = {
  identifier: /^[^:]+$/,
  code: /^[!-9;-~]+$/, // of a firm: in ASCII no letter looks like another alphabet's
  salt: /^[0-9a-f]{32}$/,
  month: /^\d{4}-(0[1-9]|1[0-2])$/,
  date: /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/,
  whole: /^(0|[1-9]\d{0,15})$/,
  node: /^.+$/,
  words: /^[^:]*$/,
  optional: /^[^:\s]*$/,
};

/** PROTOCOL 3: columns and their forms, and those that order the rows, each key once; none where rows are numbered. */
const TABLES = {
  "firms.csv": { columns: { firm: "code", pool: "identifier", town: "identifier", salt: "salt" }, key: ["firm"] },
  "pools.csv": { columns: { pool: "identifier", tier: "identifier", region: "identifier" }, key: ["pool"], more: true },
  // docs/public-bundle.md 2: a further input, there or not
  "chances.csv": { columns: { pool: "identifier", firms: "whole", flow: "whole", salt: "salt" }, key: ["pool"] },
  "flow.csv": { columns: { tail: "node", head: "node", flow: "whole" }, key: [] },
  "months.csv": { columns: { task: "identifier", month: "month", visits: "whole" }, key: ["task", "month"] },
  "visits.csv": {
    columns: { visit: "identifier", firm: "code", task: "identifier", month: "month", salt: "salt" },
    key: [],
  },
  "needs.csv": {
    columns: {
      visit: "identifier",
      agency: "identifier",
      officers: "whole",
      qualified: "whole",
      qualification: "optional",
    },
    key: ["visit", "agency"],
  },
  "inspectors.csv": {
    columns: {
      inspector: "identifier",
      agency: "identifier",
      valid_until: "date",
      qualifications: "words",
      salt: "salt",
    },
    key: ["inspector"],
  },
  "recusals.csv": {
    columns: { inspector: "identifier", firm: "code", reason: "identifier" },
    key: ["inspector", "firm"],
  },
  "assignments.csv": {
    columns: { visit: "identifier", agency: "identifier", inspector: "identifier", salt: "salt" },
    key: ["visit", "agency", "inspector"],
  },
};

/** A table by columns: `column(name)` is one text per row, `size` the number of rows. */
class Table {
  #columns;

  constructor(name, header, columns, size) {
    this.name = name;
    this.header = header;
    this.#columns = columns;
    this.size = size;
  }

  column(name) {
    return this.#columns.get(name);
  }

  /** Every row as a list of the columns named. */
  rows(...names) {
    const columns = names.map((name) => this.column(name));
    return columns[0].map((_text, row) => columns.map((column) => column[row]));
  }

  /** One column by another. */
  map(key, value) {
    const [keys, values] = [this.column(key), this.column(value)];
    const map = new Map();
    for (let row = 0; row < this.size; row++) map.set(keys[row], values[row]);
    return map;
  }
}

/**
 * The table in a file of PROTOCOL 3, of its form and in its order.
 *
 * Throws a Fault: for encoding, line ends, quotes, header or number of fields the first one; else all fields not of
 * their form; else all rows out of order or there twice.
 */
export function readTable(name, bytes) {
  const text = textOf(bytes, name);
  demand(text.endsWith("\n"), `${name}: the last line does not end with LF`);
  demand(!FORBIDDEN.test(text), `${name} holds a quote or a line break other than LF`);
  const lines = text.split("\n");
  lines.pop();
  const header = readHeader(name, lines[0]);
  const size = lines.length - 1;
  const columns = header.map(() => new Array(size));
  for (let row = 0; row < size; row++) {
    const fields = lines[row + 1].split(",");
    if (fields.length !== header.length)
      throw new Fault(`${name} row ${row + 1}: ${fields.length} fields, not ${header.length}`);
    for (let i = 0; i < fields.length; i++) columns[i][row] = fields[i];
  }
  const table = new Table(name, header, new Map(header.map((column, i) => [column, columns[i]])), size);
  demandForms(table);
  demandOrder(table);
  return table;
}

function readHeader(name, line) {
  const header = line.split(",");
  const wanted = Object.keys(TABLES[name].columns);
  const isWanted = wanted.every((column, i) => column === header[i]);
  const isWhole = TABLES[name].more || header.length === wanted.length;
  demand(
    isWanted && isWhole && new Set(header).size === header.length,
    `${name}: its columns are not ${wanted.join()}`,
  );
  return header;
}

function demandForms(table) {
  const faults = new Faults();
  for (const [column, form] of Object.entries(TABLES[table.name].columns)) {
    const texts = table.column(column);
    for (let row = 0; row < table.size; row++) {
      if (!FORMS[form].test(texts[row])) faults.note(`${table.name} row ${row + 1}: ${column} is "${texts[row]}"`);
    }
  }
  faults.settle();
}

function demandOrder(table) {
  const { key } = TABLES[table.name];
  const columns = key.map((column) => table.column(column));
  const faults = new Faults();
  for (let row = 1; columns.length > 0 && row < table.size; row++) {
    const differing = columns.find((texts) => texts[row - 1] !== texts[row]);
    if (differing !== undefined && compareBytewise(differing[row - 1], differing[row]) < 0) continue;
    faults.note(`${table.name} row ${row + 1} is not after the row before it, by ${key.join(", ")}`);
  }
  faults.settle();
}
