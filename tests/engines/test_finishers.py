"""What goes over the frames: any recipe can have it, and a clip that goes on in its middle stays the same."""

from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest

from engines import registry, requests
from engines.errors import StudioError
from engines.ledger import Ledger
from engines.progress import Watch
from engines.registry import Engine, Readiness, engine_readiness
from engines.requests import engine_versions, finishers_of, parse_request, request_document
from engines.types import AvatarRef, Output, RenderRequest, Words

MISSING = "Nothing to paint with: buy a brush."


class Flash:
    """Brightens frames as loud as the sound is when they are seen."""

    def finish(self, stream, speech, options, watch):  # noqa: ARG002
        share = speech.sample_rate / stream.spec.fps

        def lit(index, frame):
            heard = speech.samples[int(index * share) : int((index + 1) * share)]
            return np.clip(frame + 255.0 * np.abs(heard).mean(), 0, 255).astype(np.uint8)

        return replace(stream, frames=(lit(i, frame) for i, frame in enumerate(stream.frames, stream.first)))


def make():
    return Flash()


def ready(options):
    return Readiness(variant="broad brush")


def not_ready(options):
    return Readiness(MISSING)


@pytest.fixture
def flash(monkeypatch):
    """The engines that there are, and Flash."""
    stages = {"finisher": f"{__name__}:make"}
    engine = Engine("flash", "Flash", "7", stages, "MIT", readiness=f"{__name__}:ready")
    known = dict(registry.all_engines())

    def use(engine):
        monkeypatch.setattr(registry, "all_engines", lambda: MappingProxyType({**known, engine.name: engine}))
        return engine

    use(engine)
    return lambda **changes: use(replace(engine, **changes))


@pytest.fixture
def request_(photo_file):
    return RenderRequest(
        AvatarRef(str(photo_file)), Words("Hello there."), output=Output(25.0, 256), finish=("flash",)
    )


def test_frames_are_gone_over_also_from_the_middle_on(flash, studio, request_):
    take = studio.pipeline.rehearse(request_, Watch(), Ledger())
    plain = list(studio.pipeline.stream(replace(request_, finish=()), take, Watch()).frames)
    lit = list(studio.pipeline.stream(request_, take, Watch()).frames)
    assert len(lit) == len(plain)
    assert max(np.mean(b.astype(float) - a) for a, b in zip(plain, lit, strict=True)) > 10
    later = studio.pipeline.stream(request_, take, Watch(), first=9)
    assert later.first == 9
    assert all(np.array_equal(a, b) for a, b in zip(later.frames, lit[9:], strict=True))


def test_a_finisher_counts_in_what_names_and_describes_a_clip(flash, studio, request_, tmp_path):
    bare = replace(request_, finish=())
    key = studio.pipeline.key(request_)
    assert key != studio.pipeline.key(bare)
    assert engine_versions(request_)["flash"] == "7 (broad brush)"
    flash(version="8")
    assert studio.pipeline.key(request_) != key
    assert "flash" not in engine_versions(bare)
    clip = studio.pipeline.render(request_, tmp_path / "clip.mp4", Watch())
    assert clip.engines["flash"] == "8 (broad brush)"


def test_it_goes_over_frames_once_though_the_recipe_has_it_too(flash, request_, monkeypatch):
    recipe = replace(registry.get_recipe("instant"), finishers=("flash",))
    monkeypatch.setattr(requests, "get_recipe", lambda _: recipe)
    assert [engine.name for engine in finishers_of(request_)] == ["flash"]
    assert [engine.name for engine in finishers_of(replace(request_, finish=()))] == ["flash"]


def test_what_is_missing_is_said_before_any_work(flash, studio, request_, tmp_path):
    flash(readiness=f"{__name__}:not_ready")
    with pytest.raises(StudioError, match=MISSING):
        studio.pipeline.render(request_, tmp_path / "clip.mp4", Watch())
    assert not list(tmp_path.glob("clip*"))


def test_an_unknown_one_is_refused(request_):
    with pytest.raises(StudioError, match="no finisher 'shine'"):
        parse_request(request_document(replace(request_, finish=("shine",))))


def test_engines_without_a_say_are_ready():
    assert engine_readiness(registry.get_engine("facemesh"), {}) == Readiness()
