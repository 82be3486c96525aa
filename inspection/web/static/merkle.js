import { demand } from "./fault.js";

const LINE_FEED = 10;

/**
 * The right edge of an RFC 9162 tree: the roots of its complete subtrees, widest first, 32 bytes each. A leaf more
 * merges as many of them as its number has trailing ones, like a carry, so memory is that of the depth.
 */
export class Frontier {
  #digest;
  #edge = new Uint8Array(56 * 32);
  #depth = 0;

  constructor(digest) {
    this.#digest = digest;
    this.size = 0;
  }

  /** Appends the leaf bytes[from … to). */
  add(bytes, from, to) {
    this.#digest
      .begin()
      .byte(0)
      .feed(bytes, from, to)
      .end()
      .write(this.#edge, 32 * this.#depth++);
    for (let carry = this.size++; carry % 2 === 1; carry = (carry - 1) / 2) this.#merge(this.#edge, --this.#depth);
  }

  /** The tree head over all leaves so far, as 32 bytes. */
  root() {
    if (this.size === 0) {
      const empty = new Uint8Array(32);
      this.#digest.begin().end().write(empty, 0);
      return empty;
    }
    const edge = this.#edge.slice(0, 32 * this.#depth);
    for (let depth = this.#depth - 1; depth > 0; depth--) this.#merge(edge, depth);
    return edge.slice(0, 32);
  }

  #merge(edge, right) {
    const at = 32 * (right - 1);
    this.#digest
      .begin()
      .byte(1)
      .feed(edge, at, at + 64)
      .end()
      .write(edge, at);
  }
}

/** Calls visit(from, to) for every line, its LF excluded; a last line without LF is a fault (PROTOCOL 2). */
export function eachLine(bytes, visit) {
  let from = 0;
  while (from < bytes.length) {
    const to = bytes.indexOf(LINE_FEED, from);
    demand(to >= 0, "the last line does not end with LF");
    visit(from, to);
    from = to + 1;
  }
}

/** The digest of a table: the tree head over its lines, header first, in hex (PROTOCOL 2). */
export function tableRoot(digest, bytes) {
  const frontier = new Frontier(digest);
  eachLine(bytes, (from, to) => frontier.add(bytes, from, to));
  return Array.from(frontier.root(), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
