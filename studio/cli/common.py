"""What several sub-commands share: the studio, flags made from typed options, progress on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import click

from engines.adjust import HANDLES, check_shifts
from engines.audio import duration_words
from engines.errors import StudioError
from engines.options import FILES, OptionField, option_fields
from engines.progress import Watch
from engines.registry import Recipe, all_engines, all_recipes, get_engine, get_recipe
from engines.types import EMOTIONS, MAX_SHIFT, AvatarRef, EmotionKey, Expression, HandleShift, Words
from engines.voices import speaker_of
from studio.services import DEFAULT_RECIPE, FILM_RECIPE, Studio
from studio.settings import load_settings

CLICK_TYPES: dict[str, Any] = {
    "number": float,
    "integer": int,
    "boolean": bool,
    "picture": click.Path(),
    "file": click.Path(),
}
SHORT = "short"
"""Where an engine's name would be, for flags that several engines share."""


@contextmanager
def open_studio(context: click.Context) -> Iterator[Studio]:
    """The studio with the settings given before the sub-command."""
    studio = Studio(load_settings(**(context.find_root().obj or {})))
    try:
        yield studio
    finally:
        studio.close()


TEXT_HELP = (
    "What to say; feelings may stand in it: '[joy] Hello! [sad:0.5] But ...'. With --audio: what is said there."
)


def words_flags(command: click.Command) -> click.Command:
    """Put the flags for what is said, and by which engines, before the others."""
    path = click.Path(path_type=Path)
    command.params[:0] = [
        click.Option(["--text"], help=TEXT_HELP),
        click.Option(["--text-file"], type=path, help="A UTF-8 file with that text."),
        click.Option(
            ["--audio"], type=path, help="A recording, or a video whose sound is used; best with its text."
        ),
        click.Option(
            ["--voice"],
            default="en-us",
            show_default=True,
            help="Voice for --text, such as de, piper:en_US-amy-medium or openai:alloy@de (see 'voices list'); "
            "with --audio, its language.",
        ),
        click.Option(
            ["--recipe"],
            help=f"Which engines work together; {DEFAULT_RECIPE} if not given, {FILM_RECIPE} for a video.",
        ),
    ]
    return command


def expression_flags(command: click.Command) -> click.Command:
    """Add a flag for every strength of Expression, and --emotion."""
    command.params += [_flag(entry, entry.name.replace("_", "-")) for entry in option_fields(Expression)]
    command.params.append(
        click.Option(
            ["--emotion", "emotion"],
            multiple=True,
            metavar="NAME=0..1[@SECONDS]",
            help=f"How it should feel, repeatable: {', '.join(EMOTIONS)}. @SECONDS makes it start there.",
        )
    )
    return command


def engine_flags(command: click.Command) -> click.Command:
    """Add a flag for every option of every engine, --<engine>-<option>, and the short ones, such as --drive."""
    short: dict[str, OptionField] = {}
    for engine in all_engines().values():
        for entry in option_fields(engine.options):
            flag = f"{engine.name}-{entry.name.replace('_', '-')}"
            command.params.append(_flag(entry, flag, f"{engine.name}__{entry.name}"))
            if entry.flag:
                short.setdefault(entry.flag, entry)
    command.params += [
        _flag(entry, flag, f"{SHORT}__{flag.replace('-', '_')}") for flag, entry in short.items()
    ]
    return command


def engine_options(values: dict[str, Any], recipe: str) -> dict[str, dict[str, Any]]:
    """Per engine, the options that were given; short flags count for the engines of ``recipe``.

    Raises StudioError for a short flag that none of them knows.
    """
    chosen: dict[str, dict[str, Any]] = {}
    for name, value in values.items():
        engine, separator, option = name.partition("__")
        if separator and value is not None:
            chosen.setdefault(engine, {})[option] = value
    for flag, value in chosen.pop(SHORT, {}).items():
        for engine, option in _takers(flag.replace("_", "-"), get_recipe(recipe), values):
            chosen.setdefault(engine, {}).setdefault(option, value)
    return chosen


def _takers(flag: str, recipe: Recipe, values: dict[str, Any]) -> list[tuple[str, str]]:
    """The engines of ``recipe`` and of --finish that ``--flag`` is for, and their options."""
    names = recipe.driver, recipe.animator, *recipe.finishers, *values.get("finish", ())
    found = [(name, option) for name in names for option in _called(flag, name)]
    if not found:
        fitting = [each.title for each in all_recipes().values() if _called(flag, each.animator)]
        raise StudioError(f"--{flag} is not for the recipe {recipe.title}, but for {', '.join(fitting)}.")
    return found


def _called(flag: str, engine: str) -> list[str]:
    return [entry.name for entry in option_fields(get_engine(engine).options) if entry.flag == flag]


def make_expression(values: dict[str, Any]) -> Expression:
    """The Expression of the flags that were given."""
    known = {entry.name for entry in fields(Expression)} - {"emotions"}
    given = {name: values[name] for name in known if values.get(name) is not None}
    return Expression(emotions=parse_emotions(values["emotion"]), **given)


def parse_emotions(words: tuple[str, ...]) -> tuple[EmotionKey, ...]:
    """("joy=0.8", "anger=1@2.5") as keys in time order."""
    keys: dict[float, dict[str, float]] = {}
    for word in words:
        name, weight, start = _split_emotion(word)
        keys.setdefault(start, {})[name] = weight
    return tuple(EmotionKey(start, keys[start]) for start in sorted(keys))


def words_from(text: str | None, text_file: Path | None, audio: Path | None, voice: str) -> Words:
    """The words to speak, or a recording with or without the text of what is said in it."""
    if text is not None and text_file is not None:
        raise StudioError("Give the text with exactly one of --text and --text-file.")
    if text is None and text_file is None and audio is None:
        raise StudioError("Say what to speak with exactly one of --text, --text-file and --audio.")
    if text_file is not None:
        text = _read_text(text_file)
    return Words(text=text, voice=voice, audio=str(audio) if audio else None)


def tell_of_voice(words: Words, recipe: str) -> None:
    """Say on stderr what a person must know of the voice before it speaks, such as that the text goes out."""
    if words.audio is None:
        notice = speaker_of(words, get_recipe(recipe)).notice
        print(notice, file=sys.stderr, end="\n" if notice else "")


def moves_option(name: str, meaning: str) -> Callable[[Any], Any]:
    """The flag ``name`` for points of a face that are moved."""
    return click.option(
        name,
        "adjust",
        multiple=True,
        metavar="HANDLE=DX,DY",
        help=f"{meaning}, repeatable: DX to the right, DY down, in distances between the outer eye corners "
        f"(at most {MAX_SHIFT:g}), from where it was found. Handles: {', '.join(HANDLES)}.",
    )


def with_moves(avatar: AvatarRef, words: tuple[str, ...]) -> AvatarRef:
    """``avatar`` with ("mouth_left=0.02,-0.01", ...) in place of what it had of the same handles."""
    shifts = {shift.handle: shift for shift in avatar.adjust}
    shifts |= {shift.handle: shift for shift in map(_parse_move, words)}
    return replace(avatar, adjust=check_shifts(shifts.values()))


def _parse_move(word: str) -> HandleShift:
    name, _, rest = word.partition("=")
    across, _, down = rest.partition(",")
    try:
        return HandleShift(name, float(across), float(down))
    except ValueError:
        raise StudioError(f"'{word}' does not move a point; write it like mouth_left=0.02,-0.01.") from None


def terminal_watch(quiet: bool) -> Watch:
    """A watch that shows its progress on stderr if that is a terminal."""
    if quiet or not sys.stderr.isatty():
        return Watch()

    begun: dict[str, tuple[float, float]] = {}

    def show(stage: str, fraction: float) -> None:
        now = time.monotonic()
        start, first = begun.setdefault(stage, (now, fraction))
        done = fraction - first
        left = duration_words((now - start) * (1 - fraction) / done) if done > 0.02 and now - start > 2 else ""
        note = f"about {left} left" if left else ""
        print(f"\r{stage:>8} {fraction:4.0%} {note:<24}", end="", file=sys.stderr, flush=True)

    return Watch(show)


def _flag(entry: OptionField, flag: str, destination: str | None = None) -> click.Option:
    default = "none" if entry.kind in FILES and not entry.default else entry.default
    text = f"{entry.description or entry.title}  [default: {default}]"
    return click.Option(
        [f"--{flag}", destination or entry.name], type=_click_type(entry), default=None, help=text
    )


def _click_type(entry: OptionField) -> Any:
    if entry.choices:
        return click.Choice(entry.choices)
    if entry.minimum is None and entry.maximum is None:
        return CLICK_TYPES.get(entry.kind, str)
    ranged: Any = click.IntRange if entry.kind == "integer" else click.FloatRange
    return ranged(entry.minimum, entry.maximum)


def _split_emotion(word: str) -> tuple[str, float, float]:
    name, _, rest = word.partition("=")
    weight, _, start = rest.partition("@")
    if name not in EMOTIONS:
        raise StudioError(f"There is no emotion '{name}'; choose from: {', '.join(EMOTIONS)}.")
    try:
        parsed = name, float(weight), float(start or 0.0)
    except ValueError:
        raise StudioError(f"'{word}' is not an emotion; write it like joy=0.8 or anger=1@2.5.") from None
    if not 0.0 <= parsed[1] <= 1.0 or parsed[2] < 0.0:
        raise StudioError(f"'{word}' is out of range; strengths go from 0 to 1 and times start at 0.")
    return parsed


def _read_text(path: Path) -> str:
    if not path.is_file():
        raise StudioError(f"There is no file '{path.name}'; check the path of the text.")
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise StudioError(f"'{path.name}' is not UTF-8 text; save it as UTF-8 and retry.") from None
