"""An animator that rehearses sees words and options before the frames; its costly parts are kept."""

from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import pytest

from engines import registry
from engines.ledger import Ledger
from engines.progress import Watch
from engines.registry import Engine, Recipe
from engines.types import (
    AvatarRef,
    EmotionKey,
    Expression,
    FrameSpec,
    FrameStream,
    Output,
    RenderRequest,
    Words,
)


@dataclass(frozen=True)
class TintOptions:
    """``shade``: how bright."""

    shade: int = 40


class Tint:
    """Frames of one grey: as bright as the options say and as many as there is motion."""

    def __init__(self):
        self.made = []

    def prepare(self, portrait):
        return {"size": np.array(portrait.rgb.shape[:2])}

    def rehearse(self, prepared, given, keep, watch):  # noqa: ARG002
        def make():
            self.made.append(given.options.shade)
            assert given.speech.duration > 0.3
            assert len(given.motion) > 5
            weight = given.expression.emotions[0].weights["joy"]
            return {"grey": np.array(given.options.shade + 100 * weight)}

        return keep("features", ("grey", given.options.shade), make)

    def animate(self, prepared, motion, options):  # noqa: ARG002
        height, width = prepared["size"].tolist()
        frame = np.full((height, width, 3), prepared["grey"], np.uint8)
        spec = FrameSpec(width, height, motion.fps, len(motion))
        return FrameStream(spec, (frame.copy() for _ in range(len(motion))))


TINT = Tint()


def make():
    return TINT


@pytest.fixture
def tinted(monkeypatch, photo_file):
    """A request for the engine of Tint."""
    recipe = Recipe("tint", "Tint", "Grey.", "espeak", "speech2face", "tint")
    stages = {"animator": f"{__name__}:make"}
    engine = Engine("tint", "Tint", "1", stages, "MIT", TintOptions, recipes=(recipe,), rehearses=True)
    known = {**registry.all_engines(), "tint": engine}
    monkeypatch.setattr(registry, "all_engines", lambda: MappingProxyType(known))
    TINT.made.clear()
    joy = Expression(emotions=(EmotionKey(0.0, {"joy": 0.5}),))
    return RenderRequest(AvatarRef(str(photo_file)), Words("Good day."), joy, "tint", output=Output(size=512))


def test_what_was_rehearsed_reaches_the_frames_and_is_made_once(tinted, studio, tmp_path):
    first = studio.pipeline.render(tinted, tmp_path / "one.mp4", Watch())
    assert "rehearse" in [time.stage for time in first.times]
    take = studio.pipeline.rehearse(replace(tinted, words=Words("Something else.")), Watch(), Ledger())
    assert take.prepared["grey"] == 90
    assert TINT.made == [40]
    changed = replace(tinted, options={"tint": {"shade": 60}})
    assert studio.pipeline.rehearse(changed, Watch(), Ledger()).prepared["grey"] == 110
    assert TINT.made == [40, 60]
