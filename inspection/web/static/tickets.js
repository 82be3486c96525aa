import { compareBytewise } from "./encoding.js";

/** The tickets and coins of one seed (PROTOCOL 4). The seed fills one block, so each ticket starts behind it. */
export class Tickets {
  #digest;
  #midstate;

  /** @param seed 64 hex digits */
  constructor(digest, seed) {
    this.#digest = digest;
    this.#midstate = digest.begin().text(seed).words.slice();
  }

  /** The eight words of a ticket; they stand until the next ticket is asked for. */
  words(stream, id) {
    return this.#digest.begin(this.#midstate, 64).text("/").text(stream).text("/").text(id).end().words;
  }

  hex(stream, id) {
    this.words(stream, id);
    return this.#digest.hex();
  }

  /** floor(ticket · n / 2^256), exact for n up to 2^21: each partial product and its carry stay below 2^53. */
  fraction(stream, id, n) {
    const words = this.words(stream, id);
    if (n > 2 ** 21) return Number((BigInt(`0x${this.#digest.hex()}`) * BigInt(n)) >> 256n);
    let carry = 0;
    for (let i = 7; i >= 0; i--) carry = Math.floor(((words[i] >>> 0) * n + carry) / 2 ** 32);
    return carry;
  }

  coin(i, n) {
    return this.fraction("round", String(i), n);
  }

  /** The ids in the order of their tickets, ties by id. */
  order(stream, ids) {
    const tickets = new Uint32Array(8 * ids.length);
    ids.forEach((id, i) => tickets.set(this.words(stream, id), 8 * i));
    const places = ids.map((_id, i) => i);
    places.sort((one, other) => {
      for (let i = 0; i < 8; i++) {
        const difference = tickets[8 * one + i] - tickets[8 * other + i];
        if (difference !== 0) return difference;
      }
      return compareBytewise(ids[one], ids[other]);
    });
    return places.map((place) => ids[place]);
  }
}
