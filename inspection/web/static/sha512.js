// FIPS 180-4, for Ed25519 where there is no WebCrypto (pages served over plain HTTP have none). Messages are short.

const MASK = (1n << 64n) - 1n;

function firstPrimes(count) {
  const primes = [];
  for (let n = 2; primes.length < count; n++) if (primes.every((prime) => n % prime !== 0)) primes.push(n);
  return primes;
}

/** The first 64 bits of the fraction of the n-th root of a prime, which is how the standard defines its constants. */
function rootFraction(prime, n) {
  const target = BigInt(prime) << (64n * n);
  let root = 0n;
  for (let bit = 1n << 68n; bit > 0n; bit >>= 1n) if ((root + bit) ** n <= target) root += bit;
  return root & MASK;
}

let constants;

function rotate(word, by) {
  return ((word >> by) | (word << (64n - by))) & MASK;
}

function pad(bytes) {
  const padded = new Uint8Array(Math.ceil((bytes.length + 17) / 128) * 128);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  new DataView(padded.buffer).setBigUint64(padded.length - 8, BigInt(bytes.length) * 8n);
  return padded;
}

function mix(state, view, at) {
  const w = [];
  for (let i = 0; i < 16; i++) w.push(view.getBigUint64(at + 8 * i));
  for (let i = 16; i < 80; i++) {
    const s0 = rotate(w[i - 15], 1n) ^ rotate(w[i - 15], 8n) ^ (w[i - 15] >> 7n);
    const s1 = rotate(w[i - 2], 19n) ^ rotate(w[i - 2], 61n) ^ (w[i - 2] >> 6n);
    w.push((w[i - 16] + s0 + w[i - 7] + s1) & MASK);
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let i = 0; i < 80; i++) {
    const s1 = rotate(e, 14n) ^ rotate(e, 18n) ^ rotate(e, 41n);
    const t1 = h + s1 + ((e & f) ^ (~e & MASK & g)) + constants.k[i] + w[i];
    const s0 = rotate(a, 28n) ^ rotate(a, 34n) ^ rotate(a, 39n);
    const t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
    [a, b, c, d, e, f, g, h] = [(t1 + t2) & MASK, a, b, c, (d + t1) & MASK, e, f, g];
  }
  return [a, b, c, d, e, f, g, h].map((word, i) => (word + state[i]) & MASK);
}

/** The SHA-512 of the bytes, as 64 bytes. */
export function sha512(bytes) {
  constants ??= {
    k: firstPrimes(80).map((prime) => rootFraction(prime, 3n)),
    start: firstPrimes(8).map((prime) => rootFraction(prime, 2n)),
  };
  const padded = pad(bytes);
  const view = new DataView(padded.buffer);
  let state = constants.start;
  for (let at = 0; at < padded.length; at += 128) state = mix(state, view, at);
  const out = new DataView(new ArrayBuffer(64));
  state.forEach((word, i) => out.setBigUint64(8 * i, word));
  return new Uint8Array(out.buffer);
}
