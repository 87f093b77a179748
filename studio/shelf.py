"""What people do with what they made: look for it, rename it, delete it and bring it back, say something else.

The page, the command line and the API call these functions.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from engines.errors import StudioError
from engines.requests import option_files, parse_request, with_files
from engines.types import RenderRequest, Words
from studio.consent import Consent
from studio.library import Avatar, Library, StoredClip
from studio.services import Studio, avatar_ref

Kind = Literal["avatar", "clip"]
NO_ITEM = "There is nothing '{id}' in the library; list it to see what there is."
NO_AVATAR = (
    "The avatar of this clip was deleted; bring it back, or choose another face and type the words again."
)
NO_PICTURE = "The picture of this clip was not kept; make an avatar of it, and the clip anew."
NOT_KEPT = "The recording or another file of this clip was not kept; begin anew with your own file."


@dataclass(frozen=True)
class Item:
    """An avatar or a clip as it is listed. ``seconds`` is a clip's duration; ``words`` are what it says.

    ``named``: somebody gave it its name; a clip is else called by its words.
    """

    kind: Kind
    id: str
    name: str
    created: str
    avatar: str
    consent: Consent
    path: Path
    seconds: float = 0.0
    words: str = ""
    named: bool = False

    def document(self) -> dict[str, Any]:
        """The item as plain JSON values, without its path."""
        return {name: value for name, value in asdict(self).items() if name != "path"}


def list_items(library: Library, owner: str, query: str = "") -> tuple[Item, ...]:
    """The owner's own avatars, then their clips, newest first; those that have every word of ``query``."""
    avatars = [_avatar_item(avatar) for avatar in library.avatars(owner) if not avatar.sample]
    clips = [_clip_item(clip) for clip in library.clips(owner)]
    wanted = query.casefold().split()
    return tuple(item for item in (*avatars, *clips) if all(word in _searched(item) for word in wanted))


def find_item(library: Library, owner: str, item_id: str) -> Item:
    """One item of the owner's; raises StudioError if there is none of that id."""
    for item in list_items(library, owner):
        if item.id == item_id:
            return item
    raise StudioError(NO_ITEM.format(id=item_id[:40]))


def rename_item(library: Library, owner: str, item_id: str, name: str) -> Item:
    """Give an item another name; raises StudioError if there is none of that id or the name is empty."""
    item = find_item(library, owner, item_id)
    (library.rename if item.kind == "avatar" else library.rename_clip)(owner, item_id, name)
    return find_item(library, owner, item_id)


def delete_item(library: Library, owner: str, item_id: str) -> Item:
    """Move an item to the trash, where it lies for a day; returns what it was."""
    item = find_item(library, owner, item_id)
    (library.remove if item.kind == "avatar" else library.remove_clip)(owner, item_id)
    return item


def restore_item(library: Library, owner: str, item_id: str) -> Item:
    """Bring a deleted item back; raises StudioError if it is not in the trash any more."""
    library.restore(owner, item_id)
    return find_item(library, owner, item_id)


def clip_avatar(library: Library, owner: str, clip: StoredClip) -> Avatar:
    """Who speaks in a clip; raises StudioError if that avatar was deleted."""
    wanted, name = clip.manifest.get("avatar_id"), clip.manifest["avatar"]
    for avatar in library.avatars(owner):
        if avatar.id == wanted or (not wanted and avatar.name == name):
            return avatar
    raise StudioError(NO_AVATAR if wanted else NO_PICTURE)


def clip_request(library: Library, owner: str, clip: StoredClip) -> RenderRequest:
    """What a clip was made of, with its files where they are now.

    Raises StudioError if its avatar, its recording or a file among its options is gone.
    """
    request, folder = _named_request(clip), clip.path.parent
    audio = str(folder / request.words.audio) if request.words.audio else None
    files = {place: str(folder / name) for place, name in option_files(request).items()}
    if not all(Path(path).is_file() for path in filter(None, (audio, *files.values()))):
        raise StudioError(NOT_KEPT)
    words = replace(request.words, audio=audio)
    avatar = avatar_ref(clip_avatar(library, owner, clip))
    return with_files(replace(request, avatar=avatar, words=words), files)


def rerender(studio: Studio, owner: str, clip_id: str, text: str) -> str:
    """Queue a clip again with ``text`` for its words and everything else as it was; returns the job's id.

    Raises StudioError if the clip or its avatar is gone or there is nothing to say.
    """
    if not text.strip():
        raise StudioError("Type what it should say instead.")
    clip = studio.library.clip(owner, clip_id)
    asked = clip_request(studio.library, owner, clip)
    avatar = clip_avatar(studio.library, owner, clip)
    said = replace(asked, words=Words(text, asked.words.voice))
    return studio.jobs.submit(owner, said, avatar.name)


def _named_request(clip: StoredClip) -> RenderRequest:
    """A clip's request with files as bare names in the clip's folder."""
    request = parse_request(clip.manifest["request"])
    audio = request.words.audio and Path(request.words.audio).name
    files = {place: Path(path).name for place, path in option_files(request).items()}
    return with_files(replace(request, words=replace(request.words, audio=audio)), files)


def _avatar_item(avatar: Avatar) -> Item:
    return Item("avatar", avatar.id, avatar.name, avatar.created, avatar.name, avatar.consent, avatar.source)


def _clip_item(clip: StoredClip) -> Item:
    manifest = clip.manifest
    return Item(
        kind="clip",
        id=clip.id,
        name=clip.title,
        created=clip.created,
        avatar=manifest["avatar"],
        consent=manifest.get("consent", {}).get("right", "not stated"),
        path=clip.path,
        seconds=manifest["duration"],
        words=clip.words,
        named="name" in manifest,
    )


def _searched(item: Item) -> str:
    return " ".join((item.kind, item.name, item.avatar, item.words, item.created[:10])).casefold()
