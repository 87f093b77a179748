"""launch.py render: one clip, from files to a file."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from engines.encode import check_clip_path
from engines.errors import StudioError
from engines.exports import format_for, perform, write_export
from engines.progress import Watch
from engines.quality import QUALITIES, at_quality, enhanced, enhancers
from engines.registry import all_finishers
from engines.requests import check_engines, parse_request, request_document
from engines.sniff import is_video
from engines.types import AvatarRef, Clip, Output, RenderRequest
from studio.cli.common import (
    engine_flags,
    engine_options,
    expression_flags,
    make_expression,
    moves_option,
    open_studio,
    tell_of_voice,
    terminal_watch,
    with_moves,
    words_flags,
    words_from,
)
from studio.consent import BY_COMMAND, CONSENTS, Consent, ConsentRecord
from studio.library import LOCAL_OWNER
from studio.services import Studio, avatar_ref, usual_recipe
from studio.waiting import expected_wait

PATH = click.Path(path_type=Path)
FINISHERS = ", ".join(all_finishers())
QUALITY_HELP = "Size, frame rate, encoder and enhancer in one word; what is also given by itself stays."


@click.command("render", help="Make a talking video from a picture and words.")
@click.option(
    "--avatar", required=True, help="A picture, a video, or the id of an avatar of 'launch.py avatar list'."
)
@click.option("--out", type=PATH, required=True, help="The video to write, .mp4 or .webm.")
@click.option("--face", type=click.IntRange(1), default=1, help="Which face of several, 1 is the largest.")
@moves_option("--adjust", "Correct a point of the face that was found wrong")
@click.option("--consent", type=click.Choice(CONSENTS), help="Whose face a picture shows, for the credentials.")
@click.option("--quality", type=click.Choice(list(QUALITIES)), help=QUALITY_HELP)
@click.option("--fps", type=click.FloatRange(5, 60), help="Frames per second.  [default: 25]")
@click.option("--size", type=click.IntRange(64, 3840), help="Long side in pixels; the photo's, at most 1080.")
@click.option(
    "--finish", multiple=True, metavar="NAME", help=f"What goes over the frames, repeatable: {FINISHERS}."
)
@click.option("--enhance", type=click.Choice(list(enhancers())), help="What makes the face clearer at the end.")
@click.option("--enhance-strength", type=click.FloatRange(0, 1), help="How much of that is seen.")
@click.option(
    "--motion-out", type=PATH, help="Also write the face motion: .csv, .json, .glb or .zip, as 'motion' does."
)
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON about the clip.")
@click.pass_context
def command(context: click.Context, /, **values: Any) -> None:
    """See the help text of the command."""
    _check_out(values["out"], values["motion_out"])
    with open_studio(context) as studio:
        request = _chosen(_request(studio, values), values)
        tell_of_voice(request.words, request.recipe)
        _tell_wait(studio, request)
        record = _record(studio, values["avatar"], values["consent"])
        clip = studio.render(request, values["out"], terminal_watch(values["as_json"]), record)
        if values["motion_out"] is not None:
            _write_motion(studio, request, values["motion_out"])
    _tell(clip, values["as_json"])


words_flags(expression_flags(engine_flags(command)))


def _request(studio: Studio, values: dict[str, Any]) -> RenderRequest:
    watch = terminal_watch(values["as_json"])
    words = words_from(values["text"], values["text_file"], values["audio"], values["voice"])
    avatar = with_moves(_avatar(studio, values["avatar"], values["face"] - 1, watch), values["adjust"])
    recipe = values["recipe"] or usual_recipe(is_video(Path(avatar.source)))
    request = RenderRequest(
        avatar=avatar,
        words=words,
        expression=make_expression(values),
        recipe=recipe,
        options=engine_options(values, recipe),
        output=Output(values["fps"] or Output().fps, values["size"]),
        finish=values["finish"],
    )
    return parse_request(request_document(request))


def _tell_wait(studio: Studio, request: RenderRequest) -> None:
    """Say on stderr how long it will take, if that is long. Raises StudioError if an engine cannot work."""
    check_engines(request)
    wait = expected_wait(studio.jobs.timings(), request)
    if wait.sentence:
        way = f" (--recipe {wait.instead})" if wait.instead else ""
        print(f"{wait.sentence.removesuffix('.')}{way}.", file=sys.stderr)


def _chosen(request: RenderRequest, values: dict[str, Any]) -> RenderRequest:
    """``request`` with the enhancer and at the quality that was asked for; what is left out is said."""
    if values["enhance"]:
        request = enhanced(request, values["enhance"], values["enhance_strength"])
    elif values["enhance_strength"] is not None:
        raise StudioError("--enhance-strength needs --enhance, which says what makes the face clearer.")
    if values["quality"]:
        given = [name for name in ("fps", "size") if values[name] is not None]
        request, notes = at_quality(request, values["quality"], given)
        for note in notes:
            print(note, file=sys.stderr)
    return request


def _avatar(studio: Studio, name: str, face: int, watch: Watch) -> AvatarRef:
    if Path(name).is_file():
        source = Path(name)
        return AvatarRef(str(studio.films.kept(source, watch) if is_video(source) else source), face)
    known = {avatar.id: avatar for avatar in studio.library.avatars(LOCAL_OWNER)}
    if name in known:
        return avatar_ref(known[name])
    raise StudioError(f"There is no picture and no avatar '{name}'; give a file or an id of 'avatar list'.")


def _record(studio: Studio, name: str, consent: Consent | None) -> ConsentRecord:
    """What is known of whose face it is: the avatar's own record, unless a right is stated with the command."""
    if consent or Path(name).is_file():
        return ConsentRecord.state(consent, BY_COMMAND)
    return studio.library.avatar(LOCAL_OWNER, name).record


def _check_out(out: Path, motion_out: Path | None) -> None:
    check_clip_path(out, alpha=False)
    for path in filter(None, (out, motion_out)):
        if not path.parent.is_dir():
            raise StudioError(f"There is no folder '{path.parent}'; make it or choose another one.")
    if motion_out is not None:
        format_for(motion_out)


def _write_motion(studio: Studio, request: RenderRequest, path: Path) -> None:
    performance, _ = perform(studio.pipeline, request, terminal_watch(quiet=True))
    write_export(path, performance, format_for(path))


def _tell(clip: Clip, as_json: bool) -> None:
    times = {time.stage: time.seconds for time in clip.times}
    if as_json:
        print(json.dumps(_summary(clip, times), ensure_ascii=False))
        return
    for note in clip.notes:
        print(note, file=sys.stderr)
    spent = ", ".join(f"{time.stage} {time.seconds:.2f} s{' (cached)' * time.cached}" for time in clip.times)
    print(f"\r{clip.path}: {clip.duration:.1f} s, {clip.width}x{clip.height} ({spent})")


def _summary(clip: Clip, times: dict[str, float]) -> dict[str, Any]:
    return {
        "path": str(clip.path),
        "duration": clip.duration,
        "width": clip.width,
        "height": clip.height,
        "fps": clip.fps,
        "frames": clip.frames,
        "bytes": clip.path.stat().st_size,
        "seconds": times,
        "total_seconds": round(sum(times.values()), 4),
        "cached": [time.stage for time in clip.times if time.cached],
        "engines": clip.engines,
        "notes": list(clip.notes),
    }
