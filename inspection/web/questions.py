"""Questions about other rules: answered by a process of its own, which tells how far it is and stops when overtaken.

``python -m inspection.web.questions FOLDER ERRAND`` answers one: the rules asked about stand in the errand's outcome.
Nothing is stored but the answer; the plan does not know that it was asked about.
"""

from __future__ import annotations

import logging
import os
import secrets
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from inspection.errors import InspectionError, Language, message
from inspection.office import Office, now
from inspection.planning.quotas import Spreader
from inspection.questions.machine_facts import comparison_facts, plain
from inspection.questions.whatif import Comparison, Variant, compare
from inspection.rules.policy import parse_policy
from inspection.store import errands
from inspection.store.errands import Errand
from inspection.web.comparison_rows import comparison_rows
from inspection.web.desk import Desk

logger = logging.getLogger(__name__)

KIND = "whatif"
BEAT = 1.0
"""Seconds between two looks at whether the question still stands."""
LANGUAGES: tuple[Language, ...] = ("zh", "en")


def ask(desk: Desk, text: str, account: str) -> Errand:
    """The question what a policy file would come to is on its way; one the account asked before is dropped.

    Raises:
        InputError, RuleError: the file is no policy; every fault is named.
    """
    parse_policy(text)
    at = desk.clock()
    errand = Errand(
        errand=secrets.token_hex(8),
        kind=KIND,
        account=account,
        state="running",
        outcome={"policy": text},
        begun_at=at,
        alive_at=at,
    )
    with desk.store.writing() as connection:
        errands.end_others(connection, KIND, account, _words(InspectionError("planner.whatif.overtaken")), at)
        errands.begin(connection, errand)
    folder = str(desk.office.workspace.folder.resolve())
    command = [sys.executable, "-m", "inspection.web.questions", folder, errand.errand]
    # A thread waits for the process, so that none is left behind as a zombie.
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True)
    threading.Thread(target=child.wait, daemon=True).start()
    return errand


def main(folder: str, name: str) -> None:
    """Answer the question; whatever happens, the store knows what came of it."""
    office = Office.opened(Path(folder))
    with office.workspace.store.reading() as connection:
        errand = errands.find_errand(connection, name)
    if errand is None or errand.state != "running":
        return
    text = errand.outcome["policy"]
    with _while_it_stands(office, name, text) as far:
        state, outcome = _outcome(office, text, far)
    with office.workspace.store.writing() as connection:
        if errands.tell(connection, name, {}, now()):
            errands.end(connection, name, state, {"policy": text, **outcome}, now())


def _outcome(office: Office, text: str, far: Far) -> tuple[errands.State, Mapping[str, Any]]:
    try:
        return "done", answer(office, text, far.spreads)
    except InspectionError as error:
        return "failed", _words(error)
    except Exception:
        logger.exception("a question failed", extra={"event": "errand.failed", "kind": KIND})
        return "failed", _words(InspectionError("web.error.500"))


def answer(office: Office, text: str, spreads: Callable[[int], AbstractContextManager[Spreader]]) -> Mapping[str, Any]:
    """The plan as it stands and under the policy file's text, side by side, in both languages.

    Raises:
        InputError, RuleError, StoreError: as ``whatif.compare``.
    """
    with tempfile.TemporaryDirectory(prefix="whatif-") as folder:
        path = Path(folder) / "policy.toml"
        path.write_text(text, encoding="utf-8")
        variants = [Variant(name="-", policy=path)]
        found = compare(office, "-", variants, now().date(), spreads)
    return {language: _facts(found, language) for language in LANGUAGES}


def _facts(found: Comparison, language: Language) -> Mapping[str, Any]:
    facts = plain(comparison_facts(found, language))
    return {
        "committed": facts["committed"],
        "rows": comparison_rows(found.cases, language),
        "names": [message(name, language) for name in ("whatif.standing", "whatif.changed")],
        "shortages": [case.get("shortage", "") for case in facts["cases"]],
        "remedies": facts["cases"][-1].get("remedies", []),
    }


def _words(error: InspectionError) -> Mapping[str, Any]:
    return {"code": error.code, "error": {language: error.text(language) for language in LANGUAGES}}


@dataclass
class Far:
    """How far an answer is: problems solved of how many; 0 of 0 while the registers are read."""

    done: int = 0
    total: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    def spreads(self, problems: int) -> AbstractContextManager[Spreader]:
        """One problem after the other, counted."""
        self.total = problems

        def run(work: Callable[[Any], Any], given: Iterable[Any]) -> Iterator[Any]:
            for problem in given:
                found = work(problem)
                self.done += 1
                yield found

        return nullcontext(run)


@contextmanager
def _while_it_stands(office: Office, name: str, text: str) -> Iterator[Far]:
    """The store is told how far it is; when the question was dropped, this process ends."""
    far = Far()

    def beat() -> None:
        while not far.over.wait(BEAT):
            with office.workspace.store.writing() as connection:
                told = {"policy": text, "done": far.done, "total": far.total}
                stands = errands.tell(connection, name, told, now())
            if not stands:
                # The solver cannot be interrupted, and nothing is half written.
                os._exit(0)

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield far
    finally:
        far.over.set()
        thread.join()


if __name__ == "__main__":
    main(*sys.argv[1:3])
