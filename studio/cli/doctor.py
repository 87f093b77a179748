"""launch.py doctor: what this installation can do, what it lacks, what that costs and how to get it."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from engines import weights
from studio.checks import Check, all_checks
from studio.cli.engine_lines import engine_lines, gpu_lines
from studio.engine_report import EngineReport, Sources, report_engines
from studio.gpu import GpuReport, read_gpus
from studio.licences import licences_of
from studio.settings import Settings, load_settings

_WORDS = {"ok": "ok", "missing": "missing", "wrong": "WRONG"}


@click.command("doctor", help="Say what this installation can do and what it lacks.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--render", is_flag=True, help="Make a tiny clip as well, which takes some seconds.")
@click.pass_context
def command(context: click.Context, as_json: bool, render: bool) -> int:
    """See the help text of the command."""
    return doctor(load_settings(**(context.find_root().obj or {})), as_json, render)


def doctor(settings: Settings, as_json: bool, render: bool = False) -> int:
    """Print every check; exit code 0 if Instant can render, else 1."""
    checks, gpu = all_checks(settings), read_gpus()
    if render and all(check.state == "ok" for check in checks if check.required):
        checks = (*checks, _tiny_clip())
    engines = report_engines(Sources(weights.weight_store(), licences_of(settings), None, {}))
    ready = all(check.state == "ok" for check in checks if check.required)
    print(_document(checks, engines, gpu, ready) if as_json else _table(checks, engines, gpu, ready))
    return 0 if ready else 1


def _tiny_clip() -> Check:
    """Imported only when it is asked for: the other checks are quick."""
    from studio.trial import render_check

    return render_check()


Engines = tuple[EngineReport, ...]


def _document(checks: tuple[Check, ...], engines: Engines, gpu: GpuReport, ready: bool) -> str:
    document = {
        "ready": ready,
        "checks": [asdict(check) for check in checks],
        "engines": [asdict(engine) for engine in engines],
        "gpu": asdict(gpu),
    }
    return json.dumps(document, ensure_ascii=False)


def _table(checks: tuple[Check, ...], engines: Engines, gpu: GpuReport, ready: bool) -> str:
    width = max(len(check.name) for check in checks)
    lines = [line for check in checks for line in _lines(check, width)]
    verdict = (
        "Instant can render." if ready else "Instant cannot render until what is WRONG or needed is put right."
    )
    described = [line for engine in engines for line in engine_lines(engine)]
    return "\n".join([*lines, "", "Engines:", *described, "", *gpu_lines(gpu), "", verdict])


def _lines(check: Check, width: int) -> list[str]:
    """The check on one line and, where something is amiss, its price and remedy on the next."""
    lines = [f"{_WORDS[check.state]:<8} {check.name:<{width}}  {check.found}"]
    if check.state != "ok":
        need = "needed; " if check.required else ""
        lines.append(f"{'':<8} {'':<{width}}  {need}without it: {check.costs}. To get it: {check.remedy}.")
    return lines
