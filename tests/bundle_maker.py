"""Makes whole bundles of any size, honest or not, for the tests of the checker: every digest and signature fits.

A test changes the specification before anything is committed, or the log before it is signed; what remains wrong is
then a rule and not a digest.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from inspection.verify import rounded, tree_head, verify

PLAN = "370828-2027"
UNIT = 1_000_000


def canonical(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def sha(text: str | bytes) -> str:
    return hashlib.sha256(text.encode() if isinstance(text, str) else text).hexdigest()


def csv(header: str, rows: list[tuple[Any, ...]]) -> bytes:
    return "".join(f"{line}\n" for line in [header, *(",".join(map(str, row)) for row in rows)]).encode()


def evenly(total: int, count: int) -> list[int]:
    return [total // count + (place < total % count) for place in range(count)]


@dataclass
class Spec:
    """What a test may change before the bundle is made."""

    rules: dict[str, Any]
    firms: list[tuple[str, str, str]]
    pools: list[tuple[Any, ...]]
    firm_flow: list[tuple[str, str, int]]
    months: list[tuple[str, str, int]]
    inspectors: list[tuple[str, str, str, str]]
    recusals: list[tuple[str, str, str]] = field(default_factory=list)
    pools_header: str = "pool,tier,region"
    officers: int = 2
    skill: str = "lead"
    origin: str = f"open-draw.example/{PLAN}"
    parties: tuple[str, ...] = ("bureau", "notary")
    public: dict[str, Any] | None = None
    value: str | None = None
    seal: str | None = "sealed secret"
    edit_needs: Callable[[list[Any]], list[Any]] = lambda rows: rows
    edit_inspector_flow: Callable[[list[Any]], list[Any]] = lambda rows: rows
    edit_visits: Callable[[list[Any]], list[Any]] = lambda rows: rows
    edit_assignments: Callable[[list[Any]], list[Any]] = lambda rows: rows
    edit_commitment: Callable[[dict[str, Any]], dict[str, Any]] = lambda value: value
    edit_reveal: Callable[[dict[str, Any]], dict[str, Any]] = lambda value: value
    edit_entries: Callable[[list[Any]], list[Any]] = lambda entries: entries
    checkpoints: Callable[[int], list[int]] = lambda count: list(range(1, count + 1))
    later: Callable[[Made], list[dict[str, Any]]] = lambda made: []


@dataclass
class Made:
    """A bundle that was made: where it is, and what later events need."""

    root: Path
    spec: Spec
    visits: list[tuple[str, str, str, str, str]] = field(default_factory=list)
    reserve: dict[str, list[str]] = field(default_factory=dict)
    ticket: Callable[[str, object], bytes] = lambda stream, item: b""
    assignments: list[tuple[str, str, str, str]] = field(default_factory=list)


def spec(firms: int = 60, officers: int = 6, tasks: int = 2, visits: int = 6) -> Spec:
    """A small honest plan: two tiers, four pools, tasks single and joint by turns, months by turns."""
    agencies = ["fire", "market"]
    pools = [(f"{tier}-{side}", tier, side) for tier in "AB" for side in ("east", "west")]
    names = [f"T{n:03d}" for n in range(1, tasks + 1)]
    rules = {
        "plan": PLAN,
        "tiers": ["A", "B"],
        "coverage": {"numerator": 5, "denominator": 100},
        "exempt_pools": {},
        "joint_share": {"numerator": 10, "denominator": 100, "counted_by": "visits"},
        "visits_per_firm": 1,
        "officers_per_agency": 2,
        "tasks": {
            name: {"agencies": agencies if n % 2 else ["market"], "months": [f"2027-{4 + n % 8:02d}", "2027-12"]}
            for n, name in enumerate(names)
        },
    }
    members = [(f"9137{n:014d}", pools[n * 7 % 4][0], f"town-{n % 5}") for n in range(firms)]
    weights = {"A": 1, "B": 2}
    shares = [sum(weights[pool[0]] for _, name, _ in members if name == pool) for pool in [row[0] for row in pools]]
    flow: list[tuple[str, str, int]] = []
    for name in names:
        total, parts = visits // tasks * UNIT, []
        for place, share in enumerate(shares):
            parts.append(total * sum(shares[: place + 1]) // sum(shares) - total * sum(shares[:place]) // sum(shares))
            del share
        flow += [(f"pool:{pool[0]}", f"task:{name}", part) for pool, part in zip(pools, parts, strict=True)]
    into = {pool[0]: sum(part for tail, _, part in flow if tail == f"pool:{pool[0]}") for pool in pools}
    flow = [("plan", f"pool:{pool}", part) for pool, part in into.items()] + flow
    flow += [(f"task:{name}", "plan", visits // tasks * UNIT) for name in names]
    months = [(name, rules["tasks"][name]["months"][0], visits // tasks - 1) for name in names]  # type: ignore[index]
    months = sorted([*months, *((name, "2027-12", 1) for name in names)])
    staff = [
        (f"{agency}-{n:02d}", agency, "2031-12-31", "lead" if n % 3 else "")
        for agency in agencies
        for n in range(officers)
    ]
    return Spec(
        rules,
        members,
        pools,
        flow,
        months,
        sorted(staff),
        public={"kind": "dice", "digits": 20, "not_before": "2027-01-05T09:30:00+08:00"},
        value="31415926535897932384",
    )


def salted(rows: list[tuple[Any, ...]], stream: str) -> list[tuple[Any, ...]]:
    return [(*row, sha(f"{stream}{row}")[:32]) for row in rows]


def draw(
    made: Made, folder: str, files: dict[str, bytes], previous: str | None
) -> tuple[str, Callable[[str, object], bytes]]:
    """Commits to the files and reveals; the digest of the commitment, and the tickets of its seed."""
    plan, name, base = made.spec, f"{PLAN}/{folder}", made.root / "draws" / folder
    base.mkdir(parents=True)
    for file, data in files.items():
        (base / file).write_bytes(data)
    secrets = {party: sha(f"{party}{folder}") for party in plan.parties}
    commitment = plan.edit_commitment(
        {
            "protocol": "open-draw/1",
            "digest": "sha256",
            "plan": PLAN,
            "draw": name,
            "kind": folder.split("-")[1],
            "previous": previous,
            "inputs": {
                file: tree_head(data, hashlib.sha256).hex() if file.endswith(".csv") else sha(data)
                for file, data in files.items()
            },
            "parties": [
                {"name": party, "commitment": sha(f"open-draw/1/party\n{name}\n{party}\n{secret}\n")}
                for party, secret in secrets.items()
            ],
            "public": plan.public,
            "seal": plan.seal and sha(f"open-draw/1/seal\n{name}\n{plan.seal}\n"),
        }
    )
    reveal = plan.edit_reveal({"parties": secrets, "public": plan.value, "seal": plan.seal})
    (base / "commitment.json").write_bytes(canonical(commitment))
    (base / "reveal.json").write_bytes(canonical(reveal))
    digest = sha(canonical(commitment))
    lines = [f"{one['name']}:{reveal['parties'].get(one['name'])}\n" for one in commitment["parties"]]
    seed = sha(f"open-draw/1/seed\n{digest}\n{''.join(lines)}public:{plan.value or ''}\nseal:{plan.seal or ''}\n")
    return digest, lambda stream, item: hashlib.sha256(f"{seed}/{stream}/{item}".encode()).digest()


def rounded_as_far(
    arcs: dict[tuple[str, str], int], ticket: Callable[[str, object], bytes]
) -> dict[tuple[str, str], int]:
    """The rounding; of a flow out of balance, which has none, the floors."""
    try:
        return rounded(arcs, ticket)
    except (IndexError, ValueError):
        return {pair: flow // 1_000_000 for pair, flow in arcs.items()}


def firm_rows(made: Made, ticket: Callable[[str, object], bytes]) -> list[tuple[str, str, str, str]]:
    plan = made.spec
    whole = rounded_as_far({(tail, head): flow for tail, head, flow in plan.firm_flow}, ticket)
    ranked, chosen, town = defaultdict(list), defaultdict(list), {firm: town for firm, _, town in plan.firms}
    for _, firm, pool in sorted((ticket("firm", firm), firm, pool) for firm, pool, _ in plan.firms):
        ranked[pool].append(firm)
    for (tail, head), count in whole.items():
        if head.startswith("task:"):
            pool = tail[5:]
            chosen[head[5:]] += ranked[pool][:count]
            ranked[pool] = ranked[pool][count:]
    made.reserve, made.ticket, rows = dict(ranked), ticket, []
    for task, firms in chosen.items():
        firms.sort(key=lambda firm: (ticket("town", town[firm]), town[firm], ticket("month", firm), firm))
        start = int.from_bytes(ticket("start", "month"), "big") * len(firms) >> 256
        months = [month for name, month, visits in plan.months if name == task for _ in range(visits)]
        rows += [(firm, task, month) for firm, month in zip(firms[start:] + firms[:start], months, strict=False)]
    return [(f"V{n:04d}", *row) for n, row in enumerate(rows, 1)]


def inspector_tables(made: Made) -> tuple[list[Any], list[Any]]:
    """Needs, and a flow that gives every eligible inspector of a need nearly the same chance."""
    plan, needs, flow = made.spec, [], []
    through: dict[tuple[str, str], int] = defaultdict(int)
    recused = {(name, firm) for name, firm, _ in plan.recusals}
    for visit, firm, task, month, _ in made.visits:
        for agency in sorted(plan.rules["tasks"][task]["agencies"]):
            needs.append((visit, agency, plan.officers, 1, plan.skill))
            able = [
                row
                for row in plan.inspectors
                if row[1] == agency and row[2] > f"{month}-31" and (row[0], firm) not in recused
            ]
            able.sort(key=lambda row: (plan.skill not in row[3].split(), row[0]))
            node, parts = f"need:{visit}:{agency}", evenly(plan.officers * UNIT, len(able))
            skilled = sum(part for row, part in zip(able, parts, strict=True) if plan.skill in row[3].split())
            flow += [("hub", node, plan.officers * UNIT), (node, f"{node}:{plan.skill}", skilled)]
            for row, part in zip(able, parts, strict=True):
                tail = f"{node}:{plan.skill}" if plan.skill in row[3].split() else node
                flow.append((tail, f"duty:{row[0]}:{month}", part))
                through[row[0], month] += part
    flow += [(f"duty:{name}:{month}", f"inspector:{name}", part) for (name, month), part in through.items()]
    for name in dict.fromkeys(name for name, _ in through):
        flow.append((f"inspector:{name}", "hub", sum(part for (one, _), part in through.items() if one == name)))
    return plan.edit_needs(sorted(needs)), plan.edit_inspector_flow(flow)


def write_log(made: Made, entries: list[dict[str, Any]], key: Ed25519PrivateKey | None = None) -> None:
    """Writes the entries, and checkpoints signed by a key of the test's own."""
    log, plan, key = made.root / "log", made.spec, key or Ed25519PrivateKey.from_private_bytes(b"\1" * 32)
    (log / "checkpoints").mkdir(parents=True, exist_ok=True)
    public = b"\1" + key.public_key().public_bytes_raw()
    mark = hashlib.sha256(f"{plan.origin}\n".encode() + public).digest()[:4]
    lines = [canonical(entry) for entry in entries]
    (log / "entries.jsonl").write_bytes(b"".join(line + b"\n" for line in lines))
    (log / "key").write_text(f"{plan.origin}+{mark.hex()}+{base64.b64encode(public).decode()}\n")
    for size in plan.checkpoints(len(lines)):
        root = base64.b64encode(tree_head(b"\n".join(lines[:size]), hashlib.sha256)).decode()
        body = f"{plan.origin}\n{size}\n{root}\n"
        signature = base64.b64encode(mark + key.sign(body.encode())).decode()
        (log / "checkpoints" / str(size)).write_text(f"{body}\n— {plan.origin} {signature}\n")


def make(root: Path, plan: Spec) -> Made:
    """Makes the whole bundle at root as the specification says."""
    made, entries = Made(root, plan), []

    def entry(kind: str, folder: str, digest: str, minute: int) -> None:
        entries.append(
            {
                "type": kind,
                "plan": PLAN,
                "draw": f"{PLAN}/{folder}",
                "actor": "bureau",
                "digest": digest,
                "time": f"2027-01-05T09:{minute:02d}:00+08:00",
            }
        )

    files = {
        "rules.json": canonical(plan.rules),
        "firms.csv": csv("firm,pool,town,salt", salted(sorted(plan.firms), "firm")),
        "pools.csv": csv(plan.pools_header, plan.pools),
        "flow.csv": csv("tail,head,flow", plan.firm_flow),
        "months.csv": csv("task,month,visits", plan.months),
    }
    digest, ticket = draw(made, "1-firms", files, None)
    made.visits = plan.edit_visits(salted(firm_rows(made, ticket), "visit"))
    table = csv("visit,firm,task,month,salt", made.visits)
    (root / "draws/1-firms/visits.csv").write_bytes(table)
    result = tree_head(table, hashlib.sha256).hex()
    entry("commit", "1-firms", digest, 0)
    entry("result", "1-firms", result, 35)
    needs, flow = inspector_tables(made)
    files = {
        "needs.csv": csv("visit,agency,officers,qualified,qualification", needs),
        "flow.csv": csv("tail,head,flow", flow),
        "inspectors.csv": csv("inspector,agency,valid_until,qualifications,salt", salted(plan.inspectors, "inspector")),
        "recusals.csv": csv("inspector,firm,reason", sorted(plan.recusals)),
    }
    if plan.public:
        plan.public = {**plan.public, "not_before": "2027-01-05T09:40:00+08:00"}
    digest, ticket = draw(made, "2-inspectors", files, result)
    ones = rounded_as_far({(tail, head): part for tail, head, part in flow}, ticket).items()
    rows = [
        (*tail.split(":")[1:3], head.split(":")[1])
        for (tail, head), n in ones
        if n and tail[:5] + head[:5] == "need:duty:"
    ]
    made.assignments, made.ticket = plan.edit_assignments(salted(sorted(rows), "assignment")), ticket
    table = csv("visit,agency,inspector,salt", made.assignments)
    (root / "draws/2-inspectors/assignments.csv").write_bytes(table)
    entry("commit", "2-inspectors", digest, 38)
    entry("result", "2-inspectors", tree_head(table, hashlib.sha256).hex(), 45)
    later = [
        {"plan": PLAN, "actor": "bureau", "digest": sha("later"), "time": "2027-05-05T09:00:00+08:00", **one}
        for one in plan.later(made)
    ]
    (root / "bundle.json").write_bytes(
        canonical({"protocol": "open-draw/1", "plan": PLAN, "draws": ["1-firms", "2-inspectors"]})
    )
    write_log(made, plan.edit_entries(entries + later))
    return made


def verdicts(bundle: Path) -> dict[str, set[str]]:
    rows = verify(bundle)
    return {
        kind: {row["step"].rpartition(" ")[0] for row in rows if row["verdict"] == kind}
        for kind in ("passed", "failed", "not checked")
    }


def detail(bundle: Path, step: str) -> str:
    return "\n".join(row["detail"] for row in verify(bundle) if row["step"].startswith(step))
