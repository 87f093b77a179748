"""launch.py motion: speech to a file of face motion, for animators."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from engines.motion_files import check_motion_path, write_motion
from engines.registry import get_recipe
from engines.types import AvatarRef, Output, RenderRequest
from studio.cli.common import (
    engine_flags,
    engine_options,
    expression_flags,
    make_expression,
    open_studio,
    terminal_watch,
    words_from,
)

PATH = click.Path(path_type=Path)


@click.command("motion", help="Write the face motion of words as CSV or JSON.")
@click.option("--text", help="What to say.")
@click.option("--text-file", type=PATH, help="A UTF-8 file with what to say.")
@click.option("--audio", type=PATH, help="A recording, or a video whose sound is used.")
@click.option("--out", type=PATH, required=True, help="The file to write: .csv or .json.")
@click.option("--recipe", default="instant", show_default=True, help="Which engines work together.")
@click.option("--voice", default="en-us", show_default=True, help="Voice for --text.")
@click.option("--fps", type=click.FloatRange(5, 120), default=30.0, show_default=True)
@click.pass_context
def command(context: click.Context, /, **values: Any) -> None:
    """See the help text of the command."""
    check_motion_path(values["out"])
    words = words_from(values["text"], values["text_file"], values["audio"], values["voice"])
    recipe, options = get_recipe(values["recipe"]), engine_options(values)
    with open_studio(context) as studio:
        watch = terminal_watch(quiet=False)
        spoken = studio.pipeline.speak(words, recipe, options.get(recipe.voice, {}), watch)
        request = RenderRequest(
            avatar=AvatarRef(""),
            words=words,
            expression=make_expression(values),
            options=options,
            output=Output(values["fps"]),
        )
        motion, _ = studio.pipeline.move(spoken.speech, request, recipe)
        write_motion(values["out"], motion)
    print(f"{values['out']}: {len(motion)} frames at {values['fps']:g} fps")


expression_flags(engine_flags(command))
