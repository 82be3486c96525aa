import { Fault } from "./fault.js";

const DECODER = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export const ENCODER = new TextEncoder();

/** The text of UTF-8 bytes; a byte order mark stays in it, so that those who forbid it see it. */
export function textOf(bytes, what) {
  try {
    return DECODER.decode(bytes);
  } catch {
    throw new Fault(`${what} is not UTF-8`);
  }
}

/** The bytes of padded standard base64; any other spelling of the same bytes is a fault. */
export function bytesOfBase64(text, what) {
  let binary;
  try {
    binary = atob(text);
  } catch {
    throw new Fault(`${what} is not base64`);
  }
  if (btoa(binary) !== text) throw new Fault(`${what} is not base64 in its one padded spelling`);
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

export function hexOf(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Whether two runs of bytes are the same. */
export function isEqual(one, other) {
  return one.length === other.length && one.every((byte, i) => byte === other[i]);
}

/** Orders texts by their UTF-8 bytes; this language's own order, by UTF-16 units, puts U+10000 before U+FFFD. */
export function compareBytewise(one, other) {
  if (one === other) return 0;
  const length = Math.min(one.length, other.length);
  for (let i = 0; i < length; i++) {
    const a = one.charCodeAt(i);
    const b = other.charCodeAt(i);
    if (a === b) continue;
    if (a >= 0xd800 && b >= 0xd800) return rank(a) - rank(b);
    return a - b;
  }
  return one.length - other.length;
}

/** Surrogates stand for code points above every other unit. */
function rank(unit) {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
