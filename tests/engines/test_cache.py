"""The cache gives back what was put in, makes things once, and runs nobody's code."""

import pickle
import sqlite3
import threading
import time

import numpy as np
import pytest

from engines.cache import (
    Cache,
    make_key,
    pack_arrays,
    pack_motion,
    pack_speech,
    unpack_arrays,
    unpack_motion,
    unpack_speech,
)
from engines.types import Motion, Phone, Speech


@pytest.fixture
def cache(tmp_path):
    cache = Cache(tmp_path / "cache", 10_000_000)
    yield cache
    cache.close()


class Bomb:
    def __reduce__(self):
        return (open, ("exploded", "w"))


def tamper(folder, sql, *values):
    with sqlite3.connect(folder / "cache.db") as database:
        assert database.execute(sql, values).rowcount == 1


def test_what_was_put_comes_back(cache):
    cache.put("speech", "a", b"words", "voice-1")
    assert cache.get("speech", "a") == b"words"
    assert cache.get("motion", "a") is None


def test_it_outlives_its_process_object(cache, tmp_path):
    cache.put("photo", "a", b"x" * 100_000, "animator-1")
    assert Cache(tmp_path / "cache", 10_000_000).get("photo", "a") == b"x" * 100_000


def test_a_pickle_put_into_the_database_is_not_run(cache, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cache.put("speech", "a", b"small", "voice-1")
    tamper(tmp_path / "cache", "UPDATE Cache SET mode = 4, filename = NULL, value = ?", pickle.dumps(Bomb()))
    assert cache.get("speech", "a") is None
    assert not (tmp_path / "exploded").exists()


def test_a_row_that_names_a_file_outside_is_neither_read_nor_deleted(cache, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("private")
    cache.put("speech", "a", b"x" * 100_000, "voice-1")
    tamper(tmp_path / "cache", "UPDATE Cache SET filename = ?", "../secret.txt")
    assert cache.get("speech", "a") is None
    cache.drop_engine("voice-1")
    assert secret.read_text() == "private"


def test_two_callers_make_it_once(cache):
    made, results = [], []

    def make() -> bytes:
        made.append(1)
        time.sleep(0.1)
        return b"value"

    def ask() -> None:
        results.append(cache.get_or_make("motion", "k", "driver-1", make))

    threads = [threading.Thread(target=ask) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert [value for value, _ in results] == [b"value"] * 5
    assert sum(cached for _, cached in results) == 4


def test_it_stays_within_its_limit_without_losing_everything(tmp_path):
    cache = Cache(tmp_path / "small", 1_000_000)
    for index in range(20):
        cache.put("photo", str(index), bytes([index]) * 100_000, "animator-1")
    kept = [index for index in range(20) if cache.get("photo", str(index)) is not None]
    assert cache.size() < 1_300_000
    assert len(kept) >= 6
    assert 19 in kept


def test_an_engine_can_be_forgotten(cache):
    cache.put("speech", "a", b"1", "voice-1")
    cache.put("speech", "b", b"2", "voice-2")
    assert cache.drop_engine("voice-1") == 1
    assert cache.get("speech", "a") is None
    assert cache.get("speech", "b") == b"2"


def test_keys_differ_where_contents_differ():
    assert make_key("a", {"x": 1, "y": 2}) == make_key("a", {"y": 2, "x": 1})
    assert make_key("a", {"x": 1}) != make_key("a", {"x": 1.5})


def test_arrays_of_objects_are_refused():
    with pytest.raises(ValueError, match="allow_pickle"):
        unpack_arrays(pack_arrays({"bad": np.array([Bomb()], dtype=object)}))


def test_speech_and_motion_survive_packing():
    speech = Speech(
        np.linspace(-1, 1, 99, dtype=np.float32), 22050, "hi", "en", (Phone(0.1, 0.2, "h"),), (0.1,)
    )
    again = unpack_speech(pack_speech(speech))
    assert np.array_equal(again.samples, speech.samples)
    assert (again.phones, again.word_starts, again.text) == (speech.phones, speech.word_starts, "hi")
    motion = Motion(25.0, np.ones((3, 52), np.float32), np.zeros((3, 6), np.float32))
    assert np.array_equal(unpack_motion(pack_motion(motion)).blendshapes, motion.blendshapes)
