"""The avatars that ship with the studio: invented people, drawn by assets/avatars."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from studio.consent import ConsentRecord
from studio.manifests import Avatar

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SAMPLES = Path(__file__).resolve().parent.parent / "assets" / "avatars"


def sample_avatars() -> tuple[Avatar, ...]:
    """As assets/avatars/avatars.toml lists them; none if it is not there."""
    index = SAMPLES / "avatars.toml"
    if not index.is_file():
        return ()
    return tuple(map(_sample, tomllib.loads(index.read_text("utf-8"))["avatars"]))


def _sample(entry: dict[str, Any]) -> Avatar:
    return Avatar(
        id=entry["id"],
        name=entry["name"],
        record=ConsentRecord("invented", by="the studio"),
        source=SAMPLES / entry["file"],
        face=0,
        created="",
        sample=True,
        voice=entry.get("voice", "en-us"),
        sentence=entry.get("sentence", ""),
    )
