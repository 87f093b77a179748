"""What is written down of a video that is to become an avatar: enough to go on in another process."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from engines.files import whole_file
from engines.footage.filming import FilmOptions
from studio.consent import ConsentRecord

ABOUT = "shoot.json"


@dataclass(frozen=True)
class Shoot:
    """Whose it is, the avatar's name, the clip's name in the folder, and why it failed, if it did."""

    owner: str
    name: str
    clip: str
    record: ConsentRecord
    options: FilmOptions
    problem: str = ""


def write_shoot(folder: Path, shoot: Shoot) -> None:
    """Put ``shoot`` into its folder, whole or not at all."""
    with whole_file(folder / ABOUT) as part:
        part.write_text(json.dumps(asdict(shoot)), "utf-8")


def read_shoot(folder: Path) -> Shoot | None:
    """What ``write_shoot`` wrote, None if there is nothing whole."""
    try:
        document: dict[str, Any] = json.loads((folder / ABOUT).read_text("utf-8"))
        return Shoot(
            owner=str(document["owner"]),
            name=str(document["name"]),
            clip=Path(document["clip"]).name,
            record=ConsentRecord.parse(document["record"]),
            options=TypeAdapter(FilmOptions).validate_python(document["options"]),
            problem=str(document["problem"]),
        )
    except (OSError, ValueError, KeyError, TypeError, ValidationError):
        return None
