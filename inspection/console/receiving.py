"""The reference receiver on the terminal."""

from __future__ import annotations

import signal
import ssl
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from inspection.console.log import read_log_key
from inspection.draw.note import VerifierKey
from inspection.errors import InputError, Language, PublishError, message
from inspection.office import now
from inspection.publish.receiver import ReceiverServer, Reception
from inspection.publish.receiver_faults import FAULTS, Faults
from inspection.publish.receiver_store import ReceiverStore
from inspection.store.keys import Signer, verify

NAME = "receiver.example"


def serve_receiver(folder: Path, options: Mapping[str, Any], language: Language) -> None:
    """Receive until interrupted; the first two lines are the address and the key receipts are signed by."""
    senders = {key.name: key.public_key for key in map(read_log_key, options["senders"])}
    if not senders:
        raise InputError("publish.receiver.senders")
    if unknown := sorted(set(options["faults"]) - set(FAULTS)):
        raise InputError("publish.receiver.faults", got=", ".join(unknown), known=", ".join(FAULTS))
    folder.mkdir(parents=True, exist_ok=True)
    pem = folder / "receiver.pem"
    signer = Signer.load(pem) if pem.exists() else Signer.generate(pem)
    store = ReceiverStore(folder / "receiver.db", NAME, signer.sign)
    faults = Faults(options["fail"], options["faults"] or FAULTS, seed=options["seed"], hold=options["hold"])
    reception = Reception(store=store, senders=senders, check=verify, now=now, faults=faults)
    server = _listen(options, reception)
    click.echo(server.url)
    click.echo(VerifierKey(name=NAME, public_key=signer.public_key).text)
    click.echo(message("publish.receiver.ready", language, folder=folder), err=True)
    _serve(server)
    store.close()


def _listen(options: Mapping[str, Any], reception: Reception) -> ReceiverServer:
    try:
        tls = _tls(options)
        return ReceiverServer((options["host"], options["port"]), reception, tls)
    except (OSError, ssl.SSLError) as error:
        place = f"{options['host']}:{options['port']}"
        raise PublishError("publish.receiver.listen", place=place, reason=error) from None


def _tls(options: Mapping[str, Any]) -> ssl.SSLContext | None:
    if options["certificate"] is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options["certificate"], options["private_key"])
    if options["authority"] is not None:
        context.load_verify_locations(options["authority"])
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _serve(server: ReceiverServer) -> None:
    def stop(*_: object) -> None:
        server.stopping.set()
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    server.serve_forever(poll_interval=0.1)
    server.server_close()
