"""From a photo and words to a playing file, by networks in the official layout with weights of our own."""

from __future__ import annotations

from dataclasses import replace

import av
import numpy as np
import pytest

from engines.errors import Cancelled
from engines.ledger import Ledger
from engines.progress import Watch
from engines.sadtalker.networks import Networks
from engines.sadtalker.notes import NO_EMOTIONS, SLOW
from engines.types import AvatarRef, EmotionKey, Expression, Output, RenderRequest, Words
from studio.api.sadtalker import VipForm, making


@pytest.fixture
def request_of(photo_file, with_models):
    """A short clip at few frames a second, with some of the engine's options."""

    def make(text="Hello.", expression=None, **options):
        felt = expression or Expression()
        given = {"sadtalker": options}
        output = Output(fps=5, size=256)
        avatar = AvatarRef(str(photo_file))
        return RenderRequest(avatar, Words(text), felt, "sadtalker", given, output)

    return make


@pytest.fixture
def asked(monkeypatch):
    """How often each of the networks is asked."""
    counts = dict.fromkeys(("reconstruct", "know", "hear", "map", "draw"), 0)
    for name in counts:
        real = getattr(Networks, name)

        def counted(self, *given, real=real, name=name):
            counts[name] += 1
            return real(self, *given)

        monkeypatch.setattr(Networks, name, counted)
    return counts


def frames_of(path):
    with av.open(str(path)) as film:
        assert film.streams.audio
        return [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]


def test_a_photo_speaks_from_words_to_a_playing_file(request_of, studio, tmp_path):
    joy = Expression(emotions=(EmotionKey(0.0, {"joy": 0.5}),))
    clip = studio.pipeline.render(request_of(expression=joy), tmp_path / "clip.mp4", Watch())
    frames = frames_of(clip.path)
    assert len(frames) == clip.frames >= 2
    assert frames[0].shape == (256, 256, 3)
    assert clip.engines["sadtalker"].startswith("1 (256 ")
    assert NO_EMOTIONS in clip.notes
    assert (SLOW in clip.notes) == (studio.manager.device("sadtalker") == "cpu")


def rehearse(studio, request):
    return studio.pipeline.rehearse(request, Watch(), Ledger()).prepared


def test_what_depends_on_the_photo_or_the_sound_alone_is_computed_once(request_of, studio, asked):
    first = rehearse(studio, request_of())
    once = dict(asked)
    assert once["reconstruct"] == once["know"] == 1
    other = rehearse(studio, request_of("Something else."))
    assert (asked["reconstruct"], asked["know"]) == (1, 1)
    assert asked["hear"] == 2 * once["hear"], "other words are heard"
    assert np.array_equal(first["volume"], other["volume"])
    rehearse(studio, request_of(blinks="none", pose_style=3))
    assert asked["hear"] == 2 * once["hear"], "the same words are not heard again"
    before = dict(asked)
    again = rehearse(studio, request_of())
    assert asked == before, "nothing is computed for what is the same"
    assert np.array_equal(first["driving"], again["driving"])
    rehearse(studio, request_of(mode="crop"))
    assert asked["reconstruct"] == asked["know"] == 2, "another mode sees another picture"


def test_the_same_seed_moves_alike_and_another_does_not(request_of, studio):
    one, two = (rehearse(studio, request_of(expression=Expression(seed=seed)))["driving"] for seed in (1, 2))
    assert not np.array_equal(one, two)
    still = [
        rehearse(studio, request_of(expression=Expression(seed=seed), still=True, blinks="none"))["driving"]
        for seed in (1, 2)
    ]
    assert np.array_equal(*still), "a still head leaves nothing to chance"


def test_frames_may_begin_anywhere_and_come_at_any_rate(request_of, studio):
    request = replace(request_of(), output=Output(fps=12, size=256))
    take = studio.pipeline.rehearse(request, Watch(), Ledger())
    whole = [
        frame for frame, _ in zip(studio.pipeline.stream(request, take, Watch()).frames, range(3), strict=False)
    ]
    later = studio.pipeline.stream(request, take, Watch(), 2)
    assert later.faces.shape == (later.spec.count, 4)
    assert np.abs(next(iter(later.frames)).astype(int) - whole[2]).max() <= 1


def test_cancelled_it_stops_before_the_next_piece_of_work(request_of, studio, asked):
    watch = Watch(lambda stage, fraction: watch.cancel() if (stage, fraction) == ("rehearse", 0.2) else None)
    with pytest.raises(Cancelled):
        studio.pipeline.rehearse(request_of(), watch, Ledger())
    assert asked["hear"] == 0


def test_the_service_takes_sadtalker_where_it_is_ready(with_models, photo_file):
    form = VipForm.model_construct(
        options='{"sadtalker": {"blinks": "none"}}',
        quality="high",
        preprocess_mode="crop",
        still=True,
        pose_style=4,
        expression_scale=1.2,
    )
    made = making(AvatarRef(str(photo_file)), form)
    assert (made.recipe, made.note) == ("sadtalker", "")
    own = made.options["sadtalker"]
    assert (own["size"], own["mode"], own["still"], own["blinks"]) == ("256", "crop", True, "none")
