import { isRecord, isText, isWhole, parseCanonical } from "./canonical.js";
import { demand } from "./fault.js";

function every(test) {
  return (value) => Array.isArray(value) && value.every(test);
}

function each(test) {
  return (value) => isRecord(value) && Object.values(value).every(test);
}

function isShare(value) {
  return isRecord(value) && isWhole(value.numerator) && isWhole(value.denominator) && value.denominator > 0;
}

function isRatio(value) {
  return Array.isArray(value) && value.length === 2 && value.every(isWhole) && value[1] > 0;
}

function isTask(value) {
  return isRecord(value) && every(isText)(value.agencies) && every(isText)(value.months);
}

/** PROTOCOL 3, and after the empty line the keys of decision 0001, which may be absent. */
const FORMS = {
  plan: isText,
  tiers: every(isText),
  coverage: (value) => isShare(value) && (value.kinds === undefined || every(isText)(value.kinds)),
  joint_share: (value) => isShare(value) && ["visits", "firms", "tasks"].includes(value.counted_by),
  visits_per_firm: isWhole,
  officers_per_agency: isWhole,
  tasks: each(isTask),
  exempt_pools: each(isText),

  visits_by_tier: each(isWhole),
  tier_bounds: each((value) => isRecord(value) && isRatio(value.least) && isRatio(value.most)),
  combinations: each(isRecord),
  monthly_seats: each(each(isWhole)),
  missing_reveal: isText,
};
const OPTIONAL = ["visits_by_tier", "tier_bounds", "combinations", "monthly_seats", "missing_reveal"];
const NOTHING = Object.freeze(Object.create(null));

/** The rules of a firm draw. A rule not of its form is a fault of the step that counts with it, and of no other. */
export class Rules {
  #value;

  constructor(bytes) {
    this.#value = parseCanonical(bytes, "rules.json");
  }

  /** The rule of a name, of its form; one that may be absent and is says nothing of anybody. */
  take(name) {
    const value = this.#value[name];
    if (value === undefined && OPTIONAL.includes(name)) return NOTHING;
    demand(FORMS[name](value), `rules.json: ${name} is ${value === undefined ? "missing" : "not of its form"}`);
    return value;
  }

  /** The rule of a name as it is spelled, of whatever form, to be compared. */
  spelled(name) {
    return JSON.stringify(this.#value[name]);
  }

  /** Keys that this program does not know, to be named (PROTOCOL 3). */
  get unknown() {
    return Object.keys(this.#value).filter((name) => !Object.hasOwn(FORMS, name));
  }
}
