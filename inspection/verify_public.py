"""Checks a public bundle or a firm's proof from docs/public-bundle.md alone ("§" is PROTOCOL.md):
python3 -I -S verify_public.py BUNDLE|PROOF [BUNDLE] [--json]. A proof given with its bundle is checked against it.
Exit 0: every claim was checked and holds; 1: one fails; 2: usage; 3: none fails, one could not be checked here.
Standard library only, no code in common with the program that made the files. For Python 3.9 and later."""
# ruff: noqa: B905, UP035, E401, I001, E501 — the first two ask for more than Python 3.9 has; fewer lines are read by more people
import base64, hashlib, json, re, sys
from collections import Counter
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Callable, Iterator

__all__ = ["check_proof", "verify_public"]
CHINESE, VERDICTS = {"passed": "通过", "failed": "不符", "not checked": "未核"}, {0: "通过 VERIFIED", 1: "不符 FAILED", 3: "部分未核 NOT ALL CHECKED"}
MISSING, FIELD, SALT, WHOLE = "needs {}, which no earlier step could establish", r'[^:,"\s]+', "[0-9a-f]{32}", r"(?:0|[1-9]\d{0,14})"
VISIT = rf"V(\d{{4,}}),({FIELD}),{FIELD},\d{{4}}-(?:0[1-9]|1[0-2]),{SALT}"
Tree = list[tuple[str, bytes]]  # the lines of a partial list, "" where one is withheld, with the hash of each as a leaf
class Fault(Exception): ...  # a claim does not hold; the text says which and why
class NotCheckable(Exception): ...  # a claim can be neither confirmed nor refuted here; the text says why
class Facts(SimpleNamespace):  # what the steps found about the plan or one draw
    def __getattr__(self, name: str) -> Any:
        raise NotCheckable(MISSING.format(name))
@contextmanager  # adds the row of a step to rows whatever happens inside; the value is told what it finds
def step(rows: list[dict[str, str]], name: str, draw: str = "") -> Iterator[Callable[[str], None]]:
    found, verdict = list[str](), "passed"
    try:
        yield found.append
    except NotCheckable as error:
        found, verdict = [*found, str(error)], "not checked"
    except Exception as error:  # malformed input of any kind is a failed step with its reason, never a traceback (§10)
        found, verdict = [str(error) if isinstance(error, Fault) else f"malformed: {type(error).__name__} {error}"], "failed"
    clean = "".join(char if char.isprintable() else "\ufffd" for char in "; ".join(found)[:4000])
    rows.append({"step": name, "draw": draw, "verdict": verdict, "detail": clean})
def need(holds: object, reason: str) -> None:
    if not holds:
        raise Fault(reason)
def moment(text: str) -> datetime:  # the aware time, to the microsecond, of an RFC 3339 text
    need(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", text, re.ASCII), f"{text[:80]!r} is no time of RFC 3339")
    return datetime.strptime(re.sub(r"(\.\d{6})\d+", r"\1", text), "%Y-%m-%dT%H:%M:%S" + (".%f" if "." in text else "") + "%z")
def read(root: Path, name: str) -> bytes:  # a regular file of the bundle; no link, no device, nothing gigantic
    path = root / name
    need(path.resolve() == root.resolve() / name and path.is_file() and path.stat().st_size < 1 << 31, f"{name} is missing, a link, no file or gigantic")
    return path.read_bytes()
def parse(data: bytes, name: str) -> Any:  # the object of canonical JSON bytes (RFC 8785, integers below 2^53 only, §2)
    value = json.loads(data.decode(), parse_float=int, parse_constant=int,  # int() refuses what these two are given
                       parse_int=lambda text: int(text if abs(int(text[:18])) < 1 << 53 else f"over 2^53: {text[:18]}"),
                       object_pairs_hook=lambda pairs: dict(sorted(pairs, key=lambda one: one[0].encode("utf-16-be"))))
    need(isinstance(value, dict) and json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() == data, f"{name} is no canonical JSON object")
    return value
def whole(value: object) -> int:
    need(type(value) is int and value >= 0, f"{value!r} is no whole number")
    return int(str(value))
def digest(name: object) -> Callable[[bytes], Any]:  # the digest a commitment names (§2)
    need(name in ("sha256", "sm3"), f"{name!r} is no digest of the protocol")
    if name not in hashlib.algorithms_available:
        raise NotCheckable(f"this Python has no {name}")
    return hashlib.sha256 if name == "sha256" else lambda data: hashlib.new(str(name), data)
def partial(data: bytes, new: Callable[[bytes], Any]) -> Tree:
    lines = data.decode().split("\n")
    need(len(lines) > 1 and lines.pop() == "", "it is empty, or its last line does not end with LF")
    need(all(re.fullmatch("leaf [0-9a-f]{64}", line) for line in lines if line[:5] == "leaf "), "a withheld line is no leaf hash")
    return [("", bytes.fromhex(line[5:])) if line[:5] == "leaf " else (line, new(b"\0" + line.encode()).digest()) for line in lines]
def head(nodes: list[bytes], new: Callable[[bytes], Any]) -> bytes:  # the Merkle tree head over leaf hashes (RFC 9162 2.1.1)
    while len(nodes) > 1:
        nodes = [new(b"\1" + a + b).digest() for a, b in zip(nodes[::2], nodes[1::2])] + nodes[len(nodes) & ~1 :]
    return nodes[0] if nodes else bytes(new(b"").digest())
def led_to(row: Any, new: Callable[[bytes], Any]) -> bytes:  # the head that an inclusion proof leads to (RFC 9162 2.1.3.2)
    node, last, found = whole(row["index"]), whole(row["lines"]) - 1, new(b"\0" + row["line"].encode()).digest()
    need(node <= last and "\n" not in row["line"] and all(re.fullmatch("[0-9a-f]{64}", one) for one in row["path"]), "a proof is not of its form")
    for sibling in map(bytes.fromhex, row["path"]):
        need(last, "a proof is too long")
        if node & 1 or node == last:
            found = new(b"\1" + sibling + found).digest()
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            found = new(b"\1" + found + sibling).digest()
        node, last = node >> 1, last >> 1
    need(not last, "a proof is too short")
    return bytes(found)
def ed25519(key: bytes, message: bytes, signature: bytes) -> bool:  # RFC 8032 5.1.7, no cofactor, extended coordinates: R = s·B - k·A
    p, order, (sign, y) = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493, divmod(int.from_bytes(key, "little"), 2**255)
    d, s = -121665 * pow(121666, -1, p) % p, int.from_bytes(signature[32:], "little")
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % order
    def plus(a: Any, b: Any) -> Any:
        e, f, g, h = (a[1] - a[0]) * (b[1] - b[0]), (a[1] + a[0]) * (b[1] + b[0]), 2 * a[3] * b[3] * d, 2 * a[2] * b[2]
        return (f - e) * (h - g) % p, (h + g) * (f + e) % p, (h - g) * (h + g) % p, (f - e) * (f + e) % p
    def times(n: int, point: Any) -> Any:
        total: Any = (0, 1, 1, 0)
        for bit in range(n.bit_length() - 1, -1, -1):
            total = plus(total, total)
            total = plus(total, point) if n >> bit & 1 else total
        return total
    x = pow(square := (y * y - 1) * pow(d * y * y + 1, -1, p) % p, (p + 3) // 8, p)
    x = x if x * x % p == square else x * pow(2, (p - 1) // 4, p) % p
    if not (len(key) == 32 and len(signature) == 64 and x and x * x % p == square and y < p and s < order):
        return False
    x = p - x if x & 1 == sign else x  # of -A
    base_x, base_y = 0x216936D3CD6E53FEC0A4E231FDD6DC5C692CC7609525A7B2C9562D608F25D51A, 4 * pow(5, -1, p) % p
    if (weak := times(8, (x, y, 1, x * y % p)))[0] == 0 and weak[1] == weak[2]:  # a key of small order signs anything
        return False
    total = plus(times(s, (base_x, base_y, 1, base_x * base_y % p)), times(k, (x, y, 1, x * y % p)))
    x, y = (axis * pow(total[2], -1, p) % p for axis in total[:2])
    return signature[:32] == (y | (x & 1) << 255).to_bytes(32, "little")
def opened(note: str, key: str) -> tuple[str, int, bytes, set[str]]:  # a checkpoint's origin, size, root and other signers (§8)
    (name, mark, text), (body, _, notes) = key.split("+", 2), note.partition("\n\n")
    public, (origin, size, root) = base64.b64decode(text, validate=True), body.split("\n")
    need(public[:1] == b"\1" and hashlib.sha256(f"{name}\n".encode() + public).hexdigest()[:8] == mark, "the log's key: its key hash is wrong")
    by = {who: base64.b64decode(line) for who, line in re.findall(r"— (\S+) (\S+)\n", notes)}
    need(notes == "".join(f"— {who} {base64.b64encode(line).decode()}\n" for who, line in by.items()) and name in by and by[name][:4].hex() == mark
         and ed25519(public[1:], f"{body}\n".encode(), by.pop(name)[4:]), f"checkpoint {size} is not signed by the log's key")
    need(origin == name and re.fullmatch(WHOLE, size) and base64.b64encode(found := base64.b64decode(root)).decode() == root, f"checkpoint {size} is not of {name}")
    need(not name.endswith("/rehearsal"), f"{name} logs a rehearsal 演练: this is no plan, whatever else holds")
    return name, int(size), found, {*by}
def witnessed(name: str, mark: str, witnesses: set[str]) -> str:  # what the signatures rest on
    if witnesses:
        raise NotCheckable(f"signed by the log's key {mark}; also by {', '.join(sorted(witnesses))}, whose keys are not at hand")
    return f"signed by {name}, key hash {mark} (compare it); no witness signed, so the order in time rests on the log keeper's word"

def check_log(plan: Facts) -> None:  # the head of the bundle, and the log as far as it is shown
    rows, root = plan.rows, plan.root
    with step(rows, "bundle 公开包") as say:
        value = plan.head = parse(read(root, "public-bundle.json"), "public-bundle.json")
        need(value["protocol"] == "open-draw/1-public" and re.fullmatch(FIELD, value["plan"]) and moment(value["time"]), "it is of another protocol")
        names, found = [one["folder"] for one in value["draws"]], {path.name for path in (root / "draws").iterdir()}
        numbers = [int(name.split("-")[0]) for name in names if re.fullmatch(r"[1-9]\d{0,5}-(firms|inspectors)", name)]
        need({*names} == found and len(numbers) == len(names) and numbers == sorted({*numbers}), f"draws/ holds {sorted(found)}")
        plan.draws = [Facts(name=one["folder"], full=f"{value['plan']}/{one['folder']}", kind=one["folder"].split("-")[1], claim=one) for one in value["draws"]]
        say(f"plan {value['plan']} as of {value['time']}, draws {', '.join(names)}")
    with step(rows, "entries 日志条目") as say:
        tree: Tree = partial(read(root, "log/entries.part"), hashlib.sha256)
        plan.nodes, plan.shown = [node for _, node in tree], {n: parse(line.encode(), f"entry {n}") for n, (line, _) in enumerate(tree) if line}
        plan.times = {n: moment(one["time"]) for n, one in plan.shown.items()}
        need([*plan.times.values()] == sorted(plan.times.values()), "not in order of time")
        need(all(one["plan"] == plan.head["plan"] and one["actor"] for one in plan.shown.values()), "an entry is of another plan, or of nobody")
        need({one["draw"] for one in plan.shown.values()} <= {draw.full for draw in plan.draws}, "a draw of the log is not in the bundle")
        say(f"{len(plan.shown)} of {len(tree)} are shown, canonical, in order of time, of draws of the bundle")
    with step(rows, "checkpoints 检查点与见证") as say:
        plan.key, sizes, witnesses = read(root, "log/key").decode().removesuffix("\n"), sorted(int(path.name) for path in (root / "log/checkpoints").iterdir()), set[str]()
        for size in sizes:
            name, stated, found, others = opened(read(root, f"log/checkpoints/{size}").decode(), plan.key)
            need(stated == size <= len(plan.nodes) and head(plan.nodes[:size], hashlib.sha256) == found, f"checkpoint {size} is not of the first {size} entries")
            witnesses |= others
        need(len(plan.nodes) in sizes, f"no checkpoint covers all {len(plan.nodes)} entries")
        plan.sizes = sizes
        say(f"{len(sizes)} checkpoints, {len([*(root / 'log').glob('timestamps/*/*')])} timestamps beside them, not read here")
        say(witnessed(name, plan.key.split("+")[1], witnesses))
    with step(rows, "withheld 未公开条目") as say:
        count, told = len(plan.nodes) - len(plan.shown), plan.head["withheld"]
        need(sum(map(whole, told.values())) == count, f"{count} entries are withheld, not {told}")
        if count:
            raise NotCheckable(f"{told} withheld: that they are this, and replayed, rests on the auditors, who see all")
        say("none")

def check_promise(rows: list[dict[str, str]], draw: Facts, text: bytes) -> str:  # what every draw's commitment must be (§4)
    promise = draw.promise = parse(text, "commitment.json")
    names, claims = [one["name"] for one in promise["parties"]], ["open-draw/1", draw.full.split("/")[0], draw.full, draw.kind]
    need([promise[key] for key in ("protocol", "plan", "draw", "kind")] == claims, f"it is not of {', '.join(claims)}")
    need(len({*names}) == len(names) and not re.search("[:\r\n]", "".join(names)) and (names or promise["public"]), "a name is there twice, or has a colon, or nobody contributes")
    draw.names, draw.new = names, digest(promise["digest"])
    draw.digest = draw.new(text).hexdigest()
    return f"{promise['digest']} {draw.digest}"
def check_draw(plan: Facts, draw: Facts) -> None:
    rows, file, claim = plan.rows, lambda name: read(plan.root, f"draws/{draw.name}/{name}"), draw.claim
    with step(rows, "commitment 承诺", draw.name) as say:
        say(check_promise(rows, draw, file("commitment.json")))
    with step(rows, "in log 入日志与先后", draw.name) as say:
        ours = {n: one["type"] for n, one in plan.shown.items() if one["draw"] == draw.full and one["type"] in ("commit", "result")}
        void = draw.void = claim["state"] == "void"
        need([*ours.values()] == (["commit"] if void else ["commit", "result"]) and claim["state"] in ("void", "drawn"), f"it must be a commit and {claim['state']}, not {ours}")
        start, end = [*ours, len(plan.nodes)][:2]
        need(plan.shown[start]["digest"] == draw.digest, "commitment.json is not the one in the log")
        if void:
            need(claim["reason"] and plan.head["withheld"].get("void"), "given up without a reason, or without an entry that may say so")
            raise NotCheckable(f"given up, {claim['reason']}: that the log says so rests on the auditors")
        between, due = [size for size in plan.sizes if start < size <= end], draw.promise["public"] and moment(draw.promise["public"]["not_before"])
        need(between, "no checkpoint covers the commitment and not the result")
        need(not due or plan.times[start] < due <= plan.times[end], f"commit {plan.times[start]}, public value {due}, result {plan.times[end]}")
        draw.result = plan.shown[end]["digest"]
        say(f"commit {plan.times[start]}, checkpoints {between}, public value {due}, result {plan.times[end]}")
    if vars(draw).get("void"):
        return
    with step(rows, "reveal 揭示", draw.name) as say:
        if not (plan.root / f"draws/{draw.name}/reveal.json").exists():
            raise NotCheckable("withheld while visits are not open: without a seal it would tell everybody the list")
        reveal, public = parse(file("reveal.json"), "reveal.json"), draw.promise["public"]
        secrets, value, seal = reveal["parties"], reveal["public"], reveal["seal"]
        need(sorted(secrets) == sorted(draw.names) and (value is None) == (public is None), "it is not what was announced")
        told = [(f"party\n{draw.full}\n{one['name']}", secrets[one["name"]], one["commitment"]) for one in draw.promise["parties"]]
        told += [(f"seal\n{draw.full}", seal, draw.promise["seal"])] * (seal is not None)
        wrong = [who.split()[-1] for who, secret, known in told if not re.fullmatch(".+", secret) or draw.new(f"open-draw/1/{who}\n{secret}\n".encode()).hexdigest() != known]
        need(not wrong, f"the secret of {', '.join(wrong)} is not the one committed to")
        kind = public["kind"] if public else None
        need(kind != "dice" or (re.fullmatch("[0-9]+", value) and len(value) == public["digits"] >= 39 * (not draw.names)), f"not {public}, or fewer than 39 dice")
        need(kind != "lottery" or draw.names, "a lottery is never the only source")
        if seal is None and draw.promise["seal"] is not None:
            raise NotCheckable(f"all secrets of {', '.join(draw.names) or 'nobody'} fit; the seal is still closed: outsiders cannot compute the seed yet")
        parts = ["open-draw/1/seed", draw.digest, *(f"{name}:{secrets[name]}" for name in draw.names), f"public:{value or ''}", f"seal:{seal or ''}", ""]
        say(f"seed {draw.new(chr(10).join(parts).encode()).hexdigest()}; anyone can compute every ticket")
        if kind not in (None, "dice"):
            raise NotCheckable(f"{public}: its value, time and signature are to be checked at the source")
    if draw.kind == "firms":
        with step(rows, "visits 已公开检查", draw.name) as say:
            tree: Tree = partial(file("visits.part"), draw.new)
            need(head([node for _, node in tree], draw.new).hex() == draw.result, "the rows do not add up to the result in the log")
            shown = {n: re.fullmatch(VISIT, line, re.ASCII if line.isascii() else 0) for n, (line, _) in enumerate(tree) if n and line}
            need(tree[0][0] == "visit,firm,task,month,salt" and all(row and int(row[1]) == n for n, row in shown.items()), "a row has not its form or place")
            draw.open = [row[2] for row in shown.values() if row]
            need(len({*draw.open}) == len(draw.open), "a firm is drawn twice")
            need((whole(claim["visits"]), whole(claim["opened"])) == (len(tree) - 1, len(shown)), f"{len(shown)} rows of {len(tree) - 1} are open, not {claim['opened']} of {claim['visits']}")
            draw.complete = len(shown) == len(tree) - 1
            say(f"{len(shown)} of {len(tree) - 1} visits are open, each under the root in the log; " + (
                "the list is whole: no other firm was drawn" if draw.complete else "the number of the others is claimed, and proven once all are open"))
def verify_public(root: Path) -> list[dict[str, str]]:
    """The rows {step, draw, verdict, detail} of all steps on a public bundle, in order."""
    return list(_bundle(root).rows)
def _bundle(root: Path) -> Facts:
    plan = Facts(root=Path(root), rows=[], draws=[])
    check_log(plan)
    for draw in plan.draws:
        check_draw(plan, draw)
    return plan
def check_proof(path: Path, root: "Path | None" = None) -> list[dict[str, str]]:
    """The rows of all steps on a firm's proof; after those of its public bundle, where one is given."""
    plan = _bundle(root) if root else Facts(rows=[], draws=[])
    rows, bundle, proof = plan.rows, {draw.full: draw for draw in plan.draws}, Facts()
    with step(rows, "proof 证明文件") as say:
        value = proof.value = parse(read(Path(path).parent, Path(path).name), "the proof")
        need(value["protocol"] == "open-draw/1-proof" and re.fullmatch(FIELD, value["firm"]) and value["draws"] and moment(value["time"]), "it is no proof of this protocol")
        say(f"of firm {value['firm']} in plan {value['plan']} as of {value['time']}; it concerns this firm alone")
    with step(rows, "proof log 证明所依日志") as say:
        name, proof.size, proof.head, witnesses = opened(proof.value["checkpoint"], proof.value["key"])
        if root:
            need(plan.key == proof.value["key"] and proof.size <= len(plan.nodes) and head(plan.nodes[: proof.size], hashlib.sha256) == proof.head, "the bundle shows another log")
        say(witnessed(name, proof.value["key"].split("+")[1], witnesses))
    for one in vars(proof).get("value", {}).get("draws", []) if rows[-2]["verdict"] == "passed" else []:
        check_firm(rows, proof, one, bundle)
    return list(rows)
def check_firm(rows: list[dict[str, str]], proof: Facts, one: Any, bundle: dict[str, Any]) -> None:  # a firm in one draw
    folder = one.get("folder", "?") if isinstance(one, dict) else "?"
    draw, firm = Facts(name=folder, full=f"{proof.value['plan']}/{folder}", kind="firms"), proof.value["firm"]
    with step(rows, "in register 在冻结名录中", folder) as say:
        check_promise(rows, draw, one["commitment"].encode())
        for kind, of in (("commit", draw.digest), ("result", None)):
            need(whole(one[kind]["lines"]) == proof.size and led_to(one[kind], hashlib.sha256) == proof.head, f"the {kind} is not under the checkpoint")
            entry = parse(one[kind]["line"].encode(), kind)
            need((entry["type"], entry["draw"]) == (kind, draw.full) and of in (None, entry["digest"]), f"the {kind} is not of this draw")
        draw.result, row = entry["digest"], one["register"]["line"].split(",")
        need(one["commit"]["index"] < one["result"]["index"] and row[0] == firm and len(row) == 4 and re.fullmatch(SALT, row[3]), "the row of the register is not this firm's")
        need(led_to(one["register"], draw.new).hex() == draw.promise["inputs"]["firms.csv"], "the row is not in the register committed to")
        draw.pool = row[1]
        say(f"committed {draw.digest[:16]}…, row {one['register']['index']} of {one['register']['lines'] - 1}")
    with step(rows, "chance 抽中机会", folder) as say:
        if "chance" not in one:
            raise NotCheckable("not told: the plan committed to no table of chances that can be shown without the credit tier")
        pool, firms, flow, salt = one["chance"]["line"].split(",")
        need(pool == draw.pool and all(re.fullmatch(WHOLE, text) for text in (firms, flow)) and re.fullmatch(SALT, salt) and 0 <= int(flow) <= int(firms) * 10**6 > 0, "it is not this firm's")
        need(led_to(one["chance"], draw.new).hex() == draw.promise["inputs"]["chances.csv"], "the row is not in the table committed to")
        say(f"{int(flow) / int(firms) / 10**6:.6f}: {firms} firms alike share {int(flow) / 10**6:.6f} visits; that this table is the flow drawn from, auditors check")
    with step(rows, "outcome 抽取结果", folder) as say:
        if one["outcome"] == "opened":
            row = re.fullmatch(VISIT, one["visit"]["line"], 0)
            need(row and row[2] == firm and int(row[1]) == one["visit"]["index"] and led_to(one["visit"], draw.new).hex() == draw.result, "the visit is not in the result, or another firm's")
            return say(f"drawn: {one['visit']['line'].rsplit(',', 1)[0]}")
        need(one["outcome"] in ("untold", "not drawn"), "the outcome is none")
        shown = bundle.get(draw.full, Facts())
        need(firm not in vars(shown).get("open", []), "the public bundle opens a visit of this firm")
        if not vars(shown).get("complete"):
            raise NotCheckable("not told before every visit is open, of any firm, or silence would tell" if one["outcome"] == "untold" else "give the public bundle too: its whole list proves it")
        say("not drawn: the whole list, under the root in the log, does not name it")
def main(arguments: list[str]) -> int:
    names = [one for one in arguments if one != "--json"]
    if len(names) not in (1, 2) or any(name.startswith("-") for name in names):
        return print("usage: python3 -I -S verify_public.py BUNDLE|PROOF [BUNDLE] [--json]", file=sys.stderr) or 2
    paths = [*map(Path, names)]
    rows = check_proof(*paths) if paths[0].is_file() else verify_public(paths[0])
    counts = Counter(row["verdict"] for row in rows)
    code = 1 if counts["failed"] else 3 if counts["not checked"] else 0
    lines = [f"{CHINESE[row['verdict']]} {row['verdict']:<11} {' '.join([row['step'], row['draw']]).strip()}: {row['detail']}" for row in rows]
    lines += [f"{VERDICTS[code]}: " + ", ".join(f"{counts[one]} {CHINESE[one]} {one}" for one in CHINESE)]
    text = [json.dumps(rows, ensure_ascii=False, indent=1)] if "--json" in arguments else lines
    sys.stdout.buffer.write("\n".join([*text, ""]).encode(errors="backslashreplace"))
    return code
if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
