"""launch.py verify: what the content credentials of a clip say, and whether they still fit."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from studio.cli.common import open_studio
from studio.credentials_read import read_credentials

EXIT_CODES = {"valid": 0, "changed": 3, "none": 4}


@click.command("verify", help="Read a clip's content credentials. Exit code 0 valid, 3 changed, 4 none.")
@click.argument("clip", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
@click.pass_context
def command(context: click.Context, clip: Path, as_json: bool) -> int:
    """See the help text of the command."""
    with open_studio(context) as studio:
        report = read_credentials(clip, studio.credentials)
    print(json.dumps(asdict(report), ensure_ascii=False) if as_json else "\n".join(report.lines()))
    return EXIT_CODES[report.state]
