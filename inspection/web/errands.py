"""Errands: work of seconds to minutes, done by a process of its own so that the page goes on answering.

``python -m inspection.web.errands FOLDER ERRAND KIND`` does one and leaves its outcome in the store. Everything it does
is a service call that resumes where it was: an errand interrupted is simply sent again.
"""

from __future__ import annotations

import logging
import os
import secrets
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from inspection import service
from inspection.beacon.ceremony import AttendedCeremony
from inspection.errors import BeaconError, InspectionError
from inspection.office import Office, now
from inspection.steps.line import Silent
from inspection.steps.supplements import present_line
from inspection.store import errands
from inspection.store.errands import Errand
from inspection.web.desk import Desk
from inspection.web.refusal import Refused

logger = logging.getLogger(__name__)

Kind = Literal["run"]
"""``run``: the plan is taken as far as it goes without people."""

BEAT = 10.0
"""Seconds between signs of life."""


def send(desk: Desk, kind: Kind, account: str) -> Errand:
    """The errand is on its way.

    Raises:
        Refused: 409, one of its kind is running.
    """
    at = desk.clock()
    errand = Errand(
        errand=secrets.token_hex(8), kind=kind, account=account, state="running", outcome={}, begun_at=at, alive_at=at
    )
    with desk.store.writing() as connection:
        other = errands.running(connection, kind, at)
        if other is not None:
            raise Refused(409, "web.errand.running", errand=other.errand)
        errands.begin(connection, errand)
    folder = str(desk.office.workspace.folder.resolve())
    command = [sys.executable, "-m", "inspection.web.errands", folder, errand.errand, kind]
    subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True)
    return errand


def main(folder: str, name: str, kind: str) -> None:
    """Do the errand; whatever happens, the store knows what came of it."""
    office = Office.opened(Path(folder))
    with _signs_of_life(office, name):
        state, outcome = _outcome(office, kind)
    with office.workspace.store.writing() as connection:
        errands.end(connection, name, state, outcome, now())


def _outcome(office: Office, kind: str) -> tuple[errands.State, Mapping[str, Any]]:
    try:
        if kind != "run":
            raise ValueError(kind)
        return "done", _run(office)
    except InspectionError as error:
        is_waiting = isinstance(error, BeaconError) and error.code.endswith(".waiting")
        words = {"code": error.code, "zh": error.text("zh"), "en": error.text("en")}
        return ("waiting" if is_waiting else "failed"), words
    except Exception:
        logger.exception("an errand failed", extra={"event": "errand.failed", "kind": kind})
        failed = InspectionError("web.error.500")
        return "failed", {"code": failed.code, "zh": failed.text("zh"), "en": failed.text("en")}


def _run(office: Office) -> Mapping[str, Any]:
    line, discarded = office.start(Silent())
    line = present_line(line)
    service.plan_year(line, AttendedCeremony(), processes=os.cpu_count() or 1)
    return {"plan": line.name, "discarded": discarded}


@contextmanager
def _signs_of_life(office: Office, name: str) -> Iterator[None]:
    over = threading.Event()

    def beat() -> None:
        while not over.wait(BEAT):
            with office.workspace.store.writing() as connection:
                errands.is_alive(connection, name, now())

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


if __name__ == "__main__":
    main(*sys.argv[1:4])
