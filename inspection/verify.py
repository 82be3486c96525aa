#!/usr/bin/env python3
"""Checks an open-draw/1 bundle from PROTOCOL.md alone ("§" cites it): python3 -I -S verify.py BUNDLE [--json].

Exit 0: every claim was checked and holds; 1: one fails; 2: usage; 3: none fails, one could not be checked here.
Standard library only, no code in common with the program that made the bundle. For Python 3.9 and later.
"""
# ruff: noqa: B905, RUF007, UP035, SIM905, E501 — the first four ask for more than Python 3.9 has; an auditor reads 400 lines, not 500
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

__all__ = ["main", "verify"]
UNIT = 1_000_000  # flows are in millionths of a visit or a seat (§2)
CHINESE = {"passed": "通过", "failed": "不符", "not checked": "未核"}
FILES = {"firms": "rules.json firms.csv pools.csv flow.csv months.csv visits.csv".split(),  # inputs, and last the result
         "inspectors": "needs.csv inspectors.csv recusals.csv flow.csv assignments.csv".split()}
TABLES = {"firms": "1 firm pool town salt", "pools": "1 pool tier region", "flow": "0 tail head flow",  # how many columns sort it; columns
          "months": "2 task month visits", "visits": "0 visit firm task month salt", "recusals": "2 inspector firm reason",
          "needs": "2 visit agency officers qualified qualification", "assignments": "3 visit agency inspector salt",
          "inspectors": "1 inspector agency valid_until qualifications salt"}
MONTH = r"\d{4}-(0[1-9]|1[0-2])"
FORMS = {"salt": "[0-9a-f]{32}", "tail": '[^,"]+', "head": '[^,"]+', "month": MONTH, "valid_until": rf"{MONTH}-\d\d", "region": ".*",
         "qualification": r'[^:,"\s]*', "qualifications": '[^:,"]*', **dict.fromkeys(["flow", "visits", "officers", "qualified"], r"0|[1-9]\d{0,15}")}
PER_PLAN = "tiers", "coverage", "joint_share", "visits_per_firm", "visits_by_tier"  # rules that every firm draw must repeat
KNOWN = {*PER_PLAN, *"plan officers_per_agency tasks exempt_pools tier_bounds combinations monthly_seats".split()}
Arcs = dict[tuple[str, str], int]  # from tail and head to flow, in arc order

class Fault(Exception): ...  # a claim of the bundle does not hold; the text says which and why
class NotCheckable(Exception): ...  # a claim can be neither confirmed nor refuted here; the text says why
class Facts(SimpleNamespace):  # what the steps found about the plan or one draw
    def __getattr__(self, name: str) -> Any:
        raise NotCheckable(f"needs {name}, which no earlier step could establish")

@contextmanager
def step(plan: Facts, title: str, draw: str = "") -> Iterator[Callable[[str], None]]:
    """Adds the row of a step, titled name: claim, to plan.rows whatever happens inside; the value is told what it finds."""
    (name, *found), verdict = title.split(": ", 1), "passed"
    try:
        yield found.append
    except (NotCheckable, NameError) as error:  # NameError: a name that an earlier step, failing, did not bind
        found, verdict = [str(error)], "not checked"
    except Exception as error:  # malformed input of any kind is a failed step with its reason, never a traceback (§10)
        found, verdict = [str(error) if isinstance(error, Fault) else f"malformed: {type(error).__name__} {error}"], "failed"
    detail = "".join(char if char.isprintable() else "\ufffd" for char in "; ".join(found)[:4000])
    plan.rows.append({"step": name, "draw": draw, "verdict": verdict, "detail": detail})

def need(holds: object, reason: str) -> None:  # a Fault for that reason unless the claim holds
    if not holds:
        raise Fault(reason)
def none(faults: Iterable[str]) -> None:  # a Fault naming the first three faults, and their number, unless there are none
    found = list(faults)
    need(not found, f"{'; '.join(found[:3])} ({len(found)} in all)")
def tally(pairs: Iterable[tuple[Any, int]]) -> Counter[Any]:  # the sum of the numbers of each key
    sums: Counter[Any] = Counter()
    for key, number in pairs:
        sums[key] += number
    return sums
def moment(text: str) -> datetime:  # the aware time, in whole seconds, of an RFC 3339 text
    return datetime.strptime(re.sub(r"\.\d+", "", text), "%Y-%m-%dT%H:%M:%S%z")
def read(root: Path, name: str) -> bytes:  # a regular file of the bundle; no link, no device, nothing gigantic
    path, most = root / name, 1 << (31 if name.endswith(".csv") else 28 if name.endswith(".jsonl") else 25)
    need(path.resolve() == root.resolve() / name and path.is_file(), f"{name} is missing, a link or no regular file")
    need(path.stat().st_size <= most, f"{name} has {path.stat().st_size} bytes, more than {most}")
    return path.read_bytes()
def parse(data: bytes, name: str) -> Any:  # the object of canonical JSON bytes (RFC 8785, integers below 2^53 only, §2)
    value = json.loads(data.decode(), parse_float=int, parse_constant=int,  # int() refuses what these two are given
                       parse_int=lambda text: int(text if abs(int(text[:18])) < 1 << 53 else f"over 2^53: {text[:18]}"),
                       object_pairs_hook=lambda pairs: dict(sorted(pairs, key=lambda one: one[0].encode("utf-16-be"))))
    written = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    need(isinstance(value, dict) and written == data, f"{name} is no object in canonical JSON")
    return value
def table(data: bytes, name: str) -> list[list[str]]:  # the rows of a plain CSV of the form and order of §2 and §3
    text, (sorts, *header) = data.decode(), TABLES[name].split()
    top, *rows = [line.split(",") for line in text.splitlines()]
    need(text[-1] == "\n" and text.count("\n") == len(rows) + 1 and '"' not in text, f"{name}.csv: quotes or line ends")
    need(top == header or (name == "pools" and top[:3] == header), f"{name}.csv: its columns are not {header}")
    none(f"{name}.csv line {n} has not {len(top)} fields" for n, row in enumerate(rows, 2) if len(row) != len(top))
    for place, column in enumerate(header):
        fits, fields = re.compile(FORMS.get(column, '[^:,"]+'), re.ASCII).fullmatch, {row[place] for row in rows}
        none(f"{name}.csv: {column} {field[:80]!r} has not its form" for field in fields if not fits(field))
    none(f"{name}.csv: {b} is out of order or repeated" for a, b in zip(rows, rows[1:]) if int(sorts) and a[: int(sorts)] >= b[: int(sorts)])
    return rows
def tree_head(data: bytes, new: Callable[[bytes], Any]) -> bytes:  # the Merkle tree head of its lines (RFC 9162 2.1.1, §2)
    nodes = [new(b"\0" + line).digest() for line in data.removesuffix(b"\n").split(b"\n") if data] or [new(b"").digest()]
    while len(nodes) > 1:
        odd = nodes[len(nodes) & ~1 :]
        nodes = [new(b"\1" + a + b).digest() for a, b in zip(nodes[::2], nodes[1::2])] + odd
    return bytes(nodes[0])

def ed25519(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the key signed the message (RFC 8032 5.1.7, without cofactor): R = s·B - k·A, in extended coordinates."""
    p, order, y = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493, int.from_bytes(key, "little") % 2**255
    d, s = -121665 * pow(121666, -1, p) % p, int.from_bytes(signature[32:], "little")
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % order
    def plus(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
        e, f, g, h = (a[1] - a[0]) * (b[1] - b[0]), (a[1] + a[0]) * (b[1] + b[0]), 2 * a[3] * b[3] * d, 2 * a[2] * b[2]
        e, f, g, h = f - e, h - g, h + g, f + e
        return e * f % p, g * h % p, f * g % p, e * h % p
    square = (y * y - 1) * pow(d * y * y + 1, -1, p) % p
    x = pow(square, (p + 3) // 8, p)
    x = x if x * x % p == square else x * pow(2, (p - 1) // 4, p) % p
    if len(key) != 32 or len(signature) != 64 or not x or x * x % p != square or y >= p or s >= order:
        return False
    x, base_y = p - x if x & 1 == key[31] >> 7 else x, 4 * pow(5, -1, p) % p  # this x is that of -A
    base_x, total = 0x216936D3CD6E53FEC0A4E231FDD6DC5C692CC7609525A7B2C9562D608F25D51A, (0, 1, 1, 0)
    a, b = (x, y, 1, x * y % p), (base_x, base_y, 1, base_x * base_y % p)
    for bit in range(255, -1, -1):
        total = plus(plus(total, total), ((0, 1, 1, 0), b, a, plus(a, b))[(s >> bit & 1) + 2 * (k >> bit & 1)])
    x, y = (axis * pow(total[2], -1, p) % p for axis in total[:2])
    return signature[:32] == (y | (x & 1) << 255).to_bytes(32, "little")

def rounded(arcs: Arcs, ticket: Callable[[str, object], bytes]) -> Arcs:
    """The whole number on each arc after the fair rounding of its flow in millionths (§5)."""
    ends, frac, cycles = list(arcs), [flow % UNIT for flow in arcs.values()], 0
    touching: dict[str, list[int]] = defaultdict(list)
    for arc in range(len(ends) - 1, -1, -1):  # a node's lowest arc comes last in its list
        for node in ends[arc] if frac[arc] else ():
            touching[node].append(arc)
    def leave(node: str, came: int) -> int:  # by its lowest fractional arc but the one just walked; -1 if there is none
        here = touching[node]
        while here and frac[here[-1]] % UNIT == 0:
            here.pop()
        while len(here) > 1 and here[-1] == came and frac[here[-2]] % UNIT == 0:
            del here[-2]
        return -1 if not here or here == [came] else here[-1] if here[-1] != came else here[-2]
    for start, (node, _) in enumerate(ends):
        walk, place = list[tuple[int, bool]](), {node: 0}  # arcs, each with whether walked tail to head; how far each node is
        fractional = frac[start] % UNIT
        while fractional and (arc := leave(node, walk[-1][0] if walk else -1)) >= 0:
            walk.append((arc, ends[arc][0] == node))
            node = ends[arc][walk[-1][1]]
            if place.setdefault(node, len(walk)) < len(walk):
                cycle, walk[place[node] :] = walk[place[node] :], []
                up, down = map(min, zip(*((UNIT - frac[arc], frac[arc])[:: 1 if forward else -1] for arc, forward in cycle)))
                coin = int.from_bytes(ticket("round", cycles), "big") * (up + down) >> 256
                for arc, forward in cycle:
                    frac[arc] += (up if coin < down else -down) * (1 if forward else -1)
                    place.pop(ends[arc][not forward])
                cycles, place[node] = cycles + 1, len(walk)
    return {pair: flow // UNIT + rest // UNIT for (pair, flow), rest in zip(arcs.items(), frac)}

def check_log(plan: Facts) -> None:  # bundle.json, and the log as a whole (§3, §8)
    with step(plan, "bundle 证明包") as say:
        value, found = parse(read(plan.root, "bundle.json"), "bundle.json"), {path.name for path in (plan.root / "draws").iterdir()}
        parts = [name.split("-") for name in value["draws"]]
        numbers = [int(n) for n, kind in parts if FILES[kind]]
        need(value["protocol"] == "open-draw/1" and {*value["draws"]} == found and numbers == sorted({*numbers}), f"draws/ holds {sorted(found)}")
        plan.name, plan.draws = value["plan"], [Facts(name=f"{n}-{kind}", full=f"{value['plan']}/{n}-{kind}", kind=kind, void=False, base=None, root=None)
                                                for n, kind in parts]
        say(f"plan {plan.name}, draws {', '.join(value['draws'])}")
    with step(plan, "entries 日志条目: canonical and in order of time") as say:
        lines = (data := read(plan.root, "log/entries.jsonl"))[:-1].split(b"\n")
        plan.entries = [{"reason": "", "digest": "", **parse(line, f"entry {n}")} for n, line in enumerate(lines)]
        plan.times = [moment(one["time"]) for one in plan.entries if one["plan"] and one["draw"] and one["actor"]]
        need(plan.times == sorted(plan.times) and data[-1:] == b"\n", "not in order of time, or no line end at the end")
    with step(plan, "checkpoints 检查点") as say:
        name, mark, text = read(plan.root, "log/key").decode().removesuffix("\n").split("+", 2)
        key, sizes = base64.b64decode(text, validate=True), [path.name for path in (plan.root / "log/checkpoints").iterdir()]
        need(key[0] == 1 and hashlib.sha256(f"{name}\n".encode() + key).hexdigest()[:8] == mark, "log/key: its key hash is wrong")
        need(str(len(lines)) in sizes, f"no checkpoint covers all {len(lines)} entries")
        for size in sizes:
            body, _, notes = read(plan.root, f"log/checkpoints/{size}").decode().partition("\n\n")
            head = base64.b64encode(tree_head(b"\n".join(lines[: int(size)]), hashlib.sha256)).decode()
            need(body == f"{name}\n{min(int(size), len(lines))}\n{head}", f"checkpoint {size} is not of the first {size} entries")
            by = {who: base64.b64decode(line) for who, line in re.findall(r"— (\S+) (\S+)\n", notes)}
            need(notes == "".join(f"— {who} {base64.b64encode(line).decode()}\n" for who, line in by.items()) and name in by and by[name][:4].hex() == mark
                 and ed25519(key[1:], f"{body}\n".encode(), by.pop(name)[4:]), f"checkpoint {size} is not signed by the log's key")
            plan.witnesses |= {*by}
        plan.sizes = sorted(map(int, sizes))
        need(not name.endswith("/rehearsal"), f"{name} logs a rehearsal 演练: this is no plan, whatever else holds")
        say(f"{len(sizes)} of {name}, over {len(lines)} entries; compare key hash {mark} with the one published")
    with step(plan, "log draws 日志所载抽取: none is hidden") as say:
        none(f"entry {n} is of plan {one['plan']}" for n, one in enumerate(plan.entries) if one["plan"] != plan.name)
        gone = {one["draw"]: list[str]() for one in plan.entries if one["draw"] not in [draw.full for draw in plan.draws]}
        for one in [one for one in plan.entries if one["draw"] in gone]:
            gone[one["draw"]].append(one["type"] if one["type"] != "void" or one["reason"] else "void without reason")
        none(f"{draw}, {kinds}, is neither here nor given up" for draw, kinds in gone.items() if kinds != ["commit", "void"])
        say(f"given up and not in the bundle: {', '.join(gone) or 'none'}")

def check_promise(plan: Facts, draw: Facts) -> None:  # what a draw committed to, and when (§2, §4, §8)
    with step(plan, "commitment 承诺", draw.name) as say:
        draw.file, (*inputs, draw.table) = lambda name: read(plan.root, f"draws/{draw.name}/{name}"), FILES[draw.kind]
        promise = draw.promise = parse(text := draw.file("commitment.json"), "commitment.json")
        claims, public = [promise[key] for key in ("protocol", "plan", "draw", "kind")], promise["public"]
        need(claims == ["open-draw/1", plan.name, draw.full, draw.kind], f"it is of {claims}")
        names = draw.names = [party["name"] for party in promise["parties"]]
        need(len({*names}) == len(names) and not re.search("[:\r\n]", "".join(names)), "a name is there twice, or has a colon")
        need({*inputs} <= {*promise["inputs"]}, f"it names only {', '.join(promise['inputs'])}")
        need(promise["digest"] in ("sha256", "sm3"), f"its digest is {promise['digest']}")
        if promise["digest"] not in hashlib.algorithms_available:
            raise NotCheckable(f"this Python has no {promise['digest']}")
        new: Callable[[bytes], Any] = lambda data: hashlib.new(promise["digest"], data)  # noqa: E731
        draw.new, draw.digest_of = new, lambda name, data: (tree_head(data, new) if name.endswith(".csv") else new(data).digest()).hex()
        draw.unknown, draw.digest = {*promise["inputs"]} - {*inputs}, new(text).hexdigest()
        say(f"{promise['digest']} {draw.digest}")
    with step(plan, "in log 入日志与先后", draw.name) as say:
        ours = {n: one["type"] for n, one in enumerate(plan.entries) if one["draw"] == draw.full and one["type"] in ("commit", "result", "void")}
        need([*ours.values()] in (["commit", "result"], ["commit", "void"]), f"it must be a commit, then a result or void, not {ours}")
        start, draw.end = ours
        last, draw.void, first = plan.entries[draw.end], ours[draw.end] == "void", plan.times[start]
        between, due = [size for size in plan.sizes if start < size <= draw.end], public and moment(public["not_before"])
        need(plan.entries[start]["digest"] == draw.digest, "commitment.json is not the one in the log")
        need(last["reason"] if draw.void else between, "void without reason, or no checkpoint before the result")
        need(draw.void or not public or first < due <= plan.times[draw.end], f"commit {first}, public value {due}, result {last['time']}")
        draw.start, draw.logged = start, last["digest"]
        say(f"commit {first}, checkpoints {between}, public value {due}, {last['type']} {last['time']} {last['reason']}")
    with step(plan, "inputs 输入文件: all as committed to", draw.name):
        draw.files = {name: draw.file(name) for name in promise["inputs"]}
        none(f"{name} is not the file committed to" for name, data in draw.files.items() if draw.digest_of(name, data) != promise["inputs"][name])

def check_result(plan: Facts, draw: Facts) -> None:  # what was revealed, what came of it, the form of tables (§2, §3, §4)
    with step(plan, "reveal 揭示", draw.name) as say:
        reveal, promise, new, names = parse(draw.file("reveal.json"), "reveal.json"), draw.promise, draw.new, draw.names
        secrets, value, seal, public = reveal["parties"], reveal["public"], reveal["seal"], promise["public"]
        need(sorted(secrets) == sorted(names) and (value is None) == (public is None), "it is not what was announced")
        told = [(f"party\n{draw.full}\n{one['name']}", secrets[one["name"]], one["commitment"]) for one in promise["parties"]]
        told += [(f"seal\n{draw.full}", seal, promise["seal"])] * (seal is not None)
        none(f"the secret of {who.split()[-1]} is not the one committed to" for who, secret, digest in told
             if not re.fullmatch(".+", secret) or new(f"open-draw/1/{who}\n{secret}\n".encode()).hexdigest() != digest)
        if seal is None and promise["seal"] is not None:
            raise NotCheckable("the seal is still closed: outsiders cannot compute the seed yet")
        lines = [f"{name}:{secrets[name]}" for name in names] + [f"public:{value or ''}", f"seal:{seal or ''}", ""]
        seed = new("\n".join(["open-draw/1/seed", draw.digest, *lines]).encode()).hexdigest()
        draw.ticket = lambda stream, item: new(f"{seed}/{stream}/{item}".encode()).digest()
        steer = names + [f"whoever made the {public['kind']} value"] * (public is not None)
        say(f"seed {seed}; to steer it, all of these would have to collude: {', '.join(steer)}")
    with step(plan, "randomness 随机来源", draw.name) as say:
        kind = public["kind"] if public else None
        need(names or kind not in (None, "lottery"), "without parties, a public value of 128 bits is needed")
        if kind not in (None, "dice"):
            need(kind != "drand" or re.fullmatch("[0-9a-f]{64}", value), f"{value} is not the value of a drand round")
            raise NotCheckable(f"{public}: its value, time and signature are to be checked at the source")
        need(not kind or (re.fullmatch("[0-9]+", value) and len(value) == public["digits"]), f"{value} is not {public}")
        need(names or len(value) >= 39, "without parties 39 ten-sided dice, 128 bits, are the least")
        say(f"{len(names)} parties, {kind or 'no public value'} {value or ''}")
    with step(plan, "result 结果", draw.name) as say:
        data, due = draw.file(draw.table), promise["previous"]
        draw.files[draw.table], draw.root = data, draw.digest_of(draw.table, data)
        need(draw.root == draw.logged, f"{draw.table} is not the result in the log")
        base = draw.base = next((one for one in plan.draws if due and one.root == due and one.end < draw.start), None)
        need(base or (due is None and draw.kind == "firms"), "it builds on no result that was in the log before it")
        need(draw.kind == "firms" or (base.kind == "firms" and [one.base is base for one in plan.draws].count(True) == 1), "its base is taken")
        say(f"{draw.table} has the root in the log, {draw.root}; it builds on {base.name if base else 'no other draw'}")
    with step(plan, "tables 表格与规则: of the form and in the order of §3", draw.name) as say:
        draw.header = draw.files.get("pools.csv", b"").decode().split("\n")[0].split(",")
        for name, kind in [name.split(".") for name in FILES[draw.kind]]:
            vars(draw)[name] = (table if kind == "csv" else parse)(draw.files.pop(f"{name}.{kind}"), name)
        if draw.kind == "firms":
            draw.pool, draw.tier = {row[0]: row[1] for row in draw.firms}, {row[0]: row[1] for row in draw.pools}
            draw.size, rules, tiers, merged = Counter(draw.pool.values()), draw.rules, {*draw.rules["tiers"]}, draw.rules.get("combinations", {})
            need({*draw.size} <= {*draw.tier} and {*draw.tier.values()} <= tiers, "a pool or a tier is unknown")
            need(rules["plan"] == plan.name and len(tiers) == len(rules["tiers"]), "rules of another plan, or a tier twice")
            none(f"task {task} names no agency, or one twice" for task, one in rules["tasks"].items() if not 0 < len({*one["agencies"]}) == len(one["agencies"]))
            need({*merged} <= {*rules["tasks"]}, "a combination is no task of the rules")
            draw.unknown |= {*rules} - KNOWN
            say(f"{len(merged)} tasks are combinations")
        say(f"not understood: {', '.join(sorted(draw.unknown)) or 'nothing'}")

def network(draw: Facts) -> tuple[Arcs, Counter[str]]:  # the flow on each arc, and into each node; every node balanced (§3)
    arcs = {(tail, head): int(flow) for tail, head, flow in draw.flow}
    into, out = (tally((ends[side], flow) for ends, flow in arcs.items()) for side in (1, 0))
    need(len(arcs) == len(draw.flow) and all(tail != head for tail, head in arcs), "an arc is there twice, or a loop")
    none(f"{node} receives {into[node]} and gives {out[node]}" for node in {*into, *out} if into[node] != out[node])
    return arcs, into
def draw_again(draw: Facts, into: Counter[str]) -> Arcs:  # rounded, every named total at its floor or ceiling (§1, §5)
    whole = rounded(draw.arcs, draw.ticket)
    count = tally((head, n) for (_, head), n in whole.items())
    none(f"{node}: {into[node]} became {count[node]}" for node in into if ":" in node and abs(count[node] * UNIT - into[node]) >= UNIT)
    return whole
def compare(drawn: list[list[str]], published: list[list[str]]) -> str:  # what a replay finds: the same rows but for salts
    none(f"row {n}: drawn {a}, published {b[:-1]}" for n, (a, b) in enumerate(zip(drawn, published), 1) if a != b[:-1])
    need(len(drawn) == len(published), f"{len(drawn)} rows drawn, {len(published)} published")
    return f"{len(drawn)} rows drawn again, all equal to those published"

def check_firms(plan: Facts, draw: Facts) -> None:  # flow, replay and chances of a firm draw (§3, §5, §6, §10)
    with step(plan, "flow 流量守恒与上下限: balanced; pools within their sizes, tasks whole and in their months", draw.name):
        arcs, into = network(draw)
        feeds, size = [ends for ends in arcs if ends[0][:5] == "pool:" or ends[1][:5] == "task:"], draw.size
        none(f"{a} may not feed {b}" for a, b in feeds if a[:5] + b[:5] != "pool:task:" or a[5:] not in draw.tier)
        chance, fan = (tally((a[5:], one or arcs[a, b]) for a, b in feeds) for one in (0, 1))
        due = tally((f"task:{task}", int(visits) * UNIT) for task, _, visits in draw.months)
        none(f"pool {pool} has flow {chance[pool]} for {size[pool]} firms" for pool in chance if chance[pool] > size[pool] * UNIT)
        none(f"{task} has flow {into[task]}, not {due[task]}" for task in {*due, *(b for _, b in feeds)} if into[task] != due[task])
        none(f"{task} may not be in {month}" for task, month, _ in draw.months if month not in draw.rules["tasks"][task]["months"])
        draw.arcs = arcs
    with step(plan, "replay 重放", draw.name) as say:
        whole, ranked, chosen, cut, rows = draw_again(draw, into), defaultdict(list), defaultdict(list), Counter[str](), list[list[str]]()
        for firm, pool, _, _ in draw.firms:
            ranked[pool].append((draw.ticket("firm", firm), firm))
        draw.ranked, draw.cut, town = {pool: [firm for _, firm in sorted(firms)] for pool, firms in ranked.items()}, cut, {row[0]: row[2] for row in draw.firms}
        for a, b in feeds:
            chosen[b[5:]] += draw.ranked.get(a[5:], [])[cut[a[5:]] : cut[a[5:]] + whole[a, b]]
            cut[a[5:]] += whole[a, b]
        for task, firms in chosen.items():
            firms.sort(key=lambda firm: (draw.ticket("town", town[firm]), town[firm], draw.ticket("month", firm), firm))
            start = int.from_bytes(draw.ticket("start", "month"), "big") * len(firms) >> 256
            months = [month for name, month, visits in draw.months if name == task for _ in range(int(visits))]
            rows += [[firm, task, month] for firm, month in zip(firms[start:] + firms[:start], months)]
        width = max(4, len(draw.visits[0][0]) - 1) if draw.visits else 4
        say(compare([[f"V{n:0{width}d}", *row] for n, row in enumerate(rows, 1)], draw.visits))
    with step(plan, "chances 各户机会", draw.name) as say:
        exempt, bounds, before = draw.rules["exempt_pools"], draw.rules.get("tier_bounds", {}), (0, 1, 0)
        none(f"{pool}: {size[pool]} firms have chance 0 without reason" for pool in size if not chance[pool] and not exempt.get(pool))
        none(f"{pool} is exempt, yet has flow {chance[pool]}" for pool in exempt if chance[pool])
        for tier in draw.rules["tiers"]:
            pools = [pool for pool in size if draw.tier[pool] == tier and pool not in exempt]
            (a, b), (c, d) = [bounds[tier][key] for key in ("least", "most")] if tier in bounds else [(0, 1), (1, 1)]
            none(f"{pool}: {chance[pool]} for {size[pool]} firms, not {a}/{b} to {c}/{d}" for pool in pools if a * size[pool] * UNIT
                 > (chance[pool] + fan[pool]) * b or (chance[pool] - fan[pool]) * d > c * size[pool] * UNIT)
            flow, firms, slack = (sum(of[pool] for pool in pools) for of in (chance, size, fan))
            if pools:
                need((before[0] - before[2]) * firms <= (flow + slack) * before[1], f"tier {tier} has less chance than one of lower risk")
                before, each = (flow, firms, slack), [chance[pool] / UNIT / size[pool] for pool in pools]
                say(f"tier {tier}: {firms} firms, {min(each):.6f} to {max(each):.6f}, mean {flow / UNIT / firms:.6f}")
        say(f"chance 0: {', '.join(f'{size[pool]} of {pool} ({exempt[pool]})' for pool in exempt if size[pool]) or 'no firm'}")

def check_inspectors(plan: Facts, draw: Facts) -> None:  # flow, replay, eligibility and counts of an inspector draw (§3, §5, §7, §10)
    with step(plan, "flow 流量守恒与上下限: balanced; needs whole, qualified where asked, duties within 1", draw.name):
        arcs, into = network(draw)
        needs = {f"need:{visit}:{agency}": (int(officers), int(qualified), skill) for visit, agency, officers, qualified, skill in draw.needs}
        draw.month, draw.firm = ({row[0]: row[place] for row in draw.base.visits} for place in (3, 1))
        skills, pairs = {row[0]: row[3].split() for row in draw.inspectors}, defaultdict(dict)
        for (tail, head), flow in arcs.items():  # hub → need → its child; either of them → duty → inspector → hub
            (a, *near), (b, *far) = tail.split(":"), head.split(":")
            if b == "duty":
                name, node, skill = far[0], f"need:{near[0]}:{near[1]}", near[2:]
                need(a == "need" and name not in pairs[node] and flow <= UNIT and far[1:] == [draw.month[near[0]]]
                     and skill in ([], [needs[node][2]]) and {*skill} <= {*skills[name]}, f"{tail} → {head} of {flow} is against §7")
                pairs[node][name] = flow
            fits = b == "duty" or head.rpartition(":")[0] == tail if a == "need" else [b, *far] == ["inspector", near[0]] if a == "duty" else b != "inspector"
            need(fits, f"{tail} → {head} has no place in §7")
        none(f"{node}: {into[node]}, {into[f'{node}:{skill}']} of it {skill}, not {officers} and {qualified}" for node, (officers, qualified, skill)
             in needs.items() if into[node] != officers * UNIT or into[f"{node}:{skill}"] < qualified * UNIT)
        draw.arcs = arcs
    with step(plan, "replay 重放", draw.name) as say:
        ones = [(tail.split(":"), head.split(":")) for (tail, head), n in draw_again(draw, into).items() if n and head[:5] == "duty:"]
        say(compare(sorted([*near[1:3], far[1]] for near, far in ones), draw.assignments))
    with step(plan, "eligibility 可派人员与回避", draw.name) as say:
        members, chances, recused = defaultdict(list), list[int](), {(row[0], row[1]) for row in draw.recusals}
        owed = {f"need:{row[0]}:{agency}" for row in draw.base.visits for agency in draw.base.rules["tasks"][row[2]]["agencies"]}
        none(f"{node} is owed by its task or in needs.csv, not both" for node in owed ^ {*needs})
        for name, agency, until, *_ in draw.inspectors:  # with the first month that the certificate does not cover
            members[agency].append((name, (date.fromisoformat(until) + timedelta(1)).isoformat()[:7]))
        draw.eligible = lambda visit, agency: {name for name, expired in members[agency] if expired > draw.month[visit] and (name, draw.firm[visit]) not in recused}
        for node in needs:
            able, given = draw.eligible(*node.split(":")[1:]), pairs[node]
            none(f"{node}: {name} is eligible and has no chance" for name in able if not given.get(name))
            none(f"{node}: {name} is recused, not certified or of another agency" for name in given if name not in able)
            chances += given.values()
        say(f"{len(chances)} eligible pairs, each with a chance, {min(chances) / UNIT} to {max(chances) / UNIT}")
    with step(plan, "officers 人数与资格: as many as needed, all eligible, qualified where asked", draw.name):
        none(f"{visit}: {name} is not eligible" for visit, agency, name, _ in draw.assignments if name not in draw.eligible(visit, agency))
        count = Counter(f"need:{row[0]}:{row[1]}" for row in draw.assignments)
        skilled = tally((f"need:{a}:{b}", needs[f"need:{a}:{b}"][2] in skills[name]) for a, b, name, _ in draw.assignments)
        none(f"{node}: {count[node]} officers, {skilled[node]} qualified" for node, (officers, qualified, _) in needs.items()
             if not count[node] == officers >= draw.base.rules["officers_per_agency"] or skilled[node] < qualified)

def check_plan(plan: Facts) -> None:  # what all draws must meet together, and what happened after them (§3, §9, §10)
    draws = [draw for draw in plan.draws if draw.kind == "firms" and not draw.void]
    with step(plan, "coverage 覆盖率") as say:
        need(draws, "no firm draw counts")
        rules, first, visits = draws[0].rules, draws[0], [(draw, row) for draw in draws for row in draw.visits]
        none(f"rule {name} differs in {draw.name}" for draw in draws for name in PER_PLAN if draw.rules.get(name) != rules.get(name))
        share, kinds = rules["coverage"], rules["coverage"].get("kinds")
        pools = {row[0] for row in first.pools if kinds is None or row[first.header.index("kind")] in kinds}
        frame = {firm for firm, pool in first.pool.items() if pool in pools}
        found, least = len(frame & {row[1] for _, row in visits}), -(-share["numerator"] * len(frame) // share["denominator"])
        say(text := f"{found} distinct firms of {len(frame)} ({kinds or 'all kinds'}), at least {least}")
        need(found >= least, text)
    with step(plan, "joint share 联合占比") as say:
        joint, shares = [len(draw.rules["tasks"][row[2]]["agencies"]) > 1 for draw, row in visits], dict[str, list[int]]()
        for name, place in (("visits", 0), ("firms", 1), ("tasks", 2)):
            units = [(place == 1 or draw.name, row[place]) for draw, row in visits]
            shares[name] = [len({unit for unit, both in zip(units, joint) if both}), len({*units})]
        share, (part, whole) = rules["joint_share"], shares[rules["joint_share"]["counted_by"]]
        say(text := f"{shares}, binding {share}")
        need(part * share["denominator"] >= whole * share["numerator"], text)
    with step(plan, "seats 每月人力") as say:
        seats, staffed = rules.get("monthly_seats", {}), [draw for draw in plan.draws if draw.kind == "inspectors" and not draw.void]
        used = tally(((row[1], draw.month[row[0]]), int(row[2])) for draw in staffed for row in draw.needs)
        none(f"{agency} {month}: {n} officers" for (agency, month), n in used.items() if n > seats.get(agency, {}).get(month, n))
        say(f"{len(used)} agencies' months counted, seats stated for {sum(map(len, seats.values()))}")
    with step(plan, "later events 作废递补与替换") as say:
        extra, gone, counts = list[Any](), defaultdict(list), Counter(one["type"] for one in plan.entries)
        for n, one in [(n, one) for n, one in enumerate(plan.entries) if one["type"] in ("replace", "substitute")]:
            draw, visit = next(draw for draw in plan.draws if draw.full == one["draw"]), one["visit"]
            need(n > draw.end and not draw.void and one["reason"], f"entry {n}: no reason, or no result before it")
            if one["type"] == "replace":
                pool = draw.pool[next(row[1] for row in draw.visits if row[0] == visit)]
                found, due, draw.cut[pool] = one["firm"], draw.ranked[pool][draw.cut[pool]], draw.cut[pool] + 1
                extra.append((draw, ["", due]))
                for team in [team for team in staffed if team.base is draw]:
                    team.firm[visit] = due
            else:
                found, agency, out = one["inspector"], one["agency"], gone[one["draw"], visit, one["agency"]]
                able = draw.eligible(visit, agency) - {row[2] for row in draw.assignments if row[:2] == [visit, agency]} - {*out}
                due = min(able, key=lambda name: (draw.ticket(f"substitute/{visit}/{agency}/{len(out)}", name), name))  # noqa: B023
                out.append(due)
            need(found == due, f"entry {n}: {one['type']} in {visit} must be by {due}, not {found}")
        say(", ".join(f"{counts[kind]} {kind}" for kind in sorted({*counts, "void", "replace", "substitute"})))
    with step(plan, "caps 频次上限") as say:
        total, caps = Counter[str](), rules.get("visits_by_tier", {})
        for draw, row in [pair for draw in draws for pair in visits + extra if pair[0] is draw]:
            total[row[1]] += 1
            most = caps.get(draw.tier[draw.pool[row[1]]], rules["visits_per_firm"])
            need(total[row[1]] <= most, f"{row[1]} is visited more than {most} times")
        say(f"no firm is visited more than {max(total.values(), default=0)} times; the cap is {caps or rules['visits_per_firm']}")
    with step(plan, "witnesses 见证: none signed, so the order in time rests on the log keeper's word"):
        if plan.witnesses:
            raise NotCheckable(f"signed by {', '.join(sorted(plan.witnesses))}, whose keys are not at hand")

def verify(path: Path) -> list[dict[str, str]]:
    """The rows {step, draw, verdict, detail} of all steps on the bundle, in order."""
    plan = Facts(root=Path(path), rows=[], draws=[], witnesses=set())
    check_log(plan)
    for draw in plan.draws:
        check_promise(plan, draw)
        for check in () if draw.void else (check_result, check_firms if draw.kind == "firms" else check_inspectors):
            check(plan, draw)
    check_plan(plan)
    return list(plan.rows)

def main(arguments: list[str]) -> int:
    """Prints what verify finds, a line a step or as JSON; the value is the exit code."""
    names = [one for one in arguments if one != "--json"]
    if len(names) != 1 or names[0].startswith("-"):
        print("usage: python3 -I -S verify.py BUNDLE [--json]", file=sys.stderr)
        return 2
    rows = verify(Path(names[0]))
    counts = Counter(row["verdict"] for row in rows)
    code = 1 if counts["failed"] else 3 if counts["not checked"] else 0
    lines = [f"{CHINESE[row['verdict']]} {row['verdict']:<11} {row['step']} {row['draw']}: {row['detail']}" for row in rows]
    lines.append({0: "通过 VERIFIED: ", 1: "不符 FAILED: ", 3: "部分未核 NOT FULLY CHECKED: "}[code] + ", ".join(f"{counts[one]} {CHINESE[one]} {one}" for one in CHINESE))
    text = json.dumps(rows, ensure_ascii=False, indent=1) if "--json" in arguments else "\n".join(lines)
    sys.stdout.buffer.write(f"{text}\n".encode(errors="backslashreplace"))
    return code

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
