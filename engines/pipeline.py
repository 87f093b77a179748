"""The one way through: words -> Speech -> Motion -> frames -> Clip, each stage cached where it can be."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from engines.ahead import ahead
from engines.cache import (
    Cache,
    make_key,
    pack_arrays,
    pack_motion,
    unpack_arrays,
    unpack_motion,
)
from engines.driving import Performance, joined_motion, motion_pieces
from engines.encode import ENCODINGS, check_clip_path, encode_clip
from engines.feeling_tags import felt_over_time
from engines.files import whole_file
from engines.inputs import check_files
from engines.ledger import Ledger, Spoken, timing
from engines.manager import EngineManager
from engines.picture_cache import (
    FACE_COUNT,
    PHOTO_NOTES,
    find_photo,
    pack_picture,
    photo_key,
    photo_notes,
    unpack_picture,
)
from engines.progress import Watch
from engines.registry import Engine, Recipe, get_engine, get_recipe
from engines.requests import (
    check_emotions,
    check_engines,
    check_kind,
    content_document,
    content_options,
    engine_version,
    engine_versions,
    finishers_of,
    is_transparent,
    speech_digest,
)
from engines.speaking import Options, Speaking, tag_of
from engines.stages import SOURCE, Given, Keep
from engines.tiers import Tier
from engines.types import (
    Arrays,
    AvatarRef,
    Clip,
    Expression,
    Float32,
    FrameSpec,
    FrameStream,
    Image,
    Motion,
    RenderRequest,
    Speech,
    StageTime,
    Words,
)

PIPELINE_VERSION = "4"
STILL_SIZE = 512


@dataclass(frozen=True)
class Take:
    """All that frames are made of: what the animator knows of the photo, the sound and the motion."""

    prepared: Arrays
    speech: Speech
    motion: Motion


class Pipeline:
    """Runs recipes. ``max_seconds`` limits speech; engines come from ``manager``, results from ``cache``."""

    def __init__(self, manager: EngineManager, cache: Cache, max_seconds: float = 600.0) -> None:
        self.manager, self.cache = manager, cache
        self.speaking = Speaking(manager, cache, max_seconds)

    def render(self, request: RenderRequest, out: Path, watch: Watch) -> Clip:
        """Make the clip at ``out``. Raises StudioError for input that cannot work, Cancelled if cancelled."""
        check_clip_path(out, is_transparent(request))
        key = f"{self.key(request)}{_mark(out)}"
        return self.cached_clip(key, request, out) or self._render(request, out, watch, key)

    def key(self, request: RenderRequest) -> str:
        """Names the clip by everything that makes it. Raises StudioError for input that cannot work."""
        check_emotions(request.expression.emotions)
        check_engines(request)
        check_files(request)
        check_kind(request)
        sound = self.speaking.identity(request.words, get_recipe(request.recipe))
        versions = sorted(engine_versions(request).items())
        return make_key(PIPELINE_VERSION, versions, sound, content_document(request))

    def speak(self, words: Words, recipe: Recipe, options: Options, watch: Watch) -> Spoken:
        """The speech of ``words``; ``options`` by engine. See Speaking."""
        return self.speaking.speak(words, recipe, options, watch)

    def align(self, spoken: Spoken, words: Words, recipe: Recipe, watch: Watch) -> Spoken:
        """``spoken`` with the sounds of its text at their times. See Speaking."""
        return self.speaking.align(spoken, words, recipe, watch)

    def move(
        self, speech: Speech, request: RenderRequest, recipe: Recipe, watch: Watch | None = None
    ) -> tuple[Motion, bool]:
        """The motion for ``speech`` with the request's expression, the tags in its text, and its frame rate."""
        engine = get_engine(recipe.driver)
        expression = felt_over_time(request.expression, request.words, speech)
        given = request.options.get(engine.name, {})
        parsed = engine.parse_options(given)
        moved = asdict(expression), request.output.fps, content_options(engine, given)
        key = make_key(engine_version(engine, request), speech_digest(speech), *moved)

        def make() -> bytes:
            driver = self.manager.stage(engine.name, "driver")
            wanted = Performance(speech, expression, request.output.fps, parsed)
            return pack_motion(joined_motion(list(motion_pieces(driver, wanted, watch or Watch()))))

        data, cached = self.cache.get_or_make("motion", key, tag_of(engine), make)
        return unpack_motion(data), cached

    def prepare(self, avatar: AvatarRef, recipe: Recipe, size: int | None) -> tuple[Arrays, bool]:
        """What the animator knows of the photo."""
        engine = get_engine(recipe.animator)
        key = photo_key(avatar, PIPELINE_VERSION, engine.version, size)

        def film() -> bytes:
            arrays = dict(self.manager.stage(engine.name, "animator").prepare_film(Path(avatar.source), size))
            return pack_arrays({**arrays, FACE_COUNT: np.array(1), PHOTO_NOTES: np.zeros(0, np.uint8)})

        def make() -> bytes:
            photo = find_photo(self.cache, avatar, size)
            arrays = dict(self.manager.stage(engine.name, "animator").prepare(photo.portrait))
            arrays[FACE_COUNT] = np.array(photo.faces)
            arrays[PHOTO_NOTES] = np.frombuffer("\n".join(photo.notes).encode(), np.uint8)
            return pack_arrays(arrays)

        make_it = film if engine.takes == "video" else make
        data, cached = self.cache.get_or_make("photo", key, tag_of(engine), make_it)
        return unpack_arrays(data), cached

    def still(self, avatar: AvatarRef, expression: Expression, recipe_name: str = "instant") -> Image:
        """The face at rest with ``expression``: (H, W, 3) uint8, long side at most STILL_SIZE."""
        recipe = get_recipe(recipe_name)
        weights = self.manager.stage(recipe.driver, "driver").pose(expression)
        engine = get_engine(recipe.animator)
        key = photo_key(avatar, PIPELINE_VERSION, engine.version, STILL_SIZE, weights.tolist())

        def make() -> bytes:
            return pack_picture(self.posed(avatar, weights[None], STILL_SIZE, recipe)[0])

        return unpack_picture(self.cache.get_or_make("session", key, tag_of(engine), make)[0])

    def posed(self, avatar: AvatarRef, shapes: Float32, size: int | None, recipe: Recipe) -> list[Image]:
        """The face with each row of ``shapes`` (N, 52), head still; ``size`` as in Output."""
        prepared, _ = self.prepare(avatar, recipe, size)
        motion = Motion(25.0, shapes, np.zeros((len(shapes), 6), np.float32))
        engine = get_engine(recipe.animator)
        given = _placed(prepared, avatar, engine)
        stream = self.manager.stage(engine.name, "animator").animate(given, motion, engine.parse_options({}))
        return [np.array(frame) for frame in stream.frames]

    def stream(self, request: RenderRequest, take: Take, watch: Watch, first: int = 0) -> FrameStream:
        """The frames of a clip from ``first`` on, with everything done to them, made as they are taken."""
        engine = get_engine(get_recipe(request.recipe).animator)
        parsed = engine.parse_options(request.options.get(engine.name, {}))
        animator = self.manager.stage(engine.name, "animator")
        stream: FrameStream = animator.animate(
            _placed(take.prepared, request.avatar, engine), take.motion.cut(first), parsed
        )
        stream = replace(stream, first=first)
        for engine in finishers_of(request):
            parsed = engine.parse_options(request.options.get(engine.name, {}))
            stream = self.manager.stage(engine.name, "finisher").finish(stream, take.speech, parsed, watch)
        return stream

    def rehearse(self, request: RenderRequest, watch: Watch, ledger: Ledger) -> Take:
        """Everything before the frames: photo, speech and motion, timed and noted in ``ledger``."""
        recipe = get_recipe(request.recipe)
        with ledger.timed("photo") as from_cache:
            watch.report("photo", 0.0)
            prepared, cached = self.prepare(request.avatar, recipe, request.output.size)
            if cached:
                from_cache()
        with ledger.timed("voice") as from_cache:
            watch.report("voice", 0.0)
            spoken = self.speak(request.words, recipe, request.options, watch)
            if spoken.cached:
                from_cache()
        if self.speaking.needs_alignment(spoken, request.words):
            with ledger.timed("align") as from_cache:
                watch.report("align", 0.0)
                spoken = self.align(spoken, request.words, recipe, watch)
                if spoken.cached:
                    from_cache()
        ledger.notes.extend(spoken.notes)
        with ledger.timed("motion") as from_cache:
            watch.report("motion", 0.0)
            motion, cached = self.move(spoken.speech, request, recipe, watch)
            if cached:
                from_cache()
        ledger.notes.extend(photo_notes(prepared, request.avatar))
        return self._rehearsed(Take(prepared, spoken.speech, motion), request, watch, ledger)

    def _rehearsed(self, take: Take, request: RenderRequest, watch: Watch, ledger: Ledger) -> Take:
        """``take`` with what its animator works out before the frames, if it does."""
        engine = get_engine(get_recipe(request.recipe).animator)
        if not engine.rehearses:
            return take
        expression = felt_over_time(request.expression, request.words, take.speech)
        options = engine.parse_options(request.options.get(engine.name, {}))
        lips_follow = any(finisher.makes_lips for finisher in finishers_of(request))
        given = Given(take.speech, take.motion, expression, options, lips_follow)
        made: list[Tier] = []
        with ledger.timed("rehearse") as from_cache:
            animator = self.manager.stage(engine.name, "animator")
            placed = _placed(take.prepared, request.avatar, engine)
            more = animator.rehearse(placed, given, self._keep(request, engine, made), watch)
            if not made:
                from_cache()
        return replace(take, prepared={**take.prepared, **more})

    def _keep(self, request: RenderRequest, engine: Engine, made: list[Tier]) -> Keep:
        """The cache for what ``engine`` rehearses; ``made`` gets the tiers of what was not there."""
        version = engine_versions(request)[engine.name]
        key = photo_key(request.avatar, PIPELINE_VERSION, version, request.output.size)

        def keep(tier: Tier, parts: tuple[Any, ...], make: Callable[[], Arrays]) -> Arrays:
            data, cached = self.cache.get_or_make(
                tier, make_key(key, "rehearse", *parts), tag_of(engine), lambda: pack_arrays(make())
            )
            made.extend(() if cached else (tier,))
            return unpack_arrays(data)

        return keep

    def _render(self, request: RenderRequest, out: Path, watch: Watch, key: str) -> Clip:
        ledger = Ledger()
        take = self.rehearse(request, watch, ledger)
        stream = self.stream(request, take, watch)
        ledger.notes.extend(stream.notes)
        start, spent = time.perf_counter(), [0.0]
        with closing(ahead(stream.frames)) as frames:
            timed = replace(stream, frames=timing(frames, spent))
            encode_clip(timed, take.speech, out, watch, ENCODINGS[request.output.encoding])
        ledger.add("frames", spent[0])  # how long the encoder waited for them
        ledger.add("encode", time.perf_counter() - start - spent[0])
        ledger.notes.extend(stream.late)
        return self.finish(request, stream.spec, out, ledger, key)

    def finish(self, request: RenderRequest, spec: FrameSpec, out: Path, ledger: Ledger, key: str) -> Clip:
        """The clip that lies at ``out``, and keep it for the next request that is the same."""
        facts: dict[str, Any] = {
            "width": spec.width,
            "height": spec.height,
            "fps": spec.fps,
            "frames": spec.count,
        }
        facts |= {"duration": spec.count / spec.fps, "notes": ledger.notes}
        tag = tag_of(get_engine(get_recipe(request.recipe).animator))
        self.cache.put("clip", key, out.read_bytes(), tag)
        self.cache.put("clip", f"{key}.facts", json.dumps(facts).encode(), tag)
        return _clip(out, request, facts, ledger.times)

    def cached_clip(self, key: str, request: RenderRequest, out: Path) -> Clip | None:
        """The clip of an earlier request that was the same, put at ``out``, or None."""
        start = time.perf_counter()
        facts, video = self.cache.get("clip", f"{key}.facts"), self.cache.get("clip", key)
        if facts is None or video is None:
            return None
        with whole_file(out) as part:
            part.write_bytes(video)
        spent = StageTime("clip", round(time.perf_counter() - start, 4), cached=True)
        return _clip(out, request, json.loads(facts), [spent])


def _mark(out: Path) -> str:
    """What tells clips of one key apart: the kind of file, if it is not the usual one."""
    return out.suffix.lower().removesuffix(".mp4")


def _clip(out: Path, request: RenderRequest, facts: dict[str, Any], times: list[StageTime]) -> Clip:
    facts = {**facts, "notes": tuple(facts["notes"])}
    made = engine_versions(request)
    return Clip(path=out, request=request, engines=made, times=tuple(times), **facts)


def _placed(prepared: Arrays, avatar: AvatarRef, engine: Engine) -> Arrays:
    """``prepared`` with the place of the film, which is not cached with it: films move."""
    if engine.takes != "video":
        return prepared
    return {**prepared, SOURCE: np.frombuffer(str(avatar.source).encode(), np.uint8)}
