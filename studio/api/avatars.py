"""Avatars that clients send: kept in the library, prepared in the background."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from fastapi import Depends, Request, UploadFile
from PIL import Image as Pillow
from pydantic import BaseModel

from engines.errors import StudioError
from engines.photos import FaceBox, read_photo
from engines.types import Image
from studio.api.context import keep, upload_folder
from studio.api.preparing import Preparer
from studio.consent import BY_API, ConsentRecord
from studio.library import Avatar
from studio.services import Studio, avatar_ref

Mode = Literal["crop", "extcrop", "resize", "full", "extfull"]
MARGINS: dict[str, float] = {"crop": 0.6, "extcrop": 1.2}
"""Widths of the face that SadTalker's cropping modes leave around it; the other modes keep the picture."""
AvatarStatusWord = Literal["processing", "completed", "failed"]


class AvatarStatus(BaseModel):
    """``status`` is completed once a first clip need not wait for the face; ``preparation_time`` in seconds;
    ``progress`` from 0 to 1 while a video is looked through."""

    image_id: str
    name: str
    consent: str
    status: AvatarStatusWord
    preparation_time: float | None
    cached: bool
    error: str | None
    progress: float | None = None


async def _preparer(request: Request) -> Preparer:
    preparer: Preparer = request.app.state.preparer
    return preparer


ThePreparer = Annotated[Preparer, Depends(_preparer)]


def add_avatar(studio: Studio, owner: str, upload: UploadFile, terms: AvatarTerms) -> Avatar:
    """Keep a picture as an avatar. Raises StudioError if it cannot talk."""
    with upload_folder(studio) as folder:
        photo = keep(upload.file, folder, "picture")
        report = studio.inspect(photo)
        if report.problem:
            raise StudioError(report.problem)
        if terms.mode in MARGINS:
            photo = _cropped(read_photo(photo), report.faces[0], MARGINS[terms.mode], folder)
        return studio.library.add(owner, photo, terms.name, ConsentRecord.state(terms.consent, BY_API))


class AvatarTerms(BaseModel):
    """What is said of a picture: its name, by what right it is used, how much of it is kept."""

    name: str | None = None
    consent: Literal["mine", "permission", "invented"] | None = None
    mode: Mode = "full"


def status_of_avatar(preparer: Preparer, avatar: Avatar, recipe: str) -> AvatarStatus:
    """How far the preparation is."""
    done = preparer.ask(avatar_ref(avatar), recipe)
    word: AvatarStatusWord = "processing" if done is None else "failed" if done.problem else "completed"
    return AvatarStatus(
        image_id=avatar.id,
        name=avatar.name,
        consent=avatar.consent,
        status=word,
        preparation_time=round(done.seconds, 3) if done else None,
        cached=bool(done and done.cached),
        error=(done.problem or None) if done else None,
    )


def _cropped(rgb: Image, face: FaceBox, margin: float, folder: Path) -> Path:
    """The square around a face, as far as the picture goes, as a file."""
    height, width = rgb.shape[:2]
    reach = max(face.width, face.height) * (0.5 + margin)
    x, y = face.x + face.width / 2, face.y + face.height / 2
    left, right = max(round(x - reach), 0), min(round(x + reach), width)
    top, bottom = max(round(y - reach), 0), min(round(y + reach), height)
    path = folder / "cropped.png"
    Pillow.fromarray(rgb[top:bottom, left:right]).save(path)
    return path
