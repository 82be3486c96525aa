"""The commands as typed: the public bundle, a firm's proof and its page, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from public_office import Year, checked

import cli
from inspection.documents.firm_proof import proof_page
from inspection.errors import PublishError
from inspection.steps.public_proof import MOST_LINES, prove


def run(year: Year, *arguments: object) -> Result:
    words = [str(each) for each in arguments]
    return CliRunner().invoke(cli.main, [words[0], "-w", str(year.office.workspace.folder), *words[1:]])


def test_the_command_writes_a_public_bundle_and_says_what_is_open(sealed: Year, tmp_path: Path):
    done = run(sealed, "bundle", "--public", tmp_path / "public")
    assert done.exit_code == 0 and "verify_public.py" in done.output and "126" in done.output
    assert checked(tmp_path / "public")[0] == 3
    again = run(sealed, "bundle", tmp_path / "public")
    assert again.exit_code == 1 and (tmp_path / "public/public-bundle.json").is_file()


def test_the_command_proves_a_firm_and_writes_its_page(sealed: Year, tmp_path: Path):
    firm = sealed.rows("visits.csv")[0][1]
    done = run(sealed, "prove", firm.lower(), "--out", tmp_path / "own.json")
    assert done.exit_code == 0 and firm in done.output and "own.json" in done.output
    assert checked(tmp_path / "own.json")[0] == 3
    page = (tmp_path / "own.html").read_text(encoding="utf-8")
    assert firm in page and "<script" not in page and "http" not in page
    asked = run(sealed, "prove", firm, "--out", tmp_path / "own.json", "--json")
    assert json.loads(asked.output)["firm"] == firm


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_outcome_has_its_words(sealed: Year, language: Any):
    from public_office import AFTERWARDS, MIDYEAR

    drawn = {row[1] for row in sealed.rows("visits.csv")}
    spared = next(row[0] for row in sealed.rows("firms.csv", sealed.drawn) if row[0] not in drawn)
    asked = [(sealed.rows("visits.csv")[0][1], AFTERWARDS), (spared, AFTERWARDS), (spared, MIDYEAR)]
    pages = {proof_page(json.loads(prove(sealed.line(), *each)), "p.json", language) for each in asked}
    assert len(pages) == 3 and not any("{" in page.partition("</style>")[2] for page in pages)


def test_a_firm_that_is_in_no_register_is_told_so(sealed: Year):
    done = run(sealed, "prove", "91370828MA0000000X")
    assert done.exit_code == 1 and "91370828MA0000000X" in done.output


def test_a_row_that_tells_the_tier_is_shown_only_when_asked_for(sealed: Year, monkeypatch: pytest.MonkeyPatch):
    """As in a plan committed before there was a table of chances."""
    from public_office import MIDYEAR

    monkeypatch.setattr("inspection.steps.public_proof.CHANCES", "absent.csv")
    firm = sealed.rows("visits.csv")[0][1]
    with pytest.raises(PublishError) as refused:
        prove(sealed.line(), firm, MIDYEAR)
    assert refused.value.code == "public.prove.pool"
    told = json.loads(prove(sealed.line(), firm, MIDYEAR, with_pool=True))["draws"][0]
    assert "chance" not in told and told["register"]["line"].startswith(firm)


def test_a_register_too_long_is_refused(sealed: Year, monkeypatch: pytest.MonkeyPatch):
    from public_office import MIDYEAR

    assert MOST_LINES > 1_000_000
    monkeypatch.setattr("inspection.steps.public_proof.MOST_LINES", 100)
    with pytest.raises(PublishError) as refused:
        prove(sealed.line(), sealed.rows("visits.csv")[0][1], MIDYEAR)
    assert refused.value.code == "public.prove.long" and "100" in refused.value.text("en")
