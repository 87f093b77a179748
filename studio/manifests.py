"""What the library keeps beside every avatar and clip: a manifest.json, read into values and written whole."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engines.adjust import check_shifts
from engines.errors import StudioError
from engines.feeling_tags import parse_feelings
from engines.files import whole_file
from engines.requests import parse_avatar
from engines.types import AvatarRef, HandleShift, PlacedFace
from studio.clip_files import MANIFEST, video_name
from studio.consent import Consent, ConsentRecord, now

ORIGIN = "origin.json"
MAX_NAME = 60
SHORT_TITLE = 60
RECORDED = "a recording"


@dataclass(frozen=True)
class Avatar:
    """A face that can talk. ``sample``: it ships with the studio and belongs to everybody.

    ``adjust``, ``placed``: what its owner corrected of the points found, or where they put the face.
    ``frames``: those of its film, 0 if it is a photo; ``img_size``: side in px of its face crops; ``pads``:
    px added to its face's box.
    """

    id: str
    name: str
    record: ConsentRecord
    source: Path
    face: int
    created: str
    sample: bool = False
    voice: str = "en-us"
    sentence: str = ""
    adjust: tuple[HandleShift, ...] = ()
    placed: PlacedFace | None = None
    frames: int = 0
    img_size: int = 256
    pads: tuple[int, int, int, int] = (0, 10, 0, 0)

    @property
    def filmed(self) -> bool:
        """Whether it is made of a video."""
        return self.frames > 0

    @property
    def consent(self) -> Consent:
        """By what right it speaks."""
        return self.record.right


@dataclass(frozen=True)
class StoredClip:
    """A finished clip in the library. ``manifest``: request, duration, stage times, engines, notes, avatar."""

    id: str
    path: Path
    created: str
    manifest: dict[str, Any]

    @property
    def words(self) -> str:
        """What is said, without its feelings."""
        return parse_feelings(self.manifest["request"]["words"].get("text") or RECORDED).text

    @property
    def title(self) -> str:
        """The name that it was given, else who says what."""
        words = self.words
        short = words if len(words) <= SHORT_TITLE else words[: SHORT_TITLE - 3].rsplit(" ", 1)[0] + "…"
        return str(self.manifest.get("name") or f"{self.manifest['avatar']}: {short}")


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest in ``folder``."""
    manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text("utf-8"))
    return manifest


def write_manifest(folder: Path, manifest: dict[str, Any]) -> Path:
    """Put ``manifest`` into ``folder``, whole or not at all; returns its path."""
    path = folder / MANIFEST
    with whole_file(path) as part:
        part.write_text(json.dumps(manifest, indent=1), "utf-8")
    return path


def read_avatar(folder: Path) -> Avatar:
    """The avatar in ``folder``."""
    manifest = read_manifest(folder)
    source = folder / Path(manifest["source"]).name
    kept = {name: manifest.get(name) or empty for name, empty in (("adjust", ()), ("placed", None))}
    ref = parse_avatar({"source": str(source), "face": manifest["face"], **kept})
    return Avatar(
        id=folder.name,
        name=manifest["name"],
        record=ConsentRecord.parse(manifest["consent"], manifest["created"]),
        source=source,
        face=ref.face,
        created=manifest["created"],
        adjust=ref.adjust,
        placed=ref.placed,
        frames=int(manifest.get("frames", 0)),
        img_size=int(manifest.get("img_size", 256)),
        pads=_four(manifest.get("pads", (0, 10, 0, 0))),
    )


def _four(pads: Any) -> tuple[int, int, int, int]:
    top, bottom, left, right = (int(pad) for pad in pads)
    return top, bottom, left, right


def avatar_manifest(name: str, record: ConsentRecord, photo: AvatarRef, source: str) -> dict[str, Any]:
    """What is kept beside an avatar's picture, the file ``source``."""
    made = {"name": name, "consent": asdict(record), "face": photo.face, "created": now(), "source": source}
    return {**made, **corrections(photo)}


def corrections(photo: AvatarRef) -> dict[str, Any]:
    """What a manifest holds of the corrections of ``photo``."""
    shifts = [asdict(shift) for shift in check_shifts(photo.adjust)]
    return {"adjust": shifts, "placed": asdict(photo.placed) if photo.placed else None}


def read_clip(folder: Path) -> StoredClip:
    """The clip in ``folder``."""
    manifest = read_manifest(folder)
    return StoredClip(folder.name, folder / video_name(manifest), manifest["created"], manifest)


def origin_document(record: ConsentRecord, avatar_id: str = "") -> dict[str, Any]:
    """Whose face a clip in the making shows; it becomes part of the clip's manifest."""
    return {"avatar_id": avatar_id, "consent": asdict(record)}


def read_origin(folder: Path) -> dict[str, Any]:
    """What is known of whose face a clip in the making shows."""
    try:
        document = json.loads((folder / ORIGIN).read_text("utf-8"))
    except OSError:
        document = {}
    return origin_document(ConsentRecord.parse(document.get("consent")), str(document.get("avatar_id", "")))


def clean_name(name: str, otherwise: str = "") -> str:
    """``name`` in one printable line of at most MAX_NAME characters.

    Raises StudioError if nothing is left and there is no ``otherwise``.
    """
    cleaned = "".join(letter for letter in name if letter.isprintable()).strip()[:MAX_NAME] or otherwise
    if not cleaned:
        raise StudioError("Type a name first.")
    return cleaned
