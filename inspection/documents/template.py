"""Papers from templates: Word by a bureau's own template or ours, PDF set in a Chinese font that is really there."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path

from inspection.errors import InputError, PublishError

FONTS: tuple[str, ...] = ("Noto Serif CJK SC", "Noto Sans CJK SC", "Source Han Serif SC", "SimSun", "FangSong")
"""Families with Chinese letters that a PDF can be set in, best first."""


def fill_docx(path: Path, name: str, words: Mapping[str, object], template: Path | None = None) -> None:
    """The words stand in a Word document made from the template: the bureau's own, or the one that comes with us.

    Args:
        name: of our template, such as ``minutes``.

    Raises:
        InputError: the template cannot be read, or asks for something that the paper does not have.
        PublishError: the extra ``docs`` is not installed.
    """
    try:
        from docxtpl import DocxTemplate  # type: ignore[import-untyped]  # it ships no types
        from jinja2 import StrictUndefined, TemplateError
        from jinja2.sandbox import SandboxedEnvironment
    except ImportError:
        raise PublishError("documents.minutes.extra") from None
    path.parent.mkdir(parents=True, exist_ok=True)
    with resources.as_file(resources.files("inspection_data") / "documents" / f"{name}.docx") as own:
        used = template or own
        try:
            document = DocxTemplate(used)
            # Sandboxed: a template handed round by mail is no program.
            rules = SandboxedEnvironment(undefined=StrictUndefined, autoescape=True)
            document.render(dict(words), jinja_env=rules, autoescape=True)
        except (TemplateError, KeyError, ValueError, OSError, SyntaxError, zipfile.BadZipFile) as error:
            raise InputError("documents.minutes.template", path=used, reason=str(error)[:200]) from None
        document.save(path)


def set_pdf(path: Path, name: str, words: Mapping[str, object], fonts: Sequence[Path] = ()) -> None:
    """The words stand in a PDF, set in a Chinese font of the system or of the folders given.

    Args:
        name: of the paper; its source reads the words as JSON from the input of that name.

    Raises:
        PublishError: no such font is found, or the extra ``docs`` is not installed.
    """
    family = chinese_font(fonts)
    import typst

    source = (resources.files("inspection_data") / "documents" / f"{name}.typ").read_bytes()
    inputs = {name: json.dumps(words, ensure_ascii=False), "font": family}
    path.parent.mkdir(parents=True, exist_ok=True)
    searched = typst.Fonts(font_paths=[str(each) for each in fonts])
    path.write_bytes(typst.compile(source, format="pdf", font_paths=searched, sys_inputs=inputs))


def chinese_font(fonts: Sequence[Path] = ()) -> str:
    """The family a PDF will be set in.

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
