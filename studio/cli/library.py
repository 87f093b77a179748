"""launch.py library: the avatars and clips of everybody who uses this data folder."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import click

from engines.errors import StudioError
from engines.types import Words
from studio.cli.common import open_studio, tell_of_voice
from studio.library import Library
from studio.services import Studio
from studio.shelf import Item, clip_request, delete_item, list_items, rename_item, rerender, restore_item

JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
NO_ITEM = "There is nothing '{id}' in the library; 'launch.py library list' shows what there is."


@click.group(
    "library", help="List, search, rename, delete, restore and render again what lies in the data folder."
)
def command() -> None:
    """See the help text of the group."""


@command.command("list", help="List avatars and clips, newest first.")
@JSON
@click.pass_context
def list_all(context: click.Context, as_json: bool) -> None:
    """See the help text of the command."""
    _print_found(context, "", as_json)


@command.command("search", help="List what has all these words in its name, its words or its date.")
@click.argument("words", nargs=-1, required=True)
@JSON
@click.pass_context
def search(context: click.Context, words: tuple[str, ...], as_json: bool) -> None:
    """See the help text of the command."""
    _print_found(context, " ".join(words), as_json)


@command.command("rename", help="Give an avatar or a clip another name.")
@click.argument("item_id")
@click.argument("name")
@JSON
@click.pass_context
def rename(context: click.Context, item_id: str, name: str, as_json: bool) -> None:
    """See the help text of the command."""
    with open_studio(context) as studio:
        _print([rename_item(studio.library, _owner(studio.library, item_id), item_id, name)], as_json)


@command.command("delete", help="Delete an avatar or a clip; for a day 'restore' brings it back.")
@click.argument("item_id")
@JSON
@click.pass_context
def delete(context: click.Context, item_id: str, as_json: bool) -> None:
    """See the help text of the command."""
    with open_studio(context) as studio:
        _print([delete_item(studio.library, _owner(studio.library, item_id), item_id)], as_json)


@command.command("restore", help="Bring back what was deleted within the last day.")
@click.argument("item_id")
@JSON
@click.pass_context
def restore(context: click.Context, item_id: str, as_json: bool) -> None:
    """See the help text of the command."""
    with open_studio(context) as studio:
        _print([restore_item(studio.library, studio.library.owner_of_deleted(item_id), item_id)], as_json)


@command.command("rerender", help="Make a clip again with other words.")
@click.argument("clip_id")
@click.option("--text", required=True, help="What it should say now; feelings may stand in it.")
@click.option("--out", type=click.Path(path_type=Path), help="Also copy the new clip there, an .mp4.")
@JSON
@click.pass_context
def again(context: click.Context, clip_id: str, text: str, out: Path | None, as_json: bool) -> None:
    """See the help text of the command."""
    with open_studio(context) as studio:
        owner = _owner(studio.library, clip_id)
        before = clip_request(studio.library, owner, studio.library.clip(owner, clip_id))
        tell_of_voice(Words(text, before.words.voice), before.recipe)
        clip = _finished(studio, owner, rerender(studio, owner, clip_id, text))
        if out:
            shutil.copyfile(clip.path, out)
    _print([clip], as_json)


def _finished(studio: Studio, owner: str, job: str) -> Item:
    """The new clip, once it is made; raises StudioError if it could not be made."""
    views = list(studio.jobs.watch(owner, job))
    if views[-1].clip is None:
        raise StudioError(views[-1].message or "The render was cancelled.")
    return next(item for item in list_items(studio.library, owner) if item.id == job)


def _owner(library: Library, item_id: str) -> str:
    """Whose the item is; raises StudioError if nobody has it."""
    for owner in library.owners():
        if any(item.id == item_id for item in list_items(library, owner)):
            return owner
    raise StudioError(NO_ITEM.format(id=item_id[:40]))


def _print_found(context: click.Context, query: str, as_json: bool) -> None:
    with open_studio(context) as studio:
        owners = studio.library.owners()
        _print([item for owner in owners for item in list_items(studio.library, owner, query)], as_json)


def _print(items: list[Item], as_json: bool) -> None:
    if as_json:
        print(json.dumps([item.document() for item in items], ensure_ascii=False))
        return
    for item in items:
        length = f"{item.seconds:.1f} s" if item.kind == "clip" else item.consent
        print(f"{item.id:<18} {item.kind:<7} {item.created[:16].replace('T', ' ')}  {length:<11} {item.name}")
    if not items:
        print("Nothing found.", file=sys.stderr)
