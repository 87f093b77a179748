"""One word of quality sets what it stands for, leaves what was said otherwise, and says what it leaves out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

import av
import numpy as np
import pytest

from engines import registry
from engines.encode import ENCODINGS, encode_clip
from engines.errors import StudioError
from engines.progress import Watch
from engines.quality import QUALITIES, at_quality, enhanced, enhancers
from engines.registry import Engine, Readiness, Recipe
from engines.requests import parse_request, request_document
from engines.segments import SegmentWriter, encode_sound, join_segments, plan_segments
from engines.types import AvatarRef, FrameSpec, FrameStream, Output, RenderRequest, Speech, Words

REQUEST = RenderRequest(AvatarRef("face.png"), Words("Hello."))
MISSING = "Buy a brush."


@dataclass(frozen=True)
class PainterOptions:
    size: Literal["256", "512"] = "256"
    batch: int = 0
    strength: float = 0.5


def ready(options):
    return Readiness()


def not_ready(options):
    return Readiness(MISSING)


@pytest.fixture
def with_engines(monkeypatch):
    """A network that draws faces in a recipe of its own, and GFPGAN as if its file were there, or not."""

    def use(gfpgan):
        known = dict(registry.all_engines())
        recipe = Recipe("painted", "Painted", "", "espeak", "speech2face", "painter")
        stages = {"animator": "nowhere:create", "finisher": "nowhere:create"}
        known["painter"] = Engine(
            "painter", "Painter", "1", stages, "MIT", options=PainterOptions, recipes=(recipe,)
        )
        stand_in = Engine(
            "gfpgan",
            "GFPGAN",
            "1",
            known["gfpgan"].stages,
            "MIT",
            options=known["gfpgan"].options,
            readiness=f"{__name__}:{gfpgan.__name__}",
        )
        known["gfpgan"] = stand_in
        monkeypatch.setattr(registry, "all_engines", lambda: MappingProxyType(known))

    return use


def test_a_level_sets_size_rate_encoder_and_enhancer(with_engines):
    with_engines(ready)
    low, notes = at_quality(REQUEST, "low")
    assert (low.output, low.finish, notes) == (Output(20.0, 384, "quick"), (), ())
    high, notes = at_quality(REQUEST, "high")
    assert (high.output, high.finish, notes) == (Output(25.0, 1080, "fine"), ("gfpgan",), ())
    assert parse_request(request_document(high)) == high


def test_it_reaches_the_networks_that_have_a_choice(with_engines):
    with_engines(ready)
    painted = RenderRequest(AvatarRef("face.png"), Words("Hello."), recipe="painted")
    assert at_quality(painted, "low")[0].options == {"painter": {"batch": 2}}
    assert at_quality(painted, "high")[0].options == {"painter": {"size": "512"}}
    own = RenderRequest(
        AvatarRef("a.png"), Words("Hi."), recipe="painted", options={"painter": {"size": "256"}}
    )
    assert at_quality(own, "high")[0].options == {"painter": {"size": "256"}}


def small_only(options):
    return Readiness("Get the large file." if options.size == "512" else "")


def test_larger_faces_are_left_out_where_only_the_smaller_file_is_there(with_engines, monkeypatch):
    with_engines(ready)
    known = dict(registry.all_engines())
    known["painter"] = replace(known["painter"], readiness=f"{__name__}:small_only")
    monkeypatch.setattr(registry, "all_engines", lambda: MappingProxyType(known))
    painted = RenderRequest(AvatarRef("face.png"), Words("Hello."), recipe="painted")
    found, notes = at_quality(painted, "high")
    assert found.options == {}
    assert notes == (
        "High quality draws faces of 512 pixels with Painter; that is left out here: Get the large file.",
    )
    asked = replace(painted, options={"painter": {"size": "512"}})
    assert at_quality(asked, "high") == (replace(asked, output=found.output, finish=("gfpgan",)), ())


def test_sadtalker_draws_larger_faces_at_high_quality():
    request = RenderRequest(AvatarRef("face.png"), Words("Hello."), recipe="sadtalker")
    assert at_quality(request, "high")[0].options == {"sadtalker": {"size": "512"}}
    assert at_quality(request, "medium")[0].options == {}
    assert at_quality(request, "low")[0].options == {"sadtalker": {"batch": 2}}


def test_what_was_given_by_itself_stays(with_engines):
    with_engines(ready)
    request = RenderRequest(AvatarRef("a.png"), Words("Hi."), output=Output(30.0, 512), finish=("wav2lip",))
    found, _ = at_quality(request, "high", given=("fps", "size"))
    assert found.output == Output(30.0, 512, "fine")
    assert found.finish == ("wav2lip", "gfpgan"), "the enhancer comes last"


def test_an_enhancer_that_cannot_work_is_left_out_and_said(with_engines):
    with_engines(not_ready)
    found, notes = at_quality(REQUEST, "high")
    assert found.finish == ()
    (note,) = notes
    assert note == f"High quality also makes the face clearer with GFPGAN; it is left out here: {MISSING}"


def test_an_enhancer_is_chosen_by_name_and_strength(with_engines):
    with_engines(ready)
    assert {"gfpgan", "painter"} <= set(enhancers())
    assert "wav2lip" not in enhancers()
    found = enhanced(REQUEST, "gfpgan", 0.25)
    assert (found.finish, found.options) == (("gfpgan",), {"gfpgan": {"strength": 0.25}})
    assert enhanced(REQUEST, "gfpgan").options == {}
    with pytest.raises(StudioError, match="no enhancer 'wav2lip'"):
        enhanced(REQUEST, "wav2lip")
    with pytest.raises(StudioError, match="'strength' is not right"):
        enhanced(REQUEST, "gfpgan", 1.5)
    with pytest.raises(StudioError, match="choose one of: low, medium, high"):
        at_quality(REQUEST, "ultra")


def pictures(count):
    random = np.random.default_rng(5)
    for _ in range(count):
        yield random.integers(0, 256, (64, 64, 3), dtype=np.uint8).repeat(2, 0).repeat(2, 1)


def test_finer_encoders_make_larger_files_of_the_same_frames_whole_or_in_segments(tmp_path):
    spec, speech = FrameSpec(128, 128, 25.0, 12), Speech(np.zeros(8000, np.float32), 16_000)
    sizes = []
    for name, quality in ENCODINGS.items():
        whole, joined = tmp_path / f"{name}.mp4", tmp_path / f"{name}-joined.mp4"
        encode_clip(FrameStream(spec, pictures(12)), speech, whole, Watch(), quality)
        cuts = plan_segments(spec, 0.25)
        writer = SegmentWriter(FrameStream(spec, pictures(12)), cuts, Watch(), name)
        parts = [tmp_path / f"{name}-{index}.npz" for index in range(len(cuts))]
        for cut, part in zip(cuts, parts, strict=True):
            writer.write(cut, part)
        writer.close()
        join_segments(parts, (spec, name), encode_sound(speech, spec, Watch()), joined, Watch())
        for path in (whole, joined):
            with av.open(str(path)) as clip:
                assert sum(1 for _ in clip.decode(video=0)) == 12
        sizes.append(whole.stat().st_size)
    assert sizes == sorted(sizes)
    assert sizes[0] < 0.8 * sizes[-1]
    assert {level.encoding for level in QUALITIES.values()} == set(ENCODINGS)
