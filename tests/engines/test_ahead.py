"""Frames made ahead are the same frames, in order, and stop being made when nobody wants them."""

import threading
import time

import numpy as np
import pytest

from engines.ahead import ahead


def numbered(count, made=None):
    for index in range(count):
        if made is not None:
            made.append(index)
        yield np.full((2, 2, 3), index, np.uint8)


def test_order_and_number_stay():
    assert [frame[0, 0, 0] for frame in ahead(numbered(50))] == list(range(50))
    assert list(ahead(numbered(0))) == []


def test_only_a_few_are_made_in_advance():
    made = []
    frames = ahead(numbered(1000, made), depth=3)
    next(frames)
    time.sleep(0.1)
    assert len(made) <= 4
    frames.close()


def test_making_goes_on_while_a_frame_is_in_use():
    made = []
    frames = ahead(numbered(10, made), depth=3)
    next(frames)
    deadline = time.monotonic() + 5
    while len(made) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(made) >= 3
    frames.close()


def test_a_failure_comes_when_its_frame_is_due():
    def broken():
        yield from numbered(2)
        raise ValueError("torn")

    frames = ahead(broken())
    next(frames)
    next(frames)
    with pytest.raises(ValueError, match="torn"):
        next(frames)


def test_closing_stops_the_thread():
    frames = ahead(numbered(1000))
    next(frames)
    frames.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("frames")]
