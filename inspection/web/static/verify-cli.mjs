#!/usr/bin/env node
// node verify-cli.mjs BUNDLE [--json]: exit 0 verified, 1 a claim fails, 2 usage, 3 something could not be checked here.
import { readdir, readFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { verify } from "./verify.js";

/** Every regular file under a folder, links not followed: what a bundle holds lies in it. */
async function* filesUnder(folder) {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesUnder(path);
    else if (entry.isFile()) yield path;
  }
}

async function readBundle(folder) {
  const files = new Map();
  for await (const path of filesUnder(folder)) {
    files.set(relative(folder, path).split(sep).join("/"), new Uint8Array(await readFile(path)));
  }
  return files;
}

function print(row) {
  console.log(`${row.verdict.padEnd(12)} ${row.step}${row.draw ? ` ${row.draw}` : ""}: ${row.detail}`);
}

async function main(args) {
  const folders = args.filter((arg) => !arg.startsWith("--"));
  const isJson = args.includes("--json");
  if (folders.length !== 1 || args.some((arg) => arg.startsWith("--") && arg !== "--json")) {
    console.error("usage: node verify-cli.mjs BUNDLE [--json]");
    return 2;
  }
  let files;
  try {
    files = await readBundle(folders[0]);
  } catch (error) {
    console.error(`${folders[0]} cannot be read: ${error.message}`);
    return 2;
  }
  const { rows, code } = await verify(files, { progress: isJson ? undefined : print });
  if (isJson) console.log(JSON.stringify({ rows, code }));
  else console.log({ 0: "VERIFIED", 1: "FAILED", 3: "INCOMPLETE" }[code]);
  return code;
}

process.exitCode = await main(process.argv.slice(2));
