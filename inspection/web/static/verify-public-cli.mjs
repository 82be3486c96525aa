#!/usr/bin/env node
// node verify-public-cli.mjs BUNDLE|PROOF [BUNDLE] [--json]
// Exit 0: every claim was checked and holds; 1: one fails; 2: usage; 3: none fails, one could not be checked here.
import { readFile, stat } from "node:fs/promises";
import { folderFiles } from "./folder.mjs";
import { checkProof, verifyPublic } from "./verify-public.js";

const VERDICTS = { 0: "通过 VERIFIED", 1: "不符 FAILED", 3: "部分未核 NOT ALL CHECKED" };

function print({ verdict, step, draw, detail }) {
  console.log(`${verdict.padEnd(11)} ${step}${draw && ` ${draw}`}: ${detail}`);
}

async function isFile(path) {
  return (await stat(path).catch(() => undefined))?.isFile() ?? false;
}

async function main(args) {
  const paths = args.filter((arg) => arg !== "--json");
  const isProof = paths.length > 0 && (await isFile(paths[0]));
  if (![1, 2].includes(paths.length) || paths.some((path) => path.startsWith("-")) || (paths.length === 2 && !isProof)) {
    console.error("usage: node verify-public-cli.mjs BUNDLE|PROOF [BUNDLE] [--json]");
    return 2;
  }
  const isJson = paths.length < args.length;
  const options = { progress: isJson ? undefined : print };
  const bundle = paths.length === 2 ? folderFiles(paths[1]) : undefined;
  const done = isProof
    ? await checkProof(await readFile(paths[0]), bundle, options)
    : await verifyPublic(folderFiles(paths[0]), options);
  console.log(isJson ? JSON.stringify(done.rows, null, 1) : VERDICTS[done.code]);
  return done.code;
}

process.exitCode = await main(process.argv.slice(2));
