"""The auditor's file on a province's firm draw: ``python benchmarks/verify_province.py [firms] [folder]``.

A made-up register of one plan with one firm draw, a twentieth of it drawn by our own code, is verified by
``python3 -I -S verify.py`` as a process of its own; seconds and peak memory are printed. Pools of 7 000 firms, fifty
tasks, each pool split over two of them by a third of a visit more or less, so that rounding has work to do.
"""

from __future__ import annotations

import resource
import secrets
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import duckdb
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from inspection.draw.canonical import canonical_json, digest_hex
from inspection.draw.commitment import Commitment, Party
from inspection.draw.firms import draw_firms
from inspection.draw.log import Entry
from inspection.draw.merkle import inclusion_proof, tree_head
from inspection.draw.note import Checkpoint, VerifierKey, sign_note
from inspection.draw.publication import PublishedCommitment
from inspection.draw.reveal import Reveal, party_commitment
from inspection.draw.table import COLUMNS, table_bytes, table_root
from inspection.publish.bundle import DrawFolder, LogFiles, write_bundle
from inspection.registry.ranking import ranking_of
from inspection.store.keys import Signer

PLAN, FOLDER, TASKS, POOL, SHARE, MILLION = "370000-2027", "1-firms", 50, 7_000, 20, 1_000_000
START = datetime(2027, 1, 5, 9, tzinfo=timezone(timedelta(hours=8)))


def write_firms(path: Path, firms: int, pools: int) -> None:
    """firms.csv, sorted by firm, pools of like size."""
    duckdb.sql("SET threads = 1")
    duckdb.sql(
        f"""COPY (SELECT printf('9137%014d', i) AS firm, printf('P%05d', i % {pools}) AS pool,
                         printf('town-%05d', i * 104729 % {pools * 3}) AS town, md5('salt' || i) AS salt
                  FROM range({firms}) AS t(i)) TO '{path}' (FORMAT csv, HEADER, QUOTE '')"""
    )


def flows(firms: int, pools: int) -> tuple[list[tuple[str, str, int]], dict[str, int]]:
    """The arcs of flow.csv, and the whole total of every task."""
    visits = [(firms // pools + (p < firms % pools)) // SHARE for p in range(pools)]
    shares: dict[tuple[int, int], int] = {}
    for p, total in enumerate(visits):
        more = (-1 if p // TASKS % 2 else 1) * 333_333 if p // TASKS < pools // TASKS // 2 * 2 else 0
        shares[p, p % TASKS] = total // 2 * MILLION + more
        shares[p, (p + 1) % TASKS] = total * MILLION - shares[p, p % TASKS]
    arcs = [("hub", f"pool:P{p:05d}", total * MILLION) for p, total in enumerate(visits)]
    arcs += [(f"pool:P{p:05d}", f"task:T{t:02d}", flow) for (p, t), flow in shares.items()]
    totals = {f"T{t:02d}": sum(flow for (_, task), flow in shares.items() if task == t) for t in range(TASKS)}
    arcs += [(f"task:{task}", "hub", flow) for task, flow in totals.items()]
    return arcs, {task: flow // MILLION for task, flow in totals.items()}


def make(folder: Path, firms: int) -> Path:
    """A whole bundle of one firm draw."""
    pools = firms // POOL
    arcs, totals = flows(firms, pools)
    months = [(task, "2027-05", total) for task, total in totals.items()]
    tasks = {task: {"agencies": ["market", "fire"], "months": ["2027-05"]} for task in totals}
    rules = {
        "coverage": {"denominator": 100, "numerator": 4},
        "exempt_pools": {},
        "joint_share": {"counted_by": "visits", "denominator": 10, "numerator": 1},
        "officers_per_agency": 2,
        "plan": PLAN,
        "tasks": tasks,
        "tiers": ["A"],
        "visits_per_firm": 1,
    }
    write_firms(folder / "firms.csv", firms, pools)
    rows = [(f"P{p:05d}", "A", "370000") for p in range(pools)]
    for name, data in (
        ("pools.csv", table_bytes(COLUMNS["pools.csv"], rows)),
        ("flow.csv", table_bytes(COLUMNS["flow.csv"], arcs)),
        ("months.csv", table_bytes(COLUMNS["months.csv"], months)),
        ("rules.json", canonical_json(rules)),
    ):
        (folder / name).write_bytes(data)
    tables = ("firms.csv", "pools.csv", "flow.csv", "months.csv")
    inputs = {name: table_root(folder / name, "sha256") for name in tables}
    inputs["rules.json"] = digest_hex("sha256", (folder / "rules.json").read_bytes())
    name, secret = f"{PLAN}/{FOLDER}", secrets.token_hex(32)
    commitment = Commitment(
        digest="sha256",
        plan=PLAN,
        draw=name,
        kind="firms",
        previous=None,
        inputs=inputs,
        parties=(Party(name="notary", commitment=party_commitment("sha256", name, "notary", secret)),),
        public=None,
        seal=None,
    )
    reveal = Reveal(parties={"notary": secret})
    log = Log()
    log.append("commit", name, commitment.hex, START)
    published = PublishedCommitment(
        commitment=commitment, line=log.lines[0], index=0, proof=inclusion_proof(log.lines, 0), checkpoint=log.seen(1)
    )
    drawn = draw_firms(published, reveal, arcs, months, ranking_of(folder / "firms.csv"))
    salted = ((*visit, secrets.token_hex(16)) for visit in drawn.visits)
    (folder / "visits.csv").write_bytes(table_bytes(COLUMNS["visits.csv"], salted))
    log.append("result", name, table_root(folder / "visits.csv", "sha256"), START + timedelta(hours=1))
    log.seen(2)
    (folder / "commitment.json").write_bytes(commitment.canonical)
    (folder / "reveal.json").write_bytes(reveal.canonical)
    files = {path.name: path for path in folder.iterdir() if path.is_file()}
    write_bundle(folder / "bundle", PLAN, [DrawFolder(folder=FOLDER, files=files)], log.files())
    return folder / "bundle"


class Log:
    """A log of a few entries and its signed checkpoints."""

    def __init__(self) -> None:
        self.signer = Signer(Ed25519PrivateKey.generate())
        self.key = VerifierKey(name="open-draw.example/bench", public_key=self.signer.public_key)
        self.lines: list[bytes] = []
        self.checkpoints: dict[int, str] = {}

    def append(self, kind: str, draw: str, digest: str, at: datetime) -> None:
        entry = Entry(type=kind, plan=PLAN, draw=draw, time=at.isoformat(), actor="bureau", digest=digest)
        self.lines.append(entry.line)

    def seen(self, size: int) -> Checkpoint:
        checkpoint = Checkpoint(origin=self.key.name, size=size, root=tree_head(self.lines[:size]))
        self.checkpoints[size] = sign_note(checkpoint.text, self.key, self.signer.sign)
        return checkpoint

    def files(self) -> LogFiles:
        return LogFiles(lines=[line.decode() for line in self.lines], key=self.key.text, checkpoints=self.checkpoints)


def main(firms: int, folder: Path) -> int:
    bundle = make(folder, firms)
    begin = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(bundle / "verify.py"), str(bundle)], stdout=subprocess.PIPE, text=True
    )
    seconds, usage = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    print(done.stdout.splitlines()[-1])
    cpu = usage.ru_utime + usage.ru_stime
    print(f"{firms:,} firms verified in {seconds:.1f} s, {cpu:.1f} CPU s, {usage.ru_maxrss / 1024:,.0f} MB")
    return done.returncode


if __name__ == "__main__":
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 14_000_000
    if len(sys.argv) > 2:
        sys.exit(main(number, Path(sys.argv[2])))
    with tempfile.TemporaryDirectory() as place:
        sys.exit(main(number, Path(place)))
