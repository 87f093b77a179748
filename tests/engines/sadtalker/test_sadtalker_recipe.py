"""From a photo and words to a playing file, by networks in the official layout with weights of our own."""

from __future__ import annotations

import av
import pytest

from engines.progress import Watch
from engines.sadtalker.notes import NO_EMOTIONS
from engines.types import AvatarRef, EmotionKey, Expression, Output, RenderRequest, Words


@pytest.fixture
def request_of(photo_file, with_models):
    """A short clip at few frames a second, with some of the engine's options."""

    def make(text="Hello.", expression=None, **options):
        return RenderRequest(
            AvatarRef(str(photo_file)),
            Words(text),
            expression or Expression(),
            "sadtalker",
            {"sadtalker": options},
            Output(fps=5, size=256),
        )

    return make


def frames_of(path):
    with av.open(str(path)) as film:
        assert film.streams.audio[0].codec_context.sample_rate >= 16_000
        return [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]


def test_a_photo_speaks_from_words_to_a_playing_file(request_of, studio, tmp_path):
    joy = Expression(emotions=(EmotionKey(0.0, {"joy": 0.5}),))
    clip = studio.pipeline.render(request_of(expression=joy), tmp_path / "clip.mp4", Watch())
    frames = frames_of(clip.path)
    assert len(frames) == clip.frames >= 2
    assert frames[0].shape == (256, 256, 3)
    assert clip.engines["sadtalker"] == "1 (256)"
    assert NO_EMOTIONS in clip.notes
