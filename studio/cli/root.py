"""The command tree. Sub-commands are imported when they are run, so that --help is quick."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

COMMANDS = {
    "render": "Make a talking video from a picture and words.",
    "motion": "Write the face motion of words as CSV or JSON.",
    "drive": "Write what a face does in a video as a template that LivePortrait is driven by.",
    "avatar": "Add, correct, list and remove avatars.",
    "voices": "List voices, and get or add those of other engines.",
    "library": "List, search, rename, delete, restore and render again what was made.",
    "recover": "Bring back from the backup what is missing here.",
    "engines": "List engines, accept licences, download, unload, recover, build what they need.",
    "verify": "Read a clip's content credentials: who signed it, made with what, whose face.",
    "cache": "Tell what the cache holds, empty it, look for damage.",
    "worker": "Render jobs from a queue that several machines share.",
    "bench": "Measure speed, memory and quality on this machine.",
    "doctor": "Say what this installation can do and what it lacks.",
}


class LazyGroup(click.Group):
    """A group whose commands live in studio/cli/<name>.py as ``command``."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Names in the order of COMMANDS."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import a command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"studio.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@contextmanager
def _data_folder(data: Path) -> Iterator[None]:
    """``data`` as STUDIO_DATA while the command runs: engines keep there what they build."""
    before = os.environ.get("STUDIO_DATA")
    os.environ["STUDIO_DATA"] = str(data)
    try:
        yield
    finally:
        os.environ.pop("STUDIO_DATA")
        os.environ.update({} if before is None else {"STUDIO_DATA": before})


@click.group(
    cls=LazyGroup, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.option("--host", help="Address to listen on; 127.0.0.1 unless told otherwise.")
@click.option("--port", type=int, help="Port to listen on; 7860 unless told otherwise.")
@click.option("--data", type=click.Path(path_type=Path), help="Folder for avatars, clips and the cache.")
@click.pass_context
def cli(context: click.Context, host: str | None, port: int | None, data: Path | None) -> None:
    """Visema Studio: a face and something to say become a talking video.

    Without a command it starts the studio, a page in your browser.
    """
    if data is not None:
        context.with_resource(_data_folder(data))
    context.obj = {"host": host, "port": port, "data": data}
    if context.invoked_subcommand is None:
        from studio.cli.serve import serve

        serve(context.obj)
