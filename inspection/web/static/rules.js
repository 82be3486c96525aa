import { demandShape, isRecord, isText, isWhole, parseCanonical } from "./canonical.js";
import { demand } from "./fault.js";

const MONTH = /^\d{4}-(0[1-9]|1[0-2])$/;

function every(test) {
  return (value) => Array.isArray(value) && value.every(test) && new Set(value).size === value.length;
}

function each(test) {
  return (value) => isRecord(value) && Object.values(value).every(test);
}

function maybe(test) {
  return (value) => value === undefined || test(value);
}

function isShare(value) {
  return isRecord(value) && isWhole(value.numerator) && isWhole(value.denominator) && value.denominator > 0;
}

function isRatio(value) {
  return Array.isArray(value) && value.length === 2 && value.every(isWhole) && value[1] > 0;
}

function isTask(value) {
  return isRecord(value) && every(isText)(value.agencies) && every((month) => MONTH.test(month))(value.months);
}

/** PROTOCOL 3, and after the empty line the keys of decision 0001. */
const SHAPE = {
  plan: isText,
  tiers: every(isText),
  coverage: (value) => isShare(value) && maybe(every(isText))(value.kinds),
  joint_share: (value) => isShare(value) && ["visits", "firms", "tasks"].includes(value.counted_by),
  visits_per_firm: isWhole,
  officers_per_agency: isWhole,
  tasks: each(isTask),
  exempt_pools: each(isText),

  visits_by_tier: maybe(each(isWhole)),
  tier_bounds: maybe(each((value) => isRecord(value) && isRatio(value.least) && isRatio(value.most))),
  combinations: maybe(each(isRecord)),
  monthly_seats: maybe(each(each(isWhole))),
};

/** The rules of a firm draw, of their form, with `unknown`: the keys this program does not understand. */
export function readRules(bytes, plan) {
  const rules = parseCanonical(bytes, "rules.json");
  demandShape(rules, SHAPE, "rules.json");
  demand(rules.plan === plan, `rules.json is of another plan, ${rules.plan}`);
  const unknown = Object.keys(rules).filter((key) => !Object.hasOwn(SHAPE, key));
  return { ...rules, unknown };
}
