"""A bureau, a witness, and a web server for tiles."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from log_bureau import Bureau, Witness, bureau, run, witness  # noqa: F401 - fixtures


class _Quiet(SimpleHTTPRequestHandler):
    """Serves a folder; under ``/gzip`` it says that what it sends is packed, which the tests see to."""

    def translate_path(self, path: str) -> str:
        self.is_packed = path.startswith("/gzip/")
        return super().translate_path(path.removeprefix("/gzip"))

    def end_headers(self) -> None:
        packed = Path(self.translate_path(self.path))
        if self.is_packed and packed.is_file() and packed.read_bytes()[:2] == b"\x1f\x8b":
            self.send_header("Content-Encoding", "gzip")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def serve() -> Iterator[Callable[[Path], str]]:
    """Serves a folder on this machine; its address."""
    servers: list[ThreadingHTTPServer] = []

    def start(folder: Path) -> str:
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_address[1]}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()
