import { demand, Fault } from "./fault.js";
import { ENCODER, isEqual, textOf } from "./encoding.js";

const HALF_A_PAIR = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

function spell(value) {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "number") {
    demand(Number.isSafeInteger(value), `the number ${value} is not an integer below 2^53`);
    return String(value);
  }
  if (typeof value === "string") {
    demand(!HALF_A_PAIR.test(value), "a text holds half a surrogate pair");
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map(spell).join(",")}]`;
  // RFC 8785 3.2.3 orders keys by UTF-16 units, which is what sort() does.
  return `{${Object.keys(value)
    .sort()
    .map((key) => `${spell(key)}:${spell(value[key])}`)
    .join(",")}}`;
}

/** Without a prototype, so that a key of the file like "constructor" is never mistaken for one of the language's. */
function bare(_key, value) {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
  return Object.assign(Object.create(null), value);
}

/**
 * The object in canonical JSON: RFC 8785 with integers below 2^53 only (PROTOCOL 2). Spelling the value again and
 * comparing bytes also finds what a parser forgives: a key twice, spaces, 1.0, numbers it had to round.
 */
export function parseCanonical(bytes, what) {
  const text = textOf(bytes, what);
  let value;
  try {
    value = JSON.parse(text, bare);
  } catch {
    throw new Fault(`${what} is not JSON`);
  }
  try {
    demand(isEqual(ENCODER.encode(spell(value)), bytes), "it is spelled in another way");
  } catch (error) {
    throw new Fault(
      `${what} is not canonical JSON: ${error instanceof RangeError ? "nested too deep" : error.message}`,
    );
  }
  demand(isRecord(value), `${what} is not an object`);
  return value;
}

export function isRecord(value) {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

export function isText(value) {
  return typeof value === "string" && value !== "";
}

export function isWhole(value) {
  return Number.isSafeInteger(value) && value >= 0;
}

export function isDigest(value) {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
}

/** Throws a Fault naming every key whose value is not as its test wants; a key absent is undefined to its test. */
export function demandShape(record, tests, what) {
  const wrong = Object.keys(tests).filter((key) => !tests[key](record[key]));
  if (wrong.length > 0) {
    throw new Fault(wrong.map((key) => `${what}: ${key} is ${key in record ? "not of its form" : "missing"}`));
  }
}
