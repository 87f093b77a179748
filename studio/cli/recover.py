"""launch.py recover: bring back from the backup what is missing here."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engines.errors import StudioError
from studio.backup import Backup, open_backup
from studio.names import KINDS, is_id, is_owner
from studio.settings import ensure_data_folder, load_settings

if TYPE_CHECKING:
    from studio.backup.recover import Recovered
    from studio.backup.vault import Copy

NO_BACKUP = (
    "There is no backup to recover from; set STUDIO_BACKUP to s3://bucket/prefix, and endpoint and credentials "
    "with the AWS variables."
)
WRONG_NAME = "'{name}' is not the name of a user or an avatar; 'recover --list-only' shows them."


@click.command("recover", help="Bring back from the backup what is missing here. Exit code 1 if any failed.")
@click.option("--list-only", is_flag=True, help="Tell what is in the backup, and do nothing.")
@click.option("--dry-run", is_flag=True, help="Fetch and check everything, and keep nothing.")
@click.option("--user-id", default="", help="Only what is this user's: the folder's name in the library.")
@click.option("--avatar-id", default="", help="Only this avatar.")
@click.option("--output-dir", type=click.Path(path_type=Path), help="Put it there, not into the data folder.")
@click.option("--engines", is_flag=True, help="Model files and the native core instead of avatars and clips.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def command(context: click.Context, /, **chosen: Any) -> int:
    """See the help text of the command."""
    from studio.backup.recover import find_copies, recover  # boto3 takes long to import

    if chosen["engines"]:
        return _recover_engines(context)
    backup = _backup(context, chosen)
    copies = find_copies(backup.open(), chosen["user_id"], chosen["avatar_id"])
    if chosen["list_only"]:
        _print_copies(copies, chosen["as_json"])
        return 0
    rows = recover(backup, copies, chosen["output_dir"], chosen["dry_run"])
    return _print_rows(rows, chosen["as_json"])


def _recover_engines(context: click.Context) -> int:
    from studio.cli.engines import recover_here

    settings = load_settings(**(context.find_root().obj or {}))
    ensure_data_folder(settings)
    return recover_here(settings)


def _backup(context: click.Context, chosen: dict[str, Any]) -> Backup:
    """The copies of this data folder; raises StudioError if none are kept."""
    settings = load_settings(**(context.find_root().obj or {}))
    if not settings.backup:
        raise StudioError(NO_BACKUP)
    for name, fits in ((chosen["user_id"], is_owner), (chosen["avatar_id"], is_id)):
        if name and not fits(name):
            raise StudioError(WRONG_NAME.format(name=name[:40]))
    ensure_data_folder(settings)
    return open_backup(settings)


def _print_copies(copies: list[Copy], as_json: bool) -> None:
    if as_json:
        print(json.dumps({"copies": [_document(copy) for copy in copies]}))
        return
    for copy in copies:
        note = "" if copy.whole else "  not whole"
        size, label = f"{copy.bytes / 1e6:.2f} MB", copy.label
        print(f"{KINDS[label.kind]:<7} {label.owner}/{label.id}  {size:>10}  {copy.changed[:16]}{note}")
    print(f"{len(copies)} in the backup, {sum(copy.bytes for copy in copies) / 1e6:.1f} MB.")


def _document(copy: Copy) -> dict[str, Any]:
    label = copy.label
    named = {"kind": KINDS[label.kind], "user": label.owner, "id": label.id}
    return {**named, "bytes": copy.bytes, "changed": copy.changed, "whole": copy.whole}


def _print_rows(rows: Iterable[Recovered], as_json: bool) -> int:
    """Print every row as soon as it is known, or all as JSON; returns the exit code."""
    done = []
    for row in rows:
        done.append(row)
        if not as_json:
            what = row.reason or f"{row.frames} {'frame' if row.frames == 1 else 'frames'}"
            print(f"{row.outcome:<8} {row.kind:<7} {row.user}/{row.id}  {what}", flush=True)
    counts = Counter(row.outcome for row in done)
    totals = {
        "success": counts["SUCCESS"],
        "skip": counts["SKIP"],
        "failed": counts["FAILED"],
        "frames": sum(row.frames for row in done),
    }
    if as_json:
        print(json.dumps({"items": [asdict(row) for row in done], "totals": totals}))
    else:
        print("{success} recovered ({frames} frames), {skip} skipped, {failed} failed.".format(**totals))
    return 1 if counts["FAILED"] else 0
