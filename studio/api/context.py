"""What endpoints share: the studio, whose request it is, and files that were sent."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, BinaryIO

from fastapi import Depends, Header, Request
from fastapi import Path as PathParameter

from studio.access import Access, is_loopback
from studio.api.errors import Refused
from studio.library import LOCAL_OWNER
from studio.services import Studio
from studio.settings import Settings
from studio.tabs.owner import owner_of

PUBLIC_OWNER = "public"
"""Owner of what strangers make who do not say who they are, where there is no password."""
BLOCK = 1 << 20
LEFT_OVER = 3600.0
"""Seconds after which an upload that is still there was given up."""


async def _studio(request: Request) -> Studio:
    studio: Studio = request.app.state.studio
    return studio


TheStudio = Annotated[Studio, Depends(_studio)]
OwnerHeader = Annotated[
    str | None,
    Header(
        alias="X-Owner",
        min_length=40,
        max_length=200,
        description="A long secret of your own: what you make can then only be seen with it.",
    ),
]


async def _owner(request: Request, x_owner: OwnerHeader = None) -> str:
    """Whose request it is: the header's, else that of all who do not say."""
    usual: str = request.app.state.owner
    return usual if x_owner is None else owner_of(x_owner)


def usual_owner(settings: Settings, access: Access | None) -> str:
    """Who asks without saying who: this machine's own people, unless strangers may ask too."""
    return LOCAL_OWNER if access is not None or is_loopback(settings.host) else PUBLIC_OWNER


Owner = Annotated[str, Depends(_owner)]
Id = Annotated[str, PathParameter(pattern=r"^[a-z0-9-]{1,40}$")]


def may_list(owner: str) -> None:
    """Refuse to list what strangers made: its ids are all that keeps it apart."""
    if owner == PUBLIC_OWNER:
        raise Refused(403, "Lists are for those who say who they are.", "Send a long secret as 'X-Owner'.")


@contextmanager
def upload_folder(studio: Studio) -> Iterator[Path]:
    """A folder with a random name, gone afterwards."""
    folder = studio.settings.data / "uploads" / secrets.token_hex(8)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def forget_uploads(studio: Studio, before: float) -> None:
    """Remove what an earlier run that was killed had not finished reading."""
    for folder in (studio.settings.data / "uploads").glob("*"):
        if folder.stat().st_mtime < before - LEFT_OVER:
            shutil.rmtree(folder, ignore_errors=True)


def keep(source: BinaryIO, folder: Path, name: str) -> Path:
    """Write what was sent into ``folder`` under a name of ours; what the client calls it is of no matter."""
    path = folder / name
    source.seek(0)
    with path.open("wb") as file:
        shutil.copyfileobj(source, file, BLOCK)
    return path


def is_file(value: Any) -> bool:
    """Whether a form field holds a file that was chosen; browsers send an empty one for none."""
    return value is not None and bool(getattr(value, "filename", None) or getattr(value, "size", None))
