"""Publication as typed: from a planned county to receipts, the site and an archive."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from delivery_scene import announce, news, now, receiver, target

from cli import main
from inspection.errors import PublishError
from inspection.store.workspace import Workspace
from inspection.work.delivery_steps import deliver

if TYPE_CHECKING:
    from conftest import Planned


def run(workspace: Workspace, *words: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["publish", words[0], "-w", str(workspace.folder), *words[1:]])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def settings(workspace: Workspace, url: str, adapter: str = "gsxt-public", **more: str) -> None:
    lines = ["[targets.network]", f'adapter = "{adapter}"', 'channel = "http"', f'url = "{url}"']
    lines += [f'{name} = "{value}"' for name, value in more.items()]
    (workspace.folder / "publish.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_commands_deliver_and_show_what_became_of_it(workspace: Workspace, tmp_path: Path) -> None:
    announce(workspace.store, news(1), news(2, plan_number="12"))
    with receiver(tmp_path / "r", workspace) as server:
        settings(workspace, server.url, receiver_key=server.key_line)  # type: ignore[attr-defined]
        assert run(workspace, "preview", "--target", "network")[0] == 1
        code, told = run(workspace, "run")
        assert code == 1 and "本次送达 1" in told and "死信 1" in told
        code, told = run(workspace, "dead")
        assert "finding/2/1" in told and "抽查计划编号" in told
        assert run(workspace, "resend", "--all", "--by", "王某")[0] == 0
        assert run(workspace, "run")[0] == 1
        code, told = run(workspace, "dead", "--drop", "finding/2/1", "--reason", "已人工录入", "--by", "王某")
        assert code == 0 and "已搁置" in told
        code, told = run(workspace, "run", "--json")
        assert code == 0 and json.loads(told)[0]["delivered"] == 1
    code, told = run(workspace, "status")
    assert "已送达 1" in told and "搁置 1" in told and "字典未经官方确认" in told
    code, told = run(workspace, "dead", "--key", "finding/2/1")
    assert "王某: 已人工录入" in told


def test_live_target_with_unconfirmed_dictionaries_says_what_to_do(workspace: Workspace) -> None:
    announce(workspace.store, news(1))
    settings(workspace, "https://network.example/records", "supervision-action", mode="live")
    code, told = run(workspace, "run")
    assert code == 1 and "检查类别" in told and "confirmed = true" in told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "还没有公布目标"),
        ("x = 1", "publish.toml 不能用：x"),
        ("[targets.a]\nadapter = 'gsxt-public'\nchannel = 'http'\nurl = 'ftp://x'", "url"),
        ("[targets.a]\nadapter = 'gsxt-public'\nchannel = 'folder'", "folder"),
        ("[targets.a]\nadapter = 'nix'\nchannel = 'folder'\nfolder = 'x'", "没有名为“nix”的适配表"),
        ("[targets.a]\nadapter = 'gsxt-public'\nchannel = 'http'\nurl = 'http://u:p@h/x'", "no name or password"),
    ],
)
def test_settings_that_cannot_be_used_are_explained(workspace: Workspace, text: str, told: str) -> None:
    (workspace.folder / "publish.toml").write_text(text, encoding="utf-8")
    code, output = run(workspace, "run")
    assert code == 1 and told in output and "Traceback" not in output


def test_archive_written_here_is_checked_there(workspace: Workspace, tmp_path: Path) -> None:
    announce(workspace.store, news(1), news(1, "u", 2))
    path = str(tmp_path / "a.zip")
    assert run(workspace, "archive", path)[0] == 0
    key = run(workspace, "key")[1].strip()
    code, told = run(workspace, "archive", path, "--check", "--key", key, "--json")
    assert code == 0 and json.loads(told)["count"] == 2
    other = "a+" + "0" * 8
    assert run(workspace, "archive", path, "--check", "--key", other)[0] == 1


def test_blank_workbook_offers_the_words_of_each_dictionary(workspace: Workspace, tmp_path: Path) -> None:
    import openpyxl

    path = tmp_path / "模板.xlsx"
    assert run(workspace, "preview", "--adapter", "excel-exchange", "--out", str(path))[0] == 0
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["计划", "任务", "结果"]
    heads = [cell.value for cell in book["结果"][1]]
    assert "检查结果 *" in heads and "检查事项 *" in heads
    assert any("未发现问题" in str(each.formula1) for each in book["结果"].data_validations.dataValidation)


def test_plan_and_tasks_are_announced_once_and_stand_on_the_site_without_tiers(
    planned: Planned, tmp_path: Path
) -> None:
    workspace = planned.office.workspace
    assert run(workspace, "plan")[0] == 0
    assert "0 条" in run(workspace, "plan")[1]
    assert run(workspace, "website", str(tmp_path / "site"))[0] == 0
    records = json.loads((tmp_path / "site" / "data" / "tasks.json").read_text(encoding="utf-8"))
    assert len(records) == len(planned.office.line().given.tasks)
    (plan,) = json.loads((tmp_path / "site" / "data" / "plans.json").read_text(encoding="utf-8"))
    assert plan["visits"] > 0 and len(plan["commitment"]) == 64
    whole = (tmp_path / "site" / "data" / "tasks.json").read_text(encoding="utf-8")
    assert "tier" not in whole and "objects" not in whole


def _certificates(folder: Path) -> dict[str, Path]:
    """An authority with a server's and a client's certificate for loopback."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    files: dict[str, Path] = {}
    keys: dict[str, Any] = {name: ec.generate_private_key(ec.SECP256R1()) for name in ("ca", "server", "client")}
    names = {name: x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"test {name}")]) for name in keys}
    moment = datetime.now(UTC)
    for name, key in keys.items():
        builder = x509.CertificateBuilder(names["ca"], names[name], key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(moment - timedelta(hours=1)).not_valid_after(moment + timedelta(hours=1))
        builder = builder.add_extension(x509.BasicConstraints(ca=name == "ca", path_length=None), critical=True)
        builder = builder.add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(keys["ca"].public_key())
        signed = builder.add_extension(authority, critical=False).sign(keys["ca"], hashes.SHA256())
        files[name], files[f"{name}_key"] = folder / f"{name}.pem", folder / f"{name}.key"
        files[name].write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        files[f"{name}_key"].write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
    return files


@contextmanager
def tls_receiver(folder: Path, workspace: Workspace, files: dict[str, Path]) -> Iterator[str]:
    import ssl
    import threading

    from inspection.publish.receiver import ReceiverServer

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files["server"], files["server_key"])
    context.load_verify_locations(files["ca"])
    context.verify_mode = ssl.CERT_REQUIRED
    with receiver(folder, workspace) as plain:
        server = ReceiverServer(("127.0.0.1", 0), plain.reception, context)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server.url
        server.shutdown()
        thread.join()
        server.server_close()


def test_mutual_tls_takes_us_by_our_certificate_and_nobody_without(workspace: Workspace, tmp_path: Path) -> None:
    files = _certificates(tmp_path)
    announce(workspace.store, news(1))
    with tls_receiver(tmp_path / "r", workspace, files) as url:
        assert url.startswith("https://")
        anonymous = target(url, authority=files["ca"], connections=1)
        assert deliver(workspace, anonymous, now).delivered == 0
        stranger = target(url, connections=1)
        assert deliver(workspace, stranger, now).delivered == 0
        ours = target(
            url, authority=files["ca"], certificate=files["client"], private_key=files["client_key"], connections=1
        )
        assert deliver(workspace, ours, now, patience=timedelta(seconds=20)).delivered == 1
    with pytest.raises(PublishError, match="cannot be used"):
        broken = target(url, certificate=tmp_path / "none.pem", private_key=tmp_path / "none.key")
        deliver(workspace, broken, now)
