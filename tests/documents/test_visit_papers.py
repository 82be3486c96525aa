"""Announcement, check notice and on-site record: everything stated, in Word and PDF; what nobody entered is blank."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import docx
import pytest
from click.testing import CliRunner

from cli import main
from inspection.documents.visit_papers import words_of
from inspection.errors import InputError, PublishError
from inspection.steps.line import Line
from inspection.work import paper_steps
from inspection.work.check_code import check_code, checked_visit, grouped
from inspection.work.visit_sheet import open_labels, visit_sheet

TODAY = date(2027, 3, 1)


@pytest.fixture(scope="module")
def line(planned: Any) -> Line:
    found: Line = planned.office.line()
    return found


def joint_label(line: Line) -> str:
    """A visit of several agencies."""
    labels = [label for month in range(4, 13) for label in open_labels(line, f"2027-{month:02}")[:6]]
    return next(label for label in labels if len(visit_sheet(line, label).agencies) > 1)


def text_of(path: Path) -> str:
    document = docx.Document(str(path))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([paragraph.text for paragraph in document.paragraphs] + cells)


def texts(value: object) -> list[str]:
    """Every text of a paper's words."""
    if isinstance(value, str):
        return [value]
    children = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
    return [text for child in children for text in texts(child)]


@pytest.mark.parametrize("name", ["announcement", "notice", "record"])
def test_every_paper_states_its_facts_in_word_and_has_a_pdf(line: Line, tmp_path: Path, name: Any) -> None:
    label = "" if name == "announcement" else joint_label(line)
    target = tmp_path / "paper.docx"
    paper_steps.write(line, name, label, target, TODAY)
    written = text_of(target)
    assert "{" not in written and "None" not in written
    unprinted = {"year", "town", "month", "task", "issuer", "date", "address_of_check"}
    words = words_of(paper_steps.paper_of(line, name, label, TODAY))
    told = {key: value for key, value in words.items() if key not in unprinted}
    codes = {each["task"] for each in words.get("tasks", []) if isinstance(each, dict)}  # type: ignore[attr-defined]
    missing = [text for text in texts(told) if text and text not in written and text not in codes]
    if name == "record":
        missing = [text for text in missing if text not in (words["title"], words["tasks"], words["number"])]
    assert not missing
    pdf = target.with_suffix(".pdf")
    paper_steps.write(line, name, label, pdf, TODAY)
    assert pdf.read_bytes().startswith(b"%PDF-")


def test_notice_names_agencies_items_officers_and_the_check_code(line: Line) -> None:
    label = joint_label(line)
    sheet = visit_sheet(line, label)
    paper = paper_steps.visit_paper(line, label, TODAY, "https://inspect.example")
    assert {each.name for each in paper.agencies} == {each.name for each in sheet.agencies}
    assert all(len(each.officers) >= 2 and each.items for each in paper.agencies)
    numbers = [int(item.number) for each in paper.agencies for item in each.items]
    assert numbers == list(range(1, len(numbers) + 1))
    code = check_code(line, sheet.key)
    assert paper.code == grouped(code)
    assert paper.address_of_check == f"https://inspect.example/check/{label}/{code}"


def test_record_leaves_items_without_a_finding_blank(line: Line) -> None:
    paper = paper_steps.visit_paper(line, joint_label(line), TODAY, is_filled=True)
    assert {item.result for each in paper.agencies for item in each.items} == {""}


def test_bureaus_own_template_wins_and_a_wrong_field_is_named(line: Line, tmp_path: Path) -> None:
    own = line.workspace.folder / "notice.docx"
    document = docx.Document()
    document.add_paragraph("某局通知：{{ firm_name }}")
    document.save(str(own))
    label, target = joint_label(line), tmp_path / "notice.docx"
    try:
        paper_steps.write(line, "notice", label, target, TODAY)
        assert text_of(target).strip() == f"某局通知：{visit_sheet(line, label).firm.name}"
        document.add_paragraph("{{ firm_nmae }}")
        document.save(str(own))
        with pytest.raises(InputError, match="firm_nmae"):
            paper_steps.write(line, "notice", label, target, TODAY)
    finally:
        own.unlink()


def test_missing_font_is_told_with_its_remedy(line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inspection.documents.template.FONTS", ("No Such Family",))
    with pytest.raises(PublishError) as caught:
        paper_steps.write(line, "notice", joint_label(line), tmp_path / "notice.pdf", TODAY)
    assert "fonts-noto-cjk" in caught.value.text("zh")


def test_check_code_opens_its_visit_and_nothing_else(line: Line) -> None:
    from inspection.office import now

    first, second = open_labels(line, joint_month(line))[:2]
    code = check_code(line, visit_sheet(line, first).key)
    opened = checked_visit(line, first, grouped(code).upper(), now())
    assert opened.is_drawn and opened.sheet.label == first
    assert f'"firm":"{opened.sheet.firm.firm}"' in opened.proof.decode()
    assert '"outcome":"opened"' in opened.proof.decode()
    for label, wrong in ((second, code), (first, "0" * 20), (first, ""), ("V999999", code)):
        with pytest.raises(InputError) as caught:
            checked_visit(line, label, wrong, now())
        assert caught.value.code == "check.code"


def joint_month(line: Line) -> str:
    return visit_sheet(line, joint_label(line)).visit.month


def test_papers_of_a_month_are_written_by_the_command(line: Line, tmp_path: Path) -> None:
    folder = str(line.workspace.folder)
    label = joint_label(line)
    done = CliRunner().invoke(main, ["papers", "notice", label, "-w", folder, "--out", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert [path.name for path in tmp_path.iterdir()] == [f"检查通知书-{label}.docx"]
    done = CliRunner().invoke(main, ["papers", "record", "-w", folder, "--out", str(tmp_path)])
    assert done.exit_code == 1 and re.search("--month", done.output)
    done = CliRunner().invoke(main, ["papers", "notice", "V999999", "-w", folder, "--out", str(tmp_path)])
    assert done.exit_code == 1 and "V999999" in done.output


def test_template_is_put_in_the_workspace_and_never_overwritten(line: Line) -> None:
    folder = line.workspace.folder
    try:
        done = CliRunner().invoke(main, ["papers", "template", "record", "-w", str(folder)])
        assert done.exit_code == 0 and (folder / "record.docx").is_file()
        done = CliRunner().invoke(main, ["papers", "template", "record", "-w", str(folder)])
        assert done.exit_code == 1
    finally:
        (folder / "record.docx").unlink(missing_ok=True)
