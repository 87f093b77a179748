"""launch.py voices: what can speak here, what is missing, and how to get it."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from engines.errors import StudioError
from engines.voices import ChosenVoice, choose_voice
from studio.cli.common import open_studio, terminal_watch
from studio.services import Studio


@click.group("voices", help="List voices, and get or add those of other engines.")
def command() -> None:
    """See the help text of the command."""


@command.command("list")
@click.argument("engine", required=False)
@click.option("--language", help="Only voices of this language, such as de, and those that speak any.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def list_(context: click.Context, engine: str | None, language: str | None, as_json: bool) -> None:
    """Every engine with voices, or the voices of ENGINE."""
    with open_studio(context) as studio:
        if engine is None:
            _print([asdict(speaker) for speaker in studio.speakers()], as_json, _engine_line)
            return
        offer = studio.offer(engine)
    voices = [asdict(voice) for voice in offer.voices if _speaks(voice.language, language)]
    if offer.missing:
        raise StudioError(offer.missing)
    _print(voices, as_json, "{id:<34} {language_name:<28} {name}".format_map)


@command.command("get")
@click.argument("voice")
@click.option("--yes", is_flag=True, help="Do not ask; the licence is printed all the same.")
@click.pass_context
def get(context: click.Context, voice: str, yes: bool) -> None:
    """Fetch VOICE, such as piper:en_US-amy-medium; afterwards it speaks without a network."""
    with open_studio(context) as studio:
        chosen, stage = _stage_with(studio, voice, "fetch", "Its voices need not be fetched.")
        click.echo(stage.licence(chosen.name, terminal_watch(quiet=False)))
        if yes or click.confirm("Fetch it under this licence?", default=True):
            click.echo(f"\r{stage.fetch(chosen.name, terminal_watch(quiet=False))}")


@command.command("add")
@click.argument("voice")
@click.option("--ref-file", type=click.Path(path_type=Path), required=True, help="Some seconds of the voice.")
@click.option("--ref-text", required=True, help="What is said in it.")
@click.pass_context
def add(context: click.Context, voice: str, ref_file: Path, ref_text: str) -> None:
    """Give a server a recording to speak like: VOICE is its new name, such as fish:ada."""
    with open_studio(context) as studio:
        chosen, stage = _stage_with(studio, voice, "add", "It copies no voices.")
        stage.add(chosen.name, ref_file, ref_text, terminal_watch(quiet=False))
    click.echo(f"{voice} can speak now.")


@command.command("remove")
@click.argument("voice")
@click.pass_context
def remove(context: click.Context, voice: str) -> None:
    """Remove a voice that was added or fetched."""
    with open_studio(context) as studio:
        chosen, stage = _stage_with(studio, voice, "remove", "Its voices cannot be removed.")
        stage.remove(chosen.name, terminal_watch(quiet=False))
    click.echo(f"{voice} is removed.")


def _stage_with(studio: Studio, voice: str, act: str, otherwise: str) -> tuple[ChosenVoice, Any]:
    """The voice and its engine's stage; raises StudioError if that cannot ``act``."""
    chosen = choose_voice(voice)
    stage = studio.manager.stage(chosen.engine.name, "voice")
    if not hasattr(stage, act):
        raise StudioError(f"{chosen.engine.title} cannot do that: {otherwise[0].lower()}{otherwise[1:]}")
    return chosen, stage


def _engine_line(entry: dict[str, Any]) -> str:
    said = entry["missing"] or entry["notice"]
    return f"{entry['engine']:<8} {entry['title']:<26} {entry['voices']:>5} voices  {said}".rstrip()


def _speaks(language: str, wanted: str | None) -> bool:
    if not wanted or not language:
        return True
    tag, want = (item.lower().replace("_", "-") for item in (language, wanted))
    return tag == want or tag.startswith(f"{want}-")


def _print(entries: list[dict[str, Any]], as_json: bool, line: Any) -> None:
    if as_json:
        click.echo(json.dumps(entries, ensure_ascii=False))
    for entry in [] if as_json else entries:
        click.echo(line(entry))
