"""Commands ``inspection papers …``: announcement, check notices, on-site records, and their templates."""

from __future__ import annotations

from pathlib import Path

import click

from inspection.console.options import Language, workspace_option
from inspection.documents.visit_papers import PaperName
from inspection.errors import InputError, StoreError, message

pdf_option = click.option("--pdf/--docx", "is_pdf", default=False, help="PDF，默认 Word PDF rather than Word.")
folder_option = click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), default=Path(), help="文件夹 folder."
)
site_option = click.option("--site", default="", metavar="URL", help="检查码指向的公开网址 public address of the page.")
month_option = click.option("--month", metavar="YYYY-MM", help="该月全部检查 all visits of the month.")


@click.group()
def papers() -> None:
    """公告、检查通知书、现场检查笔录（Word 或 PDF）。 Announcement, check notices, on-site records."""


@papers.command()
@workspace_option
@folder_option
@pdf_option
@click.pass_obj
def announcement(lang: Language, /, workspace: Path, out: Path, is_pdf: bool) -> None:
    """抽查计划公告。 The announcement of the plan.

    \b
    inspection papers announcement --out 公告
    """
    _write(workspace, "announcement", [""], out, is_pdf, "", lang)


@papers.command()
@workspace_option
@click.argument("visits", nargs=-1, metavar="VISIT…")
@month_option
@folder_option
@pdf_option
@site_option
@click.pass_obj
def notice(
    lang: Language, /, workspace: Path, visits: tuple[str, ...], month: str | None, out: Path, is_pdf: bool, site: str
) -> None:
    """检查通知书，一次检查一份。 Check notices, one a visit.

    \b
    inspection papers notice V0001 V0002 --out 通知书
    inspection papers notice --month 2027-05 --pdf --out 通知书
    """
    _write(workspace, "notice", _labels(workspace, visits, month), out, is_pdf, site, lang)


@papers.command()
@workspace_option
@click.argument("visits", nargs=-1, metavar="VISIT…")
@month_option
@folder_option
@pdf_option
@click.pass_obj
def record(
    lang: Language, /, workspace: Path, visits: tuple[str, ...], month: str | None, out: Path, is_pdf: bool
) -> None:
    """现场检查笔录：已录入的结果填好，其余留空。 On-site records: findings entered are filled in, the rest is blank.

    \b
    inspection papers record V0001 --pdf
    """
    _write(workspace, "record", _labels(workspace, visits, month), out, is_pdf, "", lang)


@papers.command()
@workspace_option
@click.argument("name", type=click.Choice(["announcement", "notice", "record", "minutes"]))
@click.pass_obj
def template(lang: Language, /, workspace: Path, name: str) -> None:
    """把自带的模板放进工作区，供修改。 Put our template in the workspace, to be edited.

    \b
    inspection papers template notice
    """
    from importlib import resources

    from inspection.office import Office

    path = Office.opened(workspace).workspace.folder / f"{name}.docx"
    if path.exists():
        raise StoreError("papers.template.taken", path=path)
    path.write_bytes((resources.files("inspection_data") / "documents" / f"{name}.docx").read_bytes())
    click.echo(message("papers.template", lang, path=path))


def _labels(workspace: Path, visits: tuple[str, ...], month: str | None) -> list[str]:
    """The visits named, or all open ones of a month."""
    from inspection.office import Office
    from inspection.work.visit_sheet import open_labels

    labels = list(visits)
    if month is not None:
        labels += open_labels(Office.opened(workspace).line(), month)
    if not labels:
        raise InputError("papers.none")
    return labels


def _write(
    workspace: Path, name: PaperName, labels: list[str], out: Path, is_pdf: bool, site: str, language: Language
) -> None:
    from inspection.office import Office, now
    from inspection.work import paper_steps

    line = Office.opened(workspace).line()
    for label in labels:
        path = out / paper_steps.file_name(line, name, label, ".pdf" if is_pdf else ".docx")
        paper_steps.write(line, name, label, path, now().date(), site)
        click.echo(message("papers.made", language, path=path))
