import { Fault, NotChecked } from "./fault.js";

export const PASSED = "passed";
export const FAILED = "failed";
export const NOT_CHECKED = "not checked";

/** The rows of a check, one per named step, in the order they were settled (PROTOCOL 10). */
export class Report {
  #progress;
  rows = [];

  /** @param progress called with every row as soon as it is settled */
  constructor(progress = () => {}) {
    this.#progress = progress;
  }

  /**
   * Runs one step. `run` returns its detail and, where later steps build on it, a value: [detail, value]. What it
   * throws is the step's verdict: a Fault fails it, NotChecked leaves it open, and so does a need that an earlier step
   * did not provide. Anything else thrown is malformed input nobody thought of and fails it too.
   *
   * @param needs {what: value or undefined}
   * @returns the value, or undefined if the step did not pass
   */
  async step(step, draw, needs, run) {
    const missing = Object.keys(needs).filter((what) => needs[what] === undefined);
    if (missing.length > 0) {
      this.#settle({ step, draw, verdict: NOT_CHECKED, detail: `could not be read: ${missing.join(", ")}` });
      return undefined;
    }
    try {
      const [detail, value] = await run();
      this.#settle({ step, draw, verdict: PASSED, detail });
      return value;
    } catch (error) {
      const verdict = error instanceof NotChecked ? NOT_CHECKED : FAILED;
      const isExpected = error instanceof Fault || error instanceof NotChecked;
      this.#settle({ step, draw, verdict, detail: isExpected ? error.message : `malformed: ${error.message}` });
      return undefined;
    }
  }

  count(verdict) {
    return this.rows.filter((row) => row.verdict === verdict).length;
  }

  /** 0 every claim checked and holds, 1 one fails, 3 none fails but something could not be checked. */
  get code() {
    if (this.count(FAILED) > 0) return 1;
    return this.count(NOT_CHECKED) > 0 ? 3 : 0;
  }

  #settle(row) {
    this.rows.push(row);
    this.#progress(row);
  }
}
