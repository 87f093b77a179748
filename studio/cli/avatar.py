"""launch.py avatar: the avatars of this machine's command line."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from engines.footage.filming import FilmOptions
from engines.requests import parse_avatar
from engines.sniff import is_video
from engines.types import AvatarRef
from studio.cli.common import moves_option, open_studio, terminal_watch, with_moves
from studio.consent import BY_COMMAND, CONSENTS, Consent, ConsentRecord
from studio.library import LOCAL_OWNER, Avatar
from studio.services import Studio, avatar_ref

Place = tuple[float, float, float, float]


@click.group("avatar", help="Add, correct, list and remove avatars.")
def command() -> None:
    """See the help text of the group."""


@command.command("add", help="Keep a picture as an avatar, or make one of a video.")
@click.argument("source", type=click.Path(path_type=Path))
@click.option("--name", help="What to call it; the file's name otherwise.")
@click.option("--face", type=click.IntRange(1), default=1, help="Which face of several, 1 is the largest.")
@click.option(
    "--consent",
    type=click.Choice(CONSENTS),
    help="Whose face it is: yours, somebody's who allowed it, or nobody's; recorded as not stated otherwise.",
)
@click.option(
    "--place",
    type=(float, float, float, float),
    metavar="X Y EYES ROLL",
    help="Put the face there by hand where none is found: middle between the eyes in shares of the picture's "
    "width and height, distance of the outer eye corners in shares of its width, tilt in degrees.",
)
@click.option(
    "--img-size",
    type=click.IntRange(64, 1024),
    default=256,
    show_default=True,
    help="Video: side of face crops.",
)
@click.option(
    "--pads",
    type=(int, int, int, int),
    default=(0, 10, 0, 0),
    show_default=True,
    metavar="TOP BOTTOM LEFT RIGHT",
    help="Video: pixels added to the face's box.",
)
@click.option(
    "--face-batch",
    type=click.IntRange(1, 1000),
    default=16,
    show_default=True,
    help="Video: frames in which the face is followed between two looks for it.",
)
@click.pass_context
def add(context: click.Context, /, source: Path, **values: Any) -> None:
    """See the help text of the command."""
    record = ConsentRecord.state(values["consent"], BY_COMMAND)
    with open_studio(context) as studio:
        add_one = _add_video if source.is_file() and is_video(source) else _add_photo
        print(add_one(studio, source, record, values).id)


def _add_photo(studio: Studio, source: Path, record: ConsentRecord, values: dict[str, Any]) -> Avatar:
    photo = _looked_at(studio, source, values["face"] - 1, values["place"])
    return studio.library.add_face(LOCAL_OWNER, photo, values["name"], record)


def _add_video(studio: Studio, source: Path, record: ConsentRecord, values: dict[str, Any]) -> Avatar:
    options = FilmOptions(values["img_size"], values["pads"], values["face_batch"])
    watch = terminal_watch(quiet=False)
    avatar, notes = studio.add_film(LOCAL_OWNER, source, values["name"], record, options, watch)
    for note in notes:
        print(note, file=sys.stderr)
    return avatar


def _looked_at(studio: Studio, photo: Path, face: int, place: Place | None) -> AvatarRef:
    """The face that is meant; what was noticed about it goes to stderr."""
    if place is not None:
        x, y, iod, roll = place
        return parse_avatar({"source": str(photo), "placed": {"x": x, "y": y, "iod": iod, "roll": roll}})
    for note in studio.inspect(photo).notes:
        print(note, file=sys.stderr)
    return AvatarRef(str(photo), face)


@command.command(
    "adjust", help="Correct points of an avatar's face that were found wrong; without flags, tell them."
)
@click.argument("avatar_id")
@moves_option("--move", "Move a point")
@click.option("--reset", is_flag=True, help="Forget all corrections first.")
@click.pass_context
def adjust(context: click.Context, avatar_id: str, adjust: tuple[str, ...], reset: bool) -> None:
    """See the help text of the command."""
    with open_studio(context) as studio:
        avatar = studio.library.avatar(LOCAL_OWNER, avatar_id)
        if adjust or reset:
            before = avatar_ref(avatar)
            kept = replace(before, adjust=()) if reset else before
            avatar = studio.library.adjust(LOCAL_OWNER, avatar_id, with_moves(kept, adjust))
    if not avatar.adjust:
        print("All points are where they were found.", file=sys.stderr)
    for shift in avatar.adjust:
        print(f"{shift.handle}={shift.dx:g},{shift.dy:g}")


@command.command("list", help="List the avatars: id, name, whose face it is.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
@click.pass_context
def list_avatars(context: click.Context, as_json: bool) -> None:
    """See the help text of the command."""
    with open_studio(context) as studio:
        avatars = studio.library.avatars(LOCAL_OWNER)
    rows = [{"id": a.id, "name": a.name, "consent": a.consent, "sample": a.sample} for a in avatars]
    if as_json:
        print(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        print(f"{row['id']:<14} {row['name']:<32} {'sample' if row['sample'] else row['consent']}")


@command.command("export", help="Write an avatar that is made of a video as another program's folder.")
@click.argument("avatar_id")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--format", "kind", type=click.Choice(["livetalking"]), default="livetalking", show_default=True)
@click.pass_context
def export_avatar(context: click.Context, avatar_id: str, folder: Path, kind: str) -> None:
    """See the help text of the command."""
    with open_studio(context) as studio:
        studio.export_avatar(LOCAL_OWNER, avatar_id, folder, terminal_watch(quiet=False))
    print(f"{folder}: an avatar for {kind}.")


@command.command("import", help="Make an avatar of a LiveTalking folder, or of a .zip of one.")
@click.argument("source", type=click.Path(path_type=Path))
@click.option("--name", help="What to call it; the folder's name otherwise.")
@click.option("--consent", type=click.Choice(CONSENTS), help="Whose face it is.")
@click.pass_context
def import_avatar(context: click.Context, source: Path, name: str | None, consent: Consent | None) -> None:
    """See the help text of the command."""
    record = ConsentRecord.state(consent, BY_COMMAND)
    with open_studio(context) as studio:
        avatar, notes = studio.import_avatar(LOCAL_OWNER, source, name, record, terminal_watch(quiet=False))
    for note in notes:
        print(note, file=sys.stderr)
    print(avatar.id)


@command.command("remove", help="Delete an avatar.")
@click.argument("avatar_id")
@click.pass_context
def remove(context: click.Context, avatar_id: str) -> None:
    """See the help text of the command."""
    with open_studio(context) as studio:
        studio.library.remove(LOCAL_OWNER, avatar_id)
    print(f"Removed {avatar_id}.")
