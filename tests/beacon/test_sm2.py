"""SM2 and SM3: foreign vectors, lines beside the log's own, a whole draw under SM3, plug-ins in place of software."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from known_rounds import EXTERNAL

from cli import main
from inspection import service
from inspection.console.foreign_lines import check_lines, read_keys
from inspection.console.verifying import completed, exit_code
from inspection.draw.foreign_key import SM2, ForeignKey, add_foreign, is_signed_by
from inspection.draw.refusal import DrawRefusal
from inspection.errors import InputError, StoreError
from inspection.steps.line import Silent
from inspection.store import signers
from inspection.store.signers import add_software_signer
from inspection.store.sm2 import SoftwareSm2, is_der_pair, verify_sm2

KNOWN = json.loads((EXTERNAL / "sm2_sm3.json").read_text(encoding="utf-8"))
NOTE = "log.example\n1\nGPZ6xFOE2Zi5R86c4geWlgl9JxQnTl6X4HORA7PMsP8=\n\n— log.example fN+vmUf8UDh6\n"
NAME = "example.gov.cn/370828/sm2"


def known_point() -> bytes:
    """The public key of the vector: the last 65 bytes of its SubjectPublicKeyInfo."""
    return base64.b64decode("".join(KNOWN["sm2"]["public_key_pem"].splitlines()[1:-1]))[-65:]


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(each) for each in arguments])


@pytest.fixture(scope="module")
def software(tmp_path_factory) -> SoftwareSm2:
    return SoftwareSm2.generate(tmp_path_factory.mktemp("sm2") / "sm2.pem")


@pytest.mark.parametrize(("text", "digest"), [("abc", "abc"), ("abcd" * 16, "abcd*16")])
def test_sm3_examples_of_the_standard_hold(text, digest):
    assert hashlib.new("sm3", text.encode()).hexdigest() == KNOWN["sm3"][digest]


def test_signature_made_by_openssl_holds_and_no_other_message():
    signature = bytes.fromhex(KNOWN["sm2"]["signature_der_hex"])
    message = KNOWN["sm2"]["message"].encode()
    assert verify_sm2(known_point(), message, signature)
    assert not verify_sm2(known_point(), message + b".", signature)
    assert not verify_sm2(known_point(), message, signature[:-1] + bytes([signature[-1] ^ 1]))


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl command here")
def test_our_signature_holds_for_openssl(software, tmp_path):
    key = b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x81\x1c\xcf\x55\x01\x82\x2d\x03\x42\x00"
    pem = base64.encodebytes(key + software.public_key).decode()
    (tmp_path / "key.pem").write_text(f"-----BEGIN PUBLIC KEY-----\n{pem}-----END PUBLIC KEY-----\n")
    (tmp_path / "message").write_bytes(b"draw")
    (tmp_path / "signature").write_bytes(software.sign(b"draw"))
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "key.pem", "-in", "message", "-rawin", "-digest"]
    command += ["sm3", "-sigfile", "signature", "-pkeyopt", "distid:1234567812345678"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0


def test_a_software_key_signs_and_is_read_back(software, tmp_path):
    made = SoftwareSm2.generate(tmp_path / "sm2.pem")
    assert (tmp_path / "sm2.pem").stat().st_mode & 0o777 == 0o600
    read = SoftwareSm2.load(tmp_path / "sm2.pem")
    assert read.public_key == made.public_key != software.public_key
    assert verify_sm2(made.public_key, b"data", read.sign(b"data"))
    assert not verify_sm2(software.public_key, b"data", read.sign(b"data"))
    assert not SoftwareSm2.is_certified


@pytest.mark.parametrize(
    "signature",
    [b"", b"0", b"\0" * 70, bytes.fromhex("3006020100020101"), bytes.fromhex("300602010102010100"),
     bytes.fromhex("3006020181020101"), bytes.fromhex("300702020001020101"), b"\x30\x80" + b"\1" * 60],
)  # fmt: skip
def test_what_is_no_signature_is_refused_quietly(software, signature):
    assert not is_der_pair(signature)
    assert not verify_sm2(software.public_key, b"data", signature)


@pytest.mark.parametrize("point", [b"", b"\4" + b"\1" * 64, b"\2" + b"\1" * 32, bytes(65), b"\4" + b"\xff" * 64])
def test_what_is_no_key_signs_nothing(software, point):
    assert not verify_sm2(point, b"data", software.sign(b"data"))


def test_a_file_that_holds_no_sm2_key_is_a_message(tmp_path):
    from inspection.store.keys import Signer

    (tmp_path / "text.pem").write_text("no key", encoding="utf-8")
    Signer.generate(tmp_path / "ed25519.pem")
    for file in ("text.pem", "ed25519.pem"):
        with pytest.raises(StoreError) as refused:
            SoftwareSm2.load(tmp_path / file)
        assert refused.value.code == "store.sm2.malformed"


def test_without_the_library_the_extra_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "tongsuopy.crypto", None)
    with pytest.raises(StoreError) as missing:
        SoftwareSm2.generate(tmp_path / "sm2.pem")
    assert "gm" in missing.value.text("zh") and not (tmp_path / "sm2.pem").exists()


def test_a_foreign_line_is_added_and_found_by_its_key_alone(software):
    key = ForeignKey(name=NAME, algorithm=SM2, public_key=software.public_key)
    note = add_foreign(NOTE, key, software.sign)
    assert note.startswith(NOTE) and note.count("\n— ") == 2
    assert is_signed_by(note, key, verify_sm2) is True
    assert is_signed_by(NOTE, key, verify_sm2) is None
    assert is_signed_by(note.replace("log.example\n1", "log.example\n2"), key, verify_sm2) is False
    other = ForeignKey(name=NAME, algorithm="sm2-sm3:another-identity", public_key=software.public_key)
    assert is_signed_by(note, other, verify_sm2) is None


def test_a_verifier_key_is_read_back_and_a_changed_one_refused(software):
    key = ForeignKey(name=NAME, algorithm=SM2, public_key=software.public_key)
    assert ForeignKey.parse(key.text + "\n") == key
    for broken in ("", "name", key.text[:-4], key.text.replace("sm2+", "sm3+"), key.text.replace("+", "+0", 1)):
        with pytest.raises(DrawRefusal):
            ForeignKey.parse(broken)


@pytest.fixture
def signed(planned, tmp_path):
    """A bundle whose checkpoints bear an SM2 line, and the signer."""
    folder = tmp_path / "signer"
    (folder / "keys").mkdir(parents=True)
    signer = add_software_signer(folder, NAME)
    bundle = tmp_path / "bundle"
    shutil.copytree(planned.bundle, bundle)
    from inspection.console.sm2 import sign_checkpoints

    sign_checkpoints(bundle, signer)
    return bundle, signer


def checker_rows(bundle: Path):
    command = [sys.executable, "-I", "-S", str(bundle / "verify.py"), str(bundle), "--json"]
    return json.loads(subprocess.run(command, capture_output=True, check=False).stdout)


def test_sm2_lines_are_open_for_the_auditors_file_and_pass_with_the_key(signed):
    bundle, signer = signed
    rows = checker_rows(bundle)
    assert exit_code(rows) == 3
    assert exit_code(completed(rows, bundle)) == 3
    assert exit_code(completed(rows, bundle, None, (signer.key,))) == 0


def test_sm2_lines_under_another_key_of_that_name_fail(signed, software):
    bundle, _ = signed
    other = ForeignKey(name=NAME, algorithm=SM2, public_key=software.public_key)
    assert exit_code(completed(checker_rows(bundle), bundle, None, (other,))) == 1


def test_lines_of_keys_not_brought_stay_open(signed, software):
    bundle, signer = signed
    stranger = ForeignKey(name="stranger.example", algorithm=SM2, public_key=software.public_key)
    for note in (bundle / "log" / "checkpoints").iterdir():
        note.write_text(add_foreign(note.read_text("utf-8"), stranger, software.sign), "utf-8")
    assert check_lines(bundle, (signer.key,)) is None
    assert check_lines(bundle, (signer.key, stranger)).verdict == "passed"
    assert exit_code(completed(checker_rows(bundle), bundle, None, (signer.key,))) == 3


def test_keys_are_read_from_lines_and_files(signed, tmp_path):
    _, signer = signed
    (tmp_path / "key.txt").write_text(signer.key.text + "\n", encoding="utf-8")
    assert read_keys([signer.key.text, str(tmp_path / "key.txt")]) == (signer.key, signer.key)
    for bad in ("no-such-file.txt", "a+b+c", ""):
        with pytest.raises(InputError):
            read_keys([bad])


def test_a_document_is_signed_and_checked_and_the_screen_says_what_a_software_key_is_not(county, tmp_path):
    folder = county.office().workspace.folder
    made = run("sm2", "key", "-w", folder, NAME)
    assert made.exit_code == 0 and "不是经认证的商用密码产品" in made.stdout
    assert run("sm2", "key", "-w", folder, NAME).exit_code == 1
    key = next(line.strip() for line in made.stdout.splitlines() if line.strip().startswith(NAME + "+"))
    paper = tmp_path / "记录.pdf"
    paper.write_bytes(b"%PDF minutes")
    shown = run("sm2", "sign", "-w", folder, paper)
    assert shown.exit_code == 0 and "不是经认证的商用密码产品" in shown.stdout
    assert run("sm2", "check", paper, "--key", key).exit_code == 0
    assert run("sm2", "check", paper, "--key", "nobody").exit_code == 1
    paper.write_bytes(b"%PDF other minutes")
    changed = run("sm2", "check", paper, "--key", key)
    assert changed.exit_code == 1 and "与其签名不符" in changed.stderr
    (tmp_path / "记录.pdf.sig").write_text("[]", encoding="utf-8")
    assert run("sm2", "check", paper, "--key", key).exit_code == 1


class Card:
    """A plug-in in place of certified hardware: the private half is elsewhere."""

    algorithm = SM2
    is_certified = True

    def __init__(self, inner: SoftwareSm2) -> None:
        self._inner = inner

    @property
    def public_key(self) -> bytes:
        return self._inner.public_key

    def sign(self, data: bytes) -> bytes:
        return self._inner.sign(data)


def plugged(monkeypatch, provide) -> None:
    class Point:
        name = "card"

        def load(self):
            return provide

    points = [Point()]
    monkeypatch.setattr(metadata, "entry_points", lambda group: points if group == signers.GROUP else [])


def test_a_plug_in_signs_in_place_of_software_without_the_warning(monkeypatch, software, tmp_path):
    from inspection.console.sm2 import warning

    seen = []

    def provide(settings, home):
        seen.append((dict(settings), home))
        return Card(software)

    plugged(monkeypatch, provide)
    (tmp_path / "signers.toml").write_text('["card.example"]\nprovider = "card"\nslot = 3\n', encoding="utf-8")
    found = signers.signers(tmp_path)["card.example"]
    assert seen == [({"slot": 3}, tmp_path)]
    assert verify_sm2(found.key.public_key, b"data", found.signing.sign(b"data"))
    assert warning(found, "zh") == ""


def test_a_plug_in_that_fails_and_settings_that_are_wrong_are_messages(monkeypatch, tmp_path):
    def provide(settings, home):
        raise RuntimeError("no card in slot 3")

    plugged(monkeypatch, provide)
    (tmp_path / "signers.toml").write_text('["card.example"]\nprovider = "card"\n', encoding="utf-8")
    with pytest.raises(StoreError) as failed:
        signers.signers(tmp_path)
    assert "no card in slot 3" in failed.value.text("zh")
    for text, code in (
        ('["a.example"]\nprovider = "none such"\n', "store.signer.unknown"),
        ("a.example = 3\n", "store.signer.unknown"),
        ("[[[", "store.signer.settings"),
        ('["no name"]\nprovider = "sm2-software"\n', "store.key.missing"),
    ):
        (tmp_path / "signers.toml").write_text(text, encoding="utf-8")
        with pytest.raises(StoreError) as refused:
            signers.signers(tmp_path)
        assert refused.value.code == code


def test_a_name_with_spaces_leaves_no_key_behind(tmp_path):
    (tmp_path / "keys").mkdir()
    with pytest.raises(StoreError) as refused:
        add_software_signer(tmp_path, "no name")
    assert refused.value.code == "store.signer.name"
    assert not list((tmp_path / "keys").iterdir())


def test_a_whole_plan_under_sm3_verifies(county, tmp_path):
    office = county.office()
    text = office.policy_file.read_text(encoding="utf-8")
    assert 'digest = "sha256"' in text
    office.policy_file.write_text(text.replace('digest = "sha256"', 'digest = "sm3"'), encoding="utf-8")
    line, _ = office.start(Silent())
    service.plan_year(line, service.unattended(line.given.policy))
    bundle = service.bundle(line, tmp_path / "bundle")
    rows = checker_rows(bundle)
    assert exit_code(rows) == 0
    commitments = [row["detail"] for row in rows if row["step"].startswith("commitment")]
    assert len(commitments) == 2 and all(detail.startswith("sm3 ") for detail in commitments)


@pytest.mark.parametrize("part", ["log/key", "log/checkpoints/1"])
def test_a_malformed_log_is_left_to_the_auditors_file(signed, part):
    bundle, signer = signed
    (bundle / part).write_bytes(b"\xff\xfe")
    checked = check_lines(bundle, (signer.key,))
    assert checked is None or checked.verdict == "failed"
    assert exit_code(completed(checker_rows(bundle), bundle, None, (signer.key,))) == 1
