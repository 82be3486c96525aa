import { SHA256 } from "./sha256.js";
import { SM3 } from "./sm3.js";

const ENCODER = new TextEncoder();

/**
 * One message at a time, fed in pieces. SHA-256 and SM3 share the block of 64 bytes, the padding and the output of 32
 * bytes; they differ in the starting words and in how a block is mixed in.
 */
class Digest {
  #mix;
  #start;
  #block = new Uint8Array(64);
  #fill = 0;
  #length = 0;

  constructor({ name, start, mix }) {
    this.name = name;
    this.#mix = mix;
    this.#start = Int32Array.from(start);
    /** After end(): the eight words of the digest. */
    this.words = new Int32Array(8);
  }

  /** Starts a message, or goes on from the words reached after `length` bytes, a multiple of 64. */
  begin(midstate = this.#start, length = 0) {
    this.words.set(midstate);
    this.#fill = 0;
    this.#length = length;
    return this;
  }

  byte(value) {
    this.#block[this.#fill++] = value;
    this.#length++;
    if (this.#fill === 64) this.#turn();
    return this;
  }

  /** Feeds bytes[from … to). */
  feed(bytes, from = 0, to = bytes.length) {
    this.#length += to - from;
    const block = this.#block;
    let fill = this.#fill;
    while (from < to) {
      if (fill === 0 && to - from >= 64) {
        this.#mix(this.words, bytes, from);
        from += 64;
        continue;
      }
      const stop = Math.min(to, from + 64 - fill);
      while (from < stop) block[fill++] = bytes[from++];
      if (fill === 64) {
        this.#mix(this.words, block, 0);
        fill = 0;
      }
    }
    this.#fill = fill;
    return this;
  }

  /** Feeds a text as UTF-8. */
  text(text) {
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 127) return this.feed(ENCODER.encode(text.slice(i)));
      this.byte(code);
    }
    return this;
  }

  /** Ends the message; the digest stands in `words` until the next begin(). */
  end() {
    const length = this.#length;
    this.byte(0x80);
    const block = this.#block;
    if (this.#fill > 56) {
      block.fill(0, this.#fill);
      this.#turn();
    }
    block.fill(0, this.#fill, 56);
    const high = Math.floor(length / 0x20000000);
    const low = (length << 3) >>> 0;
    for (let i = 0; i < 4; i++) {
      block[56 + i] = high >>> (24 - 8 * i);
      block[60 + i] = low >>> (24 - 8 * i);
    }
    this.#turn();
    return this;
  }

  /** Writes the digest as 32 bytes at `at`. */
  write(bytes, at) {
    for (let i = 0; i < 8; i++) {
      const word = this.words[i];
      bytes[at++] = word >>> 24;
      bytes[at++] = word >>> 16;
      bytes[at++] = word >>> 8;
      bytes[at++] = word;
    }
  }

  hex() {
    let text = "";
    for (const word of this.words) text += (word >>> 0).toString(16).padStart(8, "0");
    return text;
  }

  hexOfBytes(bytes) {
    return this.begin().feed(bytes).end().hex();
  }

  hexOfText(text) {
    return this.begin().text(text).end().hex();
  }

  #turn() {
    this.#mix(this.words, this.#block, 0);
    this.#fill = 0;
  }
}

/** The digest a commitment names (PROTOCOL 2), or undefined. */
export function digestNamed(name) {
  if (name === "sha256") return new Digest(SHA256);
  if (name === "sm3") return new Digest(SM3);
  return undefined;
}
