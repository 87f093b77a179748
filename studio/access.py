"""Who may open the page: everybody on this machine; from elsewhere, whoever knows the password."""

from __future__ import annotations

import ipaddress
import secrets
from dataclasses import dataclass
from pathlib import Path

from engines.files import whole_file
from studio.settings import Settings, on_space

USER = "studio"
TOKEN_FILE = "token.txt"  # noqa: S105 - a file's name


@dataclass(frozen=True)
class Access:
    """What the page asks for: name and password."""

    user: str
    password: str


def access_for(settings: Settings) -> Access | None:
    """The password to ask for, or None.

    One that was set with STUDIO_TOKEN is always asked for. Without it there is one as soon as other machines
    can reach the page, made at the first start and kept in the data folder; a Space has its own doors.
    """
    if settings.token:
        return Access(USER, settings.token)
    if on_space() or is_loopback(settings.host):
        return None
    return Access(USER, _kept_token(settings.data / TOKEN_FILE))


def may_change_engines(settings: Settings) -> bool:
    """Whether who reaches the page may fetch and unload engines: not strangers without a password."""
    return is_loopback(settings.host) or access_for(settings) is not None


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach ``host``."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _kept_token(path: Path) -> str:
    if not path.is_file():
        with whole_file(path) as part:
            part.touch(mode=0o600)
            part.write_text(secrets.token_urlsafe(12), "utf-8")
    return path.read_text("utf-8").strip()
