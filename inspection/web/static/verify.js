import { Bundle, INPUTS, readHead, RESULT } from "./bundle.js";
import { checkInputs, checkRandomness, checkResult, checkReveal, readCommitment } from "./commitment.js";
import { known } from "./fault.js";
import { checkChances, checkFirmFlow, checkFirmTables, FirmFrame, replayFirms } from "./firms.js";
import { checkEligibility, checkInspectorFlow, checkOfficers, InspectorFrame, replayInspectors } from "./inspectors.js";
import { checkCheckpoints, checkInLog, checkLogDraws, readEntries } from "./log.js";
import { checkCaps, checkCoverage, checkJointShare, checkLater, checkSeats } from "./plan.js";
import { Report } from "./report.js";
import { Rules } from "./rules.js";
import { readTable } from "./tables.js";

const CHANCES = "chances.csv";

/** Reads the tables and rules of a draw into draw.tables and draw.rules, up to the first that is not of its form. */
async function readTables(draw) {
  draw.tables = {};
  for (const file of [...INPUTS[draw.kind], RESULT[draw.kind]]) {
    const bytes = await draw.read(file);
    if (file === "rules.json") draw.rules = new Rules(bytes);
    else draw.tables[file.slice(0, -".csv".length)] = readTable(file, bytes);
  }
  if (hasChances(draw)) draw.tables.chances = readTable(CHANCES, await draw.read(CHANCES));
}

function hasChances({ kind, commitment }) {
  return kind === "firms" && Object.hasOwn(commitment.inputs, CHANCES);
}

async function checkTables(plan, draw) {
  const { inputs } = known(draw.commitment, "the commitment");
  await readTables(draw);
  draw.frame = draw.kind === "firms" ? new FirmFrame(draw.rules, draw.tables) : new InspectorFrame(draw.tables);
  const unknown = Object.keys(inputs).filter(
    (name) => !INPUTS[draw.kind].includes(name) && !(hasChances(draw) && name === CHANCES),
  );
  const others = unknown.length > 0 ? `; inputs not understood: ${unknown.join(", ")}` : "";
  const said = draw.kind === "firms" ? `; ${checkFirmTables(plan, draw.frame)}` : "";
  return `of the form and in the order of PROTOCOL 3${said}${others}`;
}

async function checkLog(bundle, plan, report) {
  await report.step("bundle 证明包", "", async () => {
    await bundle.open();
    return readHead(bundle, plan);
  });
  await report.step("entries 日志条目", "", () => readEntries(bundle, plan));
  await report.step("checkpoints 检查点与见证", "", () => checkCheckpoints(bundle, plan));
  await report.step("log draws 日志所载抽取", "", () => checkLogDraws(plan));
}

/** The steps of one draw; a draw given up has promised and then shows nothing more. */
async function checkDraw(bundle, plan, draw, report) {
  const step = (name, run) => report.step(name, draw.folder, run);
  draw.read = (name) => bundle.read(`draws/${draw.folder}/${name}`);
  draw.names = () => bundle.names(`draws/${draw.folder}`);
  draw.tables = {};
  await step("commitment 承诺", () => readCommitment(plan, draw));
  await step("in log 入日志与先后", () => checkInLog(plan, draw));
  await step("inputs 输入文件", () => checkInputs(draw));
  if (draw.isVoid) return;
  await step("reveal 揭示", () => checkReveal(draw));
  await step("randomness 随机来源", () => checkRandomness(draw));
  await step("result 结果", () => checkResult(plan, draw));
  await step("tables 表格与规则", () => checkTables(plan, draw));
  if (draw.kind === "firms") {
    await step("flow 流量守恒与上下限", () => checkFirmFlow(draw));
    await step("replay 重放", () => replayFirms(draw));
    await step("chances 各户机会", () => checkChances(draw));
  } else {
    await step("flow 流量守恒与上下限", () => checkInspectorFlow(draw));
    await step("replay 重放", () => replayInspectors(draw));
    await step("eligibility 可派人员与回避", () => checkEligibility(draw));
    await step("officers 人数与资格", () => checkOfficers(draw));
  }
}

/**
 * Checks a bundle of open-draw/1 and replays its draws, from PROTOCOL.md alone.
 *
 * It blocks its thread between steps, so a page runs it in a worker.
 *
 * @param files Map of path to Uint8Array, or {list(): paths, read(path): Uint8Array}, either may answer by promise
 * @param progress called with every row as soon as it is settled
 * @returns {{rows: {step, draw, verdict, detail}[], code: 0 | 1 | 3}} never throws for what the files hold
 */
export async function verify(files, { progress } = {}) {
  const report = new Report(progress);
  const bundle = new Bundle(files);
  const plan = { draws: [] };
  await checkLog(bundle, plan, report);
  for (const draw of plan.draws) await checkDraw(bundle, plan, draw, report);
  await report.step("coverage 覆盖率", "", () => checkCoverage(plan));
  await report.step("joint share 联合占比", "", () => checkJointShare(plan));
  await report.step("seats 每月人力", "", () => checkSeats(plan));
  await report.step("later events 作废递补与替换", "", () => checkLater(plan));
  await report.step("caps 频次上限", "", () => checkCaps(plan));
  return { rows: report.rows, code: report.code };
}
