"""``bench api``: many clients at once, and what the cache is worth, over HTTP against a studio of its own.

The studio runs in another process with a fresh data folder, so that clients and server do not share a thread.
"""

from __future__ import annotations

import math
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Barrier
from typing import Any

import httpx

from engines.errors import StudioError
from studio.benches.instant import bench_photo
from studio.benches.table import Row
from studio.client import StudioClient
from studio.settings import PROJECT

CLIENTS = 50
PAUSE = 0.25
"""Seconds between two looks of one client."""
SMALL: dict[str, Any] = {"size": 256, "fps": 10}
PATIENCE = 120.0
FIRST, OTHER = "My name is Bob, and I am glad to be here.", "Is it not a wonderful morning for a walk today?"


@dataclass
class Seen:
    """What one client saw: seconds of its submit and of each look at its clip, and how the clip ended."""

    submit: float = 0.0
    looks: list[float] = field(default_factory=list)
    completed: bool = False
    kept: bool = False


def run() -> tuple[Row, ...]:
    """Measure; takes about two minutes on two CPU cores."""
    with _server() as url, StudioClient(url) as client:
        return (*_cache_rows(client), *_crowd_rows(url))


def _cache_rows(client: StudioClient) -> tuple[Row, ...]:
    """The same avatar cold, with new words and with the same words; the engines are loaded before."""
    _clip(client, text="Warming up.", avatar_id="imara")
    photo = bench_photo()
    cold = _timed(lambda: _clip(client, text=FIRST, image=photo))
    new = _timed(lambda: _clip(client, text=OTHER, image=photo))
    same = _timed(lambda: _clip(client, text=FIRST, image=photo))
    return (
        Row("new avatar, new words", cold, "s"),
        Row("same avatar, new words", new, "s"),
        Row("same avatar, same words", same, "s"),
        Row("new avatar / same avatar with new words", cold / new, "x"),
        Row("new avatar / same avatar with same words", cold / same, "x"),
    )


def _crowd_rows(url: str) -> tuple[Row, ...]:
    """CLIENTS at once, each with a clip of its own."""
    start, together = time.monotonic(), Barrier(CLIENTS)
    with ThreadPoolExecutor(CLIENTS) as pool:
        seen = list(pool.map(lambda number: _one_of_many(url, number, together), range(CLIENTS)))
    spent = time.monotonic() - start
    looks = [look for each in seen for look in each.looks]
    submits = [each.submit for each in seen]
    completed = sum(each.completed for each in seen)
    return (
        Row("clients that submit at once", CLIENTS, ""),
        Row("jobs accepted and kept", sum(each.kept for each in seen), "", f"{CLIENTS}"),
        Row("clips finished", completed, "", f"{CLIENTS}"),
        Row("clips per minute", 60 * completed / spent, ""),
        Row("submit, median", 1000 * percentile(submits, 50), "ms"),
        Row("submit, 99th percentile", 1000 * percentile(submits, 99), "ms"),
        Row("looks at the status while rendering", len(looks), ""),
        Row("status, median", 1000 * percentile(looks, 50), "ms"),
        Row("status, 99th percentile", 1000 * percentile(looks, 99), "ms"),
    )


def _one_of_many(url: str, number: int, together: Barrier) -> Seen:
    seen = Seen()
    with StudioClient(url) as client:
        together.wait()
        start = time.perf_counter()
        job = client.submit(avatar_id="imara", text=f"Number {number}.", **SMALL)
        seen.submit = time.perf_counter() - start
        deadline = time.monotonic() + 5 * PATIENCE
        while time.monotonic() < deadline:
            start = time.perf_counter()
            status = client.status(job)
            seen.looks.append(time.perf_counter() - start)
            seen.kept = True
            if status.ended:
                seen.completed = status.status == "completed"
                break
            time.sleep(PAUSE)
    return seen


def _clip(client: StudioClient, **fields: Any) -> None:
    client.wait(client.submit(**SMALL, **fields), PATIENCE)


def _timed(act: Callable[[], None]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that ``share`` percent of all do not exceed (nearest rank)."""
    return sorted(values)[max(math.ceil(share / 100 * len(values)) - 1, 0)]


@contextmanager
def _server() -> Iterator[str]:
    """A studio of its own, and its address."""
    with tempfile.TemporaryDirectory(prefix="studio-bench-") as folder:
        port = _free_port()
        command = [sys.executable, "launch.py", "--port", str(port), "--host", "127.0.0.1", "--data", folder]
        kept = {name: value for name, value in os.environ.items() if not name.startswith("STUDIO_")}
        process = subprocess.Popen(
            command,
            cwd=PROJECT,
            env={**kept, "STUDIO_API_RATE": "0"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_for(url)
            yield url
        finally:
            process.terminate()
            process.wait(30)


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            httpx.get(f"{url}/health", timeout=5).raise_for_status()
            return
        except httpx.HTTPError:
            time.sleep(0.2)
    raise StudioError("The studio to measure did not start; try 'launch.py' alone to see why.")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
