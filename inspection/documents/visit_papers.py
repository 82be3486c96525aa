"""Papers of plan and visits: announcement (公告), check notice (检查通知书), on-site record (现场检查笔录).

Each has a Word template ``<name>.docx`` that a bureau may replace, and a source ``<name>.typ`` for PDF; both read the
fields below by their names. Wording follows 行政检查文书基本格式文本（试行） of the Ministry of Justice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from inspection.documents.template import fill_docx, set_pdf
from inspection.errors import InputError

PaperName = Literal["announcement", "notice", "record"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskLine:
    """A task of the announced plan; ``scope`` is how many firms, or which share of them."""

    number: str
    task: str
    name: str
    lead: str
    joining: str
    items: str
    scope: str
    months: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """抽查计划公告: the year's tasks, and how anybody checks the draws.

    Attributes:
        working_days: within which findings are disclosed.
        draws: (draw, commitment in hex, root of the result or "-") of draws that count.
        log: verifier key of the log.
        remarks: what must be read with it, such as that it is a rehearsal.
    """

    title: str
    plan: str
    year: str
    issuer: str
    date: str
    tasks: tuple[TaskLine, ...]
    count: str
    joint: str
    working_days: str
    draws: tuple[tuple[str, str, str], ...]
    log: str
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperItem:
    """An item as papers list it; the last three are empty where nobody entered a result."""

    number: str
    name: str
    result: str = ""
    method: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperAgency:
    """An agency's share; officers are (name, number of the certificate)."""

    name: str
    officers: tuple[tuple[str, str], ...]
    items: tuple[PaperItem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitPaper:
    """What a notice or a record of a visit states; texts as printed, empty where it is to be filled in by hand.

    Attributes:
        number: which of the plan's visits to the firm it is.
        address_of_check: where the check code leads; empty where the public address is not known.
    """

    title: str
    plan: str
    year: str
    visit: str
    firm: str
    firm_name: str
    address: str
    town: str
    day: str
    month: str
    number: str
    tasks: str
    agencies: tuple[PaperAgency, ...]
    issuer: str
    date: str
    code: str
    address_of_check: str
    remarks: tuple[str, ...]


Paper = Announcement | VisitPaper


def write_paper(
    path: Path, name: PaperName, paper: Paper, *, template: Path | None = None, fonts: Sequence[Path] = ()
) -> None:
    """The paper stands at ``path``, as Word (.docx) or PDF (.pdf).

    Args:
        template: the bureau's own, for Word.
        fonts: further folders of fonts, for PDF.

    Raises:
        InputError: another ending, or the template cannot be used.
        PublishError: no Chinese font is found, or the extra ``docs`` is not installed.
    """
    if path.suffix.lower() == ".docx":
        fill_docx(path, name, words_of(paper), template)
    elif path.suffix.lower() == ".pdf":
        set_pdf(path, name, words_of(paper), fonts)
    else:
        raise InputError("papers.suffix", path=path)


def words_of(paper: Paper) -> dict[str, object]:
    """The paper as templates read it: names and lists of texts."""
    words: dict[str, object] = asdict(paper)
    if isinstance(paper, Announcement):
        named = ("draw", "commitment", "root")
        return words | {"draws": [dict(zip(named, each, strict=True)) for each in paper.draws]}
    agencies = []
    for each in paper.agencies:
        officers = [{"name": name, "certificate": certificate} for name, certificate in each.officers]
        agencies.append({**asdict(each), "officers": officers})
    return words | {"agencies": agencies}
