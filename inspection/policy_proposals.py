"""The policy file changed by two people: one proposes, another approves, and only then is the file another one."""

from __future__ import annotations

import hashlib
import os
import tempfile
from datetime import datetime
from pathlib import Path

from inspection.errors import StoreError
from inspection.office import Office
from inspection.rules.policy import parse_policy
from inspection.store import proposals
from inspection.store.proposals import Proposal


def propose_policy(office: Office, text: str, by: str, now: datetime) -> Proposal:
    """The rules wait for a second person's approval.

    Raises:
        InputError, RuleError: they cannot be used; every fault is named.
        StoreError: they are those in force, or wait already.
    """
    parse_policy(text, office.policy_file.name)
    present = office.policy_file.read_bytes()
    if present == text.encode():
        raise StoreError("store.proposal.same")
    with office.workspace.store.writing() as connection:
        return proposals.propose(connection, text, hashlib.sha256(present).hexdigest(), by, now)


def approve_policy(office: Office, number: int, by: str, now: datetime) -> Proposal:
    """The rules are in force: they stand in the policy file. A committed plan keeps its own.

    The file is moved into place inside the transaction, last: a process killed before leaves the proposal waiting and
    the old file, one killed after the move leaves it waiting with the new file, and approving again ends it.

    Raises:
        StoreError: there is no such proposal, it was decided, the same person asked for it, or the file was changed
            since it was made.
    """
    with office.workspace.store.writing() as connection:
        made = proposals.decide(connection, number, "approved", by, now)
        parse_policy(made.text, office.policy_file.name)
        present = hashlib.sha256(office.policy_file.read_bytes()).hexdigest()
        if present not in (made.base, hashlib.sha256(made.text.encode()).hexdigest()):
            raise StoreError("store.proposal.overtaken", number=number)
        _replace(office.policy_file, made.text.encode())
    return made


def refuse_policy(office: Office, number: int, by: str, now: datetime) -> Proposal:
    """The rules stay as they are; StoreError as ``approve_policy``."""
    with office.workspace.store.writing() as connection:
        return proposals.decide(connection, number, "refused", by, now)


def _replace(path: Path, data: bytes) -> None:
    """The file holds the bytes, durable; a reader finds the old ones or the new."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    Path(name).chmod(0o644)
    Path(name).replace(path)
