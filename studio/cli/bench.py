"""launch.py bench: speed, memory and quality on this machine, as ratios within one run."""

from __future__ import annotations

import importlib
import json
import pkgutil
from dataclasses import asdict
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


@click.command("bench", help="Measure speed and memory on this machine.")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Also write the rows to this file.")
def command(names: tuple[str, ...], json_file: Path | None) -> None:
    """See the help text of the command."""
    known = bench_names()
    for name in names:
        if name not in known:
            raise StudioError(f"There is no benchmark '{name}'; choose from: {', '.join(known)}.")
    results: dict[str, list[dict[str, Any]]] = {}
    for name in names or known:
        rows: tuple[Row, ...] = importlib.import_module(f"studio.benches.{name}").run()
        print(f"{name}\n{format_rows(rows)}")
        results[name] = [asdict(row) for row in rows]
    if json_file is not None:
        with whole_file(json_file) as part:
            part.write_text(json.dumps(results, indent=1), "utf-8")
