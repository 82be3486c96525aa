import { demand, Fault } from "./fault.js";

const END = 0x06054b50;
const MEMBER = 0x02014b50;
const LOCAL = 0x04034b50;
const STORED = 0;
const DEFLATED = 8;
/** A comment is at most this long, so the end record is within so many bytes of the file's end. */
const FARTHEST = 22 + 0xffff;

/**
 * The files of a zip by path, as verify() and verifyPublic() read them: without the one folder they all lie in.
 *
 * What they hold is checked by digests afterwards; here it only matters that nothing is read twice or beyond its bounds.
 */
export class ZipFiles {
  #bytes;
  #view;
  #members = new Map();

  /** @param bytes Uint8Array of the whole zip; a Fault if it is none, or one of a kind that is not read here */
  constructor(bytes) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const found = this.#readDirectory();
    const [first] = found.keys();
    const folder = first?.slice(0, first.indexOf("/") + 1) ?? "";
    const isCommon = folder !== "" && [...found.keys()].every((path) => path.startsWith(folder));
    const isRoot = found.has("bundle.json") || found.has("public-bundle.json");
    for (const [path, member] of found) this.#members.set(isCommon && !isRoot ? path.slice(folder.length) : path, member);
  }

  list() {
    return [...this.#members.keys()];
  }

  has(path) {
    return this.#members.has(path);
  }

  /** The bytes of a file, inflated and of the size the zip told. */
  async read(path) {
    const member = this.#members.get(path);
    demand(member !== undefined, `${path} is not in the zip`);
    const at = member.place;
    demand(at + 30 <= this.#bytes.length && this.#view.getUint32(at, true) === LOCAL, `${path}: the zip is damaged`);
    const start = at + 30 + this.#view.getUint16(at + 26, true) + this.#view.getUint16(at + 28, true);
    demand(start + member.packed <= this.#bytes.length, `${path}: the zip is cut off`);
    const packed = this.#bytes.subarray(start, start + member.packed);
    if (member.method === STORED) {
      demand(member.packed === member.size, `${path}: the zip is damaged`);
      return packed.slice();
    }
    return inflate(packed, member.size, path);
  }

  #readDirectory() {
    const found = new Map();
    const end = this.#findEnd();
    const count = this.#view.getUint16(end + 10, true);
    let at = this.#view.getUint32(end + 16, true);
    demand(count !== 0xffff && at !== 0xffffffff, "the zip is too large for a browser: use the checker in it");
    for (let number = 0; number < count; number += 1) {
      demand(at + 46 <= end && this.#view.getUint32(at, true) === MEMBER, "the zip's directory is damaged");
      const nameLength = this.#view.getUint16(at + 28, true);
      const next = at + 46 + nameLength + this.#view.getUint16(at + 30, true) + this.#view.getUint16(at + 32, true);
      demand(next <= end, "the zip's directory is damaged");
      const path = new TextDecoder("utf-8", { fatal: true }).decode(this.#bytes.subarray(at + 46, at + 46 + nameLength));
      const method = this.#view.getUint16(at + 10, true);
      if (!path.endsWith("/")) {
        demand(!found.has(path), `the zip holds ${path} twice`);
        demand((this.#view.getUint16(at + 8, true) & 1) === 0, `${path} is encrypted`);
        demand(method === STORED || method === DEFLATED, `${path} is packed in a way not read here`);
        found.set(path, {
          method,
          packed: this.#view.getUint32(at + 20, true),
          size: this.#view.getUint32(at + 24, true),
          place: this.#view.getUint32(at + 42, true),
        });
      }
      at = next;
    }
    return found;
  }

  #findEnd() {
    for (let at = this.#bytes.length - 22; at >= Math.max(0, this.#bytes.length - FARTHEST); at -= 1) {
      if (this.#view.getUint32(at, true) === END) return at;
    }
    throw new Fault("the file is no zip");
  }
}

/** The bytes inflated; a Fault if they are not of that size, before more is kept than that. */
async function inflate(packed, size, path) {
  if (typeof DecompressionStream === "undefined") throw new Fault("this browser cannot unpack a zip: use a newer one");
  const bytes = new Uint8Array(size);
  let filled = 0;
  const reader = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    demand(filled + value.length <= size, `${path} is larger than the zip says`);
    bytes.set(value, filled);
    filled += value.length;
  }
  demand(filled === size, `${path} is smaller than the zip says`);
  return bytes;
}
