"""launch.py cache: what can be made again, by tier."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import click

from engines.cache import Cache, TierStatistics
from engines.tiers import DAY, HOUR, MEANINGS, TIERS, Tier
from studio.services import open_cache
from studio.settings import ensure_data_folder, load_settings

JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


@click.group("cache", help="Tell what the cache holds, empty it, look for damage.")
def command() -> None:
    """See the help text of the group."""


@command.command("stats", help="Tell of each tier: entries, bytes, hits, misses, how long entries are kept.")
@JSON
@click.pass_context
def stats(context: click.Context, as_json: bool) -> None:
    """See the help text of the command."""
    with _open(context) as (cache, limit):
        tiers, size = cache.statistics(), cache.size()
    if as_json:
        print(json.dumps({"tiers": [asdict(tier) for tier in tiers], "bytes": size, "limit": limit}))
        return
    print(f"{'tier':<10} {'entries':>7} {'MB':>9} {'hits':>7} {'misses':>7}  {'kept':<8}  what")
    for tier in tiers:
        print(_line(tier))
    print(f"{size / 1e6:.1f} of {limit / 1e6:.0f} MB on disk.")


@command.command("clear", help="Empty the cache, or one tier of it; everything in it can be made again.")
@click.option("--tier", type=click.Choice(TIERS), help="Only this tier.")
@JSON
@click.pass_context
def clear(context: click.Context, tier: Tier | None, as_json: bool) -> None:
    """See the help text of the command."""
    with _open(context) as (cache, _):
        entries, size = cache.clear(tier)
    if as_json:
        print(json.dumps({"tier": tier, "entries": entries, "bytes": size}))
    else:
        print(f"Removed {entries} entries, {size / 1e6:.1f} MB.")


@command.command("verify", help="Read every entry and remove those that are damaged.")
@JSON
@click.pass_context
def verify(context: click.Context, as_json: bool) -> None:
    """See the help text of the command."""
    with _open(context) as (cache, _):
        found = cache.verify()
    if as_json:
        print(json.dumps(asdict(found)))
        return
    if found.rebuilt:
        print("The database was damaged; the cache begins anew.")
    for tier, count in found.dropped.items():
        print(f"{tier}: {count} damaged, removed.")
    print(f"{found.whole} entries are whole; {found.strays} files of no entry were removed.")


@contextmanager
def _open(context: click.Context) -> Iterator[tuple[Cache, int]]:
    """The cache and the bytes that it may take."""
    values: dict[str, Any] = context.find_root().obj or {}
    settings = load_settings(**values)
    ensure_data_folder(settings)
    cache = open_cache(settings)
    try:
        yield cache, settings.cache_bytes
    finally:
        cache.close()


def _line(tier: TierStatistics) -> str:
    counts = f"{tier.entries:>7} {tier.bytes / 1e6:>9.2f} {tier.hits:>7} {tier.misses:>7}"
    meaning = next(text for name, text in MEANINGS.items() if name == tier.name)
    return f"{tier.name:<10} {counts}  {_kept(tier.seconds):<8}  {meaning}"


def _kept(seconds: float | None) -> str:
    if seconds is None:
        return "for good"
    return f"{seconds / DAY:.3g} d" if seconds >= DAY else f"{seconds / HOUR:.3g} h"
