"""What a person has made: avatars and clips, listed and deleted."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel

from studio.api.context import Id, Owner, TheStudio, may_list
from studio.api.errors import known
from studio.api.sessions import SessionStatus, status_of

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
