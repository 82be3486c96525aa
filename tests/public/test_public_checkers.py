"""Both checkers on damaged public bundles and proofs: the named step fails, in Python and in JavaScript alike."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from public_office import AFTERWARDS, CHECKER, MIDYEAR, Year, checked, rewrite, verdicts

from inspection.draw.merkle import head_of_hashes, leaf_hash
from inspection.verify import verify

NODE = shutil.which("node")
CLI = CHECKER.parent / "web/static/verify-public-cli.mjs"


def judged(*paths: Path) -> tuple[int, dict[str, dict[str, str]]]:
    """What verify_public.py says, after verify-public.js said the same of every step."""
    code, rows = checked(*paths)
    if NODE is not None:
        done = subprocess.run([NODE, CLI, *paths, "--json"], capture_output=True, text=True, encoding="utf-8")
        assert not done.stderr
        theirs = [(row["step"], row["draw"], row["verdict"]) for row in json.loads(done.stdout)]
        assert theirs == [(row["step"], row["draw"], row["verdict"]) for row in rows.values()]
        assert done.returncode == code
    return code, rows


def edit_lines(path: Path, edit: Callable[[list[str]], Any]) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    edit(lines)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def first(lines: list[str], *, is_open: bool, start: int = 1) -> int:
    return next(n for n in range(start, len(lines)) if lines[n].startswith("leaf ") != is_open)


def replace_at(lines: list[str], place: int, old: str, new: str) -> None:
    assert old in lines[place]
    lines[place] = lines[place].replace(old, new)


def withhold(lines: list[str], place: int) -> None:
    lines[place] = f"leaf {leaf_hash(lines[place].encode()).hex()}"


def visits(edit: Callable[[list[str]], Any]) -> Callable[[Path, str], None]:
    return lambda bundle, drawn: edit_lines(bundle / "draws" / drawn / "visits.part", edit)


def entries(edit: Callable[[list[str]], Any]) -> Callable[[Path, str], None]:
    return lambda bundle, drawn: edit_lines(bundle / "log/entries.part", edit)


def head(edit: Callable[[Any], Any]) -> Callable[[Path, str], None]:
    return lambda bundle, drawn: rewrite(bundle / "public-bundle.json", edit)


def of_draw(name: str, edit: Callable[[Any], Any]) -> Callable[[Path, str], None]:
    return lambda bundle, drawn: rewrite(bundle / "draws" / drawn / name, edit)


def signature(bundle: Path, drawn: str) -> None:
    path = bundle / "log/checkpoints/5"
    text = path.read_text(encoding="utf-8")
    signed = bytearray(base64.b64decode(text.split(" ")[-1]))
    signed[40] ^= 1
    path.write_text(text.rpartition(" ")[0] + f" {base64.b64encode(signed).decode()}\n", encoding="utf-8")


def rehearsed(bundle: Path, drawn: str) -> None:
    """All checkpoints signed anew, correctly, by the log of a rehearsal."""
    key, origin = Ed25519PrivateKey.generate(), "open-draw.example/test/rehearsal"
    public = b"\1" + key.public_key().public_bytes_raw()
    mark = hashlib.sha256(f"{origin}\n".encode() + public).digest()[:4]
    (bundle / "log/key").write_text(f"{origin}+{mark.hex()}+{base64.b64encode(public).decode()}\n")
    for path in (bundle / "log/checkpoints").iterdir():
        _, size, root = path.read_text(encoding="utf-8").split("\n")[:3]
        body = f"{origin}\n{size}\n{root}\n"
        line = base64.b64encode(mark + key.sign(body.encode())).decode()
        path.write_text(f"{body}\n— {origin} {line}\n", encoding="utf-8")


def remove(name: str) -> Callable[[Path, str], None]:
    return lambda bundle, drawn: (bundle / name.format(drawn)).unlink()


def linked(bundle: Path, drawn: str) -> None:
    path = bundle / "log/entries.part"
    path.rename(bundle.parent / "elsewhere")
    path.symlink_to(bundle.parent / "elsewhere")


DAMAGES: dict[str, tuple[str, Callable[[Path, str], None]]] = {
    "a month moved": ("visits 3-firms", visits(lambda v: replace_at(v, first(v, is_open=True), ",2027-0", ",2026-0"))),
    "a firm swapped": ("visits 3-firms", visits(lambda v: replace_at(v, first(v, is_open=True), ",9", ",8"))),
    "a closed row changed": (
        "visits 3-firms", visits(lambda v: v.__setitem__(first(v, is_open=False), f"leaf {0:064}"))),
    "a row dropped": ("visits 3-firms", visits(lambda v: v.pop())),
    "a row twice": ("visits 3-firms", visits(lambda v: v.append(v[-1]))),
    "rows exchanged": ("visits 3-firms", visits(lambda v: v.insert(1, v.pop(2)))),
    "a row withheld and still counted": ("visits 3-firms", visits(lambda v: withhold(v, first(v, is_open=True)))),
    "the header withheld": ("visits 3-firms", visits(lambda v: withhold(v, 0))),
    "a leaf that is none": ("visits 3-firms", visits(lambda v: v.__setitem__(first(v, is_open=False), "leaf xyz"))),
    "fewer visits claimed": ("visits 3-firms", head(lambda h: h["draws"][1].update(visits=125))),
    "more open claimed": ("visits 3-firms", head(lambda h: h["draws"][1].update(opened=126))),
    "an entry's time moved": ("checkpoints", entries(lambda e: replace_at(e, 2, "2027-01-05", "2027-01-04"))),
    "an entry dropped": ("checkpoints", entries(lambda e: e.pop(3))),
    "a result withheld": ("in log 3-firms", entries(lambda e: withhold(e, 3))),
    "an entry more withheld than told": ("withheld", head(lambda h: h["withheld"].update(replace=2))),
    "a negative number withheld": ("withheld", head(lambda h: h["withheld"].update(replace=3, disclose=-2))),
    "an entry not canonical": ("entries", entries(lambda e: replace_at(e, 0, '","', '", "'))),
    "a checkpoint's signature": ("checkpoints", signature),
    "a checkpoint missing": ("checkpoints", remove("log/checkpoints/8")),
    "no checkpoint between": ("in log 3-firms", remove("log/checkpoints/3")),
    "a rehearsal": ("checkpoints", rehearsed),
    "another commitment": (
        "in log 3-firms", of_draw("commitment.json", lambda c: c["inputs"].update({"flow.csv": "0" * 64}))),
    "another plan's commitment": ("commitment 3-firms", of_draw("commitment.json", lambda c: c.update(plan="other"))),
    "another secret": ("reveal 3-firms", of_draw("reveal.json", lambda r: r["parties"].update(notary="0" * 64))),
    "fewer dice": ("reveal 3-firms", of_draw("reveal.json", lambda r: r.update(public="4" * 39))),
    "a party not announced": ("reveal 3-firms", of_draw("reveal.json", lambda r: r["parties"].update(mayor="0" * 64))),
    "another seal": ("reveal 3-firms", of_draw("reveal.json", lambda r: r.update(seal="0" * 64))),
    "a draw hidden": ("bundle", head(lambda h: h["draws"].pop(0))),
    "a draw listed twice": ("bundle", head(lambda h: h["draws"].append(h["draws"][2]))),
    "a draw given up by word alone": ("in log 3-firms", head(lambda h: h["draws"][1].update(state="void", reason="x"))),
    "another protocol": ("bundle", head(lambda h: h.update(protocol="open-draw/2-public"))),
    "no visits": ("visits 3-firms", remove("draws/{}/visits.part")),
    "no head": ("bundle", remove("public-bundle.json")),
    "entries elsewhere": ("entries", linked),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_fails_the_named_step(copied: Callable[[str], Path], sealed: Year, damage: str):
    step, edit = DAMAGES[damage]
    assert sealed.drawn == "3-firms"
    bundle = copied("mid")
    edit(bundle, sealed.drawn)
    code, rows = judged(bundle)
    assert code == 1 and step in verdicts(rows, "failed"), rows


@pytest.mark.parametrize("name", ["mid", "end"])
def test_an_honest_bundle_fails_nowhere(sealed: Year, name: str):
    code, rows = judged(sealed.folder / name)
    assert code == 3 and not verdicts(rows, "failed")


def test_a_row_may_be_withheld_when_that_is_told(copied: Callable[[str], Path], sealed: Year):
    bundle = copied("mid")
    visits(lambda v: withhold(v, first(v, is_open=True)))(bundle, sealed.drawn)
    head(lambda h: h["draws"][1].update(opened=h["draws"][1]["opened"] - 1))(bundle, sealed.drawn)
    code, rows = judged(bundle)
    assert code == 3 and not verdicts(rows, "failed")


def test_fewer_closed_visits_may_be_claimed_until_all_are_open(sealed: Year):
    """What the page says is not proven: the last closed leaves written as their parent have the same head."""
    bundle = sealed.public("none", MIDYEAR, opened=())
    path = bundle / "draws" / sealed.drawn / "visits.part"
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 127  # 64 + 32 + 16 + 8 + 4 + 3
    nodes = [bytes.fromhex(x[5:]) if x.startswith("leaf ") else leaf_hash(x.encode()) for x in lines]
    assert all(line.startswith("leaf ") for line in lines[124:])
    shorter = [*lines[:124], f"leaf {head_of_hashes(nodes[124:]).hex()}"]
    path.write_text("".join(f"{line}\n" for line in shorter), encoding="utf-8")
    head(lambda h: h["draws"][1].update(visits=124))(bundle, sealed.drawn)
    assert f"visits {sealed.drawn}" not in verdicts(judged(bundle)[1], "failed")


def test_a_witness_is_named_and_not_checked(copied: Callable[[str], Path]):
    bundle = copied("end")
    with (bundle / "log/checkpoints/8").open("a", encoding="utf-8") as note:
        note.write(f"— notary.example/w1 {base64.b64encode(b'w' * 76).decode()}\n")
    code, rows = judged(bundle)
    assert code == 3 and "notary.example/w1" in rows["checkpoints"]["detail"]


def test_a_drawn_firm_is_proven_by_its_file_alone(sealed: Year):
    visit = next(row for row in sealed.rows("visits.csv") if row[0] in sealed.opened(MIDYEAR))
    proof = sealed.proof(visit[1], MIDYEAR)
    code, rows = judged(proof)
    assert code == 0 and rows[f"outcome {sealed.drawn}"]["detail"] == f"drawn: {','.join(visit[:4])}"
    assert not verdicts(judged(proof, sealed.folder / "mid")[1], "failed")


def test_who_was_not_drawn_is_proven_by_the_whole_list(sealed: Year):
    drawn = {row[1] for row in sealed.rows("visits.csv")}
    firm = next(row[0] for row in sealed.rows("firms.csv", sealed.drawn) if row[0] not in drawn)
    proof = sealed.proof(firm, AFTERWARDS)
    step = f"outcome {sealed.drawn}"
    assert judged(proof)[1][step]["verdict"] == "not checked"
    assert judged(proof, sealed.folder / "mid")[1][step]["verdict"] == "not checked"
    assert judged(proof, sealed.folder / "end")[1][step]["verdict"] == "passed"


def test_before_its_visit_a_drawn_firm_hears_what_the_others_hear(sealed: Year):
    rows, opened = sealed.rows("visits.csv"), sealed.opened(MIDYEAR)
    waiting = next(row[1] for row in rows if row[0] not in opened)
    drawn = {row[1] for row in rows}
    spared = next(row[0] for row in sealed.rows("firms.csv", sealed.drawn) if row[0] not in drawn)
    told = [json.loads(sealed.proof(firm, MIDYEAR).read_bytes())["draws"][0] for firm in (waiting, spared)]
    assert [one["outcome"] for one in told] == ["untold", "untold"]
    assert told[0].keys() == told[1].keys()
    same = ("commit", "result", "commitment", "folder", "outcome")
    assert [told[0][key] for key in same] == [told[1][key] for key in same]


def test_a_proof_tells_of_no_other_firm_and_no_tier(sealed: Year):
    visit = next(row for row in sealed.rows("visits.csv") if row[0] in sealed.opened(MIDYEAR))
    data = sealed.proof(visit[1], MIDYEAR).read_text(encoding="utf-8")
    firms = sealed.rows("firms.csv", sealed.drawn)
    others = {text for row in firms if row[0] != visit[1] for text in (row[0], row[3])}
    others |= {row[-1] for row in sealed.rows("visits.csv") if row[0] != visit[0]}
    staff = {each.inspector for each in sealed.line().given.inspectors}
    assert not {text for text in others | staff | {"tier", "等级"} if text in data}


def draw_of(edit: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda proof: edit(proof["draws"][0])


def line_of(part: str, old: str, new: str) -> Callable[[Any], Any]:
    def edit(draw: Any) -> None:
        assert old in draw[part]["line"]
        draw[part]["line"] = draw[part]["line"].replace(old, new, 1)

    return draw_of(edit)


def path_of(part: str, edit: Callable[[list[str]], Any]) -> Callable[[Any], Any]:
    return draw_of(lambda draw: edit(draw[part]["path"]))


FORGERIES: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "another firm's": ("in register", lambda p: p.update(firm="91370828MA0000000X")),
    "a row of the register changed": ("in register", line_of("register", "370828-0", "370828-9")),
    "a step of its path changed": ("in register", path_of("register", lambda p: p.__setitem__(2, "0" * 64))),
    "a step too few": ("in register", path_of("register", lambda p: p.pop())),
    "a step too many": ("in register", path_of("register", lambda p: p.append("0" * 64))),
    "a place beyond the table": ("in register", draw_of(lambda d: d["register"].update(index=10**6))),
    "a place that is none": ("in register", draw_of(lambda d: d["register"].update(index=-1))),
    "a table of no rows": ("in register", draw_of(lambda d: d["register"].update(index=0, lines=0))),
    "a better chance": ("chance", line_of("chance", ",", ",1")),
    "another pool's chance": ("chance", line_of("chance", "370828-", "370829-")),
    "another month": ("outcome", line_of("visit", "2027-", "2028-")),
    "another visit": ("outcome", line_of("visit", "V0", "V1")),
    "another result": ("in register", line_of("result", '"digest":"', '"digest":"0')),
    "an older result": ("in register", draw_of(lambda d: d.update(result=d["commit"]))),
    "another commitment": (
        "in register", draw_of(lambda d: d.update(commitment=d["commitment"].replace("notary", "mayor")))),
    "an outcome that is none": ("outcome", draw_of(lambda d: d.update(outcome="maybe"))),
    "a checkpoint of another size": (
        "proof log", lambda p: p.update(checkpoint=p["checkpoint"].replace("\n8\n", "\n9\n"))),
    "another key": ("proof log", lambda p: p.update(key=p["key"].replace("open-draw", "open-drew"))),
    "no draw": ("proof", lambda p: p.update(draws=[])),
    "a draw with a path in its name": ("proof", draw_of(lambda d: d.update(folder="../1-firms"))),
    "a path of words": ("in register", draw_of(lambda d: d["register"].update(path="no list"))),
}  # fmt: skip


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_proof_fails_the_named_step(sealed: Year, tmp_path: Path, forgery: str):
    step, edit = FORGERIES[forgery]
    visit = next(row for row in sealed.rows("visits.csv") if row[0] in sealed.opened(MIDYEAR))
    proof = tmp_path / "proof.json"
    shutil.copyfile(sealed.proof(visit[1], MIDYEAR), proof)
    rewrite(proof, edit)
    code, rows = judged(proof)
    failed = {name.removesuffix(f" {sealed.drawn}") for name in verdicts(rows, "failed")}
    assert code == 1 and step in failed, rows


def test_a_proof_that_denies_an_open_visit_fails_against_the_bundle(sealed: Year, tmp_path: Path):
    visit = next(row for row in sealed.rows("visits.csv") if row[0] in sealed.opened(MIDYEAR))
    proof = tmp_path / "proof.json"
    shutil.copyfile(sealed.proof(visit[1], MIDYEAR), proof)
    rewrite(proof, draw_of(lambda draw: draw.update(outcome="not drawn")))
    assert judged(proof)[0] == 3
    code, rows = judged(proof, sealed.folder / "mid")
    assert code == 1 and f"outcome {sealed.drawn}" in verdicts(rows, "failed")


def test_a_proof_from_another_log_fails_against_the_bundle(sealed: Year, planned: Any, tmp_path: Path):
    from inspection.steps.line import Silent
    from inspection.steps.public_proof import prove

    line, _ = planned.office.start(Silent())
    proof = tmp_path / "proof.json"
    proof.write_bytes(prove(line, planned.year.drawn.firms.visits[0].firm, AFTERWARDS))
    assert judged(proof)[0] == 0
    code, rows = judged(proof, sealed.folder / "mid")
    assert code == 1 and "proof log" in verdicts(rows, "failed")


@pytest.mark.parametrize("data", [b"", b"\xff", b"[]", b"{}", b'{"a": 1}', b"[" * 100_000])
def test_what_is_no_proof_is_said_to_be_none(tmp_path: Path, data: bytes):
    proof = tmp_path / "proof.json"
    proof.write_bytes(data)
    code, rows = judged(proof)
    assert code == 1 and verdicts(rows, "failed") == {"proof"}


@pytest.mark.parametrize("arguments", [[], ["--help"], ["a", "b", "c"], ["folder", "folder"]])
def test_wrong_usage_is_told(tmp_path: Path, arguments: list[str]):
    import sys

    (tmp_path / "folder").mkdir()
    for command in ([sys.executable, "-I", "-S", str(CHECKER)], [str(NODE), str(CLI)][: 2 * bool(NODE)]):
        if command:
            done = subprocess.run([*command, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False)
            assert done.returncode == 2 and "usage" in done.stderr


def test_an_empty_folder_fails_without_a_traceback(tmp_path: Path):
    code, rows = judged(tmp_path)
    assert code == 1 and "bundle" in verdicts(rows, "failed")


def test_the_checker_is_one_short_file_of_the_standard_library():
    text = CHECKER.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 250
    assert "inspection" not in {word for line in text.splitlines() if "import " in line for word in line.split()}


@pytest.mark.skipif(NODE is None, reason="no Node.js here")
@pytest.mark.slow
@pytest.mark.parametrize("lie", [None, "flow", "firms", "a pool left out"])
def test_a_table_of_chances_that_lies_fails_the_check(county: Any, tmp_path: Path, monkeypatch: Any, lie: str | None):
    """Committed to, signed and logged, and still not the flow that was drawn from."""
    from inspection import service
    from inspection.draw.table import table_bytes
    from inspection.steps import firm_steps
    from inspection.steps.line import Silent

    def told(header: Any, rows: Any) -> bytes:
        rows = list(rows)
        if header == firm_steps.CHANCE_COLUMNS and lie:
            pool, firms, flow, salt = rows[3]
            rows[3] = {"flow": (pool, firms, flow + 1, salt), "firms": (pool, firms + 1, flow, salt)}.get(lie, rows[2])
            rows = rows[:3] + rows[4:] if lie == "a pool left out" else rows
        return table_bytes(header, rows)

    monkeypatch.setattr(firm_steps, "table_bytes", told)
    office = county.office()
    line, _ = office.start(Silent())
    service.plan_year(line, service.unattended(line.given.policy))
    bundle = service.bundle(line, tmp_path / "bundle")
    command = [str(NODE), CLI.with_name("verify-cli.mjs"), bundle, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    failed = [row["step"].split(" ")[0] for row in json.loads(done.stdout) if row["verdict"] == "failed"]
    assert failed == (["chances"] if lie else [])
    rows = verify(bundle)
    assert [row["step"].split(" ")[0] for row in rows if row["verdict"] == "failed"] == failed
