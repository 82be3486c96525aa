"""How the page is served: cookies, limits, and the bureau's own sign-in service. Read from ``web.toml``."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from inspection.errors import InputError

FILE = "web.toml"
"""In the workspace; may be missing. It may hold a client's secret: keep it as closed as ``workspace.toml``."""


class Oidc(BaseModel):
    """A service that signs people in (OpenID Connect, authorization code with PKCE).

    Attributes:
        issuer: as its discovery document says; https, or http on this machine alone.
        name: what the button is called.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    issuer: Annotated[str, Field(pattern=r"^(https://|http://(127\.0\.0\.1|localhost)(:|/|$))")]
    client_id: Annotated[str, Field(min_length=1)]
    client_secret: str = ""
    name: str = "统一身份认证"


class Settings(BaseModel):
    """Times in minutes, limits in requests a minute."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    secure: bool = False
    """Cookies travel over TLS alone, and browsers are told to use nothing else: set it behind a TLS proxy."""
    idle_minutes: Annotated[int, Field(ge=5, le=24 * 60)] = 120
    session_minutes: Annotated[int, Field(ge=5, le=7 * 24 * 60)] = 12 * 60
    writes_a_minute: Annotated[int, Field(ge=1)] = 240
    upload_megabytes: Annotated[int, Field(ge=1, le=4096)] = 256
    oidc: Oidc | None = None

    @property
    def idle(self) -> timedelta:
        """A session not used for so long is over."""
        return timedelta(minutes=self.idle_minutes)

    @property
    def longest(self) -> timedelta:
        """A session is over after so long, used or not."""
        return timedelta(minutes=self.session_minutes)


def read_settings(folder: Path) -> Settings:
    """The settings of a workspace.

    Raises:
        InputError: the file is no TOML, or a key or value in it cannot be used: all of them are named.
    """
    path = folder / FILE
    if not path.is_file():
        return Settings()
    try:
        return Settings.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise InputError("web.settings", path=path, reason=faults) from None
    except ValueError as error:
        raise InputError("web.settings", path=path, reason=error) from None
