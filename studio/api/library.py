"""What a person has made: avatars and clips, to find, rename, delete, bring back, render again."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from studio.api.context import Id, Owner, TheStudio, may_list
from studio.api.errors import known
from studio.api.sessions import Accepted, SessionStatus, accepted, status_of
from studio.shelf import Item, delete_item, find_item, list_items, rename_item, rerender, restore_item

router = APIRouter(prefix="/api", tags=["Library"])


class AvatarBody(BaseModel):
    """A face that can talk; a ``sample`` ships with the studio."""

    id: str
    name: str
    consent: str
    created: str
    sample: bool


class ClipBody(BaseModel):
    """A finished clip; ``manifest`` says everything that made it. Its id is that of its session."""

    id: str
    created: str
    manifest: dict[str, Any]


class ItemBody(BaseModel):
    """An avatar or a clip: ``seconds`` is a clip's length, ``words`` are what it says. ``named``: somebody gave
    it its name; a clip is else called by its words."""

    kind: Literal["avatar", "clip"]
    id: str
    name: str
    created: str
    avatar: str
    consent: str
    seconds: float
    words: str
    named: bool


class NewName(BaseModel):
    """Another name."""

    name: str = Field(min_length=1, max_length=200, description="One line; what is too long is cut.")


class NewWords(BaseModel):
    """Other words, as they are typed on the page: feelings may stand in them."""

    text: str = Field(min_length=1, max_length=20_000, description="What it should say instead.")


@router.get("/library")
def items(
    studio: TheStudio,
    owner: Owner,
    query: Annotated[str, Query(max_length=200, description="Words that name, text or date must have.")] = "",
) -> list[ItemBody]:
    """Your own avatars, then your clips, newest first; with a query those that have all its words."""
    may_list(owner)
    return [_item(item) for item in list_items(studio.library, owner, query)]


@router.get("/library/{item_id}")
def item(item_id: Id, studio: TheStudio, owner: Owner) -> ItemBody:
    """One avatar or clip."""
    return _item(known(find_item, studio.library, owner, item_id))


@router.patch("/library/{item_id}")
def rename(item_id: Id, new: NewName, studio: TheStudio, owner: Owner) -> ItemBody:
    """Give an avatar or a clip another name."""
    known(find_item, studio.library, owner, item_id)
    return _item(rename_item(studio.library, owner, item_id, new.name))


@router.delete("/library/{item_id}")
def delete(item_id: Id, studio: TheStudio, owner: Owner) -> ItemBody:
    """Delete an avatar or a clip; for a day it can be brought back."""
    return _item(known(delete_item, studio.library, owner, item_id))


@router.post("/library/{item_id}/restore")
def restore(item_id: Id, studio: TheStudio, owner: Owner) -> ItemBody:
    """Bring back what was deleted within the last day."""
    return _item(known(restore_item, studio.library, owner, item_id))


@router.post("/library/{item_id}/rerender", status_code=202)
def again(item_id: Id, new: NewWords, studio: TheStudio, owner: Owner) -> Accepted:
    """Queue a clip again with other words and everything else as it was."""
    known(studio.library.clip, owner, item_id)
    return accepted(studio, owner, rerender(studio, owner, item_id, new.text))


def _item(found: Item) -> ItemBody:
    return ItemBody(**found.document())


@router.get("/avatars")
def avatars(studio: TheStudio, owner: Owner) -> list[AvatarBody]:
    """The avatars, newest first, then the samples."""
    may_list(owner)
    found = studio.library.avatars(owner)
    return [
        AvatarBody(id=each.id, name=each.name, consent=each.consent, created=each.created, sample=each.sample)
        for each in found
    ]


@router.delete("/avatars/{avatar_id}", status_code=204)
def delete_avatar(avatar_id: Id, studio: TheStudio, owner: Owner) -> Response:
    """Delete an avatar; the samples stay."""
    known(studio.library.avatar, owner, avatar_id)
    studio.library.remove(owner, avatar_id)
    return Response(status_code=204)


@router.get("/clips")
def clips(studio: TheStudio, owner: Owner) -> list[ClipBody]:
    """The finished clips, newest first."""
    may_list(owner)
    found = studio.library.clips(owner)
    return [ClipBody(id=each.id, created=each.created, manifest=each.manifest) for each in found]


@router.delete("/clips/{clip_id}", status_code=204)
def delete_clip(clip_id: Id, studio: TheStudio, owner: Owner) -> Response:
    """Delete a clip."""
    known(studio.library.remove_clip, owner, clip_id)
    return Response(status_code=204)


@router.get("/jobs")
def jobs(studio: TheStudio, owner: Owner) -> list[SessionStatus]:
    """The renders of this and earlier runs of the studio, newest first."""
    may_list(owner)
    return [status_of(view) for view in studio.jobs.list(owner)]
