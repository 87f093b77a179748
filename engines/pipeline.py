"""The one way through: words -> Speech -> Motion -> frames -> Clip, each stage cached where it can be."""

from __future__ import annotations

import json
import time
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from engines.ahead import ahead
from engines.audio import AudioLimits, read_recording
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
from engines.encode import check_clip_path, encode_clip
from engines.errors import StudioError
from engines.feeling_tags import felt_over_time, parse_feelings
from engines.files import whole_file
from engines.inputs import check_files, check_text
from engines.ledger import Ledger, Spoken, timing
from engines.manager import EngineManager
from engines.photos import prepare_photo, read_photo
from engines.progress import Watch
from engines.registry import Engine, Recipe, get_engine, get_recipe
from engines.requests import (
    check_emotions,
    check_engines,
    check_kind,
    content_document,
    engine_versions,
    finishers_of,
    is_transparent,
    source_digest,
    speech_digest,
)
from engines.stages import SOURCE
from engines.transcripts import fit_notes, has_transcript, pack_alignment, unpack_alignment
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
FACE_COUNT, PHOTO_NOTES = "pipeline.faces", "pipeline.notes"
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
        self.manager, self.cache, self.max_seconds = manager, cache, max_seconds

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
        return make_key(PIPELINE_VERSION, sorted(engine_versions(request).items()), content_document(request))

    def speak(self, words: Words, recipe: Recipe, options: dict[str, Any], watch: Watch) -> Spoken:
        """The speech of ``words``: their text spoken without its feeling tags, or their recording."""
        if words.audio is not None:
            limits = AudioLimits(max_seconds=self.max_seconds)
            recording = read_recording(Path(words.audio), limits, watch)
            return Spoken(recording.speech, notes=recording.notes)
        spoken = self._say(words, recipe, options, watch)
        self._check_length(spoken.speech)
        return spoken

    def align(self, spoken: Spoken, words: Words, recipe: Recipe, watch: Watch) -> Spoken:
        """``spoken`` with the sounds of the text at their times, where ``words`` is a recording with its text.

        Everything else, and a recipe whose driver cannot align, comes back as it is.
        """
        engine, voice = get_engine(recipe.driver), get_engine(recipe.voice)
        driver = self.manager.stage(engine.name, "driver") if has_transcript(words) else None
        find = getattr(driver, "align", None)
        if find is None:
            return spoken
        key = make_key(engine.version, voice.version, speech_digest(spoken.speech), words.text, words.voice)

        def make() -> bytes:
            said = self._say(words, recipe, {}, watch).speech
            return pack_alignment(find(spoken.speech, said, watch))

        data, cached = self.cache.get_or_make("speech", key, _tag(engine), make)
        alignment = unpack_alignment(data, spoken.speech)
        return Spoken(alignment.speech, cached, (*spoken.notes, *fit_notes(alignment)))

    def _say(self, words: Words, recipe: Recipe, options: dict[str, Any], watch: Watch) -> Spoken:
        """The text of ``words``, spoken."""
        text = check_text(parse_feelings(words.text or "").text, self.max_seconds)
        engine = get_engine(recipe.voice)
        parsed = engine.parse_options(options)
        key = make_key(engine.version, text, words.voice, asdict(parsed))

        def make() -> bytes:
            voice = self.manager.stage(engine.name, "voice")
            return pack_speech(voice.speak(text, words.voice, parsed, watch))

        data, cached = self.cache.get_or_make("speech", key, _tag(engine), make)
        return Spoken(unpack_speech(data), cached)

    def move(self, speech: Speech, request: RenderRequest, recipe: Recipe) -> tuple[Motion, bool]:
        """The motion for ``speech`` with the request's expression, the tags in its text, and its frame rate."""
        engine = get_engine(recipe.driver)
        expression = felt_over_time(request.expression, request.words, speech)
        parsed = engine.parse_options(request.options.get(engine.name, {}))
        key = make_key(
            engine.version,
            speech_digest(speech),
            asdict(expression),
            request.output.fps,
            asdict(parsed),
        )

        def make() -> bytes:
            driver = self.manager.stage(engine.name, "driver")
            return pack_motion(driver.drive(speech, expression, request.output.fps, parsed))

        data, cached = self.cache.get_or_make("motion", key, _tag(engine), make)
        return unpack_motion(data), cached

    def prepare(self, avatar: AvatarRef, recipe: Recipe, size: int | None) -> tuple[Arrays, bool]:
        """What the animator knows of the photo."""
        engine = get_engine(recipe.animator)
        named = asdict(replace(avatar, source=source_digest(avatar.source)))
        key = make_key(PIPELINE_VERSION, engine.version, named, size)

        def film() -> bytes:
            arrays = dict(self.manager.stage(engine.name, "animator").prepare_film(Path(avatar.source), size))
            return pack_arrays({**arrays, FACE_COUNT: np.array(1), PHOTO_NOTES: np.zeros(0, np.uint8)})

        def make() -> bytes:
            photo = prepare_photo(read_photo(Path(avatar.source)), avatar, size)
            arrays = dict(self.manager.stage(engine.name, "animator").prepare(photo.portrait))
            arrays[FACE_COUNT] = np.array(photo.faces)
            arrays[PHOTO_NOTES] = np.frombuffer("\n".join(photo.notes).encode(), np.uint8)
            return pack_arrays(arrays)

        make_it = film if engine.takes == "video" else make
        data, cached = self.cache.get_or_make("photo", key, _tag(engine), make_it)
        return unpack_arrays(data), cached

    def still(self, avatar: AvatarRef, expression: Expression, recipe_name: str = "instant") -> Image:
        """The face at rest with ``expression``: (H, W, 3) uint8, long side at most STILL_SIZE."""
        recipe = get_recipe(recipe_name)
        weights = self.manager.stage(recipe.driver, "driver").pose(expression)
        return self.posed(avatar, weights[None], STILL_SIZE, recipe)[0]

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
            voice_options = request.options.get(recipe.voice, {})
            spoken = self.speak(request.words, recipe, voice_options, watch)
            if spoken.cached:
                from_cache()
        if has_transcript(request.words):
            with ledger.timed("align") as from_cache:
                watch.report("align", 0.0)
                spoken = self.align(spoken, request.words, recipe, watch)
                if spoken.cached:
                    from_cache()
        ledger.notes.extend(spoken.notes)
        with ledger.timed("motion") as from_cache:
            watch.report("motion", 0.0)
            motion, cached = self.move(spoken.speech, request, recipe)
            if cached:
                from_cache()
        _note_photo(prepared, request, ledger)
        return Take(prepared, spoken.speech, motion)

    def _render(self, request: RenderRequest, out: Path, watch: Watch, key: str) -> Clip:
        ledger = Ledger()
        take = self.rehearse(request, watch, ledger)
        stream = self.stream(request, take, watch)
        ledger.notes.extend(stream.notes)
        self._encode(stream, take.speech, out, watch, ledger)
        return self.finish(request, stream.spec, out, ledger, key)

    def _encode(self, stream: FrameStream, speech: Speech, out: Path, watch: Watch, ledger: Ledger) -> None:
        """Encode while frames are being made; "frames" is how long the encoder waited for them."""
        spent = [0.0]
        start = time.perf_counter()
        with closing(ahead(stream.frames)) as frames:
            encode_clip(replace(stream, frames=timing(frames, spent)), speech, out, watch)
        ledger.add("frames", spent[0])
        ledger.add("encode", time.perf_counter() - start - spent[0])

    def finish(self, request: RenderRequest, spec: FrameSpec, out: Path, ledger: Ledger, key: str) -> Clip:
        """The clip that lies at ``out``, and keep it for the next request that is the same."""
        facts: dict[str, Any] = {
            "width": spec.width,
            "height": spec.height,
            "fps": spec.fps,
            "frames": spec.count,
        }
        facts |= {"duration": spec.count / spec.fps, "notes": ledger.notes}
        tag = _tag(get_engine(get_recipe(request.recipe).animator))
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

    def _check_length(self, speech: Speech) -> None:
        if speech.duration > self.max_seconds:
            raise StudioError(
                f"The text takes {speech.duration / 60:.1f} minutes to say and the limit is "
                f"{self.max_seconds / 60:.0f}; shorten it or render it in parts."
            )


def _mark(out: Path) -> str:
    """What tells clips of one key apart: the kind of file, if it is not the usual one."""
    kind = out.suffix.lower()
    return "" if kind == ".mp4" else kind


def _clip(out: Path, request: RenderRequest, facts: dict[str, Any], times: list[StageTime]) -> Clip:
    notes = tuple(facts["notes"])
    shape = {name: facts[name] for name in ("duration", "width", "height", "fps", "frames")}
    return Clip(
        path=out, request=request, engines=engine_versions(request), times=tuple(times), notes=notes, **shape
    )


def _note_photo(prepared: Arrays, request: RenderRequest, ledger: Ledger) -> None:
    ledger.notes.extend(prepared[PHOTO_NOTES].tobytes().decode().splitlines())
    count = int(prepared[FACE_COUNT])
    if count > 1:
        which = "the largest" if request.avatar.face == 0 else f"number {request.avatar.face + 1} by size"
        ledger.notes.append(f"The picture shows {count} faces; {which} is talking.")


def _placed(prepared: Arrays, avatar: AvatarRef, engine: Engine) -> Arrays:
    """``prepared`` with the place of the film, which is not cached with it: films move."""
    if engine.takes != "video":
        return prepared
    return {**prepared, SOURCE: np.frombuffer(str(avatar.source).encode(), np.uint8)}


def _tag(engine: Engine) -> str:
    return f"{engine.name}-{engine.version}"
