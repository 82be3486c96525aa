import { sha512 } from "./sha512.js";

// RFC 8032 5.1. Points are (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z.
const P = 2n ** 255n - 19n;
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const D = 37095705934669439343138083508754565189542113879843219016388785533085940283555n;
const SQRT_OF_MINUS_ONE = 19681161376707505956807079304988542015446066515923890162744021073123829784752n;
const BASE = pointOf(
  15112221349535400772501151409588531511454012693041857206046113283949847762202n,
  46316835694926478169428394003475163141307993866256225615783033603165251855960n,
);
const ZERO = [0n, 1n, 1n, 0n];

function modulo(a) {
  const rest = a % P;
  return rest < 0n ? rest + P : rest;
}

function pointOf(x, y) {
  return [x, y, 1n, modulo(x * y)];
}

function power(base, exponent) {
  let result = 1n;
  for (; exponent > 0n; exponent >>= 1n, base = modulo(base * base)) {
    if (exponent & 1n) result = modulo(result * base);
  }
  return result;
}

function add([x1, y1, z1, t1], [x2, y2, z2, t2]) {
  const a = modulo((y1 - x1) * (y2 - x2));
  const b = modulo((y1 + x1) * (y2 + x2));
  const c = modulo(2n * t1 * t2 * D);
  const d = modulo(2n * z1 * z2);
  const [e, f, g, h] = [b - a, d - c, d + c, b + a];
  return [modulo(e * f), modulo(g * h), modulo(f * g), modulo(e * h)];
}

function multiply(point, scalar) {
  let result = ZERO;
  for (; scalar > 0n; scalar >>= 1n, point = add(point, point)) if (scalar & 1n) result = add(result, point);
  return result;
}

function numberOf(littleEndian) {
  let number = 0n;
  for (let i = littleEndian.length - 1; i >= 0; i--) number = (number << 8n) | BigInt(littleEndian[i]);
  return number;
}

/** The point of 32 bytes, or null if they are none (RFC 8032 5.1.3). */
function decode(bytes) {
  const number = numberOf(bytes);
  const sign = number >> 255n;
  const y = number & (2n ** 255n - 1n);
  if (y >= P) return null;
  const u = modulo(y * y - 1n);
  const v = modulo(D * y * y + 1n);
  let x = modulo(u * v ** 3n * power(modulo(u * v ** 7n), (P - 5n) / 8n));
  if (modulo(v * x * x) === modulo(-u)) x = modulo(x * SQRT_OF_MINUS_ONE);
  else if (modulo(v * x * x) !== u) return null;
  if (x === 0n && sign === 1n) return null;
  return pointOf((x & 1n) === sign ? x : P - x, y);
}

function isSame([x1, y1, z1], [x2, y2, z2]) {
  return modulo(x1 * z2 - x2 * z1) === 0n && modulo(y1 * z2 - y2 * z1) === 0n;
}

/** Whether the key is no point, or of small order: then signatures under it are anybody's. */
function isWeak(key) {
  const a = decode(key);
  if (a === null) return true;
  const [x, y, z] = multiply(a, 8n);
  return x === 0n && y === z;
}

/** Whether the 64 bytes sign the message under the 32 bytes of the key; everything in whole numbers. */
export function isSignedSlowly(key, signature, message) {
  if (key.length !== 32 || signature.length !== 64 || isWeak(key)) return false;
  const a = decode(key);
  const r = decode(signature.subarray(0, 32));
  const s = numberOf(signature.subarray(32));
  if (r === null || s >= ORDER) return false;
  const hashed = new Uint8Array(64 + message.length);
  hashed.set(signature.subarray(0, 32));
  hashed.set(key, 32);
  hashed.set(message, 64);
  const k = numberOf(sha512(hashed)) % ORDER;
  return isSame(multiply(BASE, s), add(r, multiply(a, k)));
}

/** The same by WebCrypto, or undefined where it has no Ed25519. */
async function isSignedNatively(key, signature, message) {
  const subtle = globalThis.crypto?.subtle;
  if (!subtle) return undefined;
  try {
    const imported = await subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
    return await subtle.verify({ name: "Ed25519" }, imported, signature, message);
  } catch {
    return undefined; // no Ed25519 there, or no key it takes: the slow way answers either question
  }
}

/** Whether the signature is the key's over the message (RFC 8032). */
export async function isSigned(key, signature, message) {
  if (key.length !== 32 || signature.length !== 64 || isWeak(key)) return false;
  return (await isSignedNatively(key, signature, message)) ?? isSignedSlowly(key, signature, message);
}
