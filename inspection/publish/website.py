"""The public site: static pages and open data of what stands in the outbox, in Chinese first and in English.

Written beside the folder and moved into place whole. One pass over the records of a kind writes its CSV, JSON and
pages, so memory does not grow with them. Pages hold no script.
"""

from __future__ import annotations

import csv
import html
import json
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from importlib import resources
from pathlib import Path
from string import Template
from typing import IO, Any

from inspection.errors import Language, PublishError
from inspection.outgoing import Announcement, Kind
from inspection.publish.facts import Fact
from inspection.publish.open_data import (
    Section,
    columns_told,
    csv_rows,
    header,
    public_record,
    row_words,
    sections,
    shown,
    text,
)

MARK = "open-data.json"
BUNDLE = "public-bundle.zip"
ROWS = 200
"""Records on a page."""

LANGUAGES: tuple[Language, ...] = ("zh", "en")
CODES = ("firm", "visit", "plan_number", "task_number", "check_date", "month", "starts_on", "ends_on", "decision_date")
"""Facts whose cells do not break."""

Standing = Callable[[Kind], Iterable[Announcement]]
"""What stands of a kind, by record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proofs:
    """What the site offers to those who want to check the draws.

    Attributes:
        bundle: the public bundle as a zip; None before anything is committed.
        checkers: SHA-256 of the checkers, by name.
        pages: address of the live pages, where a firm finds its own proof; '' where there are none.
    """

    bundle: Path | None = None
    checkers: Mapping[str, str] = field(default_factory=dict)
    pages: str = ""


NO_PROOFS = Proofs()
LIVE_PAGES = ("prove", "check", "log", "statistics")
"""Paths below /open of the live pages a static site cannot be."""


@dataclass(slots=True)
class _Site:
    """A site being written."""

    folder: Path
    moment: datetime
    proofs: Proofs
    counts: dict[str, int] = field(default_factory=dict)


def write_website(folder: Path, standing: Standing, now: datetime, proofs: Proofs = NO_PROOFS) -> Mapping[str, int]:
    """The site stands in the folder; returns how many records of each kind it shows.

    Raises:
        PublishError: the folder holds something else, or cannot be written.
    """
    if folder.exists() and not (folder / MARK).is_file() and (not folder.is_dir() or any(folder.iterdir())):
        raise PublishError("publish.website.occupied", folder=folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        try:
            site = _Site(building, now, proofs)
            _fill(site, standing)
            building.chmod(0o755)
            if folder.exists():
                shutil.rmtree(folder)
            building.rename(folder)
        except BaseException:
            shutil.rmtree(building, ignore_errors=True)
            raise
    except OSError as error:
        raise PublishError("publish.website.unwritable", folder=folder, reason=error.strerror or error) from None
    return site.counts


def _fill(site: _Site, standing: Standing) -> None:
    for name in ("data", "en"):
        (site.folder / name).mkdir()
    for section in sections():
        _write_section(site, section, standing(section.kind))
    _write_dictionary(site)
    if site.proofs.bundle is not None:
        shutil.copyfile(site.proofs.bundle, site.folder / "data" / BUNDLE)
    for language in LANGUAGES:
        _write_page(site, language, "index", text("title", language), _index(site, language))
    style = resources.files("inspection_data") / "website" / "site.css"
    (site.folder / "site.css").write_bytes(style.read_bytes())
    facts = {"made_at": site.moment.isoformat(timespec="seconds"), "records": site.counts}
    (site.folder / MARK).write_text(json.dumps(facts, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _write_section(site: _Site, section: Section, announced: Iterable[Announcement]) -> None:
    """CSV, JSON and pages of one kind, in one pass."""
    count = 0
    with ExitStack() as stack:
        table = stack.enter_context(_open(site.folder / "data" / f"{section.file}.csv", "utf-8-sig"))
        lines = csv.writer(table)
        lines.writerow(header(section))
        records = stack.enter_context(_open(site.folder / "data" / f"{section.file}.json", "utf-8"))
        records.write("[")
        pages = [_Pages(site, section, language) for language in LANGUAGES]
        for each in announced:
            record = public_record(section, each)
            lines.writerows(csv_rows(section, record))
            records.write(("," if count else "") + "\n" + json.dumps(record, ensure_ascii=False))
            for page in pages:
                page.add(each)
            count += 1
        records.write("\n]\n")
        for page in pages:
            page.end()
    site.counts[section.kind] = count


def _open(path: Path, encoding: str) -> IO[str]:
    # newline="" is what csv asks for: its own line ends are CRLF, as spreadsheets expect.
    return path.open("w", encoding=encoding, newline="")


class _Pages:
    """The pages of one kind in one language; a page is written when the next one begins."""

    def __init__(self, site: _Site, section: Section, language: Language) -> None:
        self._site, self._section, self._language = site, section, language
        self._rows: list[str] = []
        self._number = 1

    def add(self, announced: Announcement) -> None:
        """One more record."""
        if len(self._rows) == ROWS:
            self._write(has_next=True)
            self._number, self._rows = self._number + 1, []
        cells = (_cell(self._section, fact, announced.payload, self._language) for fact in self._section.page)
        self._rows.append("<tr>" + "".join(cells) + "</tr>")

    def end(self) -> None:
        """The last page is written."""
        self._write(has_next=False)

    def _write(self, *, has_next: bool) -> None:
        language, section = self._language, self._section
        heads = "".join(f'<th scope="col">{html.escape(fact.words(language))}</th>' for fact in section.page)
        body = "\n".join(self._rows)
        table = f'<div class="scroll"><table><thead><tr>{heads}</tr></thead><tbody>\n{body}\n</tbody></table></div>'
        if not self._rows:
            table = f"<p>{text('empty', language)}</p>"
        links = [(self._number - 1, "earlier")] * (self._number > 1) + [(self._number + 1, "later")] * has_next
        moves = "".join(f'<a href="{_page_name(section, to)}.html">{text(word, language)}</a>' for to, word in links)
        pages = f'<p class="pages">{moves}</p>' if moves else ""
        data = _data_links(section, language)
        name = _page_name(section, self._number)
        _write_page(self._site, language, name, section.words(language), f"{data}\n{table}\n{pages}", section)


def _page_name(section: Section, number: int) -> str:
    return section.file if number == 1 else f"{section.file}-{number}"


def _data_links(section: Section, language: Language) -> str:
    up = "" if language == "zh" else "../"
    links = " · ".join(
        f'<a href="{up}data/{section.file}.{kind}">{section.file}.{kind}</a>' for kind in ("csv", "json")
    )
    return f"<p>{text('data', language)}: {links}</p>"


def _cell(section: Section, fact: Fact, facts: Mapping[str, Any], language: Language) -> str:
    value = facts.get(fact.name)
    if fact is section.rows and isinstance(value, list):
        entries = "".join(f"<li>{html.escape(row_words(fact, row, facts, language))}</li>" for row in value)
        return f"<td><ul>{entries}</ul></td>"
    kind = ' class="code"' if fact.name in CODES else ""
    return f"<td{kind}>{html.escape(shown(fact, value, facts, language))}</td>"


def _write_dictionary(site: _Site) -> None:
    """What every column of every file means, as CSV, JSON and a page."""
    rows = [(section, fact) for section in sections() for fact in columns_told(section)]
    with _open(site.folder / "data" / "dictionary.csv", "utf-8-sig") as file:
        lines = csv.writer(file)
        lines.writerow(("file", "column", "zh", "en"))
        lines.writerows((section.file, name, zh, en) for section, (name, zh, en) in rows)
    listed = [{"file": section.file, "column": name, "zh": zh, "en": en} for section, (name, zh, en) in rows]
    told = json.dumps(listed, ensure_ascii=False, indent=1)
    (site.folder / "data" / "dictionary.json").write_text(told + "\n", encoding="utf-8")
    for language in LANGUAGES:
        parts = []
        for section in sections():
            own = [fact for each, fact in rows if each is section]
            lines_ = "".join(
                f'<tr><td class="code">{name}</td><td>{html.escape(zh if language == "zh" else en)}</td></tr>'
                for name, zh, en in own
            )
            head = f'<th scope="col">{text("column", language)}</th><th scope="col">{text("meaning", language)}</th>'
            parts.append(
                f"<h2>{section.words(language)}</h2><table><thead><tr>{head}</tr></thead><tbody>{lines_}</tbody></table>"
            )
        _write_page(site, language, "dictionary", text("dictionary", language), "\n".join(parts))


def _index(site: _Site, language: Language) -> str:
    rows = "".join(
        f'<tr><td><a href="{section.file}.html">{section.words(language)}</a></td>'
        f"<td>{site.counts[section.kind]} {text('records', language)}</td>"
        f"<td>{_data_links(section, language)}</td></tr>"
        for section in sections()
    )
    intro = html.escape(text("intro", language))
    more = f'<p><a href="dictionary.html">{text("dictionary", language)}</a></p>'
    return f"<p>{intro}</p><table><tbody>{rows}</tbody></table>{more}{_proofs(site, language)}"


def _proofs(site: _Site, language: Language) -> str:
    """How to check the draws: the public bundle with its checkers' digests, and the live pages."""
    up, parts = "" if language == "zh" else "../", []
    if site.proofs.bundle is not None:
        digests = "".join(
            f'<li>{html.escape(name)} SHA-256 <span class="code">{digest}</span></li>'
            for name, digest in site.proofs.checkers.items()
        )
        link = f'<a href="{up}data/{BUNDLE}">{BUNDLE}</a>'
        parts.append(f"<p>{html.escape(text('bundle', language))} {link}</p><ul>{digests}</ul>")
    if site.proofs.pages:
        base = html.escape(site.proofs.pages.rstrip("/"))
        links = (f'<a href="{base}/open/{name}">{html.escape(text(name, language))}</a>' for name in LIVE_PAGES)
        parts.append(f"<p>{' · '.join(links)}</p>")
    return f"<h2>{html.escape(text('proofs', language))}</h2>{''.join(parts)}" if parts else ""


def _write_page(
    site: _Site, language: Language, name: str, heading: str, body: str, section: Section | None = None
) -> None:
    other: Language = "en" if language == "zh" else "zh"
    template = Template((resources.files("inspection_data") / "website" / "page.html").read_text(encoding="utf-8"))
    page = template.substitute(
        lang="zh-CN" if language == "zh" else "en",
        other_lang="en" if language == "zh" else "zh-CN",
        up="" if language == "zh" else "../",
        title=text("title", language),
        heading=heading,
        nav=_nav(language, section),
        other=text("other", language),
        other_page=f"en/{name}.html" if other == "en" else f"../{name}.html",
        body=body,
        updated=text("updated", language),
        moment=f"{site.moment:%Y-%m-%d %H:%M}",
    )
    home = site.folder if language == "zh" else site.folder / "en"
    (home / f"{name}.html").write_text(page, encoding="utf-8", newline="\n")


def _nav(language: Language, current: Section | None) -> str:
    mark = {True: ' aria-current="page"', False: ""}
    links = (f'<a href="{each.file}.html"{mark[each is current]}>{each.words(language)}</a>' for each in sections())
    return "".join(links)
