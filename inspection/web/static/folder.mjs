import { lstat, readdir, readFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { Fault } from "./fault.js";

const LARGEST = 2 ** 31 - 1;

/** Every plain file under a folder; links, pipes and devices are passed over, for what a bundle holds lies in it. */
async function* filesUnder(folder) {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesUnder(path);
    else if (entry.isFile()) yield path;
  }
}

/** The files of a folder as verify() reads them. */
export function folderFiles(folder) {
  return {
    async list() {
      const paths = [];
      for await (const path of filesUnder(folder)) paths.push(relative(folder, path).split(sep).join("/"));
      return paths;
    },
    async read(path) {
      const { size } = await lstat(join(folder, path));
      if (size > LARGEST) throw new Fault(`${path} is gigantic`);
      const bytes = await readFile(join(folder, path));
      return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    },
  };
}
