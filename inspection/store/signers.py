"""Who signs checkpoints and documents beside the log's own key: providers by name, software or certified hardware.

A workspace's ``signers.toml`` names its signers::

    ["example.gov.cn/370828/sm2"]
    provider = "sm2-software"
    key = "keys/sm2.pem"

``sm2-software`` comes with us. Others are installed as packages with an entry point of the group ``open_draw.signers``:
a callable ``(settings, workspace folder) → SigningKey``, which talks to a smart card, a cryptographic server or a cloud
service. What is certified, and to what level, is theirs to say.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Protocol

from inspection.draw.foreign_key import ForeignKey
from inspection.draw.refusal import DrawRefusal
from inspection.errors import StoreError
from inspection.store.sm2 import SoftwareSm2, open_software_key

GROUP = "open_draw.signers"
FILE = "signers.toml"
SOFTWARE = "sm2-software"


class SigningKey(Protocol):
    """A key that signs, wherever its private half is.

    Attributes:
        algorithm: in full, as ``ForeignKey`` names it.
        is_certified: what its provider says of itself; a software key says no.
    """

    algorithm: str
    is_certified: bool

    @property
    def public_key(self) -> bytes:
        """The public half, in the algorithm's own form."""

    def sign(self, data: bytes) -> bytes:
        """The signature over data."""


Provider = Callable[[Mapping[str, Any], Path], SigningKey]


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedSigner:
    """A signer of the workspace: its name and verifier key, and what signs."""

    key: ForeignKey
    signing: SigningKey
    provider: str


def providers() -> dict[str, Provider]:
    """Providers by name: our own, and those of installed packages; loading them is left to who opens a signer."""
    found: dict[str, Provider] = {SOFTWARE: open_software_key}
    for point in metadata.entry_points(group=GROUP):
        if point.name not in found:  # nobody takes the place of ours by its name
            found[point.name] = _lazily(point)
    return found


def _lazily(point: metadata.EntryPoint) -> Provider:
    def provide(settings: Mapping[str, Any], home: Path) -> SigningKey:
        try:
            signing: SigningKey = point.load()(settings, home)
        except StoreError:
            raise
        except Exception as error:  # a plug-in may fail in any way: a card that is not in, a server that is down
            raise StoreError("store.signer.provider", provider=point.name, reason=str(error)[:200]) from error
        return signing

    return provide


def signers(folder: Path) -> dict[str, NamedSigner]:
    """The signers of a workspace by name; none without a ``signers.toml``.

    Raises:
        StoreError: the file cannot be read, names an unknown provider, or a provider cannot open its key.
    """
    path = folder / FILE
    if not path.is_file():
        return {}
    try:
        described = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StoreError("store.signer.settings", path=path, reason=error) from None
    return {name: _open(name, settings, folder) for name, settings in described.items()}


def _open(name: str, settings: Any, folder: Path) -> NamedSigner:
    known = providers()
    provider = settings.get("provider") if isinstance(settings, dict) else None
    if provider not in known:
        raise StoreError("store.signer.unknown", name=name, provider=provider, known=", ".join(known))
    signing = known[provider]({key: value for key, value in settings.items() if key != "provider"}, folder)
    try:
        key = ForeignKey(name=name, algorithm=signing.algorithm, public_key=signing.public_key)
    except DrawRefusal:
        raise StoreError("store.signer.name", name=name) from None
    return NamedSigner(key=key, signing=signing, provider=provider)


def add_software_signer(folder: Path, name: str) -> NamedSigner:
    """A fresh software key signs for the workspace under this name from now on.

    Raises:
        StoreError: the name is taken or malformed, or the extra ``gm`` is not installed.
    """
    if name in signers(folder):
        raise StoreError("store.signer.taken", name=name)
    number = 1 + len(list((folder / "keys").glob("sm2*.pem")))
    file = Path("keys") / f"sm2-{number}.pem"
    made = SoftwareSm2.generate(folder / file)
    try:
        key = ForeignKey(name=name, algorithm=made.algorithm, public_key=made.public_key)
    except DrawRefusal:
        (folder / file).unlink()
        raise StoreError("store.signer.name", name=name) from None
    table = f'[{json.dumps(name, ensure_ascii=False)}]\nprovider = "{SOFTWARE}"\nkey = "{file.as_posix()}"\n'
    before = (folder / FILE).read_text(encoding="utf-8") + "\n" if (folder / FILE).is_file() else ""
    (folder / FILE).write_text(before + table, encoding="utf-8")
    return NamedSigner(key=key, signing=made, provider=SOFTWARE)
