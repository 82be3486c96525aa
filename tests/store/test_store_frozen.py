from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
from expectations import refused

from inspection.store.frozen import PIECE, FrozenFiles


@pytest.fixture
def frozen(tmp_path: Path) -> FrozenFiles:
    return FrozenFiles(tmp_path / "frozen")


@pytest.mark.parametrize("data", [b"", b"firm,pool\n", b"x" * (2 * PIECE + 1)])
def test_bytes_and_file_of_the_same_content_are_one_file(frozen: FrozenFiles, tmp_path: Path, data: bytes) -> None:
    source = tmp_path / "firms.csv"
    source.write_bytes(data)
    digest = frozen.put_bytes(data)
    assert digest == frozen.put_file(source) == hashlib.sha256(data).hexdigest()
    assert frozen.read(digest) == frozen.path(digest, verify=True).read_bytes() == data
    assert [file for file in frozen.folder.rglob("*") if file.is_file()] == [frozen.path(digest)]


def test_kept_file_is_read_only_and_put_again_is_left_alone(frozen: FrozenFiles) -> None:
    path = frozen.path(frozen.put_bytes(b"a"))
    before = path.stat()
    frozen.put_bytes(b"a")
    assert (path.stat().st_ino, path.stat().st_mode & 0o777) == (before.st_ino, 0o444)


def test_file_changed_afterwards_is_refused(frozen: FrozenFiles) -> None:
    digest = frozen.put_bytes(b"month,visits\n2027-04,3\n")
    path = frozen.path(digest)
    path.chmod(0o644)
    path.write_bytes(b"month,visits\n2027-04,4\n")
    frozen.path(digest)
    with refused("store.frozen.changed"):
        frozen.read(digest)
    with refused("store.frozen.changed"):
        frozen.path(digest, verify=True)


def test_file_cut_short_is_put_right_by_putting_it_again(frozen: FrozenFiles) -> None:
    digest = frozen.put_bytes(b"whole")
    frozen.path(digest).unlink()
    frozen.path(frozen.put_bytes(b"whole")).chmod(0o644)
    frozen.path(digest).write_bytes(b"wh")
    assert frozen.put_bytes(b"whole") == digest
    assert frozen.read(digest) == b"whole"


def test_missing_file_is_refused(frozen: FrozenFiles) -> None:
    with refused("store.frozen.missing"):
        frozen.path("0" * 64)


@pytest.mark.parametrize("name", ["../../etc/passwd", "A" * 64, "0" * 63])
def test_name_that_is_no_digest_is_the_callers_mistake(frozen: FrozenFiles, name: str) -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        frozen.path(name)


def test_process_killed_while_putting_leaves_no_torn_file(frozen: FrozenFiles) -> None:
    code = (
        "import sys; from pathlib import Path; from inspection.store.frozen import FrozenFiles\n"
        "frozen = FrozenFiles(Path(sys.argv[1]))\n"
        "for n in range(10**6):\n"
        "    frozen.put_bytes(str(n).encode() * 200_000)\n"
        "    print(n, flush=True)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, frozen.folder], stdout=subprocess.PIPE) as process:
        assert process.stdout
        for _ in range(5):
            process.stdout.readline()
        process.kill()
    kept = [file for file in frozen.folder.rglob("*") if file.is_file() and file.parent.name != "incoming"]
    assert len(kept) >= 5
    for file in kept:
        assert frozen.read(file.name)
    assert len(list((frozen.folder / "incoming").iterdir())) <= 1
