"""The meeting, played as people do: mistakes, absent parties, interruptions; papers and replay at the end."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from known_rounds import served

from cli import main
from inspection.office import Office
from inspection.steps.meeting import minutes_of

DICE = "0123456789" * 4
PARTIES = ("market-regulation", "fire-rescue", "notary")


def run(*arguments: object, typed: str = "") -> Result:
    return CliRunner().invoke(main, [str(each) for each in arguments], input=typed)


class Devices:
    """The parties' own devices: their secret files and the lines they hand over."""

    def __init__(self, folder: Path, plan: str) -> None:
        self.folder = folder
        self.plan = plan

    def commit(self, draw: str, party: str) -> str:
        path = self.secret(draw, party)
        shown = run("party", "commit", "--draw", f"{self.plan}/{draw}", "--name", party, "--out", path, "--no-qr")
        assert shown.exit_code == 0, shown.output
        return re.search(rf"{party}=[0-9a-f]{{64}}", shown.stdout)[0]

    def secret(self, draw: str, party: str) -> Path:
        return self.folder / f"{draw}-{party}.secret.json"


@pytest.fixture
def office(county):
    return county.office()


@pytest.fixture
def devices(office, tmp_path):
    return Devices(tmp_path, f"{office.policy().plan.division}-{office.policy().plan.year}")


def hold(office: Office, *typed: object, seconds: int = 0) -> Result:
    arguments = ("ceremony", "-w", office.workspace.folder, "--seconds", seconds, "--no-qr")
    return run(*arguments, typed="".join(f"{each}\n" for each in typed))


def committed(devices: Devices, draw: str) -> list[str]:
    return [*(devices.commit(draw, party) for party in PARTIES), ""]


def revealed(devices: Devices, draw: str) -> list[object]:
    return [DICE, DICE, *(devices.secret(draw, party) for party in PARTIES)]


def rule(office: Office, rule: str) -> None:
    text = office.policy_file.read_text(encoding="utf-8")
    assert 'missing_reveal = "void"' in text
    office.policy_file.write_text(text.replace('missing_reveal = "void"', f'missing_reveal = "{rule}"'), "utf-8")


def checked(office: Office, tmp_path: Path) -> int:
    assert run("bundle", "-w", office.workspace.folder, tmp_path / "proof").exit_code == 0
    command = [sys.executable, "-I", "-S", str(tmp_path / "proof" / "verify.py"), str(tmp_path / "proof")]
    return subprocess.run(command, capture_output=True, check=False).returncode


@pytest.mark.slow
def test_a_meeting_draws_both_lists_and_its_bundle_verifies(office, devices, tmp_path):
    typed = [
        each for draw in ("1-firms", "2-inspectors") for each in (*committed(devices, draw), *revealed(devices, draw))
    ]
    held = hold(office, *typed)
    assert held.exit_code == 0, held.output
    assert checked(office, tmp_path) == 0
    for draw in ("1-firms", "2-inspectors"):
        minutes = minutes_of(office.line(), draw)
        digits = "   ".join(minutes.commitment[at : at + 8] for at in range(0, 32, 8))
        assert digits in held.stdout
        assert (office.workspace.folder / "minutes" / f"{draw}.docx").is_file()
    again = hold(office)
    assert again.exit_code == 0 and "重放 │" not in again.stdout


def test_the_replay_comes_after_the_result_and_says_so_in_every_row(office, devices):
    held = hold(office, *committed(devices, "1-firms"), *revealed(devices, "1-firms"))
    assert held.exit_code == 3  # the input ends where the second commitments are asked for
    result = held.stdout.index("结果的根")
    label = held.stdout.index("以下是重放")
    rows = [line for line in held.stdout.splitlines() if " V0" in line]
    assert result < label < held.stdout.index(rows[0])
    assert rows and all(row.startswith("重放 │") for row in rows)
    once_more = run("ceremony", "-w", office.workspace.folder, "--replay", "1-firms", "--seconds", 0)
    assert [line for line in once_more.stdout.splitlines() if " V0" in line] == rows
    assert run("ceremony", "-w", office.workspace.folder, "--replay", "2-inspectors").exit_code == 1


def test_an_interrupted_meeting_goes_on_where_it_was(office, devices):
    first = hold(office, *committed(devices, "1-firms"), DICE, DICE, devices.secret("1-firms", PARTIES[0]))
    assert first.exit_code == 3 and "Traceback" not in first.output
    second = hold(office, "", *(devices.secret("1-firms", party) for party in PARTIES[1:]))
    assert "总承诺已公布" in second.stdout and "以下是重放" in second.stdout
    assert "掷十面骰" not in second.output
    assert f"{PARTIES[0]} 的秘密：" not in second.output


def test_dice_typed_and_read_back_differently_are_asked_again(office, devices):
    other = DICE.replace("5", "6", 1)
    held = hold(office, *committed(devices, "1-firms"), DICE, other, DICE, " ".join(DICE))
    assert "从第 6 位起" in held.stdout
    assert "公开随机数已确定：01234 56789" in held.stdout


def test_a_secret_of_another_draw_or_party_is_refused(office, devices):
    devices.commit("2-inspectors", "notary")
    wrong = [devices.secret("2-inspectors", "notary"), devices.secret("1-firms", "notary"), "x" * 20]
    held = hold(office, *committed(devices, "1-firms"), DICE, DICE, *wrong)
    assert held.stdout.count("不是 market-regulation 用于") == 2
    assert "承诺不符" in held.stdout


@pytest.mark.slow
def test_an_absent_party_voids_the_draw_with_two_names_and_a_new_draw_follows(office, devices, tmp_path):
    others = [devices.secret("1-firms", party) for party in PARTIES[:2]]
    absent = ["缺席", "y", "张主持", "张主持", "李公证"]
    held = hold(office, *committed(devices, "1-firms"), DICE, DICE, *others, *absent)
    assert held.exit_code == 3, held.output
    entries = [json.loads(line) for line in office.workspace.log.lines()]
    assert [entry["type"] for entry in entries] == ["commit", "void"]
    assert entries[1]["reason"] == "party-absent"
    assert (entries[1]["actor"], entries[1]["approved_by"]) == ("张主持", "李公证")
    minutes = minutes_of(office.line(), "1-firms")
    assert "作废" in minutes.outcome and [party.how for party in minutes.parties][-1] == "未揭示"
    assert (office.workspace.folder / "minutes" / "1-firms.docx").is_file()
    draws = ("2-firms", "3-inspectors")
    again = hold(office, *(each for draw in draws for each in (*committed(devices, draw), *revealed(devices, draw))))
    assert again.exit_code == 0, again.output
    assert checked(office, tmp_path) == 0


def test_nobody_voids_a_draw_by_mistake(office, devices):
    held = hold(office, *committed(devices, "1-firms"), DICE, DICE, "缺席", "n")
    assert held.exit_code == 3
    assert len(office.workspace.log.lines()) == 1
    assert "以下是重放" in hold(office, "", *(devices.secret("1-firms", party) for party in PARTIES)).stdout


@pytest.mark.slow
def test_an_envelope_is_opened_in_place_of_an_absent_party_and_the_log_says_so(office, devices, tmp_path):
    rule(office, "escrow")
    absent = ["absent", "y", "王公证", "航班取消", "not the secret at all", devices.secret("1-firms", "notary")]
    others = [devices.secret("1-firms", party) for party in PARTIES[:2]]
    held = hold(office, *committed(devices, "1-firms"), DICE, DICE, *others, *absent,
                *committed(devices, "2-inspectors"), *revealed(devices, "2-inspectors"))  # fmt: skip
    assert held.exit_code == 0, held.output
    results = [json.loads(line) for line in office.workspace.log.lines() if '"result"' in line]
    assert [entry.get("escrow") for entry in results] == ["notary", None]
    assert "王公证" in minutes_of(office.line(), "1-firms").parties[-1].how
    assert checked(office, tmp_path) == 0
    opening = json.loads((tmp_path / "proof" / "draws" / "1-firms" / "escrow.json").read_bytes())
    assert opening["notary"]["reason"] == "航班取消"
    rules = json.loads((tmp_path / "proof" / "draws" / "1-firms" / "rules.json").read_bytes())
    assert rules["missing_reveal"] == "escrow"


def test_an_envelope_refused_under_the_rule_of_voiding(office, devices):
    from inspection.errors import BeaconError
    from inspection.steps.reveal_steps import open_escrow

    hold(office, *committed(devices, "1-firms"), DICE, DICE)
    with pytest.raises(BeaconError) as refused:
        open_escrow(office.line(), "notary", "x" * 20, opened_by="王公证", reason="航班取消")
    assert refused.value.code == "beacon.escrow.rule"


def test_a_secret_file_is_never_replaced_and_only_its_owner_reads_it(devices):
    devices.commit("1-firms", "notary")
    path = devices.secret("1-firms", "notary")
    assert path.stat().st_mode & 0o777 == 0o600
    before = path.read_bytes()
    again = run("party", "commit", "--draw", "370828-2027/1-firms", "--name", "notary", "--out", path)
    assert again.exit_code == 1 and path.read_bytes() == before


def test_a_secret_of_ones_own_is_typed_twice_and_long(tmp_path):
    arguments = ("party", "commit", "--draw", "p/1-firms", "--name", "n", "--own", "--out", tmp_path / "s.json")
    assert run(*arguments, typed="too short\ntoo short\n").exit_code == 1
    assert not (tmp_path / "s.json").exists()
    assert run(*arguments, typed="long enough, surely\nlong enough, surely\n").exit_code == 0
    assert json.loads((tmp_path / "s.json").read_text("utf-8"))["secret"] == "long enough, surely"


@pytest.mark.parametrize(
    ("draw", "party"), [("370828-2027", "n"), ("p/1 firms", "n"), ("p/0-firms", "n"), ("p/1-firms", "a:b")]
)
def test_a_commitment_to_a_name_no_draw_has_is_refused(draw, party, tmp_path):
    assert run("party", "commit", "--draw", draw, "--name", party, "--out", tmp_path / "s.json").exit_code == 1
    assert not (tmp_path / "s.json").exists()


def test_a_party_reveals_only_what_the_published_commitment_holds(office, devices, tmp_path):
    hold(office, *committed(devices, "1-firms"), DICE, DICE)
    line = office.line()
    from inspection.steps.meeting import record_of

    published = tmp_path / "commitment.json"
    published.write_bytes(line.read(record_of(line, "1-firms").files["commitment.json"]))
    path = devices.secret("1-firms", "notary")
    opened = run("party", "reveal", path, "--commitment", published)
    assert opened.exit_code == 0 and json.loads(path.read_text("utf-8"))["secret"] in opened.stdout
    (tmp_path / "other").mkdir()
    stranger = Devices(tmp_path / "other", devices.plan)
    stranger.commit("1-firms", "notary")
    refused = run("party", "reveal", stranger.secret("1-firms", "notary"), "--commitment", published)
    assert refused.exit_code == 1 and "不要揭示" in refused.stderr
    altered = json.loads(path.read_text("utf-8")) | {"secret": "another secret, long"}
    (tmp_path / "altered.json").write_text(json.dumps(altered), "utf-8")
    assert run("party", "reveal", tmp_path / "altered.json").exit_code == 1
    (tmp_path / "none.json").write_text("[]", "utf-8")
    assert run("party", "reveal", tmp_path / "none.json").exit_code == 1


def test_minutes_are_written_again_where_asked(office, devices, tmp_path):
    hold(office, *committed(devices, "1-firms"), *revealed(devices, "1-firms"))
    folder = office.workspace.folder
    assert run("minutes", "-w", folder, "1-firms", "--out", tmp_path / "记录.docx").exit_code == 0
    assert (tmp_path / "记录.docx").is_file()
    assert run("minutes", "-w", folder, "1-firms", "--out", tmp_path / "记录.txt").exit_code == 1
    assert run("minutes", "-w", folder, "9-firms").exit_code == 1
    hold(office, *committed(devices, "2-inspectors")[:1])
    assert run("minutes", "-w", folder, "2-inspectors").exit_code == 1


def public(office: Office, **keys: str) -> None:
    """The public value of the policy is another one."""
    text = office.policy_file.read_text(encoding="utf-8")
    lines = "\n".join(f"{name} = {value}" for name, value in keys.items() if name != "issues")
    text = text.replace('public = "dice"', lines)
    office.policy_file.write_text(text + keys.get("issues", ""), encoding="utf-8")


def test_a_plan_with_drand_waits_for_its_round_and_names_the_file_to_bring(office, tmp_path):
    public(office, public='"drand"')
    folder = office.workspace.folder
    waiting = run("plan", "run", "-w", folder, "--unattended", "--yes")
    assert waiting.exit_code == 3 and "不得早于" in waiting.stderr
    awaited = run("beacon", "awaited", "-w", folder)
    assert awaited.exit_code == 0 and "drand quicknet" in awaited.stdout
    (tmp_path / "round.json").write_bytes(served("quicknet", 123))
    other = run("beacon", "take", "-w", folder, tmp_path / "round.json")
    assert other.exit_code == 1 and "公开随机数不能采用" in other.stderr
    assert "drand quicknet" in run("plan", "status", "-w", folder).stdout


def test_a_meeting_before_the_issue_is_drawn_is_told_when_to_meet_again(office, devices):
    opens = "2099-01-07T21:15:00+08:00"
    issue = f'\n[ceremony.issues.1-firms]\nissue = "2099003"\nopens = {opens}\n'
    public(office, public='"lottery"', lottery='"ssq"', issues=issue)
    held = hold(office, *committed(devices, "1-firms"))
    assert held.exit_code == 3 and "不得早于" in held.stderr
    commitment = json.loads(office.workspace.log.lines()[0])
    assert commitment["type"] == "commit"


def test_a_lottery_is_typed_and_read_back_in_its_own_form(office, devices, monkeypatch):
    from datetime import timedelta

    from inspection.office import now

    opens = (now() + timedelta(minutes=15)).isoformat(timespec="seconds")
    issue = f'\n[ceremony.issues.1-firms]\nissue = "2027003"\nopens = {opens}\n'
    public(office, public='"lottery"', lottery='"ssq"', issues=issue)
    numbers = "03 07 11 19 25 33+08"
    monkeypatch.setattr("inspection.console.ceremony.time.sleep", lambda seconds: None)
    held = hold(office, *committed(devices, "1-firms"), "3 7 11 19 25 33+8", numbers, numbers)
    assert "应写成03071119253" in "".join(held.stdout.split())
    assert f"公开随机数已确定：{numbers}" in held.stdout
