"""QR codes: a checkpoint as the whole signed note, so that whoever scans it can check the signature too; addresses."""

from __future__ import annotations

from pathlib import Path

from inspection.errors import PublishError

SUFFIXES = (".svg", ".png")


def write_qr_code(path: Path, note: str) -> None:
    """The picture is written: SVG or PNG by the file's suffix, error correction M (15 % of it may be damaged).

    Raises:
        PublishError: another suffix, the extra is not installed, or the note is too long for a QR code.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise PublishError("log.qr.suffix", path=path, suffixes=", ".join(SUFFIXES))
    try:
        import segno
    except ModuleNotFoundError:
        raise PublishError("log.qr.extra") from None
    try:
        code = segno.make_qr(note, error="m", encoding="utf-8", boost_error=False)
    except segno.DataOverflowError:
        raise PublishError("log.qr.long", bytes=len(note.encode())) from None
    path.parent.mkdir(parents=True, exist_ok=True)
    code.save(str(path), scale=4, border=4)


def qr_picture(text: str) -> str:
    """The text as a QR code for a page: a ``data:`` address of an SVG.

    Raises:
        PublishError: the extra is not installed.
    """
    try:
        import segno
    except ModuleNotFoundError:
        raise PublishError("log.qr.extra") from None
    picture: str = segno.make_qr(text, error="m").svg_data_uri(scale=8, border=4, light="#fff")
    return picture
