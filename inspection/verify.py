"""Checks an open-draw/1 bundle from PROTOCOL.md alone ("§" cites it): python3 -I -S verify.py BUNDLE [--json].
Exit 0: every claim was checked and holds; 1: one fails; 2: usage; 3: none fails, one could not be checked here.
Standard library only, no code in common with the program that made the bundle. For Python 3.9 and later."""
# ruff: noqa: B905, UP035, SIM905, E401, I001, E501 — the first three ask for more than Python 3.9 has; an auditor reads 400 lines, not 500
import base64, gc, hashlib, io, itertools, json, re, sys
from collections import Counter, defaultdict
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Callable, Iterable, Iterator
__all__ = ["verify"]
UNIT, MONTH, MISSING = 1_000_000, r"\d{4}-(0[1-9]|1[0-2])", "needs {}, which no earlier step could establish"  # flows are in millionths (§2)
CHINESE, VERDICTS = {"passed": "通过", "failed": "不符", "not checked": "未核"}, {0: "通过 VERIFIED", 1: "不符 FAILED", 3: "部分未核 NOT ALL CHECKED"}
FILES = {"firms": "rules.json firms.csv pools.csv flow.csv months.csv visits.csv".split(),  # inputs, and last the result
         "inspectors": "needs.csv inspectors.csv recusals.csv flow.csv assignments.csv".split()}
TABLES = {"firms": "1 firm pool town salt", "pools": "1 pool tier region", "flow": "0 tail head flow", "months": "2 task month visits", "chances": "1 pool firms flow salt",
          "visits": "0 visit firm task month salt", "recusals": "2 inspector firm reason", "needs": "2 visit agency officers qualified qualification",
          "assignments": "3 visit agency inspector salt", "inspectors": "1 inspector agency valid_until qualifications salt"}  # sorted by so many columns
FORMS = {"salt": "[0-9a-f]{32}", "firm": "[!#-+.-9;-~]+", "tail": r'[^,"\r\n]+', "head": r'[^,"\r\n]+', "month": MONTH, "valid_until": rf"{MONTH}-\d\d", "qualification": r'[^:,"\s]*',
         "qualifications": r'[^:,"\r\n]*', **dict.fromkeys(["flow", "visits", "firms", "officers", "qualified"], r"(?:0|[1-9]\d{0,15})")}
PER_PLAN = "tiers", "coverage", "joint_share", "visits_per_firm", "visits_by_tier"  # rules that every firm draw must repeat
KNOWN = {*PER_PLAN, *"plan officers_per_agency tasks exempt_pools tier_bounds combinations monthly_seats missing_reveal".split()}
Arcs = dict[tuple[str, str], int]  # from tail and head to flow, in arc order
class Fault(Exception): ...  # a claim of the bundle does not hold; the text says which and why
class NotCheckable(Exception): ...  # a claim can be neither confirmed nor refuted here; the text says why
class Facts(SimpleNamespace):  # what the steps found about the plan or one draw
    def __getattr__(self, name: str) -> Any:
        raise NotCheckable(MISSING.format(name))
@contextmanager  # adds the row of a step, titled "name: claim", to plan.rows whatever happens inside; the value is told what it finds
def step(plan: Facts, title: str, draw: str = "") -> Iterator[Callable[[str], None]]:
    (name, *found), verdict = title.split(": ", 1), "passed"
    try:
        yield found.append
    except (NotCheckable, NameError) as error:  # NameError: a name that an earlier step, failing, did not bind
        found, verdict = [str(error) if isinstance(error, NotCheckable) else MISSING.format(str(error).split("'")[1])], "not checked"
    except Exception as error:  # malformed input of any kind is a failed step with its reason, never a traceback (§10)
        found, verdict = [str(error) if isinstance(error, Fault) else f"malformed: {type(error).__name__} {error}"], "failed"
    clean = (char if char.isprintable() else "\ufffd" for char in "; ".join(found)[:4000])
    plan.rows.append({"step": name, "draw": draw, "verdict": verdict, "detail": "".join(clean)})
def need(holds: object, reason: str, *values: object) -> None:  # a Fault for that reason unless the claim holds
    if not holds:
        raise Fault(reason.format(*values) if values else reason)
def none(faults: Iterable[str]) -> None:  # a Fault naming the first three faults, and their number, unless there are none
    need(not (found := list(faults)), f"{'; '.join(found[:3])} ({len(found)} in all)")
def tally(pairs: Iterable[tuple[Any, int]]) -> Counter[Any]:  # the sum of the numbers of each key
    sums = Counter[Any]()
    for key, number in pairs:
        sums[key] += number
    return sums
def moment(text: str) -> datetime:  # the aware time, to the microsecond, of an RFC 3339 text
    need(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", text, re.ASCII), f"{text[:80]!r} is no time of RFC 3339")
    return datetime.strptime(re.sub(r"(\.\d{6})\d+", r"\1", text), "%Y-%m-%dT%H:%M:%S" + (".%f" if "." in text else "") + "%z")
def read(root: Path, name: str) -> bytes:  # a regular file of the bundle; no link, no device, nothing gigantic
    path, most = root / name, 1 << (31 if name.endswith(".csv") else 28 if name.endswith(".jsonl") else 25)
    need(path.resolve() == root.resolve() / name and path.is_file() and path.stat().st_size <= most, f"{name} is missing, a link, no file or gigantic")
    return path.read_bytes()
def parse(data: bytes, name: str) -> Any:  # the object of canonical JSON bytes (RFC 8785, integers below 2^53 only, §2)
    value = json.loads(data.decode(), object_pairs_hook=lambda pairs: dict(sorted(pairs, key=lambda one: one[0].encode("utf-16-be"))), parse_float=int,
                       parse_constant=int, parse_int=lambda text: int(text if abs(int(text[:18])) < 1 << 53 else f"over 2^53: {text[:18]}"))
    need(isinstance(value, dict) and json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() == data, f"{name} is no canonical JSON object")
    return value
def table(data: bytes, name: str) -> list[list[str]]:  # the columns of a plain CSV of the form and order of §2 and §3, without salts
    stream, (sorts, *header) = io.BytesIO(data), TABLES[name].split()
    top = next(stream, b"").decode().removesuffix("\n").split(",")
    need(top == header or (name == "pools" and top[:3] == header), f"{name}.csv: its columns are not {header}")
    forms = [FORMS.get(column, r'[^:,"\r\n]+') for column in header] + [r'[^,"\r\n]*'] * (len(top) - len(header))
    fits, columns = re.compile(",".join(forms) + "\n", re.ASCII).fullmatch, [list[str]() for column in top if column != "salt"]
    while text := b"".join(itertools.islice(stream, 1 << 16)).decode():
        none(f"{name}.csv line {n}: {line[:200]!r} has not its form" for n, line in enumerate(text.splitlines(True), len(columns[0]) + 2) if not fits(line))
        fields = text.replace("\n", ",").split(",")  # the last one is empty; equal ones are kept once, unless each row has its own
        for place, column in enumerate(columns):
            column += map(str if name == "firms" and not place else sys.intern, fields[place : -1 : len(top)])
    keys, others = (zip(*columns[: int(sorts)]) for _ in "ab")
    none(f"{name}.csv: {', '.join(b)} is out of order or repeated" for a, b in zip(keys, itertools.islice(others, 1, None)) if a >= b)
    return columns
def tree_head(data: bytes, new: Callable[[bytes], Any]) -> bytes:  # the Merkle tree head of its lines (RFC 9162 2.1.1, §2)
    nodes = [new(b"\0" + line.removesuffix(b"\n")).digest() for line in io.BytesIO(data)] or [new(b"").digest()]
    while len(nodes) > 1:
        nodes = [new(b"\1" + a + b).digest() for a, b in zip(nodes[::2], nodes[1::2])] + nodes[len(nodes) & ~1 :]
    return bytes(nodes[0])
def ed25519(key: bytes, message: bytes, signature: bytes) -> bool:  # RFC 8032 5.1.7, no cofactor, extended coordinates: R = s·B - k·A
    p, order, (sign, y) = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493, divmod(int.from_bytes(key, "little"), 2**255)
    d, s = -121665 * pow(121666, -1, p) % p, int.from_bytes(signature[32:], "little")
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % order
    def plus(a: Any, b: Any) -> Any:
        e, f, g, h = (a[1] - a[0]) * (b[1] - b[0]), (a[1] + a[0]) * (b[1] + b[0]), 2 * a[3] * b[3] * d, 2 * a[2] * b[2]
        return (f - e) * (h - g) % p, (h + g) * (f + e) % p, (h - g) * (h + g) % p, (f - e) * (f + e) % p
    x = pow(square := (y * y - 1) * pow(d * y * y + 1, -1, p) % p, (p + 3) // 8, p)
    x = x if x * x % p == square else x * pow(2, (p - 1) // 4, p) % p
    valid = len(key) == 32 and len(signature) == 64 and x and x * x % p == square and y < p and s < order
    x = p - x if x & 1 == sign else x  # of -A
    base_x, base_y = 0x216936D3CD6E53FEC0A4E231FDD6DC5C692CC7609525A7B2C9562D608F25D51A, 4 * pow(5, -1, p) % p
    addends = (total := (0, 1, 1, 0)), (base := (base_x, base_y, 1, base_x * base_y % p)), (minus_a := (x, y, 1, x * y % p)), plus(base, minus_a)
    for bit in range(255, -1, -1):
        total = plus(plus(total, total), addends[(s >> bit & 1) + 2 * (k >> bit & 1)])
    x, y = (axis * pow(total[2], -1, p) % p for axis in total[:2])
    return bool(valid) and signature[:32] == (y | (x & 1) << 255).to_bytes(32, "little")
def rounded(arcs: Arcs, ticket: Callable[[str, object], bytes]) -> Arcs:  # the whole number on each arc after the fair rounding of §5
    number, cycles, end = dict[str, int](), 0, 2 * len(arcs)  # way 2n walks arc n from tail to head, way 2n + 1 walks it back
    leaves = [number.setdefault(node, len(number)) for ends in arcs for node in ends]
    leads, place = [leaves[way ^ 1] for way in range(end)], [-1] * len(number)  # place: how far on the walk a node is
    room = [rest for flow in arcs.values() for rest in (UNIT - flow % UNIT, flow % UNIT)]  # how much more can flow that way
    done, ways = [*(rest % UNIT == 0 for rest in room), False], [[end] for _ in number]  # ways out of a node, the lowest last
    for way in (way for way in range(end - 1, -1, -1) if not done[way]):
        ways[leaves[way]].append(way)
    for start in range(0, end, 2):
        walk, back, node, fractional = list[int](), -1, leaves[start], not done[start]
        while fractional:
            here = ways[node]
            while done[here[-1]]:
                here.pop()
            while here[-1] == back and done[here[-2]]:
                del here[-2]
            if (way := here[-1] if here[-1] != back else here[-2]) == end:
                break
            place[node], back, node = len(walk), way ^ 1, leads[way]
            walk.append(way)
            if place[node] >= 0:
                cycle, walk[place[node] :] = walk[place[node] :], []
                up, down = min(rooms := [room[way] for way in cycle]), UNIT - max(rooms)
                change = up if int.from_bytes(ticket("round", cycles), "big") * (up + down) >> 256 < down else -down
                for way, rest in zip(cycle, rooms):
                    room[way], room[way ^ 1], place[leaves[way]] = (more := rest - change), UNIT - more, -1
                    if more in (0, UNIT):
                        done[way] = done[way ^ 1] = True
                cycles, back = cycles + 1, walk[-1] ^ 1 if walk else -1
    return {pair: flow // UNIT + (room[2 * n] == 0) for n, (pair, flow) in enumerate(arcs.items())}
def check_log(plan: Facts) -> None:  # bundle.json, and the log as a whole (§3, §8)
    with step(plan, "bundle 证明包") as say:
        value, found = parse(read(plan.root, "bundle.json"), "bundle.json"), {path.name for path in (plan.root / "draws").iterdir()}
        plan.name, names = value["plan"], value["draws"]
        numbers = [int(name.split("-")[0]) for name in names if FILES[name.split("-")[1]]]
        need(value["protocol"] == "open-draw/1" and {*names} == found and numbers == sorted({*numbers}), f"draws/ holds {sorted(found)}")
        plan.draws = [Facts(name=name, full=f"{plan.name}/{name}", kind=name.split("-")[1], void=False, root=None) for name in names]
        say(f"plan {plan.name}, draws {', '.join(names)}")
    with step(plan, "entries 日志条目: canonical and in order of time") as say:
        lines = (data := read(plan.root, "log/entries.jsonl"))[:-1].split(b"\n")
        plan.entries = [{"reason": "", "digest": "", **parse(line, f"entry {n}")} for n, line in enumerate(lines)]
        plan.times = [moment(one["time"]) for one in plan.entries]
        need(plan.times == sorted(plan.times) and data[-1:] == b"\n", "not in order of time, or no line end at the end")
        none(f"entry {n} names no plan, draw or actor" for n, one in enumerate(plan.entries) if not (one["plan"] and one["draw"] and one["actor"]))
    with step(plan, "checkpoints 检查点与见证") as say:
        (name, mark, text), witnesses = read(plan.root, "log/key").decode().removesuffix("\n").split("+", 2), set[str]()
        key, sizes = base64.b64decode(text, validate=True), sorted(int(path.name) for path in (plan.root / "log/checkpoints").iterdir())
        need(key[0] == 1 and hashlib.sha256(f"{name}\n".encode() + key).hexdigest()[:8] == mark, "log/key: its key hash is wrong")
        need(len(lines) in sizes, f"no checkpoint covers all {len(lines)} entries")
        for size in sizes:
            body, _, notes = read(plan.root, f"log/checkpoints/{size}").decode().partition("\n\n")
            head = base64.b64encode(tree_head(b"\n".join(lines[:size]), hashlib.sha256)).decode()
            need(size <= len(lines) and body == f"{name}\n{size}\n{head}", f"checkpoint {size} is not of the first {size} entries")
            by = {who: base64.b64decode(line) for who, line in re.findall(r"— (\S+) (\S+)\n", notes)}
            need(notes == "".join(f"— {who} {base64.b64encode(line).decode()}\n" for who, line in by.items()) and name in by and by[name][:4].hex() == mark
                 and ed25519(key[1:], f"{body}\n".encode(), by.pop(name)[4:]), f"checkpoint {size} is not signed by the log's key")
            witnesses |= {*by}
        plan.sizes = sizes
        need(not name.endswith("/rehearsal"), f"{name} logs a rehearsal 演练: this is no plan, whatever else holds")
        say(f"{len(sizes)} of {name}, key hash {mark} (compare it); no witness signed, so the order in time rests on the log keeper's word")
        if witnesses:
            raise NotCheckable(f"all signed by the log's key {mark}; also by {', '.join(sorted(witnesses))}, whose keys are not at hand")
    with step(plan, "log draws 日志所载抽取: none is hidden") as say:
        none(f"entry {n} is of plan {one['plan']}" for n, one in enumerate(plan.entries) if one["plan"] != plan.name)
        gone = {one["draw"] for one in plan.entries} - {draw.full for draw in plan.draws}
        told = [(one["draw"], one["type"]) for one in plan.entries if one["type"] != "void" or one["reason"]]
        none(f"{name} is neither here nor given up" for name in gone if [kind for draw, kind in told if draw == name] != ["commit", "void"])
        say(f"given up and not in the bundle: {', '.join(sorted(gone)) or 'none'}")
def check_promise(plan: Facts, draw: Facts) -> None:  # what a draw committed to, and when (§2, §4, §8)
    with step(plan, "commitment 承诺", draw.name) as say:
        draw.file, (*inputs, draw.table) = lambda name: read(plan.root, f"draws/{draw.name}/{name}"), FILES[draw.kind]
        promise = draw.promise = parse(text := draw.file("commitment.json"), "commitment.json")
        claims, names, public = ["open-draw/1", plan.name, draw.full, draw.kind], [party["name"] for party in promise["parties"]], promise["public"]
        need([promise[key] for key in ("protocol", "plan", "draw", "kind")] == claims, f"it is not of {', '.join(claims)}")
        need(len({*names}) == len(names) and not re.search("[:\r\n]", "".join(names)), "a name is there twice, or has a colon")
        need({*inputs} <= {*promise["inputs"]} and promise["digest"] in ("sha256", "sm3"), "an input is not named, or a digest not of the protocol")
        if promise["digest"] not in hashlib.algorithms_available:
            raise NotCheckable(f"this Python has no {promise['digest']}")
        new: Callable[[bytes], Any] = getattr(hashlib, promise["digest"], lambda data: hashlib.new(promise["digest"], data))
        draw.new, draw.digest_of = new, lambda name, data: (tree_head(data, new) if name.endswith(".csv") else new(data).digest()).hex()
        draw.names, draw.unknown, draw.digest = names, {*promise["inputs"]} - {*inputs, "chances.csv"}, new(text).hexdigest()
        say(f"{promise['digest']} {draw.digest}")
    with step(plan, "in log 入日志与先后", draw.name) as say:
        ours = {n: one["type"] for n, one in enumerate(plan.entries) if one["draw"] == draw.full and one["type"] in ("commit", "result", "void")}
        need([*ours.values()] in (["commit", "result"], ["commit", "void"]), f"it must be a commit, then a result or void, not {ours}")
        draw.start, draw.end = ours
        last, draw.void, first = plan.entries[draw.end], ours[draw.end] == "void", plan.times[draw.start]
        need(plan.entries[draw.start]["digest"] == draw.digest, "commitment.json is not the one in the log")
        between, due = [size for size in plan.sizes if draw.start < size <= draw.end], public and moment(public["not_before"])
        need(last["reason"] if draw.void else between, "void without reason, or no checkpoint before the result")
        need(draw.void or not public or first < due <= plan.times[draw.end], f"commit {first}, public value {due}, result {last['time']}")
        say(f"commit {first}, checkpoints {between}, public value {due}, {last['type']} {last['time']} {last['reason']}")
    with step(plan, "inputs 输入文件: all as committed to", draw.name):
        draw.files = {name: draw.file(name) for name in promise["inputs"]}
        none(f"{a} is not the file committed to" for a, data in draw.files.items() if draw.digest_of(a, data) != promise["inputs"][a])
def check_result(plan: Facts, draw: Facts) -> None:  # what was revealed, what came of it, the form of tables (§2, §3, §4)
    with step(plan, "reveal 揭示", draw.name) as say:
        promise, new, names, public = draw.promise, draw.new, draw.names, draw.promise["public"]
        secrets, value, seal = (reveal := parse(draw.file("reveal.json"), "reveal.json"))["parties"], reveal["public"], reveal["seal"]
        need(sorted(secrets) == sorted(names) and (value is None) == (public is None), "it is not what was announced")
        told = [(f"party\n{draw.full}\n{one['name']}", secrets[one["name"]], one["commitment"]) for one in promise["parties"]]
        told += [(f"seal\n{draw.full}", seal, promise["seal"])] * (seal is not None)
        none(f"the secret of {who.split()[-1]} is not the one committed to" for who, secret, digest in told
             if not re.fullmatch(".+", secret) or new(f"open-draw/1/{who}\n{secret}\n".encode()).hexdigest() != digest)
        if seal is None and promise["seal"] is not None:
            raise NotCheckable("the seal is still closed: outsiders cannot compute the seed yet")
        shown = [*(f"{name}:{secrets[name]}" for name in names), f"public:{value or ''}", f"seal:{seal or ''}"]
        seed = new("\n".join(["open-draw/1/seed", draw.digest, *shown, ""]).encode()).hexdigest()
        draw.ticket = lambda stream, item: new(f"{seed}/{stream}/{item}".encode()).digest()
        say(f"seed {seed}; to steer it, all of these would have to collude: {', '.join(names + [f'who made {public}'] * bool(public))}")
    with step(plan, "randomness 随机来源: of 128 bits, or of parties", draw.name):
        need((kind := public["kind"] if public else None) not in (None, "lottery") or names, "without parties, a public value of 128 bits is needed")
        if kind not in (None, "dice"):
            need(kind != "drand" or re.fullmatch("[0-9a-f]{64}", value), f"{value} is not the value of a drand round")
            raise NotCheckable(f"{public}: its value, time and signature are to be checked at the source")
        need(not kind or (re.fullmatch("[0-9]+", value) and len(value) == public["digits"] >= 39 * (not names)), f"not {public}, or fewer than 39 dice")
    with step(plan, "result 结果", draw.name) as say:
        draw.files[draw.table], due = draw.file(draw.table), promise["previous"]
        need((root := draw.digest_of(draw.table, draw.files[draw.table])) == plan.entries[draw.end]["digest"], f"{draw.table} is not the result in the log")
        draw.root, base = root, next((one for one in plan.draws if due and one.root == due and one.end < draw.start), None)
        need(base and base.kind == "firms" if draw.kind == "inspectors" else base or due is None, "it builds on no result that was in the log before it")
        need(draw.kind == "firms" or all(vars(one).get("base") is not base for one in plan.draws if one.kind == "inspectors"), "the firm draw has its inspectors already")
        say(f"{draw.table} has the root in the log, {root}; it builds on {base.name if base else 'no other draw'}")
        draw.base = base
    with step(plan, "tables 表格与规则: of the form and in the order of §3", draw.name) as say:
        draw.header = draw.files.get("pools.csv", b"").decode().split("\n")[0].split(",")
        for name, kind in [name.split(".") for name in FILES[draw.kind] if name in draw.files]:
            found = (table if kind == "csv" else parse)(draw.files.pop(f"{name}.{kind}"), name)
            vars(draw)[name] = found if name in ("firms", "rules") else [*zip(*found)]
        if draw.kind == "firms":
            draw.tier, draw.firm = ({row[0]: row[1] for row in rows} for rows in (draw.pools, draw.visits))
            draw.pool = {firm: pool for drawn in [{row[1] for row in draw.visits}] for firm, pool in zip(*draw.firms[:2]) if firm in drawn}
            draw.size, rules, tiers, merged = Counter(draw.firms[1]), draw.rules, {*draw.rules["tiers"]}, draw.rules.get("combinations", {})
            need({*draw.size} <= {*draw.tier} and {*draw.tier.values()} <= tiers and len(tiers) == len(rules["tiers"]), "a pool or tier is unknown, or double")
            none(f"task {task} names no agency, or one twice" for task, one in rules["tasks"].items() if not 0 < len({*one["agencies"]}) == len(one["agencies"]))
            need(rules["plan"] == plan.name and {*merged} <= {*rules["tasks"]}, "rules of another plan, or a combination that is no task")
        say(f"not understood: {', '.join(sorted(draw.unknown | {*vars(draw).get('rules', KNOWN)} - KNOWN)) or 'nothing'}")
def network(draw: Facts) -> tuple[Arcs, Counter[str]]:  # the flow on each arc, and into each node; every node balanced (§3)
    arcs = {(tail, head): int(flow) for tail, head, flow in draw.flow}
    into, out = (tally((ends[side], flow) for ends, flow in arcs.items()) for side in (1, 0))
    need(len(arcs) == len(vars(draw).pop("flow")) and all(tail != head for tail, head in arcs), "an arc is there twice, or a loop")
    none(f"{node} receives {into[node]} and gives {out[node]}" for node in {*into, *out} if into[node] != out[node])
    return arcs, into
def draw_again(draw: Facts, arcs: Arcs, into: Counter[str]) -> Arcs:  # rounded, every named total at its floor or ceiling (§1, §5)
    whole = rounded(arcs, draw.ticket)
    count = tally((head, n) for (_, head), n in whole.items())
    none(f"{node}: {flow} became {count[node]}" for node, flow in into.items() if ":" in node and abs(count[node] * UNIT - flow) >= UNIT)
    return whole
def compare(drawn: list[tuple[str, ...]], published: list[tuple[str, ...]]) -> str:  # what a replay finds: the same rows but for salts
    need(drawn == published, f"{len(drawn)} rows drawn, {len(published)} published; other: {[f'{a}, not {b}' for a, b in zip(drawn, published) if a != b][:3]}")
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
    with step(plan, "replay 重放", draw.name) as say:
        whole, rows = draw_again(draw, arcs, into), list[tuple[str, ...]]()
        ranked, chosen, cut = draw.ranked, _, draw.cut = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list), Counter[str]()
        for firm, pool in zip(*draw.firms[:2]):
            ranked[pool].append(firm)
        for firms in ranked.values():
            firms.sort(key=lambda firm: draw.ticket("firm", firm) + firm.encode())
        for a, b in feeds:
            chosen[b[5:]] += ranked[a[5:]][cut[a[5:]] : cut[a[5:]] + whole[a, b]]
            cut[a[5:]] += whole[a, b]
        town = {firm: town for drawn in [{*itertools.chain(*chosen.values())}] for firm, _, town in zip(*draw.firms) if firm in drawn}
        for task, firms in chosen.items():
            firms.sort(key=lambda firm: (draw.ticket("town", town[firm]), town[firm], draw.ticket("month", firm), firm))
            start = int.from_bytes(draw.ticket("start", "month"), "big") * len(firms) >> 256
            months = (month for name, month, visits in draw.months if name == task for _ in range(int(visits)))
            rows += [(firm, task, month) for firm, month in zip(firms[start:] + firms[:start], months)]
        say(compare([(f"V{n:0{max(4, len(draw.visits[0][0]) - 1)}d}", *row) for n, row in enumerate(rows, 1) if draw.visits], draw.visits))
    with step(plan, "chances 各户机会", draw.name) as say:
        exempt, bounds, before = draw.rules["exempt_pools"], draw.rules.get("tier_bounds", {}), (0, 1, 0)
        told = [(pool, str(size[pool]), str(chance[pool])) for pool in sorted(draw.tier)]
        none(f"{name} is not of this flow and these firms" for name in ("chances.csv",) if name in draw.files and [*zip(*table(draw.files[name], "chances"))] != told)
        none(f"{pool}: flow {chance[pool]} and exemption {exempt.get(pool)}" for pool in {*size, *exempt} if bool(chance[pool]) == bool(exempt.get(pool)))
        for tier in draw.rules["tiers"]:
            pools = [pool for pool in size if draw.tier[pool] == tier and pool not in exempt]
            (low, of), (high, to) = [bounds[tier][key] for key in ("least", "most")] if tier in bounds else [(0, 1), (1, 1)]
            none(f"{pool}: {chance[pool]} for {size[pool]} firms, not {low}/{of} to {high}/{to}" for pool in pools if low * size[pool] * UNIT
                 > (chance[pool] + fan[pool]) * of or (chance[pool] - fan[pool]) * to > high * size[pool] * UNIT)
            if pools:
                flow, n, slack = (sum(count[pool] for pool in pools) for count in (chance, size, fan))
                need((before[0] - before[2]) * n <= (flow + slack) * before[1], f"tier {tier} has less chance than one of lower risk")
                before, each = (flow, n, slack), [chance[pool] / UNIT / size[pool] for pool in pools]
                say(f"tier {tier}: {n} firms, {min(each):.6f} to {max(each):.6f}, mean {flow / UNIT / n:.6f}")
        say(f"firms with chance 0, by reason: {dict(tally((exempt[pool], size[pool]) for pool in exempt if size[pool])) or 'none'}")
def check_inspectors(plan: Facts, draw: Facts) -> None:  # flow, replay, eligibility and counts of an inspector draw (§3, §5, §7, §10)
    with step(plan, "flow 流量守恒与上下限: balanced; needs whole, qualified where asked, duties within 1", draw.name):
        (arcs, into), pairs = network(draw), defaultdict[str, dict[str, int]](dict)
        needs = {f"need:{visit}:{agency}": (int(officers), int(qualified), skill) for visit, agency, officers, qualified, skill in draw.needs}
        draw.month, skills = ({row[0]: row[3] for row in rows} for rows in (draw.base.visits, draw.inspectors))
        parts = {name: name.split(":") for name in into}
        for (tail, head), flow in arcs.items():  # hub → need → its child; either of them → duty → inspector → hub
            (a, *near), (b, *far) = parts[tail], parts[head]
            fits = b == "duty" or head.rpartition(":")[0] == tail if a == "need" else b == "inspector" and far == near[:1] if a == "duty" else None
            need(b not in ("duty", "inspector") if fits is None else fits, "{} → {} has no place in §7", tail, head)
            if b == "duty":
                name, node, skill = far[0], f"need:{near[0]}:{near[1]}", near[2:]
                need(flow <= UNIT and name not in pairs[node] and far[1:] == [draw.month[near[0]]] and skill in ([], [needs[node][2]])
                     and {*skill} <= {*skills[name].split()}, "{} → {} of {} is against §7", tail, head, flow)
                pairs[node][name] = flow
        none(f"{node}: {into[node]}, {into[f'{node}:{skill}']} of it {skill}, not {officers} and {qualified}" for node, (officers, qualified, skill)
             in needs.items() if into[node] != officers * UNIT or into[f"{node}:{skill}"] < qualified * UNIT)
        draw.chance = pairs
    with step(plan, "replay 重放", draw.name) as say:
        ones = [(a.split(":"), b.split(":")[1]) for (a, b), n in draw_again(draw, arcs, into).items() if n and b[:5] == "duty:"]
        say(compare(sorted((*a[1:3], name) for a, name in ones), draw.assignments))
    with step(plan, "eligibility 可派人员与回避", draw.name) as say:
        members, recused = defaultdict(list), {(row[0], row[1]) for row in draw.recusals}
        owed = {f"need:{row[0]}:{agency}" for row in draw.base.visits for agency in draw.base.rules["tasks"][row[2]]["agencies"]}
        none(f"{node} is owed by its task or in needs.csv, not both" for node in owed ^ {*needs})
        for name, agency, until, *_ in draw.inspectors:  # with the first month that the certificate does not cover
            members[agency].append((name, (date.fromisoformat(until) + timedelta(1)).isoformat()[:7]))
        draw.eligible = lambda visit, agency: {name for name, expired in members[agency] if expired > draw.month[visit]
                                               and (name, draw.base.firm[visit]) not in recused}
        other = [(node, name) for node in needs for name in draw.eligible(*node.split(":")[1:]) ^ {one for one, flow in draw.chance[node].items() if flow}]
        none(f"{node}: {name} is {'not eligible' if draw.chance[node].get(name) else 'eligible and left out'}" for node, name in other)
        chances = [flow / UNIT for given in draw.chance.values() for flow in given.values()]
        say(f"{len(chances)} eligible pairs, each with a chance, {min(chances, default=0)} to {max(chances, default=0)}")
    with step(plan, "officers 人数与资格: as many as needed, all eligible, qualified where asked", draw.name):
        none(f"{visit}: {name} is not eligible" for visit, agency, name in draw.assignments if name not in draw.eligible(visit, agency))
        count = Counter(f"need:{row[0]}:{row[1]}" for row in draw.assignments)
        skilled = tally((f"need:{a}:{b}", needs[f"need:{a}:{b}"][2] in skills[name].split()) for a, b, name in draw.assignments)
        none(f"{node}: {count[node]} officers, {skilled[node]} qualified" for node, (officers, qualified, _) in needs.items()
             if not count[node] == officers >= draw.base.rules["officers_per_agency"] or skilled[node] < qualified)
def check_plan(plan: Facts) -> None:  # what all draws must meet together, and what happened after them (§3, §9, §10)
    with step(plan, "coverage 覆盖率") as say:
        need(draws := [draw for draw in plan.draws if draw.kind == "firms" and not draw.void], "no firm draw counts")
        rules, first, visits = draws[0].rules, draws[0], [(draw, row) for draw in draws for row in draw.visits]
        none(f"rule {name} differs in {draw.name}" for draw in draws for name in PER_PLAN if draw.rules.get(name) != rules.get(name))
        share, kinds, seats = rules["coverage"], rules["coverage"].get("kinds"), [draw.rules.get("monthly_seats", {}) for draw in draws]
        pools = {row[0] for row in first.pools if kinds is None or row[first.header.index("kind")] in kinds}
        size, every = sum(first.size[pool] for pool in pools), {row[1] for _, row in visits}
        found, least = sum(firm in every and pool in pools for firm, pool in zip(*first.firms[:2])), -(-share["numerator"] * size // share["denominator"])
        say(text := f"{found} distinct firms of {size} ({kinds or 'all kinds'}), at least {least}")
        need(found >= least, text)
    with step(plan, "joint share 联合占比") as say:
        groups = [(draw, row) for draw, row in visits if len(draw.rules["tasks"][row[2]]["agencies"]) > 1], visits  # joint ones; all
        shares = {name: [len({(place == 1 or draw.name, row[place]) for draw, row in group}) for group in groups] for place, name in enumerate(("visits", "firms", "tasks"))}
        share, (part, whole) = rules["joint_share"], shares[rules["joint_share"]["counted_by"]]
        say(text := f"{shares}, binding {share}")
        need(part * share["denominator"] >= whole * share["numerator"], text)
    with step(plan, "seats 每月人力: within those the rules state, if any"):
        used = tally(((row[1], draw.month[row[0]]), int(row[2])) for draw in plan.draws if not (draw.void or draw.kind == "firms") for row in draw.needs)
        none(f"{agency} {month}: {n} officers" for (agency, month), n in used.items() if n > max(one.get(agency, {}).get(month, n) for one in seats))
        if alone := [draw.name for draw in draws if all(vars(one).get("base") is not draw for one in plan.draws if one.kind == "inspectors" and not one.void)]:
            raise NotCheckable(f"no inspectors were drawn for {', '.join(alone)}: who goes there is not proven")
    with step(plan, "later events 作废递补与替换") as say:
        gone, counts = defaultdict[Any, list[str]](list), Counter(one["type"] for one in plan.entries)
        for n, one in [(n, one) for n, one in enumerate(plan.entries) if one["type"] in ("replace", "substitute")]:
            draw, visit = next(draw for draw in plan.draws if draw.full == one["draw"]), one["visit"]
            need(n > draw.end and not draw.void and one["reason"], f"entry {n}: no reason, or no result before it")
            if one["type"] == "replace":
                pool = draw.pool[draw.firm[visit]]
                found, due, draw.cut[pool] = one["firm"], draw.ranked[pool][draw.cut[pool]], draw.cut[pool] + 1
                draw.firm[visit], draw.pool[due] = due, pool
                visits.append((draw, [visit, due]))
            else:
                found, agency, out = one["inspector"], one["agency"], gone[one["draw"], visit, one["agency"]]
                able = draw.eligible(visit, agency) - {row[2] for row in draw.assignments if row[:2] == (visit, agency)} - {*out}
                due = min(able, key=lambda name: (draw.ticket(f"substitute/{visit}/{agency}/{len(out)}", name), name))
                out.append(due)
            need(found == due, f"entry {n}: {one['type']} in {visit} must be by {due}, not {found}")
        counts["of one person alone"] = sum(one["type"] in ("void", "replace", "substitute") and not one.get("approved_by") for one in plan.entries)
        say(", ".join(f"{counts[kind]} {kind}" for kind in sorted({*counts, "void", "replace", "substitute"})))
    with step(plan, "caps 频次上限") as say:
        total, caps = Counter[str](), rules.get("visits_by_tier", {})
        for draw, row in sorted(visits, key=lambda pair: pair[0].end):
            total[row[1]] += 1
            need(total[row[1]] <= caps.get(draw.tier[draw.pool[row[1]]], rules["visits_per_firm"]), f"{row[1]} is visited {total[row[1]]} times")
        say(f"no firm is visited more than {max(total.values(), default=0)} times; the cap is {caps or rules['visits_per_firm']}")
def verify(path: Path) -> list[dict[str, str]]:
    """The rows {step, draw, verdict, detail} of all steps on the bundle, in order."""
    plan = Facts(root=Path(path), rows=[], draws=[])
    check_log(plan)
    for draw in plan.draws:
        check_promise(plan, draw)
        for check in () if draw.void else (check_result, check_firms if draw.kind == "firms" else check_inspectors):
            check(plan, draw)
    check_plan(plan)
    return list(plan.rows)
def main(arguments: list[str]) -> int:
    if len(names := [one for one in arguments if one != "--json"]) != 1 or names[0].startswith("-"):
        return print("usage: python3 -I -S verify.py BUNDLE [--json]", file=sys.stderr) or 2
    rows, counts = (found := verify(Path(names[0]))), Counter(row["verdict"] for row in found)
    code = 1 if counts["failed"] else 3 if counts["not checked"] else 0
    lines = [f"{CHINESE[row['verdict']]} {row['verdict']:<11} {' '.join([row['step'], row['draw']]).strip()}: {row['detail']}" for row in rows]
    lines += [f"{VERDICTS[code]}: " + ", ".join(f"{counts[one]} {CHINESE[one]} {one}" for one in CHINESE)]
    text = json.dumps(rows, ensure_ascii=False, indent=1) if "--json" in arguments else "\n".join(lines)
    sys.stdout.buffer.write(f"{text}\n".encode(errors="backslashreplace"))
    return code
if __name__ == "__main__":
    gc.disable()  # millions of rows and no cycles among them: looking for some costs a tenth of the time
    sys.exit(main(sys.argv[1:]))
