"""The checker on golden bundles in a process of its own, on foreign vectors, and on malformed input of every kind."""

import ast
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from inspection import verify as checker
from inspection.verify import ed25519, main, rounded, tree_head, verify

VECTORS = Path(__file__).parent / "vectors"
CHECKER = Path(checker.__file__)
SEEDS = {  # of the two draws, from the README of the vectors
    "county-small": (
        "488fc2a16d82c3987fee69a729e6eb9f828377604e96e53abb051c7580c50f0e",
        "d7872a83d060cb09c6708f423d13ab2fb238d639136b3fa4a2926b87b86b99db",
    ),
    "county-small-sm3": (
        "5a25370adb62cd9a1a4ba7bd3fb2372ef728f1b16c5c9244140936cae98500cf",
        "2e5124340c75d7aca0050b84b61cafd231992adbd2e42a3540009c86838f41c8",
    ),
}


def run(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-I", "-S", str(CHECKER), *arguments], capture_output=True, timeout=60)


@pytest.mark.parametrize("name", SEEDS)
def test_golden_bundle_verifies_in_its_own_process(name, tmp_path):
    shutil.copy(CHECKER, tmp_path / "verify.py")
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(tmp_path / "verify.py"), str(VECTORS / name)], capture_output=True
    )
    text = done.stdout.decode()
    assert (done.returncode, done.stderr) == (0, b"")
    assert all(seed in text for seed in SEEDS[name])
    assert "通过 VERIFIED" in text.splitlines()[-1]


def test_json_gives_every_step_with_a_reason():
    rows = json.loads(run(str(VECTORS / "county-small"), "--json").stdout)
    assert all(set(row) == {"step", "draw", "verdict", "detail"} and row["detail"] for row in rows)
    assert {row["verdict"] for row in rows} == {"passed"} and len(rows) >= 30


@pytest.mark.parametrize("arguments", [[], ["a", "b"], ["--help"], ["--json"]])
def test_wrong_usage_exits_2(arguments):
    done = run(*arguments)
    assert done.returncode == 2 and b"usage" in done.stderr and b"Traceback" not in done.stderr


def test_checker_is_one_file_of_the_standard_library():
    text = CHECKER.read_text(encoding="utf-8")
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import | ast.ImportFrom)]
    named = {node.module if isinstance(node, ast.ImportFrom) else one.name for node in nodes for one in node.names}
    imported = {name.partition(".")[0] for name in named if name}
    assert len(text.splitlines()) <= 400
    assert imported <= sys.stdlib_module_names


@pytest.mark.parametrize("version", ["3.9", "3.10", "3.12", "3.13"])
def test_golden_bundle_verifies_on_other_pythons(version):
    python = shutil.which(f"python{version}")
    if not python or subprocess.run([python, "-V"], capture_output=True).returncode:
        pytest.skip(f"no Python {version} here")
    done = subprocess.run([python, "-I", "-S", str(CHECKER), str(VECTORS / "county-small")], capture_output=True)
    assert done.returncode == 0, done.stderr


RFC8032 = [  # section 7.1: public key, message, signature
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]


@pytest.mark.parametrize(("key", "message", "signature"), RFC8032)
def test_ed25519_of_rfc8032_is_accepted_and_any_other_refused(key, message, signature):
    key, message, signature = map(bytes.fromhex, (key, message, signature))
    assert ed25519(key, message, signature)
    assert not ed25519(key, message + b"\0", signature)
    for place in range(0, 64, 7):
        assert not ed25519(key, message, signature[:place] + bytes([signature[place] ^ 1]) + signature[place + 1 :])
    order = 2**252 + 27742317777372353535851937790883648493
    larger = (int.from_bytes(signature[32:], "little") + order).to_bytes(32, "little")
    assert not ed25519(key, message, signature[:32] + larger), "a second form of the same signature"
    assert not ed25519(key, message, signature + b"\0") and not ed25519(key[:-1], message, signature)
    assert not ed25519(b"\1" + bytes(31), message, signature), "a key of small order"


def test_tree_heads_of_certificate_transparency_are_met():
    vector = json.loads((VECTORS / "external/rfc6962_merkle.json").read_text())
    leaves = [bytes.fromhex(leaf) for leaf in vector["leaf_inputs_hex"]]
    for size, root in enumerate(vector["roots_by_size"]):
        assert tree_head(b"".join(leaf + b"\n" for leaf in leaves[:size]), hashlib.sha256).hex() == root


def tiny_flow():
    """The arcs of rounding_tiny.json, and its unit: flows are in sixtieths."""
    vector = json.loads((VECTORS / "solver/rounding_tiny.json").read_text())
    return {(f"n{tail}", f"n{head}"): flow for tail, head, flow, _ in vector["edges"]}, vector["Q"]


def test_rounding_keeps_balance_floor_and_ceiling_and_every_mean(monkeypatch):
    arcs, unit = tiny_flow()
    monkeypatch.setattr(checker, "UNIT", unit)
    runs, sums = 4000, Counter()
    for seed in range(runs):
        whole = rounded(arcs, lambda stream, i, seed=seed: hashlib.sha256(f"{seed}/{stream}/{i}".encode()).digest())
        balance = Counter()
        for (tail, head), count in whole.items():
            assert arcs[tail, head] // unit <= count <= -(-arcs[tail, head] // unit)
            balance[tail] -= count
            balance[head] += count
        assert not any(balance.values())
        sums.update(whole)
    for ends, flow in arcs.items():
        share = flow % unit / unit
        error = abs(sums[ends] / runs - flow / unit)
        assert error <= 4.5 * (share * (1 - share) / runs) ** 0.5, (
            ends
        )  # 27 arcs: a false alarm in 5 000 changes of this test


def broken(tmp_path: Path, name: str = "bundle") -> Path:
    return Path(shutil.copytree(VECTORS / "county-small", tmp_path / name))


def failed(bundle: Path) -> set[str]:
    rows = verify(bundle)
    assert all(row["detail"] for row in rows if row["verdict"] != "passed")
    return {row["step"].rpartition(" ")[0] for row in rows if row["verdict"] == "failed"}


@pytest.mark.parametrize("kind", ["empty folder", "no folder", "a file", "a link to nothing"])
def test_no_bundle_is_a_failed_step(kind, tmp_path):
    path = tmp_path / "bundle"
    if kind == "empty folder":
        path.mkdir()
    elif kind == "a file":
        path.write_text("{}")
    elif kind == "a link to nothing":
        path.symlink_to(tmp_path / "nowhere")
    done = run(str(path))
    assert done.returncode == 1 and not done.stderr
    assert "bundle" in failed(path)


FILES = sorted(
    str(path.relative_to(VECTORS / "county-small")) for path in (VECTORS / "county-small").rglob("*") if path.is_file()
)


@pytest.mark.parametrize("name", FILES)
def test_binary_junk_is_a_failed_step(name, tmp_path):
    bundle = broken(tmp_path)
    (bundle / name).write_bytes(bytes(range(256)) * 40)
    assert failed(bundle)


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith((".json", ".jsonl"))])
@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"a":' * 100_000,
        '{"plan":1e999}',
        '{"plan":NaN}',
        '{"plan":' + "9" * 5000 + "}",
        '{"plan":1.5}',
        "[]",
        "7",
        '{"plan":"\\ud800"}',
        '{"draws":null}',
        '{"draws":{"a":1},"entries":7,"plan":[]}',
        '{"a":1,"a":1}',
        "{}",
        '{"\u0000":0}',
    ],
)
def test_json_of_any_other_shape_is_a_failed_step(name, text, tmp_path):
    bundle = broken(tmp_path)
    (bundle / name).write_text(text)
    assert failed(bundle)


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".json")])
def test_every_value_of_a_json_file_may_be_of_any_type_without_a_traceback(name, tmp_path):
    bundle = broken(tmp_path)
    value = json.loads((bundle / name).read_text())
    for key in value:
        for other in (None, True, 0, -1, 2**53 - 1, "", "x", [], {}, [[]], [None], {"x": None}, [{"name": 1}]):
            if other != value[key]:
                changed = json.dumps({**value, key: other}, sort_keys=True, separators=(",", ":"))
                (bundle / name).write_text(changed)
                rows = verify(bundle)
                assert any(row["verdict"] != "passed" for row in rows), (key, other)


@pytest.mark.parametrize("name", FILES)
def test_link_out_of_the_bundle_is_a_failed_step(name, tmp_path):
    bundle = broken(tmp_path)
    outside = tmp_path / "outside"
    shutil.move(bundle / name, outside)
    (bundle / name).symlink_to(outside)
    assert failed(bundle)


def test_linked_folder_of_a_draw_is_a_failed_step(tmp_path):
    bundle = broken(tmp_path)
    shutil.move(bundle / "draws/1-firms", tmp_path / "outside")
    (bundle / "draws/1-firms").symlink_to(tmp_path / "outside")
    assert failed(bundle)


@pytest.mark.parametrize(
    "name", ["bundle.json", "draws/1-firms/firms.csv", "log/entries.jsonl", "log/key", "log/checkpoints/4"]
)
def test_gigantic_file_is_refused_unread(name, tmp_path):
    bundle = broken(tmp_path)
    with (bundle / name).open("r+b") as file:
        file.truncate(1 << 42)
    assert failed(bundle)


@pytest.mark.parametrize("name", ["bundle.json", "draws/1-firms/firms.csv", "log/entries.jsonl", "log/checkpoints/4"])
def test_pipe_or_folder_in_place_of_a_file_is_a_failed_step(name, tmp_path):
    for number, make in enumerate((os.mkfifo, os.mkdir)):
        bundle = broken(tmp_path, f"bundle-{number}")
        (bundle / name).unlink()
        make(bundle / name)
        assert failed(bundle)


def test_input_outside_the_draw_is_a_failed_step(tmp_path):
    bundle = broken(tmp_path)
    path = bundle / "draws/1-firms/commitment.json"
    value = json.loads(path.read_text())
    value["inputs"]["../../bundle.json"] = hashlib.sha256((bundle / "bundle.json").read_bytes()).hexdigest()
    path.write_text(json.dumps(value, sort_keys=True, separators=(",", ":")))
    assert "inputs" in failed(bundle)


def test_terminal_codes_of_a_bundle_are_not_printed(tmp_path, capfdbinary):
    bundle = broken(tmp_path)
    (bundle / "bundle.json").write_text('{"draws":["1-firms"],"plan":"\\u001b[32m\\u202e","protocol":"x"}')
    assert main([str(bundle)]) == 1
    assert b"\x1b" not in capfdbinary.readouterr().out
