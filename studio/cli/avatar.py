"""launch.py avatar: the avatars of this machine's command line."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from studio.cli.common import open_studio
from studio.library import CONSENTS, LOCAL_OWNER, Consent


@click.group("avatar", help="Add, list and remove avatars.")
def command() -> None:
    """See the help text of the group."""


@command.command("add", help="Keep a picture as an avatar.")
@click.argument("photo", type=click.Path(path_type=Path))
@click.option("--name", help="What to call it; the file's name otherwise.")
@click.option("--face", type=click.IntRange(1), default=1, help="Which face of several, 1 is the largest.")
@click.option(
    "--consent",
    type=click.Choice(CONSENTS),
    default="permission",
    show_default=True,
    help="Whose face it is: yours, somebody's who allowed it, or nobody's.",
)
@click.pass_context
def add(context: click.Context, photo: Path, name: str | None, face: int, consent: Consent) -> None:
    """See the help text of the command."""
    with open_studio(context) as studio:
        for note in studio.inspect(photo).notes:
            print(note, file=sys.stderr)
        avatar = studio.library.add(LOCAL_OWNER, photo, name, consent, face - 1)
    print(avatar.id)


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


@command.command("remove", help="Delete an avatar.")
@click.argument("avatar_id")
@click.pass_context
def remove(context: click.Context, avatar_id: str) -> None:
    """See the help text of the command."""
    with open_studio(context) as studio:
        studio.library.remove(LOCAL_OWNER, avatar_id)
    print(f"Removed {avatar_id}.")
