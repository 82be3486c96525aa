import { demand, Faults } from "./fault.js";
import { compareBytewise, textOf } from "./encoding.js";

export const FLOW_UNIT = 1_000_000;

const FORMS = {
  identifier: /^[^:]+$/,
  salt: /^[0-9a-f]{32}$/,
  month: /^\d{4}-(0[1-9]|1[0-2])$/,
  date: /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/,
  whole: /^(0|[1-9]\d{0,15})$/,
  node: /./,
  words: /^$|^[^: ]+( [^: ]+)*$/,
  optional: /^[^:]*$/,
};

/** PROTOCOL 3: columns and their forms, and the columns that order the rows and appear once; none where rows are numbered. */
const TABLES = {
  "firms.csv": { columns: { firm: "identifier", pool: "identifier", town: "identifier", salt: "salt" }, key: ["firm"] },
  "pools.csv": { columns: { pool: "identifier", tier: "identifier", region: "identifier" }, key: ["pool"], more: true },
  "flow.csv": { columns: { tail: "node", head: "node", flow: "whole" }, key: [] },
  "months.csv": { columns: { task: "identifier", month: "month", visits: "whole" }, key: ["task", "month"] },
  "visits.csv": {
    columns: { visit: "identifier", firm: "identifier", task: "identifier", month: "month", salt: "salt" },
    key: [],
  },
  "needs.csv": {
    columns: { visit: "identifier", agency: "identifier", officers: "whole", qualified: "whole", qualification: "optional" },
    key: ["visit", "agency"],
  },
  "inspectors.csv": {
    columns: { inspector: "identifier", agency: "identifier", valid_until: "date", qualifications: "words", salt: "salt" },
    key: ["inspector"],
  },
  "recusals.csv": {
    columns: { inspector: "identifier", firm: "identifier", reason: "identifier" },
    key: ["inspector", "firm"],
  },
  "assignments.csv": {
    columns: { visit: "identifier", agency: "identifier", inspector: "identifier", salt: "salt" },
    key: ["visit", "agency", "inspector"],
  },
};

/** A table by columns: `column(name)` is one text per row, `size` the number of rows. */
export class Table {
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

  numbers(name) {
    return this.column(name).map(Number);
  }
}

/**
 * The table in a file of PROTOCOL 3.
 *
 * Throws a Fault where the file is no table at all: encoding, line ends, quotes, header, number of fields.
 */
export function readTable(name, bytes) {
  const text = textOf(bytes, name);
  demand(text.endsWith("\n"), `${name}: the last line does not end with LF`);
  demand(!/["\r\ufeff\0]/.test(text), `${name} holds a quote, a carriage return, a byte order mark or a NUL`);
  const lines = text.split("\n");
  lines.pop();
  const header = lines[0].split(",");
  const wanted = Object.keys(TABLES[name].columns);
  const isWanted = wanted.every((column, i) => column === header[i]) && new Set(header).size === header.length;
  demand(
    isWanted && !header.includes("") && (TABLES[name].more || header.length === wanted.length),
    `${name}: the header is ${lines[0]}, not ${wanted.join(",")}`,
  );
  const size = lines.length - 1;
  const columns = header.map(() => new Array(size));
  for (let row = 0; row < size; row++) {
    const fields = lines[row + 1].split(",");
    demand(fields.length === header.length, `${name} row ${row + 1}: ${fields.length} fields, not ${header.length}`);
    for (let i = 0; i < fields.length; i++) columns[i][row] = fields[i];
  }
  return new Table(name, header, new Map(header.map((column, i) => [column, columns[i]])), size);
}

function compareRows(table, key, one, other) {
  for (const column of key) {
    const order = compareBytewise(table.column(column)[one], table.column(column)[other]);
    if (order !== 0) return order;
  }
  return 0;
}

/** Throws a Fault with every field not of its form and every row out of order or there twice. */
export function demandForm(table) {
  const { columns, key } = TABLES[table.name];
  const faults = new Faults();
  for (const [column, form] of Object.entries(columns)) {
    const texts = table.column(column);
    for (let row = 0; row < table.size; row++) {
      faults.unless(FORMS[form].test(texts[row]), () => `${table.name} row ${row + 1}: ${column} is "${texts[row]}"`);
    }
  }
  for (let row = 1; key.length > 0 && row < table.size; row++) {
    faults.unless(
      compareRows(table, key, row - 1, row) < 0,
      () => `${table.name} row ${row + 1} is not after the row before it, by ${key.join(", ")}`,
    );
  }
  faults.settle();
}
