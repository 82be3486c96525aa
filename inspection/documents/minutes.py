"""Minutes of a draw (抽取记录): what a bureau prints, signs and keeps, as .docx from its own template and as PDF."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path

from inspection.errors import InputError, PublishError

FONTS: tuple[str, ...] = ("Noto Serif CJK SC", "Noto Sans CJK SC", "Source Han Serif SC", "SimSun", "FangSong")
"""Families with Chinese letters that the PDF can be set in, best first."""

TEMPLATE = "minutes.docx"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyMinutes:
    """A party's part in the draw; ``how`` says how its secret was opened."""

    name: str
    commitment: str
    secret: str
    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Minutes:
    """Everything the minutes state; texts as printed, digests as lower-case hex.

    Attributes:
        outcome: what came of the draw: rows and root, or that it was given up and why.
        inputs: (file, digest) as committed to.
        public: (what it is, its value, what proves it); empty texts where no public value counted.
        times: (event, time with offset) in order.
        checkpoints: (size, root) of those published from the commitment on.
        remarks: what must be read with it, such as that it was a rehearsal.
    """

    title: str
    plan: str
    draw: str
    kind: str
    digest: str
    commitment: str
    inputs: tuple[tuple[str, str], ...]
    parties: tuple[PartyMinutes, ...]
    public: tuple[str, str, str]
    rule: str
    seed: str
    outcome: str
    root: str
    times: tuple[tuple[str, str], ...]
    log: str
    checkpoints: tuple[tuple[str, str], ...]
    remarks: tuple[str, ...]


def write_docx(path: Path, minutes: Minutes, template: Path | None = None) -> None:
    """The minutes stand in a Word document made from the template: the bureau's own, or the one that comes with us.

    Raises:
        InputError: the template cannot be read, or asks for something that minutes do not have.
        PublishError: the extra ``docs`` is not installed.
    """
    try:
        from docxtpl import DocxTemplate  # type: ignore[import-untyped]  # it ships no types
        from jinja2 import StrictUndefined, TemplateError
        from jinja2.sandbox import SandboxedEnvironment
    except ImportError:
        raise PublishError("documents.minutes.extra") from None
    path.parent.mkdir(parents=True, exist_ok=True)
    with resources.as_file(resources.files("inspection_data") / "documents" / TEMPLATE) as own:
        used = template or own
        try:
            document = DocxTemplate(used)
            # Sandboxed: a template handed round by mail is no program.
            rules = SandboxedEnvironment(undefined=StrictUndefined, autoescape=True)
            document.render(_words(minutes), jinja_env=rules, autoescape=True)
        except (TemplateError, KeyError, ValueError, OSError, SyntaxError, zipfile.BadZipFile) as error:
            raise InputError("documents.minutes.template", path=used, reason=str(error)[:200]) from None
        document.save(path)


def write_pdf(path: Path, minutes: Minutes, fonts: Sequence[Path] = ()) -> None:
    """The minutes stand in a PDF, set in a Chinese font of the system or of the folders given.

    Raises:
        PublishError: no such font is found, or the extra ``docs`` is not installed.
    """
    family = chinese_font(fonts)
    import typst

    source = (resources.files("inspection_data") / "documents" / "minutes.typ").read_bytes()
    inputs = {"minutes": json.dumps(_words(minutes), ensure_ascii=False), "font": family}
    path.parent.mkdir(parents=True, exist_ok=True)
    searched = typst.Fonts(font_paths=[str(each) for each in fonts])
    path.write_bytes(typst.compile(source, format="pdf", font_paths=searched, sys_inputs=inputs))


def chinese_font(fonts: Sequence[Path] = ()) -> str:
    """The family the PDF will be set in.

    Raises:
        PublishError: none of those known is installed; which package brings one.
    """
    try:
        import typst
    except ImportError:
        raise PublishError("documents.minutes.extra") from None
    present = set(typst.Fonts(font_paths=[str(each) for each in fonts]).families())
    found = next((family for family in FONTS if family in present), None)
    if found is None:
        raise PublishError("documents.fonts.missing", known=", ".join(FONTS))
    return found


def _words(minutes: Minutes) -> dict[str, object]:
    """The minutes as templates read them: names and lists of texts."""
    words: dict[str, object] = asdict(minutes)
    return words | {
        "public": dict(zip(("what", "value", "proof"), minutes.public, strict=True)),
        "inputs": [{"file": file, "digest": digest} for file, digest in minutes.inputs],
        "times": [{"event": event, "time": time} for event, time in minutes.times],
        "checkpoints": [{"size": size, "root": root} for size, root in minutes.checkpoints],
    }
