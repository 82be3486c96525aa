"""The checker in JavaScript: golden bundles, fields flipped, malformed input, and the same verdicts as verify.py."""

import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from bundle_maker import Spec, make, spec
from test_verify_flips import FILES, GOLDEN, MUST_FAIL, file_flips
from test_verify_golden import RFC8032, SEEDS, VECTORS
from test_verify_log import LOGS, replacing, substituting
from test_verify_rules import BROKEN

import inspection
from inspection.verify import verify

NODE = shutil.which("node")
STATIC = Path(inspection.__file__).parent / "web" / "static"
MANY = Path(__file__).parent / "verify_many.mjs"
OURS, THEIRS = (
    3,
    18,
)  # one in so many flips of a table is given to verify.js, and to verify.py, which takes four times as long

pytestmark = pytest.mark.skipif(NODE is None, reason="no Node.js here")

Row = dict[str, str]


def node(*arguments: object, text: str = "") -> subprocess.CompletedProcess[str]:
    command = [str(NODE), *map(str, arguments)]
    return subprocess.run(command, input=text, capture_output=True, text=True, encoding="utf-8", timeout=120)


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    return node(STATIC / "verify-cli.mjs", *arguments)


def check_many(bundles: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """What verify.js returns for each, in one process: {"bundle": folder, "file": path, "text": its other content}."""
    asked = [json.dumps(bundle, default=str) + "\n" for bundle in bundles]
    done = node(MANY, text="".join(asked))
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert (len(found), done.stderr) == (len(asked), "")
    return found


def evaluated(script: str, value: object) -> Any:
    """What the lines of a module make of `value`; they end by setting `out`."""
    module = f"const given = {json.dumps(value)}; let out; {script}; console.log(JSON.stringify(out));"
    done = node("--input-type=module", "--eval", module.replace("$", str(STATIC)))
    assert not done.stderr
    return json.loads(done.stdout)


def failed(rows: list[Row]) -> set[str]:
    return {row["step"].rpartition(" ")[0] for row in rows if row["verdict"] == "failed"}


def differences(ours: list[Row], theirs: list[Row]) -> list[tuple[str, str, str, str]]:
    """Steps judged differently: name, draw, verdict of verify.js, verdict of verify.py.

    Where the flow of an inspector draw fails, verify.py says that eligibility cannot be checked; verify.js reads on and
    judges it by itself.
    """
    key = [(row["step"], row["draw"]) for row in ours]
    assert key == [(row["step"], row["draw"]) for row in theirs]
    broken = {row["draw"] for row in ours if row["step"].startswith("flow ") and row["verdict"] == "failed"}
    return [
        (a["step"], a["draw"], a["verdict"], b["verdict"])
        for a, b in zip(ours, theirs, strict=True)
        if a["verdict"] != b["verdict"] and not (a["step"].startswith("eligibility ") and a["draw"] in broken)
    ]


@pytest.mark.parametrize("name", SEEDS)
def test_golden_bundle_verifies_in_its_own_process(name):
    done = run(VECTORS / name)
    assert (done.returncode, done.stderr) == (0, "")
    assert all(seed in done.stdout for seed in SEEDS[name])
    assert done.stdout.splitlines()[-1] == "通过 VERIFIED"


@pytest.mark.parametrize("name", SEEDS)
def test_golden_bundle_is_judged_step_by_step_as_by_verify_py(name):
    rows = json.loads(run(VECTORS / name, "--json").stdout)
    assert not differences(rows, verify(VECTORS / name))
    assert all(set(row) == {"step", "draw", "verdict", "detail"} and row["detail"] for row in rows)


@pytest.mark.slow
def test_planned_county_is_judged_as_by_verify_py(planned):
    done = run(planned.bundle, "--json")
    assert done.returncode == 0
    assert not differences(json.loads(done.stdout), verify(planned.bundle))


@pytest.mark.parametrize("arguments", [[], ["a", "b"], ["--help"], ["--json"]])
def test_wrong_usage_exits_2(arguments):
    done = run(*arguments)
    assert done.returncode == 2 and "usage" in done.stderr


def test_no_bundle_is_a_failed_step(tmp_path):
    (tmp_path / "file").write_text("{}")
    for path in (tmp_path / "nowhere", tmp_path, tmp_path / "file"):
        done = run(path, "--json")
        assert (done.returncode, done.stderr) == (1, "")
        assert "bundle" in failed(json.loads(done.stdout))


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_changed_field_fails_at_the_step_that_should_see_it(name, tmp_path):
    step = OURS if name.endswith(".csv") else 1
    flips = list(file_flips(name, (GOLDEN / name).read_text("utf-8")))[::step]
    found = check_many({"bundle": GOLDEN, "file": name, "text": text} for _, text in flips)
    expected = next(table for pattern, table in MUST_FAIL.items() if name.endswith(pattern) or name.startswith(pattern))
    missed = []
    for (key, _), answer in zip(flips, found, strict=True):
        must = {"inputs|result", "tables"} if key == "header" else expected.get(key, expected[""])
        missed += [(key, step) for step in must if not failed(answer["rows"]) & set(step.split("|"))]
        assert answer["code"] == 1
    assert not missed
    shutil.copytree(GOLDEN, tmp_path / "bundle")
    for (key, text), answer in list(zip(flips, found, strict=True))[:: THEIRS // OURS]:
        (tmp_path / "bundle" / name).write_text(text, "utf-8")
        assert not differences(answer["rows"], verify(tmp_path / "bundle")), key


def drand(plan: Spec) -> None:
    plan.public = {"kind": "drand", "chain": "0" * 64, "round": 7, "not_before": "2027-01-05T09:30:00+08:00"}
    plan.value = "ab" * 32


def closed_seal(plan: Spec) -> None:
    plan.edit_reveal = lambda value: {**value, "seal": None}


def parties_alone(plan: Spec) -> None:
    plan.public, plan.value, plan.seal = None, None, None


def dice_alone(plan: Spec) -> None:
    plan.parties, plan.value = (), "3141592653" * 4
    plan.public = {**(plan.public or {}), "digits": 40}


def later(event: Callable[..., Any], rank: int) -> Callable[[Spec], None]:
    return lambda plan: setattr(plan, "later", lambda made: event(made, rank))


MADE = [
    lambda plan: None,
    *(change for change, _ in BROKEN),
    *(change for _, change, _ in LOGS),
    *(later(event, rank) for event in (replacing, substituting) for rank in (0, 1)),
    *(drand, closed_seal, parties_alone, dice_alone),
]


@pytest.mark.slow
def test_broken_rules_logs_and_later_events_are_judged_as_by_verify_py(tmp_path):
    folders = []
    for number, change in enumerate(MADE):
        plan = spec()
        change(plan)
        folders.append(make(tmp_path / str(number), plan).root)
    found = check_many({"bundle": folder} for folder in folders)
    assert {answer["code"] for answer in found} == {0, 1, 3}
    for number, (folder, answer) in enumerate(zip(folders, found, strict=True)):
        assert not differences(answer["rows"], verify(folder)), number


def test_witness_whose_key_is_not_at_hand_exits_3(tmp_path):
    shutil.copytree(GOLDEN, tmp_path / "b")
    path = tmp_path / "b/log/checkpoints/4"
    path.write_text(path.read_text() + "— notary.example AAAA\n")
    done = run(tmp_path / "b", "--json")
    assert done.returncode == 3
    assert not differences(json.loads(done.stdout), verify(tmp_path / "b"))


def test_result_before_the_public_value_is_not_hidden_by_an_entry_of_nobody(tmp_path):
    def hide(entries: list[Any]) -> list[Any]:
        nobody = {**entries[2], "type": "note", "actor": ""}
        early = {**entries[3], "time": "2027-01-05T09:39:00+08:00"}
        late = {**entries[3], "type": "disclose", "time": "2027-02-05T09:00:00+08:00"}
        return [*entries[:3], nobody, early, late]

    plan = spec()
    plan.edit_entries = hide
    made = make(tmp_path / "b", plan)
    assert {"entries", "in log"} <= failed(json.loads(run(made.root, "--json").stdout))


SHAPES = [
    *("", "\n", "null", "[]", "7", "{}", "[" * 100_000, '{"a":' * 100_000, '{"plan":1e999}', '{"plan":NaN}'),
    *('{"plan":' + "9" * 5000 + "}", '{"plan":1.5}', '{"plan":"\\ud800"}', '{"draws":null}', '{"a":1,"a":1}'),
    *('{"draws":{"a":1},"entries":7,"plan":[]}', '{"\u0000":0}', '{"__proto__":{"plan":1},"constructor":1}'),
    "".join(map(chr, range(256))) * 9,
]


@pytest.mark.slow
def test_file_of_any_other_shape_fails_and_throws_nothing():
    asked = [{"bundle": GOLDEN, "file": name, "text": text} for name in FILES for text in SHAPES]
    for name in FILES:
        text = (GOLDEN / name).read_text("utf-8")
        changed = [text + "\n", "\ufeff" + text, text[: len(text) // 2], text * 2, text.replace("\n", "\r\n") or None]
        asked += [{"bundle": GOLDEN, "file": name, "text": other} for other in changed if other != text]
    for one, answer in zip(asked, check_many(asked), strict=True):
        assert answer["code"] == 1, (one["file"], one["text"][:40])


def test_missing_file_fails():
    names = [name for name in FILES if name != "log/checkpoints/2"]  # without it the bundle is as complete as with it
    found = check_many({"bundle": GOLDEN, "file": name, "text": None} for name in names)
    assert {answer["code"] for answer in found} == {1}


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".json")])
def test_every_value_of_a_json_file_may_be_of_any_type_without_an_exception(name):
    value = json.loads((GOLDEN / name).read_text())
    others = (None, True, 0, -1, 2**53 - 1, "", "x", [], {}, [[]], [None], {"x": None}, [{"name": 1}])
    asked = [
        {
            "bundle": GOLDEN,
            "file": name,
            "text": json.dumps({**value, key: other}, sort_keys=True, separators=(",", ":")),
        }
        for key in value
        for other in others
        if other != value[key]
    ]
    for one, answer in zip(asked, check_many(asked), strict=True):
        is_closed = name.endswith("reveal.json") and json.loads(one["text"])["seal"] is None
        assert answer["code"] == (3 if is_closed else 1), one["text"][:200]
        assert not [row for row in answer["rows"] if "is not a function" in row["detail"]]


def test_links_are_not_followed_and_gigantic_files_not_read(tmp_path):
    for number, name in enumerate(["bundle.json", "draws/1-firms/firms.csv", "log/entries.jsonl", "log/key"]):
        bundle, outside = tmp_path / f"link{number}", tmp_path / f"outside{number}"
        shutil.copytree(GOLDEN, bundle)
        shutil.move(bundle / name, outside)
        (bundle / name).symlink_to(outside)
        assert run(bundle).returncode == 1
        (bundle / name).unlink()
        with (bundle / name).open("wb") as file:
            file.truncate(1 << 40)
        assert run(bundle).returncode == 1


def test_terminal_codes_of_a_bundle_are_not_printed(tmp_path):
    shutil.copytree(GOLDEN, tmp_path / "b")
    (tmp_path / "b/bundle.json").write_text('{"draws":["1-firms"],"plan":"\\u001b[32m\\u202e","protocol":"x"}')
    done = run(tmp_path / "b")
    assert done.returncode == 1 and "\x1b" not in done.stdout and "\u202e" not in done.stdout


def test_files_may_come_from_an_asynchronous_reader_and_rows_are_told_as_they_settle():
    script = """
        const { folderFiles } = await import("$/folder.mjs"); const { verify } = await import("$/verify.js");
        const told = [];
        const { rows, code } = await verify(folderFiles(given), { progress: (row) => told.push(row) });
        out = { code, isTold: rows.length > 0 && rows.every((row, i) => row === told[i]) }"""
    assert evaluated(script, str(GOLDEN)) == {"code": 0, "isTold": True}


def test_digests_of_every_length_are_those_of_the_standard_library():
    texts = ["ab€𝄞"[n % 4] * n for n in range(200)]
    script = """
        const { digestNamed } = await import("$/digest.js"); const { sha512 } = await import("$/sha512.js");
        const { hexOf } = await import("$/encoding.js");
        const digests = ["sha256", "sm3"].map(digestNamed);
        const long = (text) => hexOf(sha512(new TextEncoder().encode(text)));
        out = given.map((text) => [...digests.map((one) => one.hexOfText(text)), long(text)])"""
    names = ["sha256", "sm3", "sha512"] if "sm3" in hashlib.algorithms_available else ["sha256", "", "sha512"]
    for text, found in zip(texts, evaluated(script, texts), strict=True):
        for name, digest in zip(names, found, strict=True):
            assert not name or hashlib.new(name, text.encode()).hexdigest() == digest


def test_sm3_of_the_standard_is_met():
    vector = json.loads((VECTORS / "external/sm2_sm3.json").read_text())["sm3"]
    script = (
        'const sm3 = (await import("$/digest.js")).digestNamed("sm3"); out = given.map((text) => sm3.hexOfText(text))'
    )
    assert evaluated(script, ["abc", "abcd" * 16]) == [vector["abc"], vector["abcd*16"]]


def test_tree_heads_of_certificate_transparency_are_met():
    vector = json.loads((VECTORS / "external/rfc6962_merkle.json").read_text())
    script = """
        const { Frontier } = await import("$/merkle.js"); const { digestNamed } = await import("$/digest.js");
        const { hexOf } = await import("$/encoding.js");
        const tree = new Frontier(digestNamed("sha256"));
        out = [hexOf(tree.root())];
        for (const leaf of given) {
          tree.add(Uint8Array.from(leaf), 0, leaf.length);
          out.push(hexOf(tree.root()));
        }"""
    leaves = [list(bytes.fromhex(leaf)) for leaf in vector["leaf_inputs_hex"]]
    assert evaluated(script, leaves) == vector["roots_by_size"]


def ed25519_cases() -> list[tuple[bytes, bytes, bytes, bool]]:
    order = 2**252 + 27742317777372353535851937790883648493
    cases = []
    for key, message, signature in (map(bytes.fromhex, vector) for vector in RFC8032):
        larger = (int.from_bytes(signature[32:], "little") + order).to_bytes(32, "little")
        cases += [(key, message, signature, True), (key, message + b"\0", signature, False)]
        cases += [(key, message, signature[:32] + larger, False), (key, message, signature + b"\0", False)]
        cases += [(key[:-1], message, signature, False), (b"\2" + bytes(31), message, signature, False)]
        # Under the neutral point, R = s·B is a signature of everything; s = 0 and R neutral is the shortest.
        cases.append((b"\1" + bytes(31), message, b"\1" + bytes(63), False))
        for place in range(0, 64, 7):
            other = signature[:place] + bytes([signature[place] ^ 1]) + signature[place + 1 :]
            cases.append((key, message, other, False))
    return cases


@pytest.mark.parametrize("where", ["with WebCrypto", "without"])
def test_ed25519_of_rfc8032_is_accepted_and_any_other_refused(where):
    script = """
        const { isSigned, isSignedSlowly } = await import("$/ed25519.js");
        const check = given.slowly ? isSignedSlowly : isSigned;
        out = [];
        for (const [key, message, signature] of given.cases) {
          out.push(await check(...[key, signature, message].map((list) => Uint8Array.from(list))));
        }"""
    cases = ed25519_cases()
    given = [[list(part) for part in case[:3]] for case in cases]
    assert evaluated(script, {"slowly": where == "without", "cases": given}) == [case[3] for case in cases]


def test_times_with_offset_are_compared_to_the_nanosecond():
    script = """
        const { nanosecondsOf, lastDayOf } = await import("$/moment.js");
        const times = given.map((text) => String(nanosecondsOf(text)));
        out = { times, days: ["2027-02", "2028-02", "2027-12"].map(lastDayOf) }"""
    texts = [
        "1970-01-01T08:00:00.000000001+08:00",
        "1969-12-31T23:59:59Z",
        "2027-01-05T09:00:00",
        "2027-02-29T00:00:00Z",
    ]
    texts += ["2028-02-29T00:00:00-00:30", "2027-01-05T24:00:00Z", "2027-1-5T09:00:00Z"]
    found = evaluated(script, texts)
    assert found["times"] == ["1", "-1000000000", "null", "null", str(1835397000 * 10**9), "null", "null"]
    assert found["days"] == ["2027-02-28", "2028-02-29", "2027-12-31"]


def test_identifiers_are_ordered_by_their_bytes():
    texts = ["a", "b", "ab", "é", "\uffff", "\U00010000", "\ue000", "a\U00010000", "a\uffff", ""]
    script = 'const { compareBytewise } = await import("$/encoding.js"); out = given.sort(compareBytewise)'
    assert evaluated(script, texts) == sorted(texts, key=str.encode)
