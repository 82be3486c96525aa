"""A reference receiver of the network's side: checks signature, form, order and doubles, and answers with receipts.

For tests, trials and as a description in code of what a receiver must do for each record to be kept exactly once. It
may be told to fail in every way (``receiver_faults``).
"""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

from inspection.draw.canonical import canonical_json
from inspection.publish.letters import ANSWER, FORMAT
from inspection.publish.receiver_faults import Fault, Faults
from inspection.publish.receiver_store import ReceiverStore
from inspection.publish.signatures import Check, fault_of

MOST_BYTES = 32 * 1024 * 1024
MOST_RECORDS = 1_000
IDLE_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Reception:
    """What a receiver works with: whom it believes (key id → public key), and how it fails."""

    store: ReceiverStore
    senders: Mapping[str, bytes]
    check: Check
    now: Callable[[], datetime]
    faults: Faults


class ReceiverServer(ThreadingHTTPServer):
    """Listens; ``url`` is where records go."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], reception: Reception, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(address, _Handler)
        self.reception = reception
        self.stopping = threading.Event()
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"{'https' if tls else 'http'}://{self.server_name_shown}:{self.server_port}/records"

    @property
    def server_name_shown(self) -> str:
        """The address as a URL shows it."""
        host = str(self.server_address[0])
        return f"[{host}]" if ":" in host else host

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away, or one that is not believed by TLS, is no event."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ReceiverServer
    timeout = IDLE_SECONDS

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is written: paths hold keys of records."""

    def do_GET(self) -> None:
        """``/status``: counts; ``/receipts/KEY``: the receipt of a key, 404 where nothing was received under it."""
        store = self.server.reception.store
        if self.path == "/status":
            faults = {f"fault_{name}": count for name, count in sorted(self.server.reception.faults.counts.items())}
            self._answer(200, store.status() | faults)
            return
        key = unquote(self.path.removeprefix("/receipts/")) if self.path.startswith("/receipts/") else None
        receipt = store.receipt(key) if key else None
        self._answer(404 if receipt is None else 200, {"detail": "unknown"} if receipt is None else receipt)

    def do_POST(self) -> None:
        """``/records``: an envelope of records; see docs/publication.md."""
        body = self._body()
        if body is None:
            return
        reception = self.server.reception
        headers = {name.lower(): value for name, value in self.headers.items()}
        fault = fault_of(headers, self.path, body, keys=reception.senders, check=reception.check, now=reception.now())
        if fault is not None:
            self._answer(401, {"detail": fault})
            return
        table = _envelope(body)
        if isinstance(table, str):
            self._answer(400, {"detail": table})
            return
        self._take(table, reception.faults.choose())

    def _take(self, table: Mapping[str, Any], fault: Fault | None) -> None:
        reception, records = self.server.reception, table["records"]
        if fault == "error":
            self._answer(500, {"detail": "told to fail"})
        elif fault == "busy":
            self._answer(503, {"detail": "told to be busy"}, {"Retry-After": "1"})
        elif fault == "silent":
            self._hang()
        else:
            later = records[len(records) // 2 :] if fault == "partial" else []
            taken = records[: len(records) - len(later)]
            entries = reception.store.take(table["adapter"], table["sender"], taken, reception.now())
            entries += [{"key": each.get("key"), "result": "again", "code": "later"} for each in later]
            if fault == "lost":
                self._hang()
            elif fault == "garbled":
                self._send(200, b'{"format": "open-draw-rec', {})
            else:
                if fault == "slow":
                    self.server.stopping.wait(reception.faults.hold / 4)
                self._answer(200, {"format": ANSWER, "answers": entries})

    def _hang(self) -> None:
        """Say nothing for a while, then cut the line."""
        self.server.stopping.wait(self.server.reception.faults.hold)
        self.close_connection = True

    def _body(self) -> bytes | None:
        length = self.headers.get("content-length", "")
        if self.path != "/records":
            self.close_connection = True
            self._answer(404, {"detail": "POST goes to /records"})
        elif not (length.isascii() and length.isdigit() and len(length) < 12):
            self.close_connection = True
            self._answer(411, {"detail": "Content-Length is needed"})
        elif int(length) > MOST_BYTES:
            self.close_connection = True
            self._answer(413, {"detail": f"more than {MOST_BYTES} bytes"})
        else:
            body = self.rfile.read(int(length))
            return body if len(body) == int(length) else None
        return None

    def _answer(self, status: int, table: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> None:
        self._send(status, canonical_json(table), headers or {})

    def _send(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)


def _envelope(body: bytes) -> dict[str, Any] | str:
    """The envelope, or why it is none."""
    try:
        table = json.loads(body)
    except (ValueError, RecursionError):
        return "not JSON"
    if not isinstance(table, dict) or table.get("format") != FORMAT:
        return f"format: expected {FORMAT}"
    if not all(isinstance(table.get(name), str) for name in ("adapter", "sender")):
        return "adapter, sender: expected text"
    records = table.get("records")
    if not isinstance(records, list) or not 0 < len(records) <= MOST_RECORDS:
        return f"records: expected 1 to {MOST_RECORDS}"
    if not all(isinstance(each, dict) for each in records):
        return "records: expected objects"
    return table
