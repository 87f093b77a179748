"""Avatars and clips on disk: plain folders that their owner could copy away, each with a manifest.json.

data/avatars/<owner>/<id>/source.<ext>  manifest.json
data/clips/<owner>/<id>/clip.mp4|webm   manifest.json
"""

from __future__ import annotations

import json
import re
import secrets
import shutil
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, cast

from engines.adjust import check_shifts
from engines.errors import StudioError
from engines.files import whole_file, whole_folder
from engines.photos import corrected_face, prepare_photo, read_photo
from engines.requests import parse_avatar
from engines.types import AvatarRef, Clip, HandleShift, PlacedFace
from studio.clip_files import clip_manifest, keep_only, now, remove_half_files

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Consent = Literal["mine", "permission", "invented"]
CONSENTS: tuple[Consent, ...] = ("mine", "permission", "invented")
LOCAL_OWNER = "local"
"""Owner of what is made at the command line of this machine."""
SAMPLES = Path(__file__).resolve().parent.parent / "assets" / "avatars"
MAX_NAME = 60
_OWNER = re.compile(r"[a-z0-9]{1,64}")
_ID = re.compile(r"[a-z0-9-]{1,40}")


@dataclass(frozen=True)
class Avatar:
    """A face that can talk. ``sample``: it ships with the studio and belongs to everybody.

    ``adjust``, ``placed``: what its owner corrected of the points found, or where they put the face.
    """

    id: str
    name: str
    consent: Consent
    source: Path
    face: int
    created: str
    sample: bool = False
    voice: str = "en-us"
    sentence: str = ""
    adjust: tuple[HandleShift, ...] = ()
    placed: PlacedFace | None = None


@dataclass(frozen=True)
class StoredClip:
    """A finished clip in the library. ``manifest``: request, duration, stage times, engines, notes, avatar."""

    id: str
    path: Path
    created: str
    manifest: dict[str, Any]


class Library:
    """Everything that people made, by owner. An owner sees the samples and what is theirs, nothing else."""

    def __init__(self, data: Path) -> None:
        self._avatars, self._clips = data / "avatars", data / "clips"

    def samples(self) -> tuple[Avatar, ...]:
        """The avatars that ship with the studio."""
        index = SAMPLES / "avatars.toml"
        if not index.is_file():
            return ()
        entries = tomllib.loads(index.read_text("utf-8"))["avatars"]
        return tuple(_sample(entry) for entry in entries)

    def avatars(self, owner: str) -> tuple[Avatar, ...]:
        """The owner's avatars, newest first, then the samples."""
        own = [_avatar(folder) for folder in _folders(self._avatars / checked_owner(owner))]
        return (*sorted(own, key=lambda avatar: avatar.created, reverse=True), *self.samples())

    def avatar(self, owner: str, avatar_id: str) -> Avatar:
        """One avatar by id; raises StudioError if the owner has none of that id."""
        for avatar in self.avatars(owner):
            if avatar.id == avatar_id:
                return avatar
        raise StudioError(f"There is no avatar '{avatar_id[:40]}'; list the avatars to see what there is.")

    def add(self, owner: str, photo: Path, name: str | None, consent: Consent, face: int = 0) -> Avatar:
        """Keep a photo as an avatar; raises StudioError if it cannot talk."""
        return self.add_face(owner, AvatarRef(str(photo), face), name, consent)

    def add_face(self, owner: str, photo: AvatarRef, name: str | None, consent: Consent) -> Avatar:
        """Keep the face that ``photo`` names, with its corrections, as an avatar."""
        path = Path(photo.source)
        prepare_photo(read_photo(path), photo, None)
        folder = self._avatars / checked_owner(owner) / secrets.token_hex(6)
        source = f"source{_extension(path)}"
        manifest = {
            "name": _clean_name(name or path.stem),
            "consent": consent,
            "face": photo.face,
            "created": now(),
            "source": source,
            **_corrections(photo),
        }
        with whole_folder(folder) as part:
            shutil.copyfile(path, part / source)
            (part / "manifest.json").write_text(json.dumps(manifest, indent=1), "utf-8")
        return _avatar(folder)

    def adjust(self, owner: str, avatar_id: str, photo: AvatarRef) -> Avatar:
        """Keep the corrections of ``photo`` with an avatar of the owner's, in place of earlier ones.

        Raises StudioError for samples, unknown ids and corrections that cannot be.
        """
        avatar = self.avatar(owner, avatar_id)
        if avatar.sample:
            raise StudioError("The sample avatars belong to the studio and cannot be changed.")
        corrected_face(read_photo(avatar.source), replace(photo, source=str(avatar.source), face=avatar.face))
        folder = avatar.source.parent
        text = json.dumps({**_manifest(folder), **_corrections(photo)}, indent=1)
        with whole_file(folder / "manifest.json") as part:
            part.write_text(text, "utf-8")
        return _avatar(folder)

    def remove(self, owner: str, avatar_id: str) -> None:
        """Delete an avatar of the owner's; raises StudioError for samples and unknown ids."""
        avatar = self.avatar(owner, avatar_id)
        if avatar.sample:
            raise StudioError("The sample avatars belong to the studio and cannot be removed.")
        shutil.rmtree(avatar.source.parent)

    def clips(self, owner: str) -> tuple[StoredClip, ...]:
        """The owner's finished clips, newest first."""
        found = [_stored(folder) for folder in _folders(self._clips / checked_owner(owner))]
        return tuple(sorted(found, key=lambda clip: clip.created, reverse=True))

    def clip(self, owner: str, clip_id: str) -> StoredClip:
        """One clip by id; raises StudioError if the owner has none of that id."""
        folder = self._clips / checked_owner(owner) / clip_id
        if not _ID.fullmatch(clip_id) or not (folder / "manifest.json").is_file():
            raise StudioError("There is no such clip; it may have been deleted.")
        return _stored(folder)

    def remove_clip(self, owner: str, clip_id: str) -> None:
        """Delete a clip of the owner's."""
        shutil.rmtree(self.clip(owner, clip_id).path.parent)

    def start_clip(self, owner: str, clip_id: str) -> Path:
        """A working folder for a clip in the making; it is nobody's clip until ``finish_clip``."""
        folder = self._clips / checked_owner(owner) / f".{clip_id}.part"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def describe_clip(self, owner: str, clip_id: str, clip: Clip, avatar: str) -> Path:
        """Write the manifest into the working folder; returns its path."""
        path = self.start_clip(owner, clip_id) / "manifest.json"
        with whole_file(path) as part:
            part.write_text(json.dumps(clip_manifest(clip, avatar), indent=1), "utf-8")
        return path

    def finish_clip(self, owner: str, clip_id: str) -> StoredClip:
        """Turn the working folder, with video and manifest in it, into the clip; what else is in it goes.

        A clip that is finished already stays as it is.
        """
        final = self._clips / checked_owner(owner) / clip_id
        if not final.is_dir():
            folder = self.start_clip(owner, clip_id)
            keep_only(folder, (_video_name(_manifest(folder)), "manifest.json"))
            folder.rename(final)
        self.drop_work(owner, clip_id)
        return _stored(final)

    def drop_work(self, owner: str, clip_id: str) -> None:
        """Delete the working folder of a clip, if there is one."""
        folder = self._clips / checked_owner(owner) / f".{clip_id}.part"
        shutil.rmtree(folder, ignore_errors=True)

    def sweep(self, unfinished: Collection[str] = ()) -> None:
        """Remove what earlier runs left half done; of the clips named in ``unfinished`` only half files."""
        for root in (self._avatars, self._clips):
            for part in root.glob("*/.*.part"):
                if part.name[1:].removesuffix(".part") in unfinished:
                    remove_half_files(part)
                else:
                    shutil.rmtree(part, ignore_errors=True)


def _sample(entry: dict[str, Any]) -> Avatar:
    return Avatar(
        id=entry["id"],
        name=entry["name"],
        consent="invented",
        source=SAMPLES / entry["file"],
        face=0,
        created="",
        sample=True,
        voice=entry.get("voice", "en-us"),
        sentence=entry.get("sentence", ""),
    )


def _avatar(folder: Path) -> Avatar:
    manifest = _manifest(folder)
    source = folder / Path(manifest["source"]).name
    consent = cast("Consent", manifest["consent"])
    kept = {name: manifest.get(name) or empty for name, empty in (("adjust", ()), ("placed", None))}
    ref = parse_avatar({"source": str(source), "face": manifest["face"], **kept})
    return Avatar(
        id=folder.name,
        name=manifest["name"],
        consent=consent,
        source=source,
        face=ref.face,
        created=manifest["created"],
        adjust=ref.adjust,
        placed=ref.placed,
    )


def _corrections(photo: AvatarRef) -> dict[str, Any]:
    """What a manifest holds of them."""
    shifts = [asdict(shift) for shift in check_shifts(photo.adjust)]
    return {"adjust": shifts, "placed": asdict(photo.placed) if photo.placed else None}


def _video_name(manifest: Mapping[str, Any]) -> str:
    return Path(manifest.get("file", "clip.mp4")).name


def _stored(folder: Path) -> StoredClip:
    manifest = _manifest(folder)
    path = folder / _video_name(manifest)
    return StoredClip(folder.name, path, manifest["created"], manifest)


def _manifest(folder: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text("utf-8"))
    return manifest


def _folders(root: Path) -> Iterator[Path]:
    if root.is_dir():
        yield from (
            path.parent for path in root.glob("*/manifest.json") if not path.parent.name.startswith(".")
        )


def checked_owner(owner: str) -> str:
    """``owner``, which becomes a folder's name; raises StudioError if it is anything but letters and digits."""
    if not _OWNER.fullmatch(owner):
        raise StudioError("The request does not say whose it is; reload the page.")
    return owner


def _clean_name(name: str) -> str:
    printable = "".join(letter for letter in name if letter.isprintable()).strip()
    return printable[:MAX_NAME] or "Avatar"


def _extension(photo: Path) -> str:
    suffix = photo.suffix.lower()
    return suffix if re.fullmatch(r"\.[a-z0-9]{1,5}", suffix) else ".img"
