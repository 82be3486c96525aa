"""Checks a public bundle or a firm's proof from docs/public-bundle.md and PROTOCOL.md ("§") alone; standard library only, Python 3.9 and later:
python3 -I -S verify_public.py BUNDLE|PROOF [BUNDLE] [--json]. A proof given with its bundle is checked against it.
Exit 0: every claim was checked and holds; 1: one fails; 2: usage; 3: none fails, one could not be checked here."""
# ruff: noqa: B905, UP035, UP045, D101, D103, E401, I001, E501 — the first three ask for more than Python 3.9 has; fewer lines are read by more people
import base64, collections, contextlib, functools, hashlib, json, re, sys, types
from datetime import datetime
from pathlib import Path
from typing import Any, Callable, Iterator, Optional
CHINESE, VERDICTS = {"passed": "通过", "failed": "不符", "not checked": "未核"}, {0: "通过 VERIFIED", 1: "不符 FAILED", 3: "部分未核 NOT ALL CHECKED"}
FIELD, SALT, HEX, WHOLE = r'[^:,"\s]+', "[0-9a-f]{32}", "[0-9a-f]{64}", r"(?:0|[1-9][0-9]{0,14})"
VISIT = rf"V([0-9]{{4,}}),({FIELD}),{FIELD},[0-9]{{4}}-(?:0[1-9]|1[0-2]),{SALT}"
class Fault(Exception): ...  # a claim does not hold; the text says which and why
class NotCheckable(Exception): ...  # a claim can be neither confirmed nor refuted here; the text says why
class Facts(types.SimpleNamespace):  # what the steps found about the plan or one draw
    def __getattr__(self, name: str) -> Any:
        raise NotCheckable(f"needs {name}, which no earlier step could establish")
@contextlib.contextmanager  # adds the row of a step to rows whatever happens inside; the value is told what it finds
def step(rows: list[dict[str, str]], name: str, draw: str = "") -> Iterator[Callable[[str], None]]:
    found, verdict = list[str](), "passed"
    try:
        yield found.append
    except NotCheckable as error:
        found, verdict = [*found, str(error)], "not checked"
    except Exception as error:  # malformed input of any kind is a failed step with its reason, never a traceback (§10)
        found, verdict = [str(error) if isinstance(error, Fault) else f"malformed: {type(error).__name__} {error}"], "failed"
    rows.append({"step": name, "draw": draw, "verdict": verdict, "detail": "".join(c if c.isprintable() else "\ufffd" for c in "; ".join(found)[:4000])})
def need(holds: object, reason: str) -> None:
    if not holds:
        raise Fault(reason)
def moment(text: str) -> datetime:  # the aware time, to the microsecond, of an RFC 3339 text
    need(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", text, re.ASCII), f"{text[:80]!r} is no time of RFC 3339")
    return datetime.strptime(re.sub(r"(\.\d{6})\d+", r"\1", text), "%Y-%m-%dT%H:%M:%S" + (".%f" if "." in text else "") + "%z")
def read(root: Path, name: str) -> bytes:  # a regular file under root; no link, no device, nothing gigantic
    need((path := root / name).resolve() == root.resolve() / name and path.is_file() and path.stat().st_size < 1 << 31, f"{name} is missing, a link, no file or gigantic")
    return path.read_bytes()
def parse(data: bytes, name: str) -> Any:  # the object of canonical JSON bytes (RFC 8785, integers below 2^53 only, §2)
    value = json.loads(data.decode(), parse_float=int, parse_constant=int,  # int() refuses what these two are given
                       parse_int=lambda text: int(text if abs(int(text[:18])) < 1 << 53 else f"over 2^53: {text[:18]}"),
                       object_pairs_hook=lambda pairs: dict(sorted(pairs, key=lambda one: one[0].encode("utf-16-be"))))
    need(isinstance(value, dict) and json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() == data, f"{name} is no canonical JSON object")
    return value
def leaves(data: bytes, new: Any) -> list[tuple[str, bytes]]:  # each line of a partial list, "" where withheld, with its leaf hash
    lines = data.decode().split("\n")
    need(len(lines) > 1 and lines.pop() == "", "it is empty, or its last line does not end with LF")
    need(all(re.fullmatch(f"leaf {HEX}", line) for line in lines if line[:5] == "leaf "), "a withheld line is no leaf hash")
    return [("", bytes.fromhex(line[5:])) if line[:5] == "leaf " else (line, new(b"\0" + line.encode()).digest()) for line in lines]
def head(nodes: list[bytes], new: Any) -> bytes:  # the Merkle tree head over leaf hashes (RFC 9162 2.1.1)
    while len(nodes) > 1:
        nodes = [new(b"\1" + a + b).digest() for a, b in zip(nodes[::2], nodes[1::2])] + nodes[len(nodes) & ~1 :]
    return nodes[0]
def climb(node: bytes, place: int, many: int, path: list[str], new: Any) -> bytes:  # from a leaf hash up its path (RFC 9162 2.1.3)
    need(0 <= place < many and bool(path) == (many > 1), "a proof has not its length")
    half = 1 << (many - 1).bit_length() >> 1
    below = climb(node, place % half, half if place < half else many - half, path[:-1], new) if path else node
    return bytes(new(b"\1" + (below + bytes.fromhex(path[-1]) if place < half else bytes.fromhex(path[-1]) + below)).digest()) if path else below
def led_to(row: Any, new: Any) -> bytes:  # the head that an inclusion proof leads to
    need("\n" not in row["line"] and all(re.fullmatch(HEX, one) for one in row["path"]), "a proof is not of its form")
    return climb(new(b"\0" + row["line"].encode()).digest(), row["index"], row["lines"], row["path"], new)
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
    total, minus_a, base = (0, 1, 1, 0), (x, y, 1, x * y % p), (base_x, base_y, 1, base_x * base_y % p)
    addends = total, base, minus_a, plus(base, minus_a)
    for bit in range(255, -1, -1):
        total = plus(plus(total, total), addends[(s >> bit & 1) + 2 * (k >> bit & 1)])
    x, y = (axis * pow(total[2], -1, p) % p for axis in total[:2])
    return bool(valid) and signature[:32] == (y | (x & 1) << 255).to_bytes(32, "little")
def checkpoint(note: str, key: str) -> tuple[int, bytes, set[str]]:  # size, root and other signers of a note the log's key signed (§8)
    (name, mark, text), (body, _, notes) = key.split("+", 2), note.partition("\n\n")
    public, (origin, size, root) = base64.b64decode(text, validate=True), body.split("\n")
    need(public[0] == 1 and hashlib.sha256(f"{name}\n".encode() + public).hexdigest()[:8] == mark, "the log's key: its key hash is wrong")
    by = {who: base64.b64decode(line) for who, line in re.findall(r"— (\S+) (\S+)\n", notes)}
    need(notes == "".join(f"— {who} {base64.b64encode(line).decode()}\n" for who, line in by.items()) and name in by and by[name][:4].hex() == mark
         and ed25519(public[1:], f"{body}\n".encode(), by.pop(name)[4:]), f"checkpoint {size} is not signed by the log's key")
    need(origin == name and re.fullmatch(WHOLE, size) and base64.b64encode(base64.b64decode(root)).decode() == root, f"checkpoint {size} is not of {name}")
    need(not name.endswith("/rehearsal"), f"{name} logs a rehearsal 演练: this is no plan, whatever else holds")
    return int(size), base64.b64decode(root), {*by}
def signed(key: str, witnesses: set[str]) -> str:  # what the signatures say
    if witnesses:
        raise NotCheckable(f"signed by {'+'.join(key.split('+')[:2])} (compare it); also by {', '.join(sorted(witnesses))}, whose keys are not at hand")
    return f"signed by {'+'.join(key.split('+')[:2])} (compare it); no witness signed, so the order in time rests on the log keeper's word"
def promise(draw: Facts, text: bytes) -> str:  # what every draw's commitment must be (§4)
    value = draw.promise = parse(text, "commitment.json")
    names, claims = [one["name"] for one in value["parties"]], ["open-draw/1", draw.full.split("/")[0], draw.full, draw.kind]
    need([value[key] for key in ("protocol", "plan", "draw", "kind")] == claims, f"it is not of {', '.join(claims)}")
    need(len({*names}) == len(names) and not re.search("[:\r\n]", "".join(names)) and (names or value["public"]) and value["digest"] in ("sha256", "sm3"),
         "a name is there twice, or has a colon, or nobody contributes, or the digest is none of the protocol")
    if value["digest"] not in hashlib.algorithms_available:
        raise NotCheckable(f"this Python has no {value['digest']}")
    draw.names, draw.new, draw.digest = names, functools.partial(hashlib.new, value["digest"]), hashlib.new(value["digest"], text).hexdigest()
    return f"{value['digest']} {draw.digest}"
def check_log(plan: Facts) -> None:  # the head of the bundle, and the log as far as it is shown
    with step(rows := plan.rows, "bundle 公开包") as say:
        value = plan.head = parse(plan.file("public-bundle.json"), "public-bundle.json")
        need(value["protocol"] == "open-draw/1-public" and re.fullmatch(FIELD, value["plan"]) and moment(value["time"]), "it is of another protocol")
        names, found = [one["folder"] for one in value["draws"]], {path.name for path in (plan.root / "draws").iterdir()}
        need(all(re.fullmatch("[1-9][0-9]{0,5}-(firms|inspectors)", name) for name in names) and {*names} == found, f"draws/ holds {sorted(found)}")
        need((numbers := [int(name.split("-")[0]) for name in names]) == sorted({*numbers}), "the draws are not numbered in order")
        plan.draws = [Facts(name=one["folder"], full=f"{value['plan']}/{one['folder']}", kind=one["folder"].split("-")[1], claim=one) for one in value["draws"]]
        say(f"{value['plan']} as of {value['time']}, draws {', '.join(names)}")
    with step(rows, "entries 日志条目") as say:
        tree = leaves(plan.file("log/entries.part"), hashlib.sha256)
        plan.nodes, shown = [node for _, node in tree], {n: parse(line.encode(), f"entry {n}") for n, (line, _) in enumerate(tree) if line}
        need([*(times := {n: moment(one["time"]) for n, one in shown.items()}).values()] == sorted(times.values()), "not in order of time")
        need(all(one["plan"] == plan.head["plan"] and one["actor"] for one in shown.values()), "an entry is of another plan, or of nobody")
        need({one["draw"] for one in shown.values()} <= {draw.full for draw in plan.draws}, "a draw of the log is not in the bundle")
        plan.shown, plan.times = shown, times
        say(f"{len(shown)} of {len(tree)} are shown, canonical, in order of time, of draws of the bundle")
    with step(rows, "checkpoints 检查点与见证") as say:
        plan.key, sizes, witnesses = plan.file("log/key").decode().removesuffix("\n"), sorted(int(path.name) for path in (plan.root / "log/checkpoints").iterdir()), set[str]()
        for size in sizes:
            stated, found_root, others = checkpoint(plan.file(f"log/checkpoints/{size}").decode(), plan.key)
            need(0 < stated == size <= len(plan.nodes) and head(plan.nodes[:size], hashlib.sha256) == found_root, f"checkpoint {size} is not of the first {size} entries")
            witnesses |= others
        need(len(plan.nodes) in sizes, f"no checkpoint covers all {len(plan.nodes)} entries")
        plan.sizes = sizes
        say(f"{len(sizes)} checkpoints; {len([*plan.root.glob('log/timestamps/*/*')])} timestamps beside them, which this file does not read")
        say(signed(plan.key, witnesses))
    with step(rows, "withheld 未公开条目"):
        need(sum((told := plan.head["withheld"]).values()) == (count := len(plan.nodes) - len(plan.shown)) and all(many > 0 for many in told.values()), f"{count} entries are withheld, not {told}")
        if count:
            raise NotCheckable(f"{told}: that they are of these types, and what they say, rests on the auditors, who see all")
def check_draw(plan: Facts, draw: Facts) -> None:
    rows, claim, at = plan.rows, draw.claim, f"draws/{draw.name}/"
    with step(rows, "commitment 承诺", draw.name) as say:
        say(promise(draw, plan.file(at + "commitment.json")))
    with step(rows, "in log 入日志与先后", draw.name) as say:
        ours = {n: one["type"] for n, one in plan.shown.items() if one["draw"] == draw.full and one["type"] in ("commit", "result")}
        need([*ours.values()] == {"drawn": ["commit", "result"], "committed": ["commit"], "void": ["commit"]}[claim["state"]], f"it is {claim['state']}, the log has {ours}")
        start, end = [*ours, len(plan.nodes)][:2]
        need(plan.shown[start]["digest"] == draw.digest, "commitment.json is not the one in the log")
        if claim["state"] == "void":
            need(claim["reason"] and plan.head["withheld"].get("void"), "given up without a reason, or without an entry that may say so")
            raise NotCheckable(f"given up, {claim['reason']}: that the log says so rests on the auditors")
        between, due = [size for size in plan.sizes if start < size <= end], draw.promise["public"] and moment(draw.promise["public"]["not_before"])
        say(text := f"commit {plan.times[start]}, checkpoints between {between}, public value {due}, result {plan.times.get(end)}")
        need(between and (not due or plan.times[start] < due <= plan.times.get(end, due)), text)
        draw.result = plan.shown.get(end, {}).get("digest")
    if claim.get("state") != "drawn":
        return
    with step(rows, "reveal 揭示", draw.name) as say:
        if not (plan.root / at / "reveal.json").exists():
            raise NotCheckable("withheld: without a seal it would tell outsiders the list")
        reveal, public = parse(plan.file(at + "reveal.json"), "reveal.json"), draw.promise["public"]
        secrets, value, seal = reveal["parties"], reveal["public"], reveal["seal"]
        need(sorted(secrets) == sorted(draw.names) and (value is None) == (public is None), "it is not what was announced")
        told = [(f"party\n{draw.full}\n{one['name']}", secrets[one["name"]], one["commitment"]) for one in draw.promise["parties"]]
        told += [(f"seal\n{draw.full}", seal, draw.promise["seal"])] * (seal is not None)
        wrong = [who.split()[-1] for who, secret, known in told if not re.fullmatch(".+", secret) or draw.new(f"open-draw/1/{who}\n{secret}\n".encode()).hexdigest() != known]
        need(not wrong, f"the secret of {', '.join(wrong)} is not the one committed to")
        kind, who = public["kind"] if public else None, ", ".join(draw.names + [f"who made {public}"] * bool(public))
        need((kind != "lottery" or draw.names) and (kind != "dice" or (re.fullmatch("[0-9]+", value) and len(value) == public["digits"] >= 39 * (not draw.names))),
             f"{value} is not {public}, or alone of fewer than 128 bits")
        if seal is None and draw.promise["seal"] is not None:
            raise NotCheckable(f"what {who} opened fits; the seal is still closed: outsiders cannot compute the seed yet")
        parts = ["open-draw/1/seed", draw.digest, *(f"{name}:{secrets[name]}" for name in draw.names), f"public:{value or ''}", f"seal:{seal or ''}", ""]
        say(f"seed {draw.new(chr(10).join(parts).encode()).hexdigest()}; to steer it, all of these would have to collude: {who}")
        if kind not in (None, "dice"):
            raise NotCheckable(f"{public}: its value, time and signature are to be checked at the source")
    if draw.kind == "firms":
        with step(rows, "visits 已公开检查", draw.name) as say:
            tree = leaves(plan.file(at + "visits.part"), draw.new)
            need(head([node for _, node in tree], draw.new).hex() == draw.result, "the rows do not add up to the result in the log")
            visits = {n: re.fullmatch(VISIT, line) for n, (line, _) in enumerate(tree) if n and line}
            need(tree[0][0] == "visit,firm,task,month,salt" and all(row and int(row[1]) == n for n, row in visits.items()), "a row has not its form or place")
            named, many = [row[2] for row in visits.values() if row], len(tree) - 1
            need((claim["visits"], claim["opened"], len({*named})) == (many, len(named), len(named)), f"{len(named)} rows of {many} are open, of {len({*named})} firms, not as claimed")
            draw.open, draw.is_whole = named, many == len(named)
            say(f"{len(named)} of {many} visits are open, each under the root in the log" + "; the list is whole: nobody else was drawn" * draw.is_whole)
def verify_public(root: Path, plan: Optional[Facts] = None) -> list[dict[str, str]]:
    """The rows {step, draw, verdict, detail} of all steps on a public bundle, in order."""
    plan = plan or Facts(rows=[], draws=[])
    plan.root, plan.file = root, functools.partial(read, root)
    check_log(plan)
    for draw in plan.draws:
        check_draw(plan, draw)
    return list(plan.rows)
def check_proof(path: Path, root: Optional[Path] = None) -> list[dict[str, str]]:
    """The rows of all steps on a firm's proof; after those of its public bundle, where one is given."""
    plan, proof = Facts(rows=[], draws=[]), Facts(draws=[])
    if root:
        verify_public(root, plan)
    with step(plan.rows, "proof 证明文件") as say:
        value = parse(read(path.parent, path.name), "the proof")
        need(value["protocol"] == "open-draw/1-proof" and re.fullmatch(FIELD, value["firm"]) and moment(value["time"])
             and value["draws"] and all(re.fullmatch("[1-9][0-9]{0,5}-firms", one["folder"]) for one in value["draws"]), "it is no proof of this protocol, or of no draw")
        proof.value, proof.firm, proof.draws = value, value["firm"], value["draws"]
        say(f"of firm {value['firm']} in plan {value['plan']} as of {value['time']}; it is meant for this firm alone")
    with step(plan.rows, "proof log 证明所依日志") as say:
        size, node, witnesses = checkpoint(proof.value["checkpoint"], proof.value["key"])
        need(not root or (plan.key == proof.value["key"] and 0 < size <= len(plan.nodes) and head(plan.nodes[:size], hashlib.sha256) == node), "the bundle is of another log")
        proof.size, proof.head = size, node
        say(signed(proof.value["key"], witnesses))
    for one in proof.draws:
        name = f"{proof.value['plan']}/{one['folder']}"
        shown = next((draw for draw in plan.draws if draw.full == name), Facts())
        check_firm(plan.rows, proof, one, shown, Facts(name=one["folder"], full=name, kind="firms"))
    return list(plan.rows)
def check_firm(rows: list[dict[str, str]], proof: Facts, one: Any, shown: Facts, draw: Facts) -> None:  # a firm in one draw
    with step(rows, "in register 在冻结名录中", draw.name) as say:
        promise(draw, one["commitment"].encode())
        commit, result = (parse(one[kind]["line"].encode(), kind) for kind in ("commit", "result"))
        need(all(led_to(one[kind], hashlib.sha256) == proof.head and one[kind]["lines"] == proof.size for kind in ("commit", "result")), "an entry is not under the checkpoint")
        need([(e["type"], e["draw"]) for e in (commit, result)] == [("commit", draw.full), ("result", draw.full)] and one["commit"]["index"] < one["result"]["index"], "an entry is not of this draw")
        need(commit["digest"] == draw.digest and vars(shown).get("result", result["digest"]) == result["digest"], "not the commitment in the log, or not the result the bundle shows")
        code, pool, _, salt = one["register"]["line"].split(",")
        need(code == proof.firm and re.fullmatch(SALT, salt) and led_to(one["register"], draw.new).hex() == draw.promise["inputs"]["firms.csv"],
             "the row is another firm's, or not in the register committed to")
        draw.pool, draw.result = pool, result["digest"]
        say(f"row {one['register']['index']} of {one['register']['lines'] - 1} committed to at {commit['time']}, result {result['time']}")
    with step(rows, "chance 抽中机会", draw.name) as say:
        if "chance" not in one:
            raise NotCheckable("not told: the plan committed to no table of chances that can be shown alone")
        name, firms, flow, salt = one["chance"]["line"].split(",")
        need(name == draw.pool and re.fullmatch(f"{WHOLE},{WHOLE},{SALT}", f"{firms},{flow},{salt}") and int(flow) <= int(firms) * 10**6 > 0, "it is not this firm's")
        need(led_to(one["chance"], draw.new).hex() == draw.promise["inputs"]["chances.csv"], "the row is not in the table committed to")
        say(f"{firms} firms alike share {int(flow)} millionths of a visit; that this is the flow drawn from, auditors check")
    with step(rows, "outcome 抽取结果", draw.name) as say:
        if one["outcome"] == "opened":
            row = re.fullmatch(VISIT, one["visit"]["line"])
            need(row and row[2] == proof.firm and int(row[1]) == one["visit"]["index"] and led_to(one["visit"], draw.new).hex() == draw.result,
                 "the visit has not its form or place, or is another firm's, or not in the result")
            return say(f"drawn: {one['visit']['line'].rsplit(',', 1)[0]}")
        untold = {"untold": "told to nobody before every visit is open: were others told that they are not drawn, silence would tell the rest",
                  "not drawn": "give the public bundle too: its whole list proves it"}[one["outcome"]]
        need(proof.firm not in vars(shown).get("open", []), "the public bundle opens a visit of this firm")
        if not vars(shown).get("is_whole"):
            raise NotCheckable(untold)
        say("not drawn: the whole list, under the root in the log, does not name it")
def main(arguments: list[str]) -> int:
    names = [one for one in arguments if one != "--json"]
    if len(names) not in (1, 2) or any(name.startswith("-") for name in names) or (len(names) == 2 and not Path(names[0]).is_file()):
        return print("usage: python3 -I -S verify_public.py BUNDLE|PROOF [BUNDLE] [--json]", file=sys.stderr) or 2
    rows = check_proof(*map(Path, names)) if Path(names[0]).is_file() else verify_public(Path(names[0]))
    code = 1 if (counts := collections.Counter(row["verdict"] for row in rows))["failed"] else 3 if counts["not checked"] else 0
    lines = [f"{CHINESE[row['verdict']]} {row['verdict']:<11} {' '.join([row['step'], row['draw']]).strip()}: {row['detail']}" for row in rows]
    lines += [f"{VERDICTS[code]}: " + ", ".join(f"{counts[one]} {CHINESE[one]} {one}" for one in CHINESE)]
    sys.stdout.buffer.write(("\n".join(lines) if "--json" not in arguments else json.dumps(rows, ensure_ascii=False, indent=1)).encode(errors="backslashreplace") + b"\n")
    return code
if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
