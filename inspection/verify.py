#!/usr/bin/env python3
"""Checks an open-draw/1 bundle from PROTOCOL.md alone ("§" cites it): python3 -I -S verify.py BUNDLE [--json].

Exit 0: every claim was checked and holds; 1: one fails; 2: usage; 3: none fails, one could not be checked here.
One file, standard library only, no code in common with the program that made the bundle. For Python 3.9 and later.
"""
# ruff: noqa: B905, RUF007, UP035, SIM905 — zip(strict=), pairwise and newer homes of names are not in Python 3.9
from __future__ import annotations

import base64
import hashlib
import json
import re
import sys
from collections import Counter, defaultdict
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Callable, Iterable, Iterator

UNIT = 1_000_000  # flows are in millionths of a visit or a seat (§2)
CHINESE = {"passed": "通过", "failed": "不符", "not checked": "未核", "stated": "说明"}
INPUTS = {"firms": "rules.json firms.csv pools.csv flow.csv months.csv", "inspectors": "needs.csv inspectors.csv recusals.csv flow.csv"}
RESULT = {"firms": "visits.csv", "inspectors": "assignments.csv"}
TABLES = {"firms": ("firm pool town salt", 1), "pools": ("pool tier region", 1), "flow": ("tail head flow", 0),
          "months": ("task month visits", 2), "visits": ("visit firm task month salt", 0),
          "needs": ("visit agency officers qualified qualification", 2), "recusals": ("inspector firm reason", 2),
          "inspectors": ("inspector agency valid_until qualifications salt", 1),
          "assignments": ("visit agency inspector salt", 3)}  # columns, and how many of them make the order (§3)
ID, LINE, MONTH = r'[^:,"\r\n]+', r"[^\r\n]+", r"\d{4}-(?:0[1-9]|1[0-2])"
FORMS = {"salt": "[0-9a-f]{32}", "tail": LINE, "head": LINE, "month": MONTH, "valid_until": rf"{MONTH}-\d\d", "region": ".*",
         "qualification": r"[^:\s]*", "qualifications": "[^:]*", **dict.fromkeys(["flow", "visits", "officers", "qualified"], r"\d{1,15}")}
KNOWN = {*"plan tiers coverage joint_share visits_per_firm officers_per_agency tasks exempt_pools".split(),  # in rules.json
         *"visits_by_tier tier_bounds combinations monthly_seats".split()}
HUB = r"(?!need:|duty:|inspector:)[^\n]+"  # a grouping node; LINK is every arc that an inspector draw may have (§7)
LINK = re.compile(rf"{HUB}\n(?:{HUB}|need:{ID}:{ID})|(need:{ID}:{ID})\n\1:{ID}|inspector:{ID}\n{HUB}|duty:({ID}):{MONTH}\ninspector:\2"
                  rf"|need:({ID}):({ID})(:{ID})?\nduty:({ID}):({MONTH})", re.ASCII)
Arcs, Point = dict[tuple[str, str], int], tuple[int, int, int, int]

class Fault(Exception):
    """A claim of the bundle does not hold; the text says which and why."""

class NotCheckable(Exception):
    """A claim can be neither confirmed nor refuted here; the text says why."""

class Facts(SimpleNamespace):
    """What the steps found about the plan or one draw; asking for what no step could find is NotCheckable."""

    def __getattr__(self, name: str) -> Any:
        raise NotCheckable(f"needs {name}, which no earlier step could establish")

@contextmanager
def step(plan: Facts, name: str, draw: str = "") -> Iterator[Callable[[str], None]]:
    """Adds the row of a named step to plan.rows, whatever happens inside; what it finds is told to the value."""
    found, verdict = list[str](), "passed"
    try:
        yield found.append
    except (NotCheckable, NameError) as error:  # NameError: a name that an earlier step, failing, did not bind
        verdict, found = "not checked", [str(error)]
    except Exception as error:  # malformed input of any kind is a failed step with its reason, never a traceback (§10)
        verdict, found = "failed", [str(error) if isinstance(error, Fault) else f"malformed: {type(error).__name__}: {error}"]
    detail = "".join(char if char.isprintable() else "\ufffd" for char in "; ".join(found)[:4000])
    plan.rows.append({"step": name, "draw": draw, "verdict": verdict, "detail": detail})

def need(holds: object, reason: str) -> None:
    """Raises Fault with the reason unless the claim holds."""
    if not holds:
        raise Fault(reason)

def none(faults: Iterable[str]) -> None:
    """Raises Fault with the first three of the faults, and how many there are, unless there are none."""
    found = list(faults)
    need(not found, f"{'; '.join(found[:3])} ({len(found)} in all)")

def read(root: Path, name: str) -> bytes:
    """The bytes of a regular file of the bundle; links, devices and files too large to be meant are refused."""
    path, most = root / name, 1 << (31 if name.endswith(".csv") else 28 if name.endswith(".jsonl") else 25)
    need(path.resolve() == root.resolve() / name and path.is_file(), f"{name} is missing, a link or no regular file")
    need(path.stat().st_size <= most, f"{name} has {path.stat().st_size} bytes, more than {most}")
    return path.read_bytes()

def parse(data: bytes, name: str) -> Any:
    """The object of canonical JSON bytes (RFC 8785, integers below 2^53 only, §2)."""
    def number(text: str) -> int:
        need(re.fullmatch(r"-?\d{1,16}", text) and abs(int(text)) < 1 << 53, f"{name}: {text[:20]} is no integer below 2^53")
        return int(text)
    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        return dict(sorted(pairs, key=lambda pair: pair[0].encode("utf-16-be")))
    value = json.loads(data.decode(), object_pairs_hook=members, parse_int=number, parse_float=number, parse_constant=number)
    need(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() == data, f"{name} is not canonical JSON")
    need(isinstance(value, dict), f"{name} is no object")
    return value

def moment(text: str) -> datetime:
    """The aware time, in whole seconds, of an RFC 3339 text."""
    return datetime.strptime(re.sub(r"\.\d+", "", text), "%Y-%m-%dT%H:%M:%S%z")

def table(data: bytes, name: str) -> list[list[str]]:
    """The rows of a plain CSV (§2, §3), after checks of form, header, fields and order."""
    text, header, ordered = data.decode(), TABLES[name][0].split(), TABLES[name][1]
    top, *rows = [line.split(",") for line in text.splitlines()]
    need(text[-1:] == "\n" and len(rows) + 1 == text.count("\n") and '"' not in text, f"{name}.csv is no plain CSV with LF line ends")
    need(top == header or (name == "pools" and top[:3] == header), f"{name}.csv has not the columns {', '.join(header)}")
    none(f"{name}.csv line {n} has not {len(top)} fields" for n, row in enumerate(rows, 2) if len(row) != len(top))
    for place, column in enumerate(header):
        form, fields = re.compile(FORMS.get(column, ID), re.ASCII), {row[place] for row in rows}
        none(f"{name}.csv: {column} {field[:80]!r} has not its form" for field in fields if not form.fullmatch(field))
    none(f"{name}.csv is out of order or repeats itself at {', '.join(b[:ordered])}" for a, b in zip(rows, rows[1:])
         if ordered and not a[:ordered] < b[:ordered])
    return rows

def tree_head(lines: Iterable[bytes], new: Callable[[bytes], Any] = hashlib.sha256) -> bytes:
    """The Merkle tree head of the lines (RFC 9162 2.1.1)."""
    nodes: list[bytes] = [new(b"\0" + line).digest() for line in lines]
    while len(nodes) > 1:
        odd = nodes[len(nodes) & ~1 :]
        nodes = [new(b"\1" + a + b).digest() for a, b in zip(nodes[::2], nodes[1::2])] + odd
    return nodes[0] if nodes else hashlib.sha256(b"").digest()

def digest_of(new: Callable[[bytes], Any], data: bytes, name: str) -> str:
    """The digest of a file (§2): of a table the tree head over its lines, else that of its bytes."""
    return (tree_head(data.removesuffix(b"\n").split(b"\n"), new) if name.endswith(".csv") else bytes(new(data).digest())).hex()

def ed25519(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the key signed the message (RFC 8032 5.1.7, without cofactor): R = s·B - k·A, in extended coordinates."""
    p, order, y = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493, int.from_bytes(key, "little") & 2**255 - 1
    d, s = -121665 * pow(121666, -1, p) % p, int.from_bytes(signature[32:], "little")
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % order
    def plus(a: Point, b: Point) -> Point:
        e, f, g, h = (a[1] - a[0]) * (b[1] - b[0]), (a[1] + a[0]) * (b[1] + b[0]), 2 * a[3] * b[3] * d, 2 * a[2] * b[2]
        e, f, g, h = (f - e) % p, (h - g) % p, (h + g) % p, (f + e) % p
        return e * f % p, g * h % p, f * g % p, e * h % p
    square = (y * y - 1) * pow(d * y * y + 1, -1, p) % p
    x = pow(square, (p + 3) // 8, p)
    x = x if x * x % p == square else x * pow(2, (p - 1) // 4, p) % p
    if len(key) != 32 or len(signature) != 64 or not x or x * x % p != square or y >= p or s >= order:
        return False
    x = p - x if x & 1 == key[31] >> 7 else x  # of -A
    base_x, base_y = 0x216936D3CD6E53FEC0A4E231FDD6DC5C692CC7609525A7B2C9562D608F25D51A, 4 * pow(5, -1, p) % p
    total: Point = (0, 1, 1, 0)
    for bit in range(255, -1, -1):
        total = plus(total, total)
        total = plus(total, (base_x, base_y, 1, base_x * base_y % p)) if s >> bit & 1 else total
        total = plus(total, (x, y, 1, x * y % p)) if k >> bit & 1 else total
    x, y = (axis * pow(total[2], -1, p) % p for axis in total[:2])
    return signature[:32] == (y | (x & 1) << 255).to_bytes(32, "little")

def rounded(arcs: Arcs, ticket: Callable[[str, object], bytes]) -> Arcs:
    """The whole number on each arc after the fair rounding of its flow in millionths (§5)."""
    number: dict[str, int] = {}
    ends = [(number.setdefault(tail, len(number)), number.setdefault(head, len(number))) for tail, head in arcs]
    frac, touching, cycles = [flow % UNIT for flow in arcs.values()], [list[int]() for _ in number], 0
    for arc in [arc for arc in range(len(frac) - 1, -1, -1) if frac[arc]]:  # a node's lowest arc comes last in its list
        touching[ends[arc][0]].append(arc)
        touching[ends[arc][1]].append(arc)
    def leave(node: int, came: int) -> int:  # by its lowest fractional arc but the one just walked; -1 if there is none
        here = touching[node]
        while here and frac[here[-1]] % UNIT == 0:
            here.pop()
        while len(here) > 1 and here[-1] == came and frac[here[-2]] % UNIT == 0:
            del here[-2]
        return -1 if not here or here == [came] else here[-1] if here[-1] != came else here[-2]
    for start, (node, _) in enumerate(ends):
        walk, place = list[tuple[int, bool]](), {node: 0}  # arcs with whether walked tail to head; how far each node is
        arc = leave(node, -1) if frac[start] % UNIT else -1
        while arc >= 0:
            walk.append((arc, ends[arc][0] == node))
            node = ends[arc][walk[-1][1]]
            if place.setdefault(node, len(walk)) < len(walk):
                cycle = walk[place[node] :]
                del walk[place[node] :]
                rooms = [(UNIT - frac[arc], frac[arc]) if forward else (frac[arc], UNIT - frac[arc]) for arc, forward in cycle]
                up, down = map(min, zip(*rooms))
                coin = int.from_bytes(ticket("round", cycles), "big") * (up + down) >> 256
                for arc, forward in cycle:
                    frac[arc] += (up if coin < down else -down) * (1 if forward else -1)
                    place.pop(ends[arc][not forward])
                cycles, place[node] = cycles + 1, len(walk)
            arc = leave(node, walk[-1][0] if walk else -1)
    return {ends: flow // UNIT + rest // UNIT for (ends, flow), rest in zip(arcs.items(), frac)}

def check_log(plan: Facts) -> None:
    """Steps on bundle.json and on the log as a whole (§3, §8)."""
    with step(plan, "bundle 证明包") as say:
        value = parse(read(plan.root, "bundle.json"), "bundle.json")
        found, listed = sorted(path.name for path in (plan.root / "draws").iterdir()), value["draws"]
        need(value["protocol"] == "open-draw/1" and sorted(listed) == found, f"bundle.json lists {listed}, draws/ holds {found}")
        need(all(re.fullmatch("[1-9][0-9]{0,8}-(firms|inspectors)", name) for name in listed) and listed == sorted(
            set(listed), key=lambda name: int(name.split("-")[0])), f"{listed} are no folders of draws, or not in order")
        plan.name = value["plan"]
        for name in listed:
            plan.draws.append(Facts(name=name, full=f"{plan.name}/{name}", kind=name.split("-")[1], earlier=[*plan.draws], files={}))
        say(f"plan {plan.name}, draws {', '.join(listed)}")
    with step(plan, "entries 日志条目") as say:
        data = read(plan.root, "log/entries.jsonl")
        lines = data[:-1].split(b"\n")
        plan.entries = [parse(line, f"entry {n}") for n, line in enumerate(lines)]
        none(f"entry {n} has no {key}" for n, entry in enumerate(plan.entries) for key in ("type", "plan", "draw", "actor")
             if not isinstance(entry.get(key), str))
        plan.times = [moment(entry["time"]) for entry in plan.entries]
        need(plan.times == sorted(plan.times) and data[-1:] == b"\n", "entries are not in order of time, or the last has no line end")
        say(", ".join(f"{count} {kind}" for kind, count in Counter(entry["type"] for entry in plan.entries).items()))
    with step(plan, "checkpoints 检查点") as say:
        name, mark, text = read(plan.root, "log/key").decode().removesuffix("\n").split("+", 2)
        key, form = base64.b64decode(text, validate=True), "{}\n{}\n{}\n"
        need(key[:1] == b"\1" and hashlib.sha256(name.encode() + b"\n" + key).hexdigest()[:8] == mark, "log/key: the key hash is wrong")
        sizes = sorted(int(path.name) for path in (plan.root / "log/checkpoints").iterdir())
        need(sizes[-1:] == [len(lines)] and sizes[0] >= 0, f"checkpoints {sizes[-9:]}: the last must cover all {len(lines)} entries")
        for size in sizes:
            body, _, notes = read(plan.root, f"log/checkpoints/{size}").decode().partition("\n\n")
            head = base64.b64encode(tree_head(lines[:size])).decode()
            need(body == f"{name}\n{size}\n{head}", f"checkpoint {size} does not state {name}, its size and the tree head {head}")
            signed = {who: base64.b64decode(line, validate=True) for who, line in re.findall(r"— (\S+) (\S+)\n", notes)}
            need(notes == "".join(f"— {who} {base64.b64encode(line).decode()}\n" for who, line in signed.items()) and name in signed,
                 f"checkpoint {size}: malformed signature lines, or none of the log's")
            own = signed.pop(name)
            need(own[:4].hex() == mark and ed25519(key[1:], f"{body}\n".encode(), own[4:]), f"checkpoint {size}: wrong signature")
            plan.witnesses |= set(signed)
        plan.sizes = sizes
        need(not name.endswith("/rehearsal"), f"{name} is a rehearsal's log 演练: this is no plan, whatever else holds")
        say(f"{len(sizes)} checkpoints of {name} over {len(lines)} entries; compare key hash {mark} with the one published")
    with step(plan, "log draws 日志所载抽取") as say:
        gone, year = defaultdict(list), re.escape(plan.name.rpartition("-")[0]) + r"-\d{4}"  # years may share a log, plans not
        for n, entry in enumerate(plan.entries):
            need(entry["plan"] == plan.name or re.fullmatch(year, entry["plan"]), f"entry {n} is of another plan, {entry['plan']}")
            if entry["plan"] == plan.name and entry["draw"] not in [draw.full for draw in plan.draws]:
                gone[entry["draw"]].append(entry["type"] if entry.get("reason") or entry["type"] != "void" else "void without reason")
        none(f"{draw} ({', '.join(kinds)}) is neither in the bundle nor given up" for draw, kinds in gone.items() if kinds != ["commit", "void"])
        say(f"none is hidden; given up and not in the bundle: {', '.join(gone) or 'none'}")

def check_promise(plan: Facts, draw: Facts) -> None:
    """Steps on what a draw committed to and when, what was revealed and what came of it (§2, §4, §8)."""
    def file(name: str) -> bytes:
        return read(plan.root, f"draws/{draw.name}/{name}")
    with step(plan, "commitment 承诺", draw.name) as say:
        text, inputs = file("commitment.json"), INPUTS[draw.kind].split()
        promise = parse(text, "commitment.json")
        claims = [promise[key] for key in ("protocol", "plan", "draw", "kind")]
        need(claims == ["open-draw/1", plan.name, draw.full, draw.kind], f"it is of {claims}")
        names, committed, public = [party["name"] for party in promise["parties"]], promise["inputs"], promise["public"]
        need(len(set(names)) == len(names) and not re.search("[:\r\n]", "".join(names)), f"two of {names} are one, or hold a colon")
        none(f"{name} is not committed to" for name in inputs if name not in committed)
        draw.unknown = sorted({*promise} - {*"protocol digest plan draw kind previous inputs parties public seal".split()}) + sorted({*committed} - {*inputs})
        need(promise["digest"] in ("sha256", "sm3"), f"{promise['digest']} is no digest of the protocol")
        if promise["digest"] not in hashlib.algorithms_available:
            raise NotCheckable(f"this Python has no {promise['digest']}")
        def new(data: bytes) -> Any:
            return hashlib.new(promise["digest"], data)
        digest = new(text).hexdigest()
        say(f"{promise['digest']} {digest}, inputs {', '.join(committed)}")
    with step(plan, "in log 入日志与先后", draw.name) as say:
        ours = [n for n, entry in enumerate(plan.entries) if entry["draw"] == draw.full and entry["type"] in ("commit", "result", "void")]
        kinds = [plan.entries[n]["type"] for n in ours]
        need(kinds in (["commit", "result"], ["commit", "void"]), f"the log must hold a commit, then a result or void; it holds {kinds}")
        draw.start, draw.end = ours
        last, draw.void = plan.entries[draw.end], kinds[1] == "void"
        need(plan.entries[draw.start]["digest"] == digest, "commitment.json is not the one in the log")
        need(not draw.void or last.get("reason"), "given up without a reason")
        between = [size for size in plan.sizes if draw.start < size <= draw.end]
        due = moment(public["not_before"]) if public else plan.times[draw.end]
        need(draw.void or between, "no checkpoint covers the commit and not the result")
        need(draw.void or plan.times[draw.start] < due <= plan.times[draw.end] or not public, f"the public value is due {due}, not between")
        say(f"given up: {last.get('reason')}" if draw.void else f"commit {plan.times[draw.start]}, public value from {due}, checkpoint "
            f"{between[0]}, result {plan.times[draw.end]}")
    with step(plan, "inputs 输入文件", draw.name) as say:
        for name in committed:
            need(re.fullmatch(r"\w[\w.-]*", name), f"{name!r} is no file name")
            draw.files[name] = file(name)
        none(f"{name} is not the file committed to" for name in committed if committed[name] != digest_of(new, draw.files[name], name))
        say(f"{len(committed)} files have the digests committed to")
    with step(plan, "reveal 揭示", draw.name) as say:
        reveal = parse(file("reveal.json"), "reveal.json")
        secrets, value, seal = reveal["parties"], reveal["public"], reveal["seal"]
        need(sorted(secrets) == sorted(names), f"committed: {sorted(names)}, revealed: {sorted(secrets)}")
        draw.sealed = promise["seal"] is not None and seal is None
        opened = [(f"party\n{draw.full}\n{party['name']}", secrets[party["name"]], party["commitment"]) for party in promise["parties"]]
        opened += [] if seal is None and (draw.sealed or promise["seal"] is None) else [(f"seal\n{draw.full}", seal, promise["seal"])]
        none(f"the secret of {kind.split()[-1]} is not the one committed to" for kind, secret, answer in opened
             if not re.fullmatch(LINE, secret) or new(f"open-draw/1/{kind}\n{secret}\n".encode()).hexdigest() != answer)
        need((value is None) == (public is None), "a public value was announced or revealed, not both")
        if draw.sealed:
            raise NotCheckable("the seal is still closed: outsiders cannot compute the seed yet")
        parts = ["open-draw/1/seed", digest, *(f"{name}:{secrets[name]}" for name in names), f"public:{value or ''}", f"seal:{seal or ''}", ""]
        seed = new("\n".join(parts).encode()).hexdigest()
        draw.ticket = lambda stream, item: new(f"{seed}/{stream}/{item}".encode()).digest()
        steerers = names + [f"whoever made the {public['kind']} value"] * (public is not None)
        say(f"seed {seed}; to steer it, these would all have to collude: {', '.join(steerers)}")
    with step(plan, "randomness 随机来源", draw.name) as say:
        kind = public["kind"] if public else None
        need(names or kind not in (None, "lottery"), "without parties, a public value of at least 128 bits is needed")
        if kind == "dice":
            need(re.fullmatch("[0-9]+", value) and len(value) == public["digits"], f"{public['digits']} dice announced, {value} shown")
            need(names or len(value) >= 39, "without parties 39 ten-sided dice, 128 bits, are the least")
        elif kind:
            need(kind != "drand" or re.fullmatch("[0-9a-f]{64}", value), "a drand value is 64 hexadecimal digits")
            raise NotCheckable(f"{value} is to be compared with {public} at its source: value, signature and time were not checked here")
        say(f"{len(names)} parties, {f'dice {value}' if kind else 'no public value'}")
        draw.known = promise, new, last, inputs

def check_result(plan: Facts, draw: Facts) -> None:
    """Steps on result and tables."""
    promise, new, last, inputs = draw.known
    with step(plan, "result 结果", draw.name) as say:
        name = RESULT[draw.kind]
        if draw.sealed and not (plan.root / "draws" / draw.name / name).exists():
            raise NotCheckable("the result is sealed and not disclosed yet")
        draw.files[name] = read(plan.root, f"draws/{draw.name}/{name}")
        draw.root = digest_of(new, draw.files[name], name)
        need(draw.root == last["digest"], f"{name} is not the result in the log")
        bases = [one for one in draw.earlier if not one.void and one.root == promise["previous"] and one.end < draw.start]
        need(bases or promise["previous"] is None and draw.kind == "firms", "it builds on no result that was in the log before")
        if draw.kind == "inspectors":
            need([one.kind for one in bases] == ["firms"] and not [one for one in draw.earlier if one.__dict__.get("base") is bases[0]],
                 "it builds on no firm draw, or on one that has its inspectors")
            draw.base = bases[0]
        say(f"{name} has the root in the log, {draw.root}; it builds on {bases[0].name if bases else 'no other draw'}")
    with step(plan, "tables 表格与规则", draw.name) as say:
        for name in [name for name in (*inputs, RESULT[draw.kind]) if name.endswith(".csv")]:
            setattr(draw, name[:-4], table(draw.files[name], name[:-4]))
        if draw.kind == "firms":
            rules = parse(draw.files["rules.json"], "rules.json")
            draw.unknown += sorted({*rules} - KNOWN)
            draw.tier, draw.pool = {row[0]: row[1] for row in draw.pools}, {row[0]: row[1] for row in draw.firms}
            draw.size, draw.header = Counter(draw.pool.values()), draw.files["pools.csv"].decode().split("\n")[0].split(",")
            none(f"pool {pool} is not in pools.csv" for pool in draw.size if pool not in draw.tier)
            none(f"tier {tier} is not in the rules" for tier in {*draw.tier.values()} if rules["tiers"].count(tier) != 1)
            none(f"task {task} names no agency, or one twice" for task, one in rules["tasks"].items()
                 if not one["agencies"] or len({*one["agencies"]}) < len(one["agencies"]))
            need(rules["plan"] == plan.name, f"rules.json is of plan {rules['plan']}")
            draw.rules = rules
        draw.files.clear()
        say(f"of the form and in the order of §3; not understood: {', '.join(draw.unknown) or 'nothing'}")

def network(draw: Facts) -> tuple[Arcs, Counter[str]]:
    """The flow on each arc, in arc order, and into each node; every node is balanced (§3)."""
    arcs = {(tail, head): int(flow) for tail, head, flow in draw.flow}
    into, out = Counter[str](), Counter[str]()
    for (tail, head), flow in arcs.items():
        out[tail] += flow
        into[head] += flow
    need(len(arcs) == len(draw.flow) and all(tail != head for tail, head in arcs), "an arc is there twice, or a loop")
    none(f"{node} receives {into[node]} and gives {out[node]}" for node in {*into, *out} if into[node] != out[node])
    return arcs, into

def drawn(draw: Facts, arcs: Arcs, into: Counter[str]) -> Arcs:
    """The whole number on each arc after rounding; every named total ends at its floor or its ceiling (§1, §5)."""
    whole, total = rounded(arcs, draw.ticket), Counter[str]()
    for (_, head), count in whole.items():
        total[head] += count
    none(f"{node}: flow {into[node]} became {total[node]}" for node in into if ":" in node and abs(total[node] * UNIT - into[node]) >= UNIT)
    return whole

def compare(expected: list[list[str]], published: list[list[str]]) -> str:
    """What a replay found: the same rows but for salts, or a Fault with the first that differ."""
    none(f"row {n}: drawn {a}, published {b[:-1]}" for n, (a, b) in enumerate(zip(expected, published), 1) if a != b[:-1])
    need(len(expected) == len(published), f"{len(expected)} rows drawn, {len(published)} published")
    return f"{len(expected)} rows drawn again, all equal to those published"

def check_firms(plan: Facts, draw: Facts) -> None:
    """Steps on a firm draw: its flow, its replay and the rules it must keep by itself (§3, §5, §6, §10)."""
    with step(plan, "flow 流量守恒与上下限", draw.name) as say:
        arcs, into = network(draw)
        rules, size, chance, fan, due = draw.rules, draw.size, Counter[str](), Counter[str](), Counter[str]()
        for (tail, head), flow in arcs.items():
            if tail[:5] == "pool:" or head[:5] == "task:":
                need(tail[:5] == "pool:" and head[:5] == "task:" and tail[5:] in draw.tier and head[5:] in rules["tasks"],
                     f"{tail} may not feed {head}")
                chance[tail[5:]] += flow
                fan[tail[5:]] += 1
        for task, _, visits in draw.months:
            due[f"task:{task}"] += int(visits) * UNIT
        none(f"pool {pool} has flow {flow} for {size[pool]} firms" for pool, flow in chance.items() if flow > size[pool] * UNIT)
        none(f"{node} has flow {into[node]}, months.csv {due[node]}" for node in {*due, *(head for _, head in arcs if head[:5] == "task:")}
             if into[node] != due[node])
        balanced = True
        say(f"{len(arcs)} arcs and {len(into)} nodes, balanced, within the sizes of pools, whole per task")
    with step(plan, "replay 重放", draw.name) as say:
        need(balanced, "")
        whole, ranked, chosen, cut = drawn(draw, arcs, into), defaultdict(list), defaultdict(list), Counter[str]()
        for firm, pool, _, _ in draw.firms:
            ranked[pool].append((draw.ticket("firm", firm), firm))
        for firms in ranked.values():
            firms.sort()
        for (tail, head), count in whole.items():
            if head[:5] == "task:":
                chosen[head[5:]] += [firm for _, firm in ranked[tail[5:]][cut[tail[5:]] : cut[tail[5:]] + count]]
                cut[tail[5:]] += count
        draw.ranked, draw.cut, rows, town = ranked, cut, list[list[str]](), {row[0]: row[2] for row in draw.firms}
        for task, firms in chosen.items():
            firms.sort(key=lambda firm: (draw.ticket("town", town[firm]), town[firm], draw.ticket("month", firm), firm))
            start = int.from_bytes(draw.ticket("start", "month"), "big") * len(firms) >> 256
            months = [month for name, month, visits in draw.months if name == task for _ in range(int(visits))]
            rows += [[firm, task, month] for firm, month in zip(firms[start:] + firms[:start], months)]
        width = len(draw.visits[0][0]) - 1 if draw.visits else 4
        say(compare([[f"V{n:0{max(width, 4)}d}", *row] for n, row in enumerate(rows, 1)], draw.visits))
    with step(plan, "chances 各户机会", draw.name) as say:
        exempt, before = rules["exempt_pools"], (0, 1, 0)
        none(f"pool {pool}: {size[pool]} firms with chance 0 and no reason" for pool in size if not chance[pool] and not exempt.get(pool))
        none(f"pool {pool} is exempt, yet has flow {chance[pool]}" for pool in exempt if chance[pool])
        for pool in [pool for pool in size if pool not in exempt and draw.tier[pool] in rules.get("tier_bounds", {})]:
            (a, b), (c, d) = [rules["tier_bounds"][draw.tier[pool]][key] for key in ("least", "most")]
            need(a * size[pool] * UNIT <= (chance[pool] + fan[pool]) * b and (chance[pool] - fan[pool]) * d <= c * size[pool] * UNIT,
                 f"pool {pool}: chance {chance[pool]} millionths for {size[pool]} firms is outside {a}/{b} to {c}/{d}")
        for tier in rules["tiers"]:
            pools = [pool for pool in size if draw.tier[pool] == tier and pool not in exempt]
            flow, firms, slack = (sum(of[pool] for pool in pools) for of in (chance, size, fan))
            if pools:
                need((before[0] - before[2]) * firms <= (flow + slack) * before[1], f"tier {tier} has less chance than a tier of lower risk")
                before, each = (flow, firms, slack), [chance[pool] / UNIT / size[pool] for pool in pools]
                say(f"tier {tier}: {firms} firms, chance {min(each):.6f} to {max(each):.6f}, mean {flow / UNIT / firms:.6f}")
        say(f"chance 0: {', '.join(f'{size[pool]} firms of {pool} ({exempt[pool]})' for pool in exempt if size[pool]) or 'no firm'}")
    with step(plan, "months 月份与任务总数", draw.name) as say:
        counted, planned = Counter((task, month) for _, _, task, month, _ in draw.visits), {(a, b): int(n) for a, b, n in draw.months}
        none(f"{key}: {counted[key]} visits, {planned.get(key, 0)} planned" for key in {*counted, *planned} if counted[key] != planned.get(key, 0))
        none(f"{task} may not be in {month}" for task, month in planned if month not in rules["tasks"][task]["months"])
        firms = {row[1] for row in draw.visits}
        need(len(firms) == len(draw.visits) and firms <= {*draw.pool}, "a firm is drawn twice, or is not in the register")
        merged = rules.get("combinations", {})
        need({*merged} <= {*rules["tasks"]}, "a combination is no task of the rules")
        say(f"{len(firms)} visits, {len(planned)} months of tasks, {len(merged)} combinations of {sum(len(one['tasks']) for one in merged.values())} tasks")

def check_inspectors(plan: Facts, draw: Facts) -> None:
    """Steps on an inspector draw: its flow, its replay, who was eligible, and plain counts (§3, §5, §7, §10)."""
    with step(plan, "flow 流量守恒与上下限", draw.name) as say:
        arcs, into = network(draw)
        needs = {f"need:{visit}:{agency}": (int(officers), int(qualified), skill) for visit, agency, officers, qualified, skill in draw.needs}
        month = {row[0]: row[3] for row in draw.base.visits}
        skills, pairs = {row[0]: row[3].split() for row in draw.inspectors}, defaultdict(dict)
        for (tail, head), flow in arcs.items():
            link = LINK.fullmatch(f"{tail}\n{head}")
            need(link, f"an arc {tail} → {head} has no place in §7")
            if link and link[3]:
                _, _, visit, agency, child, name, when = link.groups()
                node = f"need:{visit}:{agency}"
                need(flow <= UNIT and when == month[visit] and name not in pairs[node] and (child or "")[1:] in ("", needs[node][2])
                     and (not child or child[1:] in skills[name]), f"the arc {tail} → {head} of {flow} is out of bounds (§7)")
                pairs[node][name] = flow
        none(f"{node} must have {officers} officers, {qualified} with {skill}; its flows are {into[node]} and {into[f'{node}:{skill}']}"
             for node, (officers, qualified, skill) in needs.items()
             if into[node] != officers * UNIT or into[f"{node}:{skill}"] < qualified * UNIT)
        say(f"{len(arcs)} arcs and {len(into)} nodes, balanced, {len(needs)} needs whole, qualified where asked")
        bounded = True
    with step(plan, "replay 重放", draw.name) as say:
        rows = [[*tail.split(":")[1:3], head.split(":")[1]] for (tail, head), n in drawn(draw, arcs, into).items()
                if bounded and n and tail[:5] + head[:5] == "need:duty:"]
        say(compare(sorted(rows), draw.assignments))
    with step(plan, "eligibility 可派人员与回避", draw.name) as say:
        tasks, members, chances = draw.base.rules["tasks"], defaultdict(list), list[int]()
        owed = {f"need:{visit}:{agency}" for visit, _, task, *_ in draw.base.visits for agency in tasks[task]["agencies"]}
        none(f"{node} is owed by its task or listed in needs.csv, not both" for node in owed ^ {*needs})
        firm, recused = {row[0]: row[1] for row in draw.base.visits}, {(name, firm) for name, firm, _ in draw.recusals}
        for name, agency, until, *_ in draw.inspectors:
            members[agency].append((name, (date.fromisoformat(until) + timedelta(1)).isoformat()[:7]))  # month not covered
        draw.eligible = lambda visit, agency: {name for name, expired in members[agency] if expired > month[visit]
                                               and (name, firm[visit]) not in recused}
        for node in needs:
            able = draw.eligible(*node.split(":")[1:])
            none(f"{node}: {name} is eligible and has no chance" for name in able if not pairs[node].get(name))
            none(f"{node}: {name} has a chance, but another agency, no certificate or a recusal" for name in pairs[node] if name not in able)
            chances += pairs[node].values()
        draw.firm = firm
        say(f"{len(chances)} eligible pairs, each with a chance, {min(chances) / UNIT} to {max(chances) / UNIT}")
    with step(plan, "officers 人数资格与回避", draw.name) as say:
        count, skilled, seats, limit = Counter[str](), Counter[str](), Counter[tuple[str, str]](), draw.base.rules.get("monthly_seats", {})
        for visit, agency, name, _ in draw.assignments:
            need(name in draw.eligible(visit, agency), f"{visit}: {name} is not eligible for {agency}")
            count[f"need:{visit}:{agency}"] += 1
            skilled[f"need:{visit}:{agency}"] += needs[f"need:{visit}:{agency}"][2] in skills[name]
        least = draw.base.rules["officers_per_agency"]
        none(f"{node}: {count[node]} officers, {skilled[node]} with {skill}; {officers} and {qualified} are needed" for node, (officers, qualified, skill)
             in needs.items() if count[node] != officers or officers < least or skilled[node] < qualified)
        say(f"{sum(count.values())} officers for {len(needs)} needs, none recused, certificates valid, qualified where asked")
    with step(plan, "seats 每月人力", draw.name) as say:
        for one in [one for one in (*draw.earlier, draw) if one.kind == "inspectors" and not one.void]:
            month = {row[0]: row[3] for row in one.base.visits}
            for visit, agency, officers, *_ in one.needs:
                seats[agency, month[visit]] += int(officers)
        none(f"{agency} {month}: {n} officers, {limit[agency][month]} seats" for (agency, month), n in seats.items()
             if n > limit.get(agency, {}).get(month, n))
        say(f"{len(seats)} months of agencies within their seats" if limit else "the rules state no seats")

def check_plan(plan: Facts) -> None:
    """Steps on what the draws must meet together, and on what happened after them (§3, §9, §10)."""
    draws = [draw for draw in plan.draws if draw.kind == "firms" and vars(draw).get("void") is not True]
    with step(plan, "coverage 覆盖率") as say:
        rules, first = draws[0].rules, draws[0]
        none(f"{key} of {draw.name} differs from the first draw's" for draw in draws for key in ("tiers", "coverage", "joint_share",
             "visits_per_firm", "visits_by_tier") if draw.rules.get(key) != rules.get(key))
        kinds = rules["coverage"].get("kinds")
        pools = {row[0] for row in first.pools if kinds is None or row[first.header.index("kind")] in kinds}
        frame, visited = {firm for firm, pool in first.pool.items() if pool in pools}, {row[1] for draw in draws for row in draw.visits}
        least = -(-rules["coverage"]["numerator"] * len(frame) // rules["coverage"]["denominator"])
        text = f"{len(visited & frame)} distinct firms visited of {len(frame)} ({kinds or 'all kinds'}), at least {least}"
        need(len(visited & frame) >= least, text)
        say(text)
    with step(plan, "joint share 联合占比") as say:
        visits = [(n, row[1], (draw.name, row[2]), len(draw.rules["tasks"][row[2]]["agencies"]) > 1) for draw in draws
                  for n, row in enumerate(draw.visits, id(draw))]
        shares = {name: (len({one[n] for one in visits if one[3]}), len({one[n] for one in visits})) for n, name in
                  enumerate(("visits", "firms", "tasks"))}
        floor = rules["joint_share"]
        (part, whole), text = shares[floor["counted_by"]], f"{shares}, binding {floor['counted_by']}"
        need(part * floor["denominator"] >= whole * floor["numerator"], text)
        say(text)
    with step(plan, "later events 作废递补与替换") as say:
        extra, counts, gone = list[tuple[Facts, str]](), Counter(entry["type"] for entry in plan.entries), defaultdict(list)
        for n, entry in enumerate(plan.entries):
            if entry["type"] not in ("replace", "substitute") or entry["plan"] != plan.name:
                continue
            draw, visit = next(draw for draw in plan.draws if draw.full == entry["draw"]), entry["visit"]
            need(n > draw.end and not draw.void and entry.get("reason"), f"entry {n} has no reason, or no result before it")
            if entry["type"] == "replace":
                pool = draw.pool[next(row[1] for row in draw.visits if row[0] == visit)]
                due, found = draw.ranked[pool][draw.cut[pool]][1], entry["firm"]
                draw.cut[pool] += 1
                extra.append((draw, found))
                for one in [one for one in plan.draws if vars(one).get("base") is draw]:
                    one.firm[visit] = found
            else:
                agency, team = entry["agency"], gone[entry["draw"], visit, entry["agency"]]
                able = draw.eligible(visit, agency) - {row[2] for row in draw.assignments if row[:2] == [visit, agency]} - {*team}
                due, found = min(able, key=lambda name: (draw.ticket(f"substitute/{visit}/{agency}/{len(team)}", name), name)), entry["inspector"]
                team.append(found)
            need(found == due, f"entry {n}: {entry['type']} in {visit} must be by {due}, not {found}")
        unknown = {*counts} - {"commit", "result", "void", "replace", "substitute", "disclose"}
        say(", ".join(f"{counts[kind]} {kind}" for kind in ("void", "replace", "substitute", "disclose", *unknown)))
        say(f"types not understood: {', '.join(sorted(unknown)) or 'none'}")
    with step(plan, "caps 频次上限") as say:
        total, caps = Counter[str](), rules.get("visits_by_tier", {})
        for draw in draws:
            visited = {row[1] for row in draw.visits} | {firm for one, firm in extra if one is draw}
            total.update(visited)
            none(f"{firm} has {total[firm]} visits" for firm in visited if total[firm] > caps.get(draw.tier[draw.pool[firm]], rules["visits_per_firm"]))
        say(f"no firm has more than {max(total.values(), default=0)} visits; caps {caps or rules['visits_per_firm']}")
    with step(plan, "witnesses 见证") as say:
        if plan.witnesses:
            raise NotCheckable(f"signed by {', '.join(sorted(plan.witnesses))}, whose keys are not at hand")
        say("none signed: the order in time rests on the log keeper's word")

def verify(path: Path) -> list[dict[str, str]]:
    """The rows {step, draw, verdict, detail} of all steps on the bundle, in order."""
    plan = Facts(root=Path(path), rows=[], draws=[], witnesses=set())
    check_log(plan)
    for draw in plan.draws:
        check_promise(plan, draw)
        if vars(draw).get("void") is not True:
            check_result(plan, draw)
            (check_firms if draw.kind == "firms" else check_inspectors)(plan, draw)
    check_plan(plan)
    return list(plan.rows)

def main(arguments: list[str]) -> int:
    """Prints what verify finds and gives the exit code."""
    names = [one for one in arguments if one != "--json"]
    if len(names) != 1 or names[0].startswith("-"):
        print("usage: python3 -I -S verify.py BUNDLE [--json]", file=sys.stderr)
        return 2
    rows = verify(Path(names[0]))
    counts = Counter(row["verdict"] for row in rows)
    code = 1 if counts["failed"] else 3 if counts["not checked"] else 0
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    if "--json" in arguments:
        print(json.dumps(rows, ensure_ascii=False, indent=1))
        return code
    for row in rows:
        print(f"{CHINESE[row['verdict']]} {row['verdict']:<11} {row['step']}{row['draw'] and ' of ' + row['draw']}: {row['detail']}")
    verdict = {0: "通过 VERIFIED", 1: "不符 FAILED", 3: "部分未核 NOT FULLY CHECKED"}[code]
    print(f"{verdict}: " + ", ".join(f"{counts[name]} {name}" for name in CHINESE))
    return code

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
