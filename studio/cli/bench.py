"""launch.py bench: speed, memory and quality on this machine, as ratios within one run."""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import click

import studio.benches
from engines.errors import StudioError
from engines.files import whole_file
from studio.benches.table import Row, format_rows


def bench_names() -> tuple[str, ...]:
    """The benchmarks: files in studio/benches; those with an underscore in their name are parts of others."""
    names = [module.name for module in pkgutil.iter_modules(studio.benches.__path__)]
    return tuple(name for name in names if name != "table" and "_" not in name)


def _choose(
    names: tuple[str, ...], given: dict[str, Path], data: Path | None
) -> dict[str, Callable[[], tuple[Row, ...]]]:
    """The benchmarks of these names, each with those of the options, and ``data``, that its ``run`` takes."""
    known = bench_names()
    runs: dict[str, Callable[[], tuple[Row, ...]]] = {}
    taken: set[str] = set()
    for name in names:
        if name not in known:
            raise StudioError(f"There is no benchmark '{name}'; choose from: {', '.join(known)}.")
        run = importlib.import_module(f"studio.benches.{name}").run
        offered = {**given, "data": data}
        wanted = {key: offered[key] for key in inspect.signature(run).parameters if key in offered}
        taken |= wanted.keys()
        runs[name] = partial(run, **wanted)
    for option in given.keys() - taken:
        raise StudioError(f"None of these benchmarks takes --{option}; see 'bench --help'.")
    return runs


@click.command("bench", help="Measure speed, memory and quality on this machine.")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Also write the rows to this file.")
@click.option("--sheet", type=click.Path(path_type=Path), help="shapes: write a picture of every shape here.")
@click.option("--avatar", type=click.Path(path_type=Path), help="shapes: measure on this picture of a face.")
@click.option("--faces", type=click.Path(path_type=Path), help="render: a folder of photos to measure besides.")
@click.option("--judge", type=click.Path(path_type=Path), help="render: a Python with mediapipe 0.10.21.")
@click.pass_context
def command(
    context: click.Context, /, names: tuple[str, ...], json_file: Path | None, **options: Path | None
) -> None:
    """See the help text of the command."""
    given = {name: value for name, value in options.items() if value is not None}
    runs = _choose(names or bench_names(), given, (context.find_root().obj or {}).get("data"))
    results: dict[str, list[dict[str, Any]]] = {}
    for name, run in runs.items():
        rows = run()
        print(f"{name}\n{format_rows(rows)}")
        results[name] = [asdict(row) for row in rows]
    if json_file is not None:
        with whole_file(json_file) as part:
            part.write_text(json.dumps(results, indent=1), "utf-8")
