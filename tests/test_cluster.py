"""A real scheduler and real workers, as processes: the same plan as at home, through kills, over TLS."""

from __future__ import annotations

import hashlib
import ipaddress
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from inspection import service
from inspection.beacon.ceremony import UnattendedCeremony
from inspection.demo.county import CountySize, write_county
from inspection.errors import InputError, PlanError
from inspection.office import Office
from inspection.steps import cluster as clusters
from inspection.steps.cluster import Cluster, ClusterCrew, run_marked
from inspection.steps.workers import Desk, code_mark, run_here, run_on
from inspection.store.answers import Answers

ROOT = Path(__file__).parents[1]
HERE = Path(__file__).parent


def slow_double(number: int) -> int:
    time.sleep(0.3)
    return 2 * number


def die_at_three(number: int) -> int:
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


class Machines:
    """A scheduler and its workers; ``address`` is the scheduler's."""

    def __init__(self, folder: Path, tls: tuple[str, ...] = (), *, nanny: bool = False) -> None:
        self._folder, self._tls, self._nanny = folder, tls, nanny
        self.address = ""
        self.scheduler: subprocess.Popen[bytes] | None = None
        self.workers: list[subprocess.Popen[bytes]] = []

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        paths = os.pathsep.join([str(ROOT), str(HERE), os.environ.get("PYTHONPATH", "")])
        settings = {"PYTHONPATH": paths, "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1"}
        with (self._folder / "cluster.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", *arguments, *self._tls],
                env={**os.environ, **settings},
                stdout=log,
                stderr=log,
                cwd=self._folder,
            )

    def open(self, workers: int) -> None:
        told = self._folder / "scheduler.json"
        listen = ["--host", f"{'tls' if self._tls else 'tcp'}://127.0.0.1", "--port", "0", "--no-dashboard"]
        self.scheduler = self.start("distributed.cli.dask_scheduler", *listen, "--scheduler-file", str(told))
        for _ in range(300):
            if told.exists() and told.read_text():
                break
            time.sleep(0.05)
        self.address = json.loads(told.read_text())["address"]
        kind = "--nanny" if self._nanny else "--no-nanny"
        limits = ["--nthreads", "1", "--death-timeout", "30", "--no-dashboard", "--local-directory", str(self._folder)]
        self.workers = [
            self.start(
                "distributed.cli.dask_worker", self.address, kind, *limits, "--local-directory", str(self._folder)
            )
            for _ in range(workers)
        ]

    def close(self) -> None:
        for process in [*self.workers, self.scheduler]:
            if process is not None and process.poll() is None:
                process.terminate()
        for process in [*self.workers, self.scheduler]:
            if process is not None:
                try:
                    process.wait(3)
                except subprocess.TimeoutExpired:
                    # A worker that has lost its scheduler takes its time.
                    process.kill()
                    process.wait()


@contextmanager
def machines(folder: Path, workers: int = 2, **options: object) -> Iterator[Machines]:
    running = Machines(folder, **options)  # type: ignore[arg-type] # passed on as given
    try:
        running.open(workers)
        yield running
    finally:
        running.close()


def crew(running: Machines) -> ClusterCrew:
    return ClusterCrew(Cluster(address=running.address))


class KillingWatcher:
    """Kills a worker once the quotas of some counties, not of all, are solved."""

    def __init__(self, victim: subprocess.Popen[bytes]) -> None:
        self.victim, self.step, self.seen = victim, "", []

    def begin(self, step: str) -> None:
        self.step = step

    def advance(self, done: int, total: int) -> None:
        if self.step.endswith("quotas"):
            self.seen.append((done, total))
            if 0 < done < total and self.victim.poll() is None:
                self.victim.kill()
                self.victim.wait()

    def end(self, step: str, seconds: float) -> None:
        pass


def plan(folder: Path, watcher: object = None, **where: object) -> dict[str, str]:
    """The payloads of all steps of the year planned in a workspace, with secrets, dice and clock always the same."""
    office = Office.opened(folder)
    rules = office.policy().ceremony
    ceremony = UnattendedCeremony(
        parties=rules.parties,
        algorithm=rules.digest,
        is_sealed=rules.seal,
        token=lambda: hashlib.sha256(b"secret").hexdigest(),
        die=lambda: 4,
    )

    def clock() -> datetime:
        return datetime(2027, 1, 5, tzinfo=UTC) + timedelta(hours=len(office.workspace.log.lines()))

    service.renew_plan(office.workspace, office.policy(), office.snapshot(), clock())
    line = service.open_line(office.workspace, None, clock, watcher)  # type: ignore[arg-type] # a watcher of the test
    service.plan_year(line, ceremony, **where)  # type: ignore[arg-type] # passed on as given
    assert not (folder / service.ANSWERS).exists()
    return {step.name: json.dumps(dict(step.payload), sort_keys=True) for step in line.workspace.store.steps(line.name)}


@pytest.mark.slow
def test_a_worker_killed_amid_a_prefecture_leaves_the_plan_of_one_process(tmp_path):
    size = CountySize(firms=9_000, inspectors=180, agencies=8, items=80, tasks=40, counties=3)
    files = write_county(tmp_path / "registers", size)
    office = Office.found(tmp_path / "here", origin="open-draw.example/prefecture", policy=files.policy)
    office.import_files(files.registers, mappings={}, as_of=date(2027, 1, 1), strict=True)
    office.workspace.store.close()
    shutil.copytree(tmp_path / "here", tmp_path / "there")
    with machines(tmp_path) as running:
        watcher = KillingWatcher(running.workers[0])
        spread = plan(tmp_path / "there", watcher, cluster=crew(running))
        assert running.workers[0].poll() == -signal.SIGKILL and running.workers[1].poll() is None
    assert [done for done, _ in watcher.seen] == list(range(4)) and watcher.seen[-1] == (3, 3)
    assert spread == plan(tmp_path / "here")


@pytest.mark.slow
def test_a_problem_that_kills_its_workers_is_named_and_the_others_are_solved(tmp_path):
    answers = Answers(tmp_path / "answers", "mark")
    with machines(tmp_path, nanny=True) as running:
        desk = Desk(work=die_at_three, problems=list(range(6)), answers=answers)
        run_on(crew(running), desk)
    with pytest.raises(PlanError, match=r"#4.*KilledWorker") as caught:
        desk.results()
    # A neighbour that sat on the same worker each time it was killed may be given up with it; it is told, not lost.
    kept = [answers.find("die_at_three", number) for number in range(6)]
    assert caught.value.code == "workers.failed" and caught.value.params["done"] == 6 - kept.count(None) >= 4
    assert kept[3] is None and all(answer in (None, (number,)) for number, answer in enumerate(kept))


@pytest.mark.slow
def test_a_lost_scheduler_ends_the_run_and_what_is_solved_is_kept(tmp_path, monkeypatch):
    answers = Answers(tmp_path / "answers", "mark")
    with machines(tmp_path) as running:

        def lose(done: int, total: int) -> None:
            if done == 3 and running.scheduler is not None:
                monkeypatch.setattr(clusters, "CONNECT", 1)
                running.scheduler.kill()

        with pytest.raises(PlanError) as caught:
            run_on(crew(running), Desk(work=slow_double, problems=list(range(12)), answers=answers, progress=lose))
    assert caught.value.code == "cluster.unreachable"
    again = Desk(work=slow_double, problems=list(range(12)), answers=answers)
    assert 3 <= len(again.done) < 12
    run_here(again)
    assert again.results() == [2 * number for number in range(12)]


@pytest.mark.slow
def test_tls_lets_in_who_has_a_certificate_and_nobody_else(tmp_path, monkeypatch):
    ca, certificate, key = certificates(tmp_path / "ours")
    foreign = certificates(tmp_path / "foreign")
    tls = ("--tls-ca-file", str(ca), "--tls-cert", str(certificate), "--tls-key", str(key))
    with machines(tmp_path, 1, tls=tls) as running:
        ours = ClusterCrew(Cluster(address=running.address, ca=ca, certificate=certificate, key=key))
        desk = Desk(work=slow_double, problems=[1, 2])
        run_on(ours, desk)
        assert desk.results() == [2, 4]
        monkeypatch.setattr(clusters, "CONNECT", 2)
        other = Cluster(address=running.address, ca=foreign[0], certificate=foreign[1], key=foreign[2])
        with pytest.raises(PlanError) as caught:
            ClusterCrew(other).opened().__enter__()
    assert caught.value.code == "cluster.unreachable"


def certificates(folder: Path) -> tuple[Path, Path, Path]:
    """An authority, and a certificate for 127.0.0.1 with its key, as PEM files."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    folder.mkdir()
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    names = [x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]) for name in ("authority", "127.0.0.1")]
    paths = folder / "ca.pem", folder / "cert.pem", folder / "key.pem"
    now = datetime.now(UTC)
    for number in range(2):
        built = (
            x509.CertificateBuilder()
            .subject_name(names[number])
            .issuer_name(names[0])
            .public_key(keys[number].public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=number == 0, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
            .sign(keys[0], hashes.SHA256())
        )
        paths[number].write_bytes(built.public_bytes(serialization.Encoding.PEM))
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    paths[2].write_bytes(keys[1].private_bytes(serialization.Encoding.PEM, *plain))
    return paths


@pytest.mark.slow
def test_a_scheduler_without_workers_is_an_error_with_the_command_to_start_one(tmp_path, monkeypatch):
    monkeypatch.setattr(clusters, "ARRIVAL", 1)
    with machines(tmp_path, 0) as running, pytest.raises(PlanError, match="dask worker") as caught:
        crew(running).opened().__enter__()
    assert caught.value.code == "cluster.workers.none"


def test_nobody_at_the_address_is_an_error_with_the_next_step(monkeypatch):
    monkeypatch.setattr(clusters, "CONNECT", 1)
    with pytest.raises(PlanError) as caught, ClusterCrew(Cluster(address="tcp://127.0.0.1:9")).opened():
        pass
    assert caught.value.code == "cluster.unreachable"


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("10.0.0.1:8786", "cluster.address"),
        ("http://10.0.0.1:8786", "cluster.address"),
        ("tcp://10.0.0.1", "cluster.address"),
        ("tcp://10.0.0.1:8786", "cluster.plain"),
        ("tcp://scheduler.example:8786", "cluster.plain"),
        ("tls://10.0.0.1:8786", "cluster.certificates"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_with_the_reason(address, code):
    with pytest.raises(InputError) as caught:
        Cluster(address=address)
    assert caught.value.code == code


def test_certificate_files_that_are_missing_are_all_named(tmp_path):
    paths = [tmp_path / name for name in ("ca", "cert", "key")]
    paths[1].touch()
    with pytest.raises(InputError) as caught:
        Cluster(address="tls://10.0.0.1:8786", ca=paths[0], certificate=paths[1], key=paths[2])
    assert caught.value.params["paths"] == f"{paths[0]}, {paths[2]}"


def test_a_worker_of_other_code_refuses_to_answer():
    assert run_marked(code_mark(), slow_double, 4) == 8
    with pytest.raises(PlanError) as caught:
        run_marked("other", slow_double, 4)
    assert caught.value.code == "cluster.code"
