"""Whatever happens to the cache's files, what is asked of it comes out right and nobody hears of it."""

import json
import random
import sqlite3
import time
from contextlib import closing

import pytest

from engines.cache import Cache
from engines.progress import Watch
from engines.tiers import LIFETIMES, TIERS, lifetimes
from engines.types import AvatarRef, Output, RenderRequest, Words
from studio.cli import main
from studio.services import Studio
from studio.settings import load_settings

LIMIT = 10_000_000


def dice(seed):
    return random.Random(seed)  # noqa: S311 - not for secrets


def files(folder, db=True):
    """The cache's files; the one that SQLite shares between programs in memory is not on disk to be damaged."""
    found = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.endswith("-shm"))
    return [path for path in found if db or not path.name.startswith("cache.db")]


def flip(rng, path):
    data = bytearray(path.read_bytes())
    for _ in range(rng.randint(1, 200)):
        place = rng.randrange(len(data))
        data[place] ^= 1 << rng.randrange(8)
    path.write_bytes(data)


def flip_one(rng, path):
    data = bytearray(path.read_bytes())
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    with path.open("r+b") as file:
        file.write(data)


def scribble(rng, path):
    with path.open("r+b") as file:
        file.seek(rng.randrange(path.stat().st_size))
        file.write(rng.randbytes(rng.randint(1, 9000)))


def cut(rng, path):
    with path.open("r+b") as file:
        file.truncate(rng.randrange(path.stat().st_size))


def empty(rng, path):
    path.write_bytes(b"")


def garbage(rng, path):
    path.write_bytes(rng.randbytes(5000))


def remove(rng, path):
    path.unlink()


def swap(rng, path):
    other = rng.choice(files(path.parents[2] if path.parent.name != "cache" else path.parent))
    path.write_bytes(other.read_bytes())


DAMAGES = (flip, flip_one, scribble, cut, empty, garbage, remove, swap)


def damage(rng, folder):
    for _ in range(rng.randint(1, 3)):
        found = [path for path in files(folder) if path.stat().st_size]
        if found:
            main_file = [path for path in found if path.name == "cache.db"]
            path = rng.choice(main_file) if main_file and rng.random() < 0.5 else rng.choice(found)
            rng.choice(DAMAGES)(rng, path)


def test_damaged_in_any_way_it_never_gives_a_wrong_value(tmp_path):
    rng = dice(20)
    values = {f"k{index}": rng.randbytes(rng.choice((0, 30, 4000, 60_000))) for index in range(12)}
    folder, hits = tmp_path / "cache", 0
    cache = Cache(folder, LIMIT)
    for turn in range(80):
        for name, value in values.items():
            found, cached = cache.get_or_make(rng.choice(TIERS), name, "engine-1", lambda value=value: value)
            assert found == value, f"turn {turn}"
            hits += cached
        if turn % 4 == 1:
            cache.close()
            damage(rng, folder)
            cache = Cache(folder, LIMIT)
        elif turn % 4 == 3:
            damage(rng, folder)
        if turn % 10 == 9:
            cache.verify()
            cache.statistics()
    assert hits > 60, "it is a cache still"
    cache.put("clip", "last", b"1", "engine-1")
    assert cache.get("clip", "last") == b"1"
    cache.close()


def test_a_render_is_the_same_whatever_happened_to_the_cache(tmp_path, photo_file):
    rng = dice(7)
    wish = RenderRequest(AvatarRef(str(photo_file)), Words("Hi."), output=Output(8.0, 192))
    data, cached = tmp_path / "data", 0
    first = None
    studio = Studio(load_settings(data=data))
    for turn in range(6):
        clip = studio.pipeline.render(wish, tmp_path / "clip.mp4", Watch())
        made = clip.path.read_bytes()
        first = first or made
        assert made == first, f"turn {turn}"
        cached += any(time.cached for time in clip.times)
        if turn % 2:
            studio.close()
        damage(rng, data / "cache")
        if turn % 2:
            studio = Studio(load_settings(data=data))
    studio.close()
    assert cached


@pytest.fixture
def cache(tmp_path):
    cache = Cache(tmp_path / "data" / "cache", LIMIT)
    yield cache
    cache.close()


def fill(cache):
    cache.put("speech", "small", b"small", "voice-1")
    for index in range(3):
        cache.put("photo", f"large{index}", bytes([index]) * 50_000, "animator-1")


def test_a_flipped_bit_is_found_when_it_is_read(cache, tmp_path):
    fill(cache)
    for path in files(tmp_path / "data" / "cache", db=False):
        flip_one(dice(1), path)
    assert cache.get("photo", "large1") is None
    assert cache.get("speech", "small") == b"small"
    assert {tier.name: tier.entries for tier in cache.statistics()}["photo"] == 2, "and dropped"


def test_verify_drops_what_is_damaged_and_keeps_the_rest(cache, tmp_path, capsys):
    fill(cache)
    cache.close()
    folder = tmp_path / "data" / "cache"
    first, second, _ = files(folder, db=False)
    flip_one(dice(1), first)
    second.unlink()
    (first.parent / "stray.val").write_bytes(b"nobody's")
    with closing(sqlite3.connect(folder / "cache.db", isolation_level=None)) as database:
        database.execute("UPDATE Settings SET value = -1000000000 WHERE key = 'size'")
    assert run(tmp_path, "verify", capsys) == {
        "whole": 2,
        "dropped": {"photo": 2},
        "strays": 1,
        "rebuilt": False,
    }
    (folder / "cache.db").write_bytes(b"no database" * 1000)
    assert run(tmp_path, "verify", capsys) == {"whole": 0, "dropped": {}, "strays": 0, "rebuilt": True}
    assert main(["--data", str(tmp_path / "data"), "cache", "verify"]) == 0
    assert "0 entries are whole" in capsys.readouterr().out


def run(tmp_path, what, capsys, *words):
    assert main(["--data", str(tmp_path / "data"), "cache", what, "--json", *words]) == 0
    return json.loads(capsys.readouterr().out)


def test_the_command_line_tells_counts_and_clears_by_tier(cache, tmp_path, capsys):
    fill(cache)
    assert cache.get("speech", "small") is not None
    assert cache.get("speech", "other") is None
    cache.close()
    told = run(tmp_path, "stats", capsys)
    tiers = {tier["name"]: tier for tier in told["tiers"]}
    assert set(tiers) == set(TIERS)
    assert (tiers["speech"]["entries"], tiers["speech"]["hits"], tiers["speech"]["misses"]) == (1, 1, 1)
    assert tiers["photo"]["entries"] == 3
    assert 150_000 < tiers["photo"]["bytes"] <= told["bytes"]
    assert {name: tier["seconds"] for name, tier in tiers.items()} == dict(LIFETIMES)
    assert run(tmp_path, "clear", capsys, "--tier", "photo")["entries"] == 3
    left = {tier["name"]: tier["entries"] for tier in run(tmp_path, "stats", capsys)["tiers"]}
    assert (left["photo"], left["speech"]) == (0, 1)
    assert files(tmp_path / "data" / "cache", db=False) == []
    assert main(["--data", str(tmp_path / "data"), "cache", "clear"]) == 0
    assert "Removed 1 entries" in capsys.readouterr().out
    assert main(["--data", str(tmp_path / "data"), "cache", "stats"]) == 0
    assert "for good" in capsys.readouterr().out


def test_each_tier_has_its_time(tmp_path):
    cache = Cache(tmp_path / "cache", LIMIT, lifetimes("session=0.05, clip=0,photo=0.05"))
    for tier in TIERS:
        cache.put(tier, "a", b"1", "engine-1")
    time.sleep(0.1)
    assert {tier for tier in TIERS if cache.get(tier, "a") is None} == {"session", "photo"}
    assert {tier.name: tier.entries for tier in cache.statistics()}["photo"] == 0
    cache.close()


def test_the_least_recently_used_goes_first(tmp_path):
    cache = Cache(tmp_path / "cache", 1_200_000)
    for index in range(9):
        cache.put("motion", str(index), bytes(100_000), "driver-1")
    assert cache.get("motion", "0") is not None
    cache.put("clip", "large", bytes(500_000), "animator-1")
    kept = [index for index in range(9) if cache.get("motion", str(index)) is not None]
    assert 0 in kept
    assert kept[1:] == list(range(9 - len(kept) + 1, 9)), "of the others the newest stay"
    assert cache.get("clip", "large") is not None
    assert cache.size() <= 1_200_000
    cache.close()


@pytest.mark.parametrize(
    ("words", "said"), [("mesh=1", "no tier 'mesh'"), ("clip=soon", "no number"), ("clip=-1", "no number")]
)
def test_a_wrong_time_is_told_in_one_sentence(words, said, monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("STUDIO_CACHE_SECONDS", words)
    assert main(["--data", str(tmp_path), "cache", "stats"]) == 1
    told = capsys.readouterr().err
    assert said in told
    assert len(told.splitlines()) == 1


def test_a_folder_that_cannot_hold_a_cache_only_costs_time(tmp_path):
    (tmp_path / "cache").write_text("a file")
    cache = Cache(tmp_path / "cache", LIMIT)
    assert cache.get_or_make("speech", "a", "voice-1", lambda: b"made") == (b"made", False)
    assert cache.verify().whole == 0
    cache.close()
