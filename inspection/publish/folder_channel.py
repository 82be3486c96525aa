"""Records to a folder, from which others fetch them: signed archives, or exchange workbooks.

A file is complete when it appears. A process killed between writing a file and noting it writes its records once more
in another file: readers go by the keys, which the manifest lists.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from inspection.draw.canonical import canonical_json
from inspection.errors import PublishError
from inspection.outgoing import Outcome
from inspection.publish.archive import make_archive
from inspection.publish.exchange_workbook import workbook_bytes
from inspection.publish.http_channel import Carried, Sender
from inspection.publish.letters import Ready, record_of
from inspection.publish.log_tiles import replace_file
from inspection.publish.targets import Target


class FolderChannel:
    """Puts files into the target's folder."""

    def __init__(self, target: Target, sender: Sender, now: Callable[[], datetime]) -> None:
        self._target, self._sender, self._now = target, sender, now
        if target.settings.folder is None:
            raise PublishError("publish.targets.malformed", path=target.name, faults="folder")
        self._folder: Path = target.settings.folder

    def close(self) -> None:
        """Nothing is kept open."""

    def carry(self, letters: Sequence[Ready]) -> Carried:
        """One file of all the records; its name and digest are the receipt."""
        if not letters:
            return Carried()
        name = self._name(letters)
        try:
            content = self._content(name, letters)
            replace_file(self._folder / name, content)
        except OSError as error:
            return Carried(halt=f"{self._folder}: {error.strerror or error}")
        facts = {"file": name, "sha256": hashlib.sha256(content).hexdigest(), "written_at": self._now().isoformat()}
        receipts = {each.seq: canonical_json(facts | {"key": each.key, "digest": each.digest}) for each in letters}
        return Carried(
            outcomes={
                seq: Outcome(seq=seq, result="delivered", receipt=receipt.decode()) for seq, receipt in receipts.items()
            }
        )

    def _name(self, letters: Sequence[Ready]) -> str:
        """Target, first batch, and a digest of the keys: the same records have the same name."""
        keys = hashlib.sha256("\n".join(each.key for each in letters).encode()).hexdigest()[:12]
        ending = "xlsx" if self._target.adapter.media == "xlsx" else "zip"
        return f"{self._target.name}-{letters[0].parcel.batch}-{keys}.{ending}"

    def _content(self, name: str, letters: Sequence[Ready]) -> bytes:
        adapter = self._target.adapter
        if adapter.media == "xlsx":
            return workbook_bytes(adapter, [(each.parcel.announcement.kind, each.body) for each in letters])
        records = [record_of(each) for each in letters]
        return make_archive(name, adapter.name, self._sender.name, records, self._sender.sign)
