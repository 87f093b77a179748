"""Avatars and clips on disk: plain folders that their owner could copy away, each with a manifest.json.

data/avatars/<owner>/<id>/source.<ext>  manifest.json  (source.npz: the faces in a film)
data/clips/<owner>/<id>/clip.mp4|webm   manifest.json  (recording.<ext>, clip.c2pa, files of options)
data/trash/<owner>/<avatars or clips>/<id>/
"""

from __future__ import annotations

import json
import re
import secrets
import shutil
from collections.abc import Callable, Collection, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, TypeVar

from engines.errors import StudioError
from engines.files import whole_file, whole_folder
from engines.photos import corrected_face, prepare_photo, read_photo
from engines.types import AvatarRef, Clip
from studio.backup import Backup
from studio.clip_files import (
    MANIFEST,
    clip_manifest,
    keep_only,
    lasting_names,
    remove_half_files,
    video_name,
)
from studio.consent import CONSENTS, NOT_STATED, Consent, ConsentRecord
from studio.credentials import Credentials, manifest_statement
from studio.manifests import (
    ORIGIN,
    Avatar,
    StoredClip,
    avatar_manifest,
    clean_name,
    corrections,
    origin_document,
    read_avatar,
    read_clip,
    read_manifest,
    read_origin,
    write_manifest,
)
from studio.names import AVATARS, CLIPS, checked_owner, is_id, is_owner
from studio.samples import sample_avatars
from studio.trash import Trash

__all__ = [
    "CONSENTS",
    "LOCAL_OWNER",
    "Avatar",
    "Consent",
    "Library",
    "StoredClip",
    "checked_owner",
    "clip_manifest",
]

LOCAL_OWNER = "local"
"""Owner of what is made at the command line of this machine."""
NO_CLIP = "There is no such clip; it may have been deleted."
NO_POINTS = "The points of a filmed face are found in every frame; they cannot be moved by hand."

Facts = dict[str, Any]
"""What a manifest says besides."""
Fill = Callable[[Path], Path]
"""Puts a film into a folder and says where its video lies there."""
Entry = TypeVar("Entry", Avatar, StoredClip)


class Library:
    """Everything that people made, by owner. An owner sees the samples and what is theirs, nothing else.

    ``credentials`` sign every clip as it is finished; without them, clips stay unsigned. ``backup`` copies what
    is kept and has what is missing.
    """

    def __init__(
        self, data: Path, credentials: Credentials | None = None, backup: Backup | None = None
    ) -> None:
        self._avatars, self._clips = data / AVATARS, data / CLIPS
        self._backup = backup or Backup(data)
        self._trash, self._credentials = Trash(data / "trash", self._backup.forget), credentials

    def owners(self) -> tuple[str, ...]:
        """Everybody who has something here."""
        found = {folder.name for root in (self._avatars, self._clips) for folder in root.glob("*")}
        return tuple(sorted(name for name in found if is_owner(name)))

    def samples(self) -> tuple[Avatar, ...]:
        """The avatars that ship with the studio."""
        return sample_avatars()

    def avatars(self, owner: str) -> tuple[Avatar, ...]:
        """The owner's avatars, newest first, then the samples."""
        self._backup.bring(checked_owner(owner))
        return (*_newest_first(self._avatars / owner, read_avatar), *self.samples())

    def avatar(self, owner: str, avatar_id: str) -> Avatar:
        """One avatar by id; raises StudioError if the owner has none of that id."""
        for avatar in self.avatars(owner):
            if avatar.id == avatar_id:
                return avatar
        if self._backup.fetch(owner, avatar_id):
            return read_avatar(self._avatars / owner / avatar_id)
        raise StudioError(f"There is no avatar '{avatar_id[:40]}'; list the avatars to see what there is.")

    def add(
        self, owner: str, photo: Path, name: str | None, consent: Consent | ConsentRecord | None, face: int = 0
    ) -> Avatar:
        """Keep a photo as an avatar; raises StudioError if it cannot talk. ``consent`` None: not stated."""
        return self.add_face(owner, AvatarRef(str(photo), face), name, consent)

    def add_face(
        self, owner: str, photo: AvatarRef, name: str | None, consent: Consent | ConsentRecord | None
    ) -> Avatar:
        """Keep the face that ``photo`` names, with its corrections, as an avatar."""
        path = Path(photo.source)
        prepare_photo(read_photo(path), photo, None)
        record = consent if isinstance(consent, ConsentRecord) else ConsentRecord.state(consent, "")
        folder = self._avatars / checked_owner(owner) / secrets.token_hex(6)
        source = f"source{_extension(path)}"
        named = clean_name(name or path.stem, "Avatar")
        with whole_folder(folder) as part:
            shutil.copyfile(path, part / source)
            write_manifest(part, avatar_manifest(named, record, photo, source))
        self._backup.changed()
        return read_avatar(folder)

    def add_film(
        self,
        owner: str,
        name: str,
        record: ConsentRecord,
        facts: Facts,
        fill: Fill,
        avatar_id: str = "",
    ) -> Avatar:
        """Keep a film as an avatar, under an id of its own if none is given."""
        folder = self._avatars / checked_owner(owner) / (avatar_id or secrets.token_hex(6))
        with whole_folder(folder) as part:
            source = fill(part).name
            named = clean_name(name, "Avatar")
            write_manifest(part, {**avatar_manifest(named, record, AvatarRef(source), source), **facts})
        self._backup.changed()
        return read_avatar(folder)

    def state_consent(self, owner: str, avatar_id: str, record: ConsentRecord) -> Avatar:
        """Write down by what right an avatar of the owner's speaks."""
        return read_avatar(self._changed(self._own_avatar(owner, avatar_id), consent=asdict(record)))

    def rename(self, owner: str, avatar_id: str, name: str) -> Avatar:
        """Call an avatar of the owner's something else; raises StudioError for samples and unknown ids."""
        return read_avatar(self._changed(self._own_avatar(owner, avatar_id), name=clean_name(name)))

    def adjust(self, owner: str, avatar_id: str, photo: AvatarRef) -> Avatar:
        """Keep the corrections of ``photo`` with an avatar of the owner's, in place of earlier ones.

        Raises StudioError for samples, unknown ids and corrections that cannot be.
        """
        folder, avatar = self._own_avatar(owner, avatar_id), self.avatar(owner, avatar_id)
        if avatar.filmed:
            raise StudioError(NO_POINTS)
        corrected_face(read_photo(avatar.source), replace(photo, source=str(avatar.source), face=avatar.face))
        return read_avatar(self._changed(folder, **corrections(photo)))

    def remove(self, owner: str, avatar_id: str) -> None:
        """Move an avatar of the owner's to the trash; raises StudioError for samples and unknown ids."""
        self._trash.put(owner, AVATARS, self._own_avatar(owner, avatar_id))

    def clips(self, owner: str) -> tuple[StoredClip, ...]:
        """The owner's finished clips, newest first."""
        return tuple(_newest_first(self._clips / checked_owner(owner), read_clip))

    def clip(self, owner: str, clip_id: str) -> StoredClip:
        """One clip by id; raises StudioError if the owner has none of that id."""
        folder = self._clips / checked_owner(owner) / clip_id
        if not is_id(clip_id) or not (folder / MANIFEST).is_file():
            raise StudioError(NO_CLIP)
        return read_clip(folder)

    def rename_clip(self, owner: str, clip_id: str, name: str) -> StoredClip:
        """Give a clip of the owner's a name."""
        return read_clip(self._changed(self.clip(owner, clip_id).path.parent, name=clean_name(name)))

    def remove_clip(self, owner: str, clip_id: str) -> None:
        """Move a clip of the owner's to the trash."""
        self._trash.put(owner, CLIPS, self.clip(owner, clip_id).path.parent)

    def restore(self, owner: str, item_id: str) -> Avatar | StoredClip:
        """Bring an avatar or a clip of the owner's back; raises StudioError if it is not in the trash."""
        if not is_id(item_id):
            raise StudioError(NO_CLIP)
        if item_id in self._trash.names(checked_owner(owner), AVATARS):
            self._trash.bring_back(owner, AVATARS, self._avatars / owner / item_id)
            return self.avatar(owner, item_id)
        self._trash.bring_back(owner, CLIPS, self._clips / owner / item_id)
        return self.clip(owner, item_id)

    def owner_of_deleted(self, item_id: str) -> str:
        """Who deleted an item; raises StudioError if it is not in the trash."""
        return self._trash.owner_of(item_id)

    def origin(self, owner: str, picture: Path, record: ConsentRecord | None = None) -> dict[str, Any]:
        """Whose face a picture shows: the avatar that it is the source of, else what ``record`` says."""
        avatar = next((item for item in self.avatars(owner) if item.source == picture), None)
        stated = avatar.record if avatar and avatar.consent != "not stated" else record
        return origin_document(stated or NOT_STATED, avatar.id if avatar else "")

    def start_clip(self, owner: str, clip_id: str) -> Path:
        """A working folder for a clip in the making; it is nobody's clip until ``finish_clip``."""
        folder = self._clips / checked_owner(owner) / f".{clip_id}.part"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def note_origin(self, owner: str, clip_id: str, origin: dict[str, Any]) -> Path:
        """Write into the working folder whose face the clip shows; returns the file's path."""
        path = self.start_clip(owner, clip_id) / ORIGIN
        with whole_file(path) as part:
            part.write_text(json.dumps(origin), "utf-8")
        return path

    def describe_clip(self, owner: str, clip_id: str, clip: Clip, avatar: str) -> Path:
        """Write the manifest into the working folder; returns its path."""
        folder = self.start_clip(owner, clip_id)
        return write_manifest(folder, {**clip_manifest(clip, avatar), **read_origin(folder)})

    def finish_clip(self, owner: str, clip_id: str) -> StoredClip:
        """Sign the video in the working folder and turn the folder into the clip; what else is in it goes.

        A clip that is finished already stays as it is.
        """
        final = self._clips / checked_owner(owner) / clip_id
        if not final.is_dir():
            folder = self.start_clip(owner, clip_id)
            self._sign(folder)
            keep_only(folder, lasting_names(read_manifest(folder)))
            folder.rename(final)
            self._backup.changed()
        self.drop_work(owner, clip_id)
        return read_clip(final)

    def drop_work(self, owner: str, clip_id: str) -> None:
        """Delete the working folder of a clip, if there is one."""
        folder = self._clips / checked_owner(owner) / f".{clip_id}.part"
        shutil.rmtree(folder, ignore_errors=True)

    def sweep(self, unfinished: Collection[str] = ()) -> None:
        """Remove old trash and what earlier runs left half done; of clips in ``unfinished`` only half files."""
        self._trash.sweep()
        for root in (self._avatars, self._clips):
            for part in root.glob("*/.*.part"):
                if part.name[1:].removesuffix(".part") in unfinished:
                    remove_half_files(part)
                else:
                    shutil.rmtree(part, ignore_errors=True)

    def _own_avatar(self, owner: str, avatar_id: str) -> Path:
        avatar = self.avatar(owner, avatar_id)
        if avatar.sample:
            raise StudioError("The sample avatars belong to the studio and cannot be changed or removed.")
        return avatar.source.parent

    def _changed(self, folder: Path, **values: Any) -> Path:
        write_manifest(folder, {**read_manifest(folder), **values})
        self._backup.changed()
        return folder

    def _sign(self, folder: Path) -> None:
        if self._credentials is None:
            return
        manifest = read_manifest(folder)
        note = self._credentials.sign(folder / video_name(manifest), manifest_statement(manifest))
        signed = not note or (folder / video_name(manifest)).with_suffix(".c2pa").is_file()
        notes = manifest["notes"] + [note] * bool(note)
        write_manifest(folder, {**manifest, "signed": signed, "notes": notes})


def _newest_first(root: Path, read: Callable[[Path], Entry]) -> list[Entry]:
    return sorted(map(read, _folders(root)), key=lambda entry: entry.created, reverse=True)


def _folders(root: Path) -> Iterator[Path]:
    if root.is_dir():
        yield from (
            path.parent for path in root.glob("*/manifest.json") if not path.parent.name.startswith(".")
        )


def _extension(photo: Path) -> str:
    suffix = photo.suffix.lower()
    return suffix if re.fullmatch(r"\.[a-z0-9]{1,5}", suffix) else ".img"
