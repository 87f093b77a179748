"""A few silent seconds are drawn once; new words cost only the lips."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import av
import numpy as np
import pytest

from engines.errors import Cancelled, StudioError
from engines.ledger import Ledger
from engines.liveportrait import LivePortraitOptions
from engines.liveportrait.animator import RESTING
from engines.liveportrait.frames import Stage
from engines.liveportrait.loop import CHUNK, SLOW_FPS, LoopPlayer, feelings_of, rehearse_loops
from engines.liveportrait.painter import Painter
from engines.liveportrait.preparing import MATRIX, cut
from engines.progress import Watch
from engines.stages import Given
from engines.types import (
    AvatarRef,
    EmotionKey,
    Expression,
    Motion,
    Output,
    RenderRequest,
    Speech,
    Words,
)

OPTIONS = LivePortraitOptions(loop_seconds=2.0)
SPEECH = Speech(np.zeros(8000, np.float32), 8000)
JOY = Expression(emotions=(EmotionKey(0.0, {"joy": 0.8}),))


def still(count, fps=25.0, first=0):
    return Motion(fps, np.zeros((count, 52), np.float32), np.zeros((count, 6), np.float32), first=first)


class Shelf:
    """Keeps what is made, by its tier and its parts."""

    def __init__(self):
        self.kept = {}

    def __call__(self, tier, parts, make):
        assert tier == "features"
        key = repr(parts)
        if key not in self.kept:
            self.kept[key] = make()
        return self.kept[key]


class Dots:
    """Draws a square whose grey goes with the keypoints, and counts: much quicker than any network."""

    def __init__(self):
        self.device, self.drawn = "cpu", 0

    def look(self, _volume, source):
        return source

    def held(self, _source, driving):
        return driving

    def draw(self, source, driving):
        self.drawn += len(driving)
        moved = [float((points[:, :2] - source[:, :2]).sum()) for points in driving]
        return [np.full((64, 64, 3), np.clip(128 + 40 * value, 0, 255), np.uint8) for value in moved]


@pytest.fixture
def dots():
    return Dots()


@pytest.fixture
def stage(prepared, dots):
    return Stage(dots, prepared, OPTIONS, print)


def rehearsed(stage, expression, keep, watch=None):
    given = Given(SPEECH, still(25), expression, stage.options, lips_follow=True)
    return rehearse_loops(stage, given, keep, watch or Watch())


def played(stage, loops, motion):
    return LoopPlayer(replace(stage, prepared={**stage.prepared, **loops})).play(motion)


def test_a_loop_is_drawn_once_for_all_words(stage, dots):
    shelf, told = Shelf(), []
    loops = rehearsed(stage, JOY, shelf, Watch(lambda stage, fraction: told.append((stage, fraction))))
    count = round(2.0 * SLOW_FPS)
    assert dots.drawn == count
    assert told == sorted(told)
    assert told[-1] == ("rehearse", pytest.approx(1.0))
    rehearsed(stage, JOY, shelf)
    rehearsed(stage, replace(JOY, mouth=0.5), shelf)
    assert dots.drawn == count
    rehearsed(stage, Expression(), shelf)
    assert dots.drawn == 2 * count
    stream = played(stage, loops, still(130))
    assert stream.spec.count == len(list(stream.frames)) == len(stream.faces) == 130


def test_a_loop_has_no_seam_and_its_frames_follow_the_clock(stage):
    loops = rehearsed(stage, JOY, Shelf())
    seconds = len(loops["loop.0.ends"]) / SLOW_FPS
    shown = [frame.astype(float) for frame in played(stage, loops, still(66)).frames]
    steps = np.array([np.abs(a - b).mean() for a, b in pairwise(shown)])
    assert steps.max() > 0
    round_ = round(seconds * 25)
    assert steps[round_ - 1] <= np.delete(steps, round_ - 1).max()
    assert np.abs(shown[round_] - shown[0]).mean() < 1
    later = list(played(stage, loops, still(4, first=60)).frames)
    assert all((a == b).all() for a, b in zip(later, shown[60:64], strict=True))
    slow = list(played(stage, loops, still(5, fps=12.5)).frames)
    assert np.abs(slow[2].astype(float) - shown[4]).mean() < 1


def test_every_feeling_of_a_clip_has_its_loop(stage, dots):
    keys = (EmotionKey(0.5, {"joy": 0.8}), EmotionKey(1.0, {"joy": 0.82}), EmotionKey(2.0, {}))
    expression = Expression(emotions=keys)
    assert [(f.time, f.weights) for f in feelings_of(expression)] == [(0.0, {}), (0.5, {"joy": 0.8}), (2.0, {})]
    loops = rehearsed(stage, expression, Shelf())
    assert loops["loop.which"].tolist() == [0, 1, 0]
    assert dots.drawn == 2 * round(2.0 * SLOW_FPS)
    plain, glad = rehearsed(stage, Expression(), Shelf()), rehearsed(stage, JOY, Shelf())
    mixed, alone, joyful = (
        list(played(stage, each, still(8, fps=5.0)).frames) for each in (loops, plain, glad)
    )
    assert np.array_equal(mixed[2], alone[2])
    assert np.array_equal(mixed[6], joyful[6])
    assert not np.array_equal(alone[6], joyful[6])


def test_what_was_drawn_before_a_stop_is_not_drawn_again(stage, dots):
    shelf, watch = Shelf(), Watch()

    def stop_late(_stage, fraction):
        if fraction > 0.6:
            watch.cancel()

    watch._on_report = stop_late
    with pytest.raises(Cancelled):
        rehearsed(stage, JOY, shelf, watch)
    before = dots.drawn
    assert CHUNK <= before < round(2.0 * SLOW_FPS)
    rehearsed(stage, JOY, shelf)
    assert dots.drawn - before <= round(2.0 * SLOW_FPS) - CHUNK


def test_a_loop_is_kept_small_and_close_to_what_was_drawn(stage, portrait, prepared, monkeypatch):
    crop = cut(portrait, prepared[MATRIX])
    monkeypatch.setattr(Dots, "draw", lambda _self, _look, driving: [crop] * len(driving))
    loops = rehearsed(stage, JOY, Shelf())
    assert loops["loop.0.jpeg"].nbytes < crop.nbytes * len(loops["loop.0.ends"]) / 4
    shown = next(played(stage, loops, still(1)).frames)
    pasted = stage.paster().paste(crop)
    assert np.abs(shown.astype(float) - pasted).mean() < 0.5


@pytest.fixture
def visema(photo_file):
    """A short clip of the whole recipe."""
    return RenderRequest(
        AvatarRef(str(photo_file)), Words("Oh, a boat."), recipe="visema", output=Output(6.0, 256)
    )


def test_visema_without_a_gpu_loops_and_the_lips_speak(
    with_portrait_models, narrow_lips, studio, visema, tmp_path, monkeypatch
):
    looped = replace(visema, options={"liveportrait": {"loop_seconds": 2.0}})
    drawn = counting(monkeypatch)
    clip = studio.pipeline.render(looped, tmp_path / "first.mp4", Watch())
    assert len(drawn) == round(2.0 * SLOW_FPS)
    assert not took(clip, "rehearse").cached
    assert "loop of 2 s" in " ".join(clip.notes)
    with av.open(str(clip.path)) as film:
        shown = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
        heard = film.streams.audio[0]
        assert float(heard.duration * heard.time_base) == pytest.approx(len(shown) / 6.0, abs=0.05)
    assert len(shown) == clip.frames
    other = replace(looped, words=Words("Where is it now?"))
    longer = studio.pipeline.render(other, tmp_path / "second.mp4", Watch())
    assert longer.frames != clip.frames
    assert took(longer, "rehearse").cached
    assert len(drawn) == round(2.0 * SLOW_FPS)  # nothing but lips was made for the new words


def test_live_the_mouth_rests_under_lips_that_follow(with_portrait_models, narrow_lips, studio, visema):
    live = replace(visema, options={"liveportrait": {"performance": "live"}})
    take = studio.pipeline.rehearse(live, Watch(), Ledger())
    assert take.prepared[RESTING]
    alone = studio.pipeline.rehearse(replace(live, recipe="liveportrait"), Watch(), Ledger())
    assert not alone.prepared[RESTING]


def test_a_loop_without_lips_is_refused(with_portrait_models, studio, visema, tmp_path):
    mute = replace(visema, recipe="liveportrait", options={"liveportrait": {"performance": "loop"}})
    with pytest.raises(StudioError, match="nobody speaks: add the finisher Wav2Lip"):
        studio.pipeline.render(mute, tmp_path / "clip.mp4", Watch())


def took(clip, stage):
    return next(time for time in clip.times if time.stage == stage)


def counting(monkeypatch):
    """A list that grows by one for every frame that is drawn."""
    drawn, draw = [], Painter.draw

    def counted(self, look, driving):
        drawn.extend(driving)
        return draw(self, look, driving)

    monkeypatch.setattr(Painter, "draw", counted)
    return drawn
