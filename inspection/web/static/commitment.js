import { demandShape, isDigest, isRecord, isText, isWhole, parseCanonical } from "./canonical.js";
import { digestNamed } from "./digest.js";
import { demand, Fault, Faults, NotChecked } from "./fault.js";
import { tableRoot } from "./merkle.js";
import { nanosecondsOf } from "./moment.js";

export const PROTOCOL = "open-draw/1";

/** PROTOCOL 3: the files of a draw left and right of the bar. */
export const INPUTS = {
  firms: ["rules.json", "firms.csv", "pools.csv", "flow.csv", "months.csv"],
  inspectors: ["needs.csv", "inspectors.csv", "recusals.csv", "flow.csv"],
};
export const RESULT = { firms: "visits.csv", inspectors: "assignments.csv" };

const PUBLIC_KINDS = ["dice", "drand", "lottery"];

function isPublic(value) {
  return value === null || (isRecord(value) && isText(value.kind) && nanosecondsOf(value.not_before) !== null);
}

function isLine(value) {
  return isText(value) && !/[\n\r]/.test(value);
}

/** commitment.json of a draw, of the form of PROTOCOL 4. */
export function readCommitment(bytes, plan, folder) {
  const commitment = parseCanonical(bytes, "commitment.json");
  demandShape(commitment, {
    protocol: (value) => value === PROTOCOL,
    digest: (value) => digestNamed(value) !== undefined,
    plan: (value) => value === plan,
    draw: (value) => value === `${plan}/${folder}`,
    kind: (value) => isText(value) && Object.hasOwn(INPUTS, value) && folder.endsWith(`-${value}`),
    previous: (value) => value === null || isDigest(value),
    inputs: (value) => isRecord(value) && Object.values(value).every(isDigest),
    parties: (value) => Array.isArray(value) && value.every((party) => isRecord(party) && isLine(party.name) && isDigest(party.commitment)),
    public: isPublic,
    seal: (value) => value === null || isDigest(value),
  }, "commitment.json");
  const names = commitment.parties.map((party) => party.name);
  demand(new Set(names).size === names.length, "commitment.json names a party twice");
  demand(names.length > 0 || commitment.public !== null, "commitment.json has neither parties nor a public value");
  const unnamed = INPUTS[commitment.kind].filter((file) => !(file in commitment.inputs));
  demand(unnamed.length === 0, `commitment.json does not commit to ${unnamed.join(", ")}`);
  return commitment;
}

/** Every file of the draw against the digest committed to; `files` is {name: bytes} of the folder. */
export function checkInputs(commitment, digest, files) {
  const faults = new Faults();
  const known = new Set(["commitment.json", "reveal.json", RESULT[commitment.kind], ...Object.keys(commitment.inputs)]);
  for (const name of files.keys()) faults.unless(known.has(name), `${name} is not committed to`);
  for (const [name, wanted] of Object.entries(commitment.inputs)) {
    const bytes = files.get(name);
    faults.unless(bytes !== undefined, `${name} is missing`);
    if (bytes === undefined) continue;
    const found = name.endsWith(".csv") ? tableRoot(digest, bytes) : digest.hexOfBytes(bytes);
    faults.unless(found === wanted, `${name} has the digest ${found}, committed to was ${wanted}`);
  }
  faults.settle();
}

/** reveal.json against the commitment; returns the seed (PROTOCOL 4). */
export function checkReveal(commitment, digest, commitmentDigest, bytes) {
  const reveal = parseCanonical(bytes, "reveal.json");
  demandShape(reveal, {
    parties: (value) => isRecord(value) && Object.values(value).every(isLine),
    public: (value) => (value === null) === (commitment.public === null) && (value === null || isLine(value)),
    seal: (value) => value === null || (commitment.seal !== null && isLine(value)),
  }, "reveal.json");
  const faults = new Faults();
  const head = `open-draw/1/`;
  for (const { name, commitment: wanted } of commitment.parties) {
    const secret = reveal.parties[name];
    faults.unless(secret !== undefined, `${name} did not reveal`);
    const found = digest.hexOfText(`${head}party\n${commitment.draw}\n${name}\n${secret}\n`);
    faults.unless(secret === undefined || found === wanted, `the secret of ${name} is not the one committed to`);
  }
  const names = new Set(commitment.parties.map((party) => party.name));
  for (const name of Object.keys(reveal.parties)) faults.unless(names.has(name), `${name} reveals and is no party`);
  if (reveal.seal !== null) {
    const found = digest.hexOfText(`${head}seal\n${commitment.draw}\n${reveal.seal}\n`);
    faults.unless(found === commitment.seal, "the seal is not the one committed to");
  }
  faults.settle();
  if (commitment.seal !== null && reveal.seal === null) throw new NotChecked("the seal is not opened, so nobody can know the seed yet");
  const parties = commitment.parties.map(({ name }) => `${name}:${reveal.parties[name]}\n`).join("");
  const seed = digest.hexOfText(
    `${head}seed\n${commitmentDigest}\n${parties}public:${reveal.public ?? ""}\nseal:${reveal.seal ?? ""}\n`,
  );
  return { seed, publicValue: reveal.public };
}

/** Whether the randomness is of a kind nobody can choose, and enough of it. */
export function checkRandomness(commitment, publicValue) {
  const source = commitment.public;
  if (source === null) return "parties only";
  demand(PUBLIC_KINDS.includes(source.kind), `the public value is of an unknown kind, ${source.kind}`);
  if (source.kind === "dice") {
    demand(/^\d+$/.test(publicValue), "dice fall on digits only");
    demand(source.digits === undefined || (isWhole(source.digits) && publicValue.length === source.digits), `${publicValue.length} dice were rolled, committed to were ${source.digits}`);
    demand(commitment.parties.length > 0 || publicValue.length >= 40, "without parties a draw needs 40 dice or more");
  }
  if (source.kind === "lottery") {
    demand(commitment.parties.length > 0, "a lottery is never the only source");
    demand(isText(source.source) && isText(source.issue), "the lottery or its issue is not named");
  }
  if (source.kind === "drand") {
    demand(isText(source.chain) && isWhole(source.round), "the drand chain or round is not named");
    demand(isDigest(publicValue), "the drand randomness is not 64 hex digits");
    throw new NotChecked(`signature of drand round ${source.round}: no BLS library here`);
  }
  return "of parties and a public value, or of 128 bits";
}
