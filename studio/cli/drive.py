"""launch.py drive: what a face does in a video, to a file that LivePortrait can be driven by."""

from __future__ import annotations

from pathlib import Path

import click

from engines.errors import StudioError
from engines.liveportrait.implicit import Implicit
from engines.liveportrait.templates import check_template_path, is_template, read_template, write_template
from engines.liveportrait.timing import resampled
from engines.registry import engine_readiness, get_engine
from studio.cli.common import open_studio, terminal_watch

PATH = click.Path(path_type=Path)
ENGINE = "liveportrait"


@click.command(
    "drive", help="Write what the face in CLIP does as a motion template, or turn one into the other."
)
@click.argument("clip", type=PATH)
@click.option(
    "--out",
    type=PATH,
    required=True,
    help="The template to write: .pkl, which LivePortrait reads too, or .npz.",
)
@click.option(
    "--fps", type=click.FloatRange(5, 60), help="Frames per second; the clip's, for .pkl to a whole number."
)
@click.pass_context
def command(context: click.Context, clip: Path, out: Path, fps: float | None) -> None:
    """See the help text of the command."""
    check_template_path(out)
    if not clip.is_file():
        raise StudioError(f"There is no file '{clip.name}'; check the path of the clip.")
    motion = read_template(clip) if is_template(clip) else _watched(context, clip)
    rate = fps or motion.fps
    motion = resampled(motion, float(round(rate)) if out.suffix.lower() == ".pkl" else rate)
    write_template(out, motion)
    print(f"{out}: {len(motion)} frames at {motion.fps:g} fps")


def _watched(context: click.Context, clip: Path) -> Implicit:
    """The motion in a video. Raises StudioError where the network that reads it is not there."""
    problem = engine_readiness(get_engine(ENGINE), {}).problem
    if problem:
        raise StudioError(problem)
    with open_studio(context) as studio:
        motion: Implicit = studio.manager.stage(ENGINE, "animator").watched(clip, terminal_watch(quiet=False))
    return motion
