import { Fault, NotChecked } from "./fault.js";

const PASSED = "passed";
const FAILED = "failed";
const NOT_CHECKED = "not checked";

const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;
const LONGEST = 4000;

/** The verdict on what a step threw; input malformed in a way nobody thought of fails it too (PROTOCOL 10). */
function verdictOn(error) {
  if (error instanceof NotChecked) return [NOT_CHECKED, error.message];
  if (error instanceof Fault) return [FAILED, error.message];
  return [FAILED, `malformed: ${error?.message ?? error}`];
}

/** The rows of a check, one per named step, in the order they were settled. */
export class Report {
  #progress;
  rows = [];

  /** @param progress called with every row as soon as it is settled */
  constructor(progress = () => {}) {
    this.#progress = progress;
  }

  /** Runs one step. `run` returns what it found, in one sentence, or throws; facts it has set by then stay. */
  async step(step, draw, run) {
    let verdict = PASSED;
    let detail;
    try {
      detail = await run();
    } catch (error) {
      [verdict, detail] = verdictOn(error);
    }
    // A bundle may hold terminal codes or marks that turn a line around.
    const row = { step, draw, verdict, detail: detail.slice(0, LONGEST).replace(UNPRINTABLE, "\ufffd") };
    this.rows.push(row);
    this.#progress(row);
  }

  count(verdict) {
    return this.rows.filter((row) => row.verdict === verdict).length;
  }

  /** 0 every claim was checked and holds, 1 one fails, 3 none fails but something could not be checked. */
  get code() {
    if (this.count(FAILED) > 0) return 1;
    return this.count(NOT_CHECKED) > 0 ? 3 : 0;
  }
}
