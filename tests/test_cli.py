"""The commands as a planner types them, on a small workspace (issue 2)."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner, Result

from cli import main
from inspection.demo.county import CountySize, write_county
from inspection.demo.dirty import write_dirty_sample
from inspection.demo.files import CountyFiles
from inspection.errors import catalogue

PARTIES = ("market-regulation", "fire-rescue", "notary")
DICE = "1234567890" * 4
SIZE = CountySize(firms=1_000, inspectors=40, agencies=6, items=20, tasks=16)


def run(*arguments: object, typed: str | None = None) -> Result:
    """One command; an unexpected exception is raised, not swallowed."""
    result = CliRunner().invoke(main, [str(each) for each in arguments], input=typed, catch_exceptions=True)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def imported(workspace: Path, files: CountyFiles, **others: Path) -> Result:
    """All registers at once, some from other files."""
    given = [part for kind, paths in files.registers.items() for part in (f"--{kind}", others.get(kind, paths[0]))]
    return run("import", "-w", workspace, "--as-of", "2027-01-01", *given)


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> CountyFiles:
    """Registers and policy of a small county."""
    return write_county(tmp_path_factory.mktemp("county"), SIZE)


@pytest.fixture
def workspace(tmp_path: Path, county: CountyFiles) -> Path:
    """A workspace with the county's policy and registers."""
    folder = tmp_path / "workspace"
    assert run("init", folder, "--policy", county.policy).exit_code == 0
    assert imported(folder, county).exit_code == 0
    return folder


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, county: CountyFiles) -> Path:
    """A workspace whose plan is complete; tests only read it."""
    folder = tmp_path_factory.mktemp("finished") / "workspace"
    run("init", folder, "--policy", county.policy)
    imported(folder, county)
    result = run("plan", "run", "-w", folder, "--unattended", "--yes")
    assert result.exit_code == 0, result.output
    return folder


def plan_name(workspace: Path) -> str:
    """The plan's code, as ``plan status`` tells it."""
    return str(json.loads(run("plan", "status", "-w", workspace, "--json").stdout)["plan"])


def commitments(draw: str) -> tuple[list[str], list[str]]:
    """PARTY=COMMITMENT and secret of each party, as ``party`` shows them."""
    pairs, secrets = [], []
    for party in PARTIES:
        shown = run("party", draw, party).stdout
        pairs += re.findall(rf"^  ({party}=[0-9a-f]{{64}})$", shown, re.MULTILINE)
        secrets += re.findall(r"^  ([0-9a-f]{64})$", shown, re.MULTILINE)
    assert len(pairs) == len(secrets) == len(PARTIES)
    return pairs, secrets


def test_attended_plan_from_registers_to_proof(workspace: Path, tmp_path: Path) -> None:
    assert run("plan", "run", "-w", workspace).exit_code == 3
    name = plan_name(workspace)
    for kind, folder in (("firms", "1-firms"), ("inspectors", "2-inspectors")):
        waiting = run("plan", "run", "-w", workspace)
        assert waiting.exit_code == 3
        assert f"inspection plan parties {kind}" in waiting.stderr
        pairs, secrets = commitments(f"{name}/{folder}")
        assert run("plan", "parties", "-w", workspace, kind, *pairs).exit_code == 0
        reveal = run("plan", "run", "-w", workspace)
        assert "inspection plan reveal" in reveal.stderr
        given_up = run("plan", "reveal", "-w", workspace, typed=f"{DICE}\n{secrets[0]}\n")
        assert given_up.exit_code == 3
        assert "Traceback" not in given_up.output
        typed = ["123", DICE, "no such secret, but long", *secrets]
        drawn = run("plan", "reveal", "-w", workspace, typed="\n".join(typed) + "\n")
        assert "承诺不符" in drawn.stderr
        assert "40" in drawn.stderr
    assert drawn.exit_code == 0, drawn.output
    assert run("bundle", "-w", workspace, tmp_path / "proof").exit_code == 0
    assert run("verify", tmp_path / "proof").exit_code == 0


def test_finished_plan_is_shown_and_exported(finished: Path, tmp_path: Path) -> None:
    facts = json.loads(run("plan", "show", "-w", finished, "--json").stdout)
    target = tmp_path / "new" / "计划.xlsx"
    assert run("plan", "export", "-w", finished, target).exit_code == 0
    assert facts["visits"] == openpyxl.load_workbook(target, read_only=True)["检查计划"].max_row - 2
    assert "Coverage" in run("--lang", "en", "plan", "show", "-w", finished).stdout


def test_export_to_csv_name_is_refused(finished: Path, tmp_path: Path) -> None:
    result = run("plan", "export", "-w", finished, tmp_path / "plan.csv")
    assert result.exit_code == 1
    assert ".xlsx" in result.stderr
    assert not (tmp_path / "plan.csv").exists()


def test_unfinished_plan_shown_names_the_next_command(workspace: Path) -> None:
    run("plan", "run", "-w", workspace)
    result = run("plan", "show", "-w", workspace)
    assert result.exit_code == 1
    assert "inspection plan parties firms" in result.stderr


def test_wrong_commitments_are_all_named_at_once(workspace: Path) -> None:
    result = run("plan", "parties", "-w", workspace, "firms", "notary=12", "notary=13", "fire-rescue")
    assert result.exit_code == 1
    assert all(each in result.stderr for each in ("notary=12", "notary=13", "fire-rescue"))


def test_unknown_party_is_refused_with_those_expected(workspace: Path) -> None:
    result = run("plan", "parties", "-w", workspace, "firms", f"notry={'a' * 64}")
    assert result.exit_code == 1
    assert all(party in result.stderr for party in (*PARTIES, "notry"))


def test_other_commitments_handed_in_again_are_refused(workspace: Path) -> None:
    run("plan", "run", "-w", workspace)
    draw = f"{plan_name(workspace)}/1-firms"
    pairs, _ = commitments(draw)
    assert run("plan", "parties", "-w", workspace, "firms", *pairs).exit_code == 0
    assert run("plan", "parties", "-w", workspace, "firms", *pairs).exit_code == 0
    others = [*pairs[:2], f"notary={'a' * 64}"]
    result = run("plan", "parties", "-w", workspace, "firms", *others)
    assert result.exit_code == 1
    assert "notary" in result.stderr
    assert "fire-rescue" not in result.stderr


@pytest.mark.parametrize(
    ("draw", "party"),
    [("370828-2027", "notary"), ("370828-2027/1 firms", "notary"), ("370828-2027/1-firms", "no tary"), ("a/b", "c")],
)
def test_secret_for_a_name_no_draw_can_have_is_refused(draw: str, party: str) -> None:
    result = run("party", draw, party)
    assert result.exit_code == 1
    assert result.stdout == ""


def test_one_register_alone_leaves_the_earlier_set_in_place(workspace: Path, county: CountyFiles) -> None:
    partial = run("import", "-w", workspace, "--firms", county.firms)
    assert partial.exit_code == 3
    assert "抽查任务" in partial.stdout
    assert json.loads(run("check", "-w", workspace, "--json").stdout)["feasible"] is True


def test_policy_of_another_year_refuses_the_registers(workspace: Path) -> None:
    policy = workspace / "policy.toml"
    policy.write_text(policy.read_text(encoding="utf-8").replace("year = 2027", "year = 2026"), encoding="utf-8")
    result = run("check", "-w", workspace)
    assert result.exit_code == 1
    assert "plan.year" in result.stderr


def test_impossible_coverage_tells_shortage_and_remedy(workspace: Path) -> None:
    policy = workspace / "policy.toml"
    text = re.sub(r'(\[coverage\][^\[]*?floor = )"[^"]*"', r'\1"99%"', policy.read_text(encoding="utf-8"))
    policy.write_text(text, encoding="utf-8")
    result = run("check", "-w", workspace, "--json")
    assert result.exit_code == 1
    facts = json.loads(result.stdout)
    assert facts["feasible"] is False
    assert "coverage.floor" in facts["message"]
    assert "1." in facts["message"]


def test_dirty_registers_name_each_bad_row_and_go_on(tmp_path: Path, county: CountyFiles) -> None:
    dirty = write_dirty_sample(tmp_path / "dirty")
    run("init", tmp_path / "w", "--policy", county.policy)
    result = imported(tmp_path / "w", county, firms=dirty.firms, inspectors=dirty.inspectors, recusals=county.recusals)
    assert result.exit_code == 0, result.output
    assert "读取 20 行，采用 2，退回 18" in result.stdout
    assert "rejects.xlsx" in result.stdout
    strict = run("import", "-w", tmp_path / "w", "--firms", dirty.firms, "--strict")
    assert strict.exit_code == 1


def test_templates_are_named_in_the_language_and_never_replaced(tmp_path: Path) -> None:
    assert run("template", "all", "--out", tmp_path / "zh").exit_code == 0
    assert run("--lang", "en", "template", "all", "--out", tmp_path / "en").exit_code == 0
    assert {path.stem for path in (tmp_path / "zh").iterdir()} == {"部门", "事项", "人员", "对象", "任务", "回避"}
    assert (tmp_path / "en" / "firms.xlsx").is_file()
    again = run("template", "firms", "--out", tmp_path / "zh")
    assert again.exit_code == 1
    assert "对象.xlsx" in again.stderr


def test_file_that_cannot_be_written_is_a_message(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    result = run("template", "all", "--out", tmp_path / "taken" / "below")
    assert result.exit_code == 1
    assert "无法读写" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [("check",), ("plan", "run"), ("plan", "status"), ("plan", "show"), ("plan", "reveal"), ("bundle", "b")],
)
def test_folder_without_workspace_says_how_to_make_one(tmp_path: Path, arguments: Sequence[str]) -> None:
    result = run(*arguments, "-w", tmp_path)
    assert result.exit_code == 1
    assert "inspection init" in result.stderr


def test_verifying_what_is_no_bundle_says_so(tmp_path: Path) -> None:
    result = run("verify", tmp_path)
    assert result.exit_code == 1
    assert "bundle.json" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("no-such-command",),
        ("--no-such-option",),
        ("-w", "x", "check"),
        ("--lang", "fr", "check"),
        ("template", "nothing"),
        ("import",),
        ("import", "--firms", "no-such-file.xlsx"),
        ("import", "--as-of", "2027/1/1"),
        ("bundle",),
        ("party", "a", "b", "c"),
        ("demo", "--firms", "3"),
    ],
)
def test_misuse_is_told_in_chinese_with_the_help_to_ask(arguments: Sequence[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith("用法不对：")
    assert "--help" in result.stderr


def commands() -> list[tuple[str, ...]]:
    """Every command there is."""
    found: list[tuple[str, ...]] = []
    for name, command in main.commands.items():
        inner = getattr(command, "commands", None)
        found += [(name, each) for each in inner] if inner else [(name,)]
    return found


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_help_of_every_command_has_an_example(command: Sequence[str]) -> None:
    result = run(*command, "--help")
    assert result.exit_code == 0
    assert f"\n  inspection {' '.join(command)}" in result.stdout


def test_every_message_of_the_console_is_in_both_languages() -> None:
    used: set[str] = set()
    root = Path(__file__).parent.parent
    for path in (root / "cli.py", *sorted((root / "inspection").rglob("*.py"))):
        used |= set(
            re.findall(r'"((?:cli|demo|beacon|line|documents|publish)\.[a-z_.]+[a-z])"', path.read_text("utf-8"))
        )
    known = catalogue()
    missing = {code for code in used if code in known and set(known[code]) != {"zh", "en"}}
    missing |= {code for code in used if code.startswith(("cli.", "beacon.")) and code not in known}
    assert not missing
