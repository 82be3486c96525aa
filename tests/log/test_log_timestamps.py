"""Timestamps by an authority of our own, which OpenSSL plays: by file and over the network."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from log_bureau import Bureau, run

from inspection.errors import PublishError
from inspection.publish.timestamps import check_stamp, read_certificates, stamp_query

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="the authority is played by OpenSSL")

SETTINGS = """
[ tsa ]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
certs = {folder}/chain.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
ess_cert_id_chain = yes
ess_cert_id_alg = sha256
"""


@dataclass(frozen=True)
class Authority:
    """A root, a certificate between, and one that stamps."""

    folder: Path

    def answer(self, query: Path, *more: str) -> Path:
        out = query.with_suffix(".tsr")
        _openssl(
            "ts",
            "-reply",
            "-config",
            self.folder / "tsa.cnf",
            "-section",
            "tsa",
            "-queryfile",
            query,
            "-out",
            out,
            *more,
        )
        return out

    def options(self, *names: str) -> list[object]:
        return [part for name in names for part in ("--authority", self.folder / name)]


def _openssl(*arguments: object) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


def _certificate(folder: Path, name: str, extension: str, issuer: str | None) -> None:
    """A P-256 key and its certificate, by the issuer or by itself."""
    key, request = folder / f"{name}.key", folder / f"{name}.csr"
    _openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key)
    _openssl("req", "-new", "-key", key, "-subj", f"/O=Test/CN={name}", "-out", request)
    (folder / f"{name}.ext").write_text(extension)
    by = ["-signkey", key] if issuer is None else ["-CA", folder / f"{issuer}.pem", "-CAkey", folder / f"{issuer}.key"]
    more = ["-days", 30, "-CAcreateserial"] if issuer else ["-days", 30]
    _openssl(
        "x509", "-req", "-in", request, "-extfile", folder / f"{name}.ext", "-out", folder / f"{name}.pem", *by, *more
    )


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    folder = tmp_path_factory.mktemp("authority")
    ca = "basicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n"
    issued = "authorityKeyIdentifier=keyid\n"
    stamping = "keyUsage=critical,digitalSignature\nextendedKeyUsage=critical,timeStamping\nsubjectKeyIdentifier=hash\n"
    _certificate(folder, "root", ca, None)
    _certificate(folder, "between", ca + issued, "root")
    _certificate(folder, "tsa", stamping + issued, "between")
    _certificate(folder, "stranger", ca, None)
    (folder / "chain.pem").write_text((folder / "between.pem").read_text() + (folder / "root.pem").read_text())
    (folder / "turned.pem").write_text((folder / "root.pem").read_text() + (folder / "between.pem").read_text())
    (folder / "tsa.cnf").write_text(SETTINGS.format(folder=folder))
    (folder / "serial").write_text("01\n")
    return Authority(folder)


def test_query_carried_to_the_authority_comes_back_as_proof(
    bureau: Bureau, authority: Authority, tmp_path: Path
) -> None:
    query = tmp_path / "q.tsq"
    run("log", "stamp", "-w", bureau.folder, "--request", query)
    bureau.draw("3-firms")
    answer = authority.answer(query)
    taken = run("log", "stamp", "-w", bureau.folder, "--response", answer, *authority.options("turned.pem"))
    assert "first 4 entries existed at" in taken.output and "CN=tsa" in taken.output
    run("log", "stamp", "-w", bureau.folder, "--response", answer, *authority.options("turned.pem"))
    public = bureau.publish(tmp_path / "public")
    assert len(list((public / "timestamps" / "4").iterdir())) == 1
    told = json.loads(run("log", "check", public, *authority.options("turned.pem"), "--json", code=3).stdout)
    assert {each["step"]: each["ok"] for each in told["steps"]}["timestamps"] is True
    shown = json.loads(run("log", "show", "-w", bureau.folder, *authority.options("turned.pem"), "--json").stdout)
    assert shown["entries"][0]["first_seen_outside"]["kind"] == "timestamp"
    assert "not checked" in run("log", "check", public, code=3).output


def test_other_tools_verify_the_same_answer_over_the_checkpoints_three_lines(
    bureau: Bureau, authority: Authority, tmp_path: Path
) -> None:
    query, text = tmp_path / "q.tsq", tmp_path / "text"
    run("log", "stamp", "-w", bureau.folder, "--request", query, "--size", 2)
    answer = authority.answer(query)
    text.write_text("".join(bureau.workspace.log.checkpoints()[2].splitlines(keepends=True)[:3]))
    _openssl(
        "ts",
        "-verify",
        "-data",
        text,
        "-in",
        answer,
        "-CAfile",
        authority.folder / "root.pem",
        "-untrusted",
        authority.folder / "between.pem",
    )


def test_certificates_may_come_in_any_order_and_files(authority: Authority, tmp_path: Path) -> None:
    query = tmp_path / "q.tsq"
    query.write_bytes(stamp_query("text\n").data)
    answer = authority.answer(query).read_bytes()
    orders = [
        ("root.pem", "between.pem"),
        ("between.pem", "root.pem"),
        ("turned.pem",),
        ("chain.pem", "tsa.pem"),
        ("root.pem",),
    ]
    stamps = {
        check_stamp(answer, "text\n", read_certificates([authority.folder / name for name in order]))
        for order in orders
    }
    assert len(stamps) == 1 and stamps.pop().authority == "CN=tsa,O=Test"


@pytest.mark.parametrize(
    ("trusted", "text", "code"),
    [
        (("stranger.pem",), "text\n", "log.stamp.untrusted"),
        (("between.pem",), "text\n", "log.stamp.rootless"),
        ((), "text\n", "log.stamp.rootless"),
        (("root.pem", "between.pem"), "Text\n", "log.stamp.other"),
    ],
)
def test_answer_that_proves_nothing_is_refused(
    trusted: tuple[str, ...], text: str, code: str, authority: Authority, tmp_path: Path
) -> None:
    query = tmp_path / "q.tsq"
    query.write_bytes(stamp_query("text\n").data)
    answer = authority.answer(query).read_bytes()
    with pytest.raises(PublishError) as refusal:
        check_stamp(answer, text, read_certificates([authority.folder / name for name in trusted]))
    assert refusal.value.code == code


def test_changed_malformed_or_replayed_answers_are_refused(authority: Authority, tmp_path: Path) -> None:
    query, trusted = tmp_path / "q.tsq", read_certificates([authority.folder / "turned.pem"])
    made = stamp_query("text\n")
    query.write_bytes(made.data)
    answer = authority.answer(query).read_bytes()
    assert check_stamp(answer, "text\n", trusted, made.nonce).serial > 0
    with pytest.raises(PublishError) as refusal:
        check_stamp(answer, "text\n", trusted, (made.nonce or 0) + 1)
    assert refusal.value.code == "log.stamp.untrusted"
    for at in range(0, len(answer), 97):
        changed = answer[:at] + bytes([answer[at] ^ 1]) + answer[at + 1 :]
        try:
            stamp = check_stamp(changed, "text\n", trusted)
        except PublishError:
            continue
        # Bytes no signature covers (status, certificates that are not needed) may change; what is said may not.
        assert stamp == check_stamp(answer, "text\n", trusted)
    for junk in (b"", b"junk", answer[:100]):
        with pytest.raises(PublishError):
            check_stamp(junk, "text\n", trusted)


def test_refusal_of_the_authority_is_told(bureau: Bureau, authority: Authority, tmp_path: Path) -> None:
    query = tmp_path / "q.tsq"
    query.write_bytes(b"0\x03\x02\x01\x01")
    answer = authority.answer(query)
    told = run("log", "stamp", "-w", bureau.folder, "--response", answer, *authority.options("root.pem"), code=1)
    assert "refused" in told.output


def test_files_that_are_none_are_told(bureau: Bureau, authority: Authority, tmp_path: Path) -> None:
    (tmp_path / "junk").write_text("junk")
    told = run(
        "log", "stamp", "-w", bureau.folder, "--response", tmp_path / "junk", *authority.options("root.pem"), code=1
    )
    assert "no timestamp" in told.output
    told = run(
        "log", "stamp", "-w", bureau.folder, "--response", tmp_path / "junk", "--authority", tmp_path / "junk", code=1
    )
    assert "X.509" in told.output
    run("log", "stamp", "-w", bureau.folder, "--response", tmp_path / "junk", code=2)
    run("log", "stamp", "-w", bureau.folder, code=2)


def test_bundle_carries_the_answers(authority: Authority, planned: Any, tmp_path: Path) -> None:
    folder = shutil.copytree(planned.office.workspace.folder, tmp_path / "workspace")
    query = tmp_path / "q.tsq"
    run("log", "stamp", "-w", folder, "--request", query)
    run("log", "stamp", "-w", folder, "--response", authority.answer(query), *authority.options("turned.pem"))
    run("bundle", "-w", folder, tmp_path / "bundle")
    shown = json.loads(
        run("log", "show", "--from", tmp_path / "bundle", *authority.options("turned.pem"), "--json").stdout
    )
    assert shown["entries"][0]["first_seen_outside"]["who"] == "CN=tsa,O=Test"


@pytest.fixture
def address(authority: Authority, tmp_path: Path) -> Iterator[str]:
    """The authority on the network."""

    class Desk(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = tmp_path / "desk.tsq"
            query.write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
            assert self.headers["Content-Type"] == "application/timestamp-query"
            answer = authority.answer(query).read_bytes()
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Desk)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/tsa"
    server.shutdown()
    server.server_close()


def test_authority_is_asked_over_the_network(bureau: Bureau, authority: Authority, address: str) -> None:
    told = run("log", "stamp", "-w", bureau.folder, "--url", address, *authority.options("turned.pem"))
    assert "first 4 entries" in told.output
    unreachable = run(
        "log", "stamp", "-w", bureau.folder, "--url", "http://127.0.0.1:1/", *authority.options("root.pem"), code=1
    )
    assert "cannot be read" in unreachable.output
