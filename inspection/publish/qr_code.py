"""A checkpoint as a QR code: the whole signed note, so that whoever scans it can check the signature too."""

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
