"""launch.py motion: speech to a file of face motion, for animators."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from engines.errors import StudioError
from engines.exports import FORMATS, Performance, format_for, perform, write_export
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
from studio.services import DEFAULT_RECIPE, Studio

PATH = click.Path(path_type=Path)
KINDS = "\n\n".join(f"{each.name} ({each.suffix}): {each.title}. {each.about}" for each in FORMATS.values())


@click.command("motion", help="Write the face motion of words for animators.", epilog=f"Formats:\n\n{KINDS}")
@click.option(
    "--idle", type=float, metavar="SECONDS", help="No words: a silent, living face that loops after SECONDS."
)
@click.option("--out", type=PATH, required=True, help="The file to write; its ending says what it is.")
@click.option("--format", "form", type=click.Choice(list(FORMATS)), help="Which, where an ending has several.")
@click.option(
    "--character", type=PATH, help="A .glb of your own with ARKit morph targets, for glb and blender."
)
@click.option("--fps", type=click.FloatRange(5, 120), default=30.0, show_default=True)
@click.pass_context
def command(context: click.Context, /, **values: Any) -> None:
    """See the help text of the command."""
    chosen = format_for(values["out"], values["form"])
    if not values["out"].parent.is_dir():
        raise StudioError(f"There is no folder '{values['out'].parent}'; make it or choose another one.")
    with open_studio(context) as studio:
        make = _spoken if values["idle"] is None else _idle
        performance = make(studio, values)
        write_export(values["out"], performance, chosen)
    loop = "" if values["idle"] is None else ", a loop"
    print(f"{values['out']}: {len(performance.motion)} frames at {values['fps']:g} fps{loop}")


def _spoken(studio: Studio, values: dict[str, Any]) -> Performance:
    words = words_from(values["text"], values["text_file"], values["audio"], values["voice"])
    recipe = get_recipe(values["recipe"] or DEFAULT_RECIPE).name
    request = RenderRequest(
        avatar=AvatarRef(""),
        words=words,
        expression=make_expression(values),
        recipe=recipe,
        options=engine_options(values, recipe),
        output=Output(values["fps"]),
    )
    tell_of_voice(words, request.recipe)
    performance, notes = perform(studio.pipeline, request, terminal_watch(quiet=False), values["character"])
    for note in notes:
        print(note, file=sys.stderr)
    return performance


def _idle(studio: Studio, values: dict[str, Any]) -> Performance:
    if any(values[name] is not None for name in ("text", "text_file", "audio")):
        raise StudioError("An idle face says nothing; leave out --text, --text-file and --audio.")
    driver = studio.manager.stage(get_recipe(values["recipe"] or DEFAULT_RECIPE).driver, "driver")
    if not hasattr(driver, "idle"):
        raise StudioError("The driver of this recipe has no idle motion; choose --recipe instant.")
    motion = driver.idle(make_expression(values), values["idle"], values["fps"])
    return Performance(motion, character=values["character"])


words_flags(expression_flags(engine_flags(command)))
