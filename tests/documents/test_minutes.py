"""Minutes of a draw: everything stated, in Word from a template that can be edited, and in PDF."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import docx
import pytest

from inspection import service
from inspection.documents.minutes import Minutes, PartyMinutes, write_docx, write_pdf
from inspection.documents.template import chinese_font
from inspection.errors import InputError, PublishError
from inspection.steps.meeting import minutes_of, replay

MINUTES = Minutes(
    title="缗城县2027年度计划 <甲&乙>",
    plan="370828-2027",
    draw="370828-2027/1-firms",
    kind="随机抽取检查对象",
    digest="sha256",
    commitment="c0" * 32,
    inputs=(("firms.csv", "f1" * 32), ("rules.json", "f2" * 32)),
    parties=(
        PartyMinutes(name="notary", commitment="a1" * 32, secret="b1" * 32, how="本人揭示"),
        PartyMinutes(name="fire-rescue", commitment="a2" * 32, secret="{{ x }} <b>", how="拆封交存：公证员"),
    ),
    public=("当众掷十面骰 40 次", "01234 56789", "-"),
    rule="作废",
    seed="5e" * 32,
    outcome="visits.csv 共 3,648 行",
    root="70" * 32,
    times=(("承诺记入日志", "2027-01-05 09:30:00.000+08:00"), ("结果记入日志", "2027-01-05 10:00:00.000+08:00")),
    log="open-draw.example/x+00000000+AAAA",
    checkpoints=(("1", "d1" * 32), ("2", "d2" * 32)),
    remarks=("演练，不是正式抽取",),
)


def text_of(path: Path) -> str:
    document = docx.Document(str(path))
    paragraphs = [paragraph.text for paragraph in document.paragraphs]
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join(paragraphs + cells)


def stated(minutes: Minutes) -> list[str]:
    """Every text of the minutes."""
    found: list[str] = []

    def walk(value: object) -> None:
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, tuple):
            for part in value:
                walk(part)
        elif dataclasses.is_dataclass(value):
            for part in dataclasses.fields(value):
                walk(getattr(value, part.name))

    walk(minutes)
    return found


def test_word_minutes_state_everything_as_it_is(tmp_path):
    write_docx(tmp_path / "new" / "minutes.docx", MINUTES)
    text = text_of(tmp_path / "new" / "minutes.docx")
    missing = [each for each in stated(MINUTES) if each not in text]
    assert not missing
    assert "{%" not in text and text.count("{{") == 1
    signatures = [line for line in text.splitlines() if line in ("主持人", "记录人", "监督人")]
    assert len(signatures) == 3


def test_a_template_of_the_bureau_is_used(tmp_path):
    own = docx.Document()
    own.add_paragraph("本局格式：{{ draw }} {{ seed }}")
    own.save(str(tmp_path / "own.docx"))
    write_docx(tmp_path / "minutes.docx", MINUTES, tmp_path / "own.docx")
    assert text_of(tmp_path / "minutes.docx") == f"本局格式：{MINUTES.draw} {MINUTES.seed}"


@pytest.mark.parametrize(
    "line", ["{{ unknown }}", "{% for x in %}", "{{ parties.__class__.__mro__ }}", "{{ ''.__class__.__mro__[1] }}"]
)
def test_a_template_that_asks_for_more_is_a_message(line, tmp_path):
    own = docx.Document()
    own.add_paragraph(line)
    own.save(str(tmp_path / "own.docx"))
    with pytest.raises(InputError) as refused:
        write_docx(tmp_path / "minutes.docx", MINUTES, tmp_path / "own.docx")
    assert "own.docx" in refused.value.text("zh")
    assert not (tmp_path / "minutes.docx").exists()


def test_a_file_that_is_no_word_document_is_a_message(tmp_path):
    (tmp_path / "own.docx").write_text("no document", encoding="utf-8")
    with pytest.raises(InputError):
        write_docx(tmp_path / "minutes.docx", MINUTES, tmp_path / "own.docx")


def test_without_a_chinese_font_no_pdf_is_written_and_the_package_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("inspection.documents.template.FONTS", ("No Such Family",))
    with pytest.raises(PublishError) as missing:
        write_pdf(tmp_path / "minutes.pdf", MINUTES)
    assert "fonts-noto-cjk" in missing.value.text("zh")
    assert not (tmp_path / "minutes.pdf").exists()


def test_pdf_minutes_are_written_where_a_font_is_at_hand(tmp_path, monkeypatch):
    try:
        chinese_font()
    except PublishError:  # the layout is the same in a font that lacks the letters
        monkeypatch.setattr("inspection.documents.template.FONTS", ("Libertinus Serif",))
    write_pdf(tmp_path / "minutes.pdf", MINUTES)
    data = (tmp_path / "minutes.pdf").read_bytes()
    assert data.startswith(b"%PDF") and len(data) > 5_000


def test_minutes_of_a_plan_agree_with_its_bundle(planned):
    line = planned.office.line()
    for folder in (service.FIRMS, service.INSPECTORS):
        minutes = minutes_of(line, folder)
        assert minutes.draw == f"{line.name}/{folder}"
        assert (planned.bundle / "draws" / folder / "commitment.json").is_file()
        assert [party.how for party in minutes.parties] == ["本人揭示"] * 3
        assert [event for event, _ in minutes.times] == ["承诺记入日志", "公开随机数不早于", "全部揭示", "结果记入日志"]
        assert len(minutes.checkpoints) == 2
        log = (planned.bundle / "log" / "entries.jsonl").read_text(encoding="utf-8")
        assert minutes.root in log and minutes.commitment in log
        rows = replay(line, folder)
        assert f"{len(rows):,} 行" in minutes.outcome
        assert all(row.number and row.who and row.what for row in rows)
    assert minutes_of(line, service.FIRMS, "en").kind == "firms to be inspected"
