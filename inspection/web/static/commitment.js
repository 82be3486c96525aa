import { INPUTS, PROTOCOL, RESULT } from "./bundle.js";
import { demandShape, isDigest, isRecord, isText, parseCanonical } from "./canonical.js";
import { digestNamed } from "./digest.js";
import { demand, Faults, known, NotChecked } from "./fault.js";
import { tableRoot } from "./merkle.js";
import { nanosecondsOf } from "./moment.js";
import { Tickets } from "./tickets.js";

function isPublic(value) {
  return value === null || (isRecord(value) && isText(value.kind) && nanosecondsOf(value.not_before) !== null);
}

function isParty(value) {
  return isRecord(value) && typeof value.name === "string" && isText(value.commitment);
}

/** A digest that is none is found where it is compared, so the other steps are told too. */
function isTextOrNull(value) {
  return value === null || typeof value === "string";
}

/** Reads commitment.json (PROTOCOL 4). Sets draw.commitment, commitmentDigest and digest. */
export async function readCommitment(plan, draw) {
  const bytes = await draw.read("commitment.json");
  const commitment = parseCanonical(bytes, "commitment.json");
  demandShape(
    commitment,
    {
      protocol: (value) => value === PROTOCOL,
      digest: (value) => digestNamed(value) !== undefined,
      plan: (value) => value === plan.name,
      draw: (value) => value === draw.name,
      kind: (value) => value === draw.kind,
      previous: isTextOrNull,
      inputs: (value) => isRecord(value) && Object.values(value).every(isText),
      parties: (value) => Array.isArray(value) && value.every(isParty),
      public: isPublic,
      seal: isTextOrNull,
    },
    "commitment.json",
  );
  const names = commitment.parties.map((party) => party.name);
  // The seed joins names, secrets and values by colons and line ends; with one in a name, two readings have one seed.
  demand(
    new Set(names).size === names.length && !/[:\r\n]/.test(names.join("")),
    "a party is there twice, or has a colon in its name",
  );
  const unnamed = INPUTS[draw.kind].filter((file) => !Object.hasOwn(commitment.inputs, file));
  demand(unnamed.length === 0, `commitment.json does not commit to ${unnamed.join(", ")}`);
  draw.digest = digestNamed(commitment.digest);
  draw.commitment = commitment;
  draw.commitmentDigest = draw.digest.hexOfBytes(bytes);
  return `${commitment.digest} ${draw.commitmentDigest}`;
}

function digestOf(draw, name, bytes) {
  return name.endsWith(".csv") ? tableRoot(draw.digest, bytes) : draw.digest.hexOfBytes(bytes);
}

/** Every file committed to against its digest. */
export async function checkInputs(draw) {
  const { inputs } = known(draw.commitment, "the commitment");
  const faults = new Faults();
  for (const [name, wanted] of Object.entries(inputs)) {
    const found = digestOf(draw, name, await draw.read(name));
    faults.unless(found === wanted, `${name} has the digest ${found}, committed to was ${wanted}`);
  }
  faults.settle();
  const expected = new Set(["commitment.json", "reveal.json", RESULT[draw.kind], ...Object.keys(inputs)]);
  const others = draw.names().filter((name) => !expected.has(name));
  return `all as committed to${others.length > 0 ? `; also here, and no part of the draw: ${others.join(", ")}` : ""}`;
}

function isLine(value) {
  return isText(value) && !value.includes("\n");
}

/** Checks reveal.json against the commitment. Sets draw.publicValue and, once all is open, draw.tickets. */
export async function checkReveal(draw) {
  const reveal = parseCanonical(await draw.read("reveal.json"), "reveal.json");
  const commitment = known(draw.commitment, "the commitment");
  demandShape(
    reveal,
    {
      parties: (value) => isRecord(value) && Object.values(value).every(isLine),
      public: (value) => (value === null) === (commitment.public === null) && (value === null || isLine(value)),
      seal: (value) => value === null || (commitment.seal !== null && isLine(value)),
    },
    "reveal.json",
  );
  draw.publicValue = reveal.public;
  const names = commitment.parties.map((party) => party.name);
  demand(isSame(names, Object.keys(reveal.parties)), "not exactly the parties announced reveal");
  const head = (what) => `${PROTOCOL}/${what}\n${draw.name}\n`;
  const faults = new Faults();
  for (const { name, commitment: wanted } of commitment.parties) {
    const found = draw.digest.hexOfText(`${head("party")}${name}\n${reveal.parties[name]}\n`);
    faults.unless(found === wanted, `the secret of ${name} is not the one committed to`);
  }
  const sealed = reveal.seal === null ? commitment.seal : draw.digest.hexOfText(`${head("seal")}${reveal.seal}\n`);
  faults.unless(sealed === commitment.seal, "the seal is not the one committed to");
  faults.settle();
  if (commitment.seal !== null && reveal.seal === null)
    throw new NotChecked("the seal is still closed: outsiders cannot compute the seed yet");
  const seed = seedOf(draw, reveal);
  draw.tickets = new Tickets(draw.digest, seed);
  const who = [...names, ...(commitment.public ? [`who made ${JSON.stringify(commitment.public)}`] : [])];
  return `seed ${seed}; to steer it, all of these would have to collude: ${who.join(", ")}`;
}

function isSame(names, others) {
  return names.length === others.length && names.every((name) => others.includes(name));
}

function seedOf(draw, reveal) {
  const parties = draw.commitment.parties.map(({ name }) => `${name}:${reveal.parties[name]}\n`).join("");
  const rest = `public:${reveal.public ?? ""}\nseal:${reveal.seal ?? ""}\n`;
  return draw.digest.hexOfText(`${PROTOCOL}/seed\n${draw.commitmentDigest}\n${parties}${rest}`);
}

/** Whether what makes the seed is of a kind nobody can choose, and enough of it (PROTOCOL 4). */
export function checkRandomness(draw) {
  const { public: source, parties } = known(draw.commitment, "the commitment");
  const value = known(draw.publicValue, "the public value");
  const isAlone = parties.length === 0;
  if (source === null) {
    demand(!isAlone, "neither parties nor a public value");
    return "of parties";
  }
  if (source.kind === "dice") {
    demand(/^[0-9]+$/.test(value), "dice fall on digits only");
    demand(value.length === source.digits, `${value.length} dice were rolled, ${source.digits} announced`);
    demand(!isAlone || value.length >= 39, "fewer than 39 dice, which carry 128 bits, and no parties");
    return isAlone ? "of 128 bits" : "of parties and dice";
  }
  demand(source.kind !== "lottery" || !isAlone, "a lottery is never the only source");
  demand(source.kind !== "drand" || isDigest(value), `${value} is not the value of a drand round`);
  throw new NotChecked(`${JSON.stringify(source)}: its value, time and signature are to be checked at the source`);
}

/** The root of the result against the log, and what it builds on. Sets draw.root and draw.base. */
export async function checkResult(plan, draw) {
  const name = RESULT[draw.kind];
  const bytes = await draw.read(name);
  const { previous } = known(draw.commitment, "the commitment");
  const [commit, end] = [known(draw.commit, "the place in the log"), draw.end];
  const root = tableRoot(draw.digest, bytes);
  demand(root === end.digest, `${name} has the root ${root}, the log has ${end.digest}`);
  draw.root = root;
  const base = plan.draws.find(
    (other) => other.root !== undefined && other.root === previous && other.end.index < commit.index,
  );
  const isBased = draw.kind === "inspectors" ? base?.kind === "firms" : base !== undefined || previous === null;
  demand(isBased, "it builds on no result that was in the log before it");
  const isFirst =
    draw.kind === "firms" || plan.draws.every((other) => other.kind !== "inspectors" || other.base !== base);
  demand(isFirst, "the firm draw has its inspectors already");
  draw.base = base;
  return `${name} has the root in the log, ${root}; it builds on ${base?.folder ?? "no other draw"}`;
}
