"""launch.py engines: what engines need and have; their licences, downloads and memory."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import click
import httpx

from engines import weights
from engines.errors import StudioError
from engines.progress import Watch
from engines.registry import get_engine
from studio.access import access_for
from studio.cli.common import terminal_watch
from studio.cli.engine_lines import engine_lines
from studio.consent import BY_COMMAND
from studio.engine_desk import accept_licences, download_size, keep_copy, must_accept
from studio.engine_downloads import Pace, Transfer
from studio.engine_recovery import mirror_of, recover_engines
from studio.engine_report import EngineReport, FileReport, Sources, report_engine, report_engines
from studio.engine_words import transfer_words
from studio.licences import licences_of
from studio.settings import Settings, ensure_data_folder, load_settings

NOT_RUNNING = "No studio answers at {url}, so nothing is loaded; give --host and --port if it runs elsewhere."
ASK_SECONDS = 10.0
PLANNED = "audio2face"
"""The engine that has TensorRT plans."""


@click.group("engines", help="List engines, accept licences, download, unload and recover what they need.")
def command() -> None:
    """See the help text of the group."""


@command.command("list", help="Every engine: what it needs, its licence, what is on disk.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def list_all(context: click.Context, as_json: bool) -> None:
    """See the help text of the command."""
    engines = report_engines(_sources(_settings(context)))
    if as_json:
        print(json.dumps([asdict(engine) for engine in engines], ensure_ascii=False))
        return
    print("\n".join(line for engine in engines for line in engine_lines(engine)))


@command.command(
    "download",
    help="Fetch the model files of an engine, or one of them by its name; what was interrupted goes on.",
)
@click.argument("name")
@click.option("--accept-licence", "accepted", is_flag=True, help="Accept their licences, after reading them.")
@click.pass_context
def download(context: click.Context, name: str, accepted: bool) -> None:
    """See the help text of the command."""
    settings = _settings(context)
    engine = _engine(settings, name)
    if engine.unaccepted and (accepted or _agrees(engine)):
        _accept(settings, name)
        engine = _engine(settings, name)
    if engine.unaccepted:
        raise StudioError(must_accept(engine))
    if not engine.missing:
        print(f"{engine.title} has everything it needs.")
    for file in engine.missing:
        _fetch(settings, file)


@command.command("accept", help="Accept the licences of an engine's model files, after reading them here.")
@click.argument("name")
@click.option("--accept-licence", "accepted", is_flag=True, help="Do not ask.")
@click.pass_context
def accept(context: click.Context, name: str, accepted: bool) -> None:
    """See the help text of the command."""
    settings = _settings(context)
    engine = _engine(settings, name)
    if not (accepted or _agrees(engine)):
        raise StudioError(f"Nothing was accepted; say --accept-licence to accept for {engine.title}.")
    _accept(settings, name)
    print(f"Accepted for {engine.title}; the date is kept in {settings.data / 'engines'}.")


@command.command("unload", help="Let the running studio give an engine's memory back.")
@click.argument("name")
@click.pass_context
def unload(context: click.Context, name: str) -> None:
    """See the help text of the command."""
    settings, engine = _settings(context), get_engine(name)
    access = access_for(settings)
    headers = {"X-Token": access.password} if access else {}
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104
    url = f"http://{host}:{settings.port}"
    try:
        answer = httpx.post(f"{url}/api/engines/{name}/unload", headers=headers, timeout=ASK_SECONDS)
    except httpx.TransportError:
        raise StudioError(NOT_RUNNING.format(url=url)) from None
    if answer.status_code != httpx.codes.OK:
        raise StudioError(_refusal(answer))
    print(f"{engine.title} is unloaded.")


@command.command("recover", help="Bring back model files and native core that this machine has lost.")
@click.pass_context
def recover(context: click.Context) -> int:
    """See the help text of the command."""
    return recover_here(_settings(context))


@command.command("build", help="Build the TensorRT plans of an engine's networks for this machine's GPU.")
@click.argument("name", default=PLANNED)
@click.option("--half", is_flag=True, help="With half precision: faster, not quite the same.")
@click.pass_context
def build(context: click.Context, name: str, half: bool) -> None:
    """See the help text of the command."""
    plans = _plans(context, name)
    for report in plans.build_plans(terminal_watch(quiet=False), half):
        print(f"{report.name}: {report.path}")


@command.command("verify", help="Tell whether an engine's TensorRT plans are whole and for this machine.")
@click.argument("name", default=PLANNED)
@click.option("--half", is_flag=True, help="Those with half precision.")
@click.pass_context
def verify(context: click.Context, name: str, half: bool) -> int:
    """See the help text of the command."""
    reports = _plans(context, name).report_plans(half)
    for report in reports:
        print(f"{report.name}: {report.state}{f' ({report.reason})' if report.reason else ''}")
    if not reports:
        print("There are no networks here that plans are made of.")
    return 1 if any(report.state in ("stale", "damaged") for report in reports) else 0


def _plans(context: click.Context, name: str) -> Any:
    """The module of an engine that knows its plans; raises StudioError where it has none."""
    _settings(context)
    get_engine(name)
    if find_spec(f"engines.{name}.plans") is None:
        raise StudioError(f"The engine {name} has no TensorRT plans; choose {PLANNED}.")
    return import_module(f"engines.{name}.plans")


def recover_here(settings: Settings) -> int:
    """Bring back what is lost, telling each thing; returns the exit code."""
    told: list[str] = []

    def tell(sentence: str) -> None:
        told.append(sentence)
        print(sentence, flush=True)

    whole = recover_engines(settings, tell, Watch())
    if whole and not told:
        print("Nothing was lost.")
    return 0 if whole else 1


def _settings(context: click.Context) -> Settings:
    settings = load_settings(**(context.find_root().obj or {}))
    ensure_data_folder(settings)
    return settings


def _sources(settings: Settings) -> Sources:
    return Sources(weights.weight_store(), licences_of(settings), None, {})


def _engine(settings: Settings, name: str) -> EngineReport:
    return report_engine(name, _sources(settings))


def _agrees(engine: EngineReport) -> bool:
    """Show every licence and ask; who cannot be asked has not agreed."""
    for file in _by_licence(engine.files):
        print(f"{file.file}: {file.source}, for {file.enables}.\n  Licence: {file.licence}", file=sys.stderr)
    return sys.stdin.isatty() and click.confirm(f"Accept for {engine.title}?", err=True)


def _by_licence(files: Iterable[FileReport]) -> Iterable[FileReport]:
    """One file for each licence."""
    return {file.licence: file for file in files}.values()


def _accept(settings: Settings, name: str) -> None:
    accept_licences(weights.weight_store(), licences_of(settings), _engine(settings, name), BY_COMMAND)


def _fetch(settings: Settings, file: FileReport) -> None:
    """Fetch one file with its progress on stderr, and keep a copy of it."""
    store, pace, shown = weights.weight_store(), Pace(), [0.0]

    def show(_: str, fraction: float) -> None:
        if sys.stderr.isatty() and time.monotonic() - shown[0] > 0.2:
            shown[0] = time.monotonic()
            total = file.transfer_bytes
            moment = Transfer(file.name, total, "running", round(fraction * total), pace.left(fraction))
            print(f"\r{file.file}: {transfer_words(moment):<50}", end="", file=sys.stderr, flush=True)

    print(f"Fetching {file.file} ({download_size((file,))}).", file=sys.stderr)
    store.ensure(file.name, Watch(show))
    keep_copy(mirror_of(settings, store), file.name, click.echo)
    print(f"\r{file.file} is there.{'':<50}")


def _refusal(answer: httpx.Response) -> str:
    """The studio's own sentence."""
    with suppress(ValueError, KeyError, TypeError):
        body = answer.json()
        return f"{str(body['error']).rstrip('.')}; {body['hint']}"
    return f"The studio answered with {answer.status_code}; is another program at its port?"
