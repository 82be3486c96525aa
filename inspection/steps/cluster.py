"""A Dask cluster as the crew that solves independent problems: same code, same answers, more machines.

Workers unpickle what they are sent, so whoever reaches a worker runs code there: beyond this machine only connections
with TLS and client certificates are used.
"""

from __future__ import annotations

import functools
import importlib
import ipaddress
import platform
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inspection.errors import InputError, PlanError
from inspection.steps.workers import code_mark

CONNECT = 10
"""Seconds the scheduler has to answer."""
ARRIVAL = 30
"""Seconds a scheduler may be without its first worker."""
PATIENCE = 60.0
"""Seconds without any worker after which the run stops; what is solved is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Where the scheduler is, and the files that prove who we are.

    Raises:
        InputError: the address is none; it is beyond this machine without TLS; TLS without its three files.
    """

    address: str
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    def __post_init__(self) -> None:
        scheme, separator, place = self.address.partition("://")
        host, colon, port = place.rpartition(":")
        if scheme not in ("tcp", "tls") or not separator or not host or not colon or not port.isdigit():
            raise InputError("cluster.address", address=self.address)
        if scheme == "tcp" and not _is_here(host):
            raise InputError("cluster.plain", address=self.address)
        given = (self.ca, self.certificate, self.key)
        if scheme == "tls" and not all(given):
            raise InputError("cluster.certificates", address=self.address)
        if missing := [str(path) for path in given if path and not path.is_file()]:
            raise InputError("cluster.file", paths=", ".join(missing))


class ClusterCrew:
    """Hands the problems of one run to the workers of a scheduler."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._client: Any = None
        self._alone_since: float | None = None

    @contextmanager
    def opened(self) -> Iterator[Executor]:
        """The scheduler's executor; every worker there runs our code.

        Raises:
            PlanError: the scheduler does not answer, has no worker, or a worker runs other code.
        """
        with self._reaching():
            client = _distributed().Client(
                self._cluster.address, security=self._security(), timeout=CONNECT, set_as_default=False
            )
        self._client, self._alone_since = client, None
        try:
            with self._reaching():
                _await_workers(client, self._cluster.address)
                _refuse_other_code(client, code_mark())
            yield client.get_executor(pure=False)
        finally:
            # Work still handed out is of no use to anybody once we go.
            client.close(timeout=CONNECT)
            self._client = None

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        try:
            yield
        except (OSError, TimeoutError, ValueError) as error:
            reason = str(error) or type(error).__name__
            raise PlanError("cluster.unreachable", address=self._cluster.address, reason=reason) from error

    def job(self, work: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """The work behind a check that the worker runs our code: workers may join at any time."""
        return functools.partial(run_marked, code_mark(), work)

    def check(self) -> None:
        """Look for workers.

        Raises:
            PlanError: there has been none for ``PATIENCE`` seconds.
        """
        if self._client is None or self._client.status != "running" or self._client.nthreads():
            self._alone_since = None
            return
        self._alone_since = self._alone_since or time.monotonic()
        if time.monotonic() - self._alone_since > PATIENCE:
            raise PlanError("cluster.workers.gone", address=self._cluster.address, seconds=int(PATIENCE))

    def _security(self) -> Any:
        if self._cluster.ca is None:
            return None
        return _distributed().Security(
            require_encryption=True,
            tls_ca_file=str(self._cluster.ca),
            tls_client_cert=str(self._cluster.certificate),
            tls_client_key=str(self._cluster.key),
        )


def _distributed() -> Any:
    """The library, which is an extra and takes a second to load."""
    try:
        return importlib.import_module("distributed")
    except ImportError as error:
        raise PlanError("cluster.extra") from error


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _await_workers(client: Any, address: str) -> None:
    try:
        client.wait_for_workers(1, timeout=ARRIVAL)
    except TimeoutError as error:
        raise PlanError("cluster.workers.none", address=address) from error


def _refuse_other_code(client: Any, mark: str) -> None:
    """Every worker runs the code of this machine, or the run does not begin."""
    marks = client.run(code_mark, on_error="return")
    others = {worker: found for worker, found in marks.items() if found != mark}
    if others:
        worker, found = min(others.items())
        raise PlanError("cluster.code", workers=", ".join(sorted(others)), worker=worker, expected=mark, got=found)


def run_marked(mark: str, work: Callable[[Any], Any], problem: Any) -> Any:
    """The answer of the work, from a worker that runs the code of that mark.

    Raises:
        PlanError: it runs other code, whose answers might differ.
    """
    found = code_mark()
    if found != mark:
        raise PlanError("cluster.code", workers=platform.node(), worker=platform.node(), expected=mark, got=found)
    return work(problem)
