"""launch.py motion: speech to a file of face motion, for animators."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from engines.errors import StudioError
from engines.motion_files import check_motion_path, write_motion
from engines.registry import get_recipe
from engines.types import AvatarRef, Output, RenderRequest
from studio.cli.common import (
    engine_flags,
    engine_options,
    expression_flags,
    make_expression,
    open_studio,
    tell_of_voice,
    terminal_watch,
    words_flags,
    words_from,
)
from studio.services import DEFAULT_RECIPE

PATH = click.Path(path_type=Path)


@click.command("motion", help="Write the face motion of words as CSV or JSON.")
@click.option(
    "--idle", type=float, metavar="SECONDS", help="No words: a silent, living face that loops after SECONDS."
)
@click.option("--out", type=PATH, required=True, help="The file to write: .csv or .json.")
@click.option("--fps", type=click.FloatRange(5, 120), default=30.0, show_default=True)
@click.pass_context
def command(context: click.Context, /, **values: Any) -> None:
    """See the help text of the command."""
    check_motion_path(values["out"])
    if values["idle"] is not None:
        _write_idle(context, values)
        return
    words = words_from(values["text"], values["text_file"], values["audio"], values["voice"])
    recipe = get_recipe(values["recipe"] or DEFAULT_RECIPE)
    options = engine_options(values, recipe.name)
    tell_of_voice(words, recipe.name)
    with open_studio(context) as studio:
        watch = terminal_watch(quiet=False)
        spoken = studio.pipeline.speak(words, recipe, options, watch)
        spoken = studio.pipeline.align(spoken, words, recipe, watch)
        request = RenderRequest(
            avatar=AvatarRef(""),
            words=words,
            expression=make_expression(values),
            options=options,
            output=Output(values["fps"]),
        )
        motion, _ = studio.pipeline.move(spoken.speech, request, recipe)
        write_motion(values["out"], motion)
    for note in spoken.notes:
        print(note, file=sys.stderr)
    print(f"{values['out']}: {len(motion)} frames at {values['fps']:g} fps")


def _write_idle(context: click.Context, values: dict[str, Any]) -> None:
    if any(values[name] is not None for name in ("text", "text_file", "audio")):
        raise StudioError("An idle face says nothing; leave out --text, --text-file and --audio.")
    with open_studio(context) as studio:
        driver = studio.manager.stage(get_recipe(values["recipe"] or DEFAULT_RECIPE).driver, "driver")
        if not hasattr(driver, "idle"):
            raise StudioError("The driver of this recipe has no idle motion; choose --recipe instant.")
        motion = driver.idle(make_expression(values), values["idle"], values["fps"])
        write_motion(values["out"], motion)
    print(f"{values['out']}: {len(motion)} frames at {values['fps']:g} fps, a loop")


words_flags(expression_flags(engine_flags(command)))
