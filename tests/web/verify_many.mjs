// For the tests: one process for many bundles. Each line of stdin is {"bundle": folder, "file"?: path, "text"?: its
// content instead, null for none}; each line of stdout is what the checker returns.
import { createInterface } from "node:readline";
import { folderFiles } from "../../inspection/web/static/folder.mjs";
import { verify } from "../../inspection/web/static/verify.js";

const ENCODER = new TextEncoder();
const kept = new Map();

async function filesOf(folder) {
  if (!kept.has(folder)) {
    const files = new Map();
    const reader = folderFiles(folder);
    for (const path of await reader.list()) files.set(path, await reader.read(path));
    kept.set(folder, files);
  }
  return new Map(kept.get(folder));
}

for await (const line of createInterface({ input: process.stdin })) {
  const { bundle, file, text } = JSON.parse(line);
  const files = await filesOf(bundle);
  if (text === null) files.delete(file);
  else if (text !== undefined) files.set(file, ENCODER.encode(text));
  console.log(JSON.stringify(await verify(files)));
}
