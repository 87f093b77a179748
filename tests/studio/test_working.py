"""Work that an event of the page waits for: told, stopped when nobody waits, and its error raised."""

from __future__ import annotations

import threading

import pytest

from engines.errors import StudioError
from engines.progress import Watch
from studio.tabs.working import Working


def test_it_tells_how_far_it_is_and_keeps_what_was_made() -> None:
    seen = threading.Event()

    def make(watch: Watch) -> str:
        watch.report("motion", 0.5)
        assert seen.wait(10)
        return "made"

    working = Working(make)
    for told in working:
        if (told.stage, told.fraction) == ("motion", 0.5):
            seen.set()
    assert working.result == "made"


def test_it_stops_when_nobody_waits_any_more() -> None:
    stopped = threading.Event()

    def make(watch: Watch) -> None:
        try:
            while True:
                watch.check()
        finally:
            stopped.set()

    steps = iter(Working(make))
    next(steps)
    steps.close()
    assert stopped.wait(10)


def test_what_goes_wrong_is_raised_to_whoever_waits() -> None:
    def make(_watch: Watch) -> None:
        raise StudioError("No words.")

    with pytest.raises(StudioError, match="No words"):
        list(Working(make))
