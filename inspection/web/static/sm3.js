// GB/T 32905-2016. WebCrypto does not have it.

const START = [0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600, 0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e];

const W = new Int32Array(68);

function rotate(word, by) {
  return (word << by) | (word >>> (32 - by));
}

/** Mixes the 64 bytes at `at` into the eight words of `state`. */
function mix(state, bytes, at) {
  for (let i = 0; i < 16; i++, at += 4) {
    W[i] = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
  }
  for (let i = 16; i < 68; i++) {
    const x = W[i - 16] ^ W[i - 9] ^ rotate(W[i - 3], 15);
    W[i] = x ^ rotate(x, 15) ^ rotate(x, 23) ^ rotate(W[i - 13], 7) ^ W[i - 6];
  }
  let a = state[0],
    b = state[1],
    c = state[2],
    d = state[3];
  let e = state[4],
    f = state[5],
    g = state[6],
    h = state[7];
  for (let i = 0; i < 64; i++) {
    const early = i < 16;
    const a12 = rotate(a, 12);
    // A shift counts modulo 32 in this language, so the constant turns on by itself beyond round 31.
    const s1 = rotate((a12 + e + rotate(early ? 0x79cc4519 : 0x7a879d8a, i & 31)) | 0, 7);
    const ff = early ? a ^ b ^ c : (a & b) | (a & c) | (b & c);
    const gg = early ? e ^ f ^ g : (e & f) | (~e & g);
    const t1 = (ff + d + (s1 ^ a12) + (W[i] ^ W[i + 4])) | 0;
    const t2 = (gg + h + s1 + W[i]) | 0;
    d = c;
    c = rotate(b, 9);
    b = a;
    a = t1;
    h = g;
    g = rotate(f, 19);
    f = e;
    e = t2 ^ rotate(t2, 9) ^ rotate(t2, 17);
  }
  state[0] ^= a;
  state[1] ^= b;
  state[2] ^= c;
  state[3] ^= d;
  state[4] ^= e;
  state[5] ^= f;
  state[6] ^= g;
  state[7] ^= h;
}

export const SM3 = { name: "sm3", start: START, mix };
