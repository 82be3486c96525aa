#!/usr/bin/env node
// node verify-cli.mjs BUNDLE [--json]
// Exit 0: every claim was checked and holds; 1: one fails; 2: usage; 3: none fails, one could not be checked here.
import { folderFiles } from "./folder.mjs";
import { verify } from "./verify.js";

const VERDICTS = { 0: "通过 VERIFIED", 1: "不符 FAILED", 3: "部分未核 NOT ALL CHECKED" };
function print({ verdict, step, draw, detail }) {
  console.log(`${verdict.padEnd(11)} ${step}${draw && ` ${draw}`}: ${detail}`);
}

async function main(args) {
  const folders = args.filter((arg) => arg !== "--json");
  const isJson = folders.length < args.length;
  if (folders.length !== 1 || folders[0].startsWith("-")) {
    console.error("usage: node verify-cli.mjs BUNDLE [--json]");
    return 2;
  }
  const { rows, code } = await verify(folderFiles(folders[0]), { progress: isJson ? undefined : print });
  console.log(isJson ? JSON.stringify(rows, null, 1) : VERDICTS[code]);
  return code;
}

process.exitCode = await main(process.argv.slice(2));
