"""All that is known before the first frame: the photo in the networks' eyes, and where its keypoints go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.progress import Watch
from engines.requests import speech_digest
from engines.sadtalker import SadTalkerOptions
from engines.sadtalker.audio import FPS, blink_gaps, blink_ratio
from engines.sadtalker.driving import AXES, driving_keypoints, source_keypoints
from engines.sadtalker.framing import points_in
from engines.sadtalker.hearing import STAGE, Face, expressions, head_motion, hear_windows, listen
from engines.sadtalker.keys import values_at
from engines.sadtalker.networks import Networks
from engines.sadtalker.notes import notes_on
from engines.sadtalker.photo import SIDES, framing_of, seen_picture
from engines.sadtalker.reconstruct import EXPRESSION, POSE, coefficients_of
from engines.stages import Given, Keep
from engines.types import BLENDSHAPE_INDEX, Arrays, Float32, Image

Floats = NDArray[Any]
VOLUME, SOURCE, DRIVING, NOTES = "volume", "source", "driving", "notes"
LIDS = [BLENDSHAPE_INDEX[name] for name in ("eyeBlinkLeft", "eyeBlinkRight")]


@dataclass(frozen=True)
class Stand:
    """What it takes besides: ``networks`` loads them when something is not kept yet; they are on ``device``."""

    networks: Callable[[], Networks]
    device: str
    keep: Keep
    watch: Watch


@dataclass(frozen=True)
class Rehearsal:
    """One clip's."""

    prepared: Arrays
    given: Given
    stand: Stand

    def arrays(self) -> Arrays:
        """VOLUME and SOURCE: the photo's features and keypoints. DRIVING (T, 15, 3): where those go, 25 times a
        second. NOTES: sentences."""
        self.stand.watch.report(STAGE, 0.0)
        known = self._photo
        driving = self.stand.keep("motion", ("driving", *self._place, *self._performance), self._drive)
        notes = "\n".join(notes_on(self.given, self.stand.device))
        return {
            VOLUME: known["volume"],
            SOURCE: known["source"],
            DRIVING: driving["keypoints"],
            NOTES: np.frombuffer(notes.encode(), np.uint8),
        }

    @property
    def _options(self) -> SadTalkerOptions:
        options: SadTalkerOptions = self.given.options
        return options

    @property
    def _place(self) -> tuple[Any, ...]:
        """What decides how the networks see the photo."""
        return self._options.mode, self._options.size

    @property
    def _performance(self) -> tuple[Any, ...]:
        """What decides how the photo moves."""
        options, felt = self._options, self.given.expression
        lids = sha256(self._closed.tobytes()).hexdigest()
        keys = [getattr(options, axis) for axis in AXES]
        face = (options.idle, options.expression_scale, felt.mouth, lids)
        return self._digest, face, (options.still, options.pose_style, felt.head, felt.seed), keys

    @cached_property
    def _digest(self) -> str:
        return speech_digest(self.given.speech)

    @cached_property
    def _windows(self) -> Floats:
        return hear_windows(self.given.speech, idle=self._options.idle)

    @cached_property
    def _seen(self) -> Image:
        """The square that the networks see of the photo."""

        def make() -> Arrays:
            framing = framing_of(self.prepared, self._options)
            return {"face": seen_picture(self.prepared, framing, SIDES[self._options.size])}

        return np.asarray(self.stand.keep("crop", ("face", *self._place), make)["face"])

    @cached_property
    def _coefficients(self) -> Float32:
        """(73,) of the photo, or the (70,) of them that the mode's mapping takes."""

        def make() -> Arrays:
            self.stand.watch.report(STAGE, 0.1)
            framing = framing_of(self.prepared, self._options)
            points = points_in(self.prepared["points"], framing.seen, SIDES[self._options.size])
            return {"coefficients": coefficients_of(self.stand.networks(), self._seen, points)}

        found = self.stand.keep("photo", ("coefficients", *self._place), make)["coefficients"]
        return np.asarray(found if self._options.mode in ("full", "extfull") else found[:70], np.float32)

    @cached_property
    def _photo(self) -> Arrays:
        """Volume, canonical keypoints, and those in the photo's own pose."""

        def make() -> Arrays:
            own = self._coefficients
            self.stand.watch.report(STAGE, 0.2)
            volume, canonical = self.stand.networks().know(self._seen)
            source = source_keypoints(self.stand.networks(), canonical, own)
            return {"volume": volume, "canonical": canonical, "source": source}

        return self.stand.keep("features", ("volume", *self._place), make)

    @cached_property
    def _heard(self) -> Arrays:
        parts = ("heard", self._digest, self._options.idle)
        return self.stand.keep(
            "speech", parts, lambda: listen(self.stand.networks(), self._windows, self.stand.watch)
        )

    def _drive(self) -> Arrays:
        own = self._coefficients
        coefficients = self._performed(self._heard, own)
        self.stand.watch.report(STAGE, 0.8)
        canonical = self._photo["canonical"]
        made = driving_keypoints(
            self.stand.networks(), canonical, coefficients, self._angles(), self.stand.watch
        )
        return {"keypoints": made}

    def _performed(self, heard: Arrays, own: Float32) -> Float32:
        """(T, 70 or 73): expression, pose and what else the mapping takes, over time."""
        options, felt = self._options, self.given.expression
        face = Face(self._closed, felt.mouth)
        faces = options.expression_scale * expressions(self.stand.networks(), heard, own[EXPRESSION], face)
        poses = np.tile(own[POSE], (len(faces), 1))
        if not options.still and felt.head > 0:
            moved = head_motion(self.stand.networks(), heard, own[POSE], options.pose_style, felt.seed)
            poses = poses + felt.head * moved
        placed = np.tile(own[70:], (len(faces), 1))
        return np.concatenate([faces, poses, placed], 1).astype(np.float32)

    @cached_property
    def _times(self) -> Floats:
        return np.arange(len(self._windows)) / FPS

    def _angles(self) -> dict[str, Floats]:
        duration = self.given.speech.duration
        found = {axis: values_at(getattr(self._options, axis), self._times, duration) for axis in AXES}
        return {axis: degrees for axis, degrees in found.items() if degrees is not None}

    @cached_property
    def _closed(self) -> Floats:
        """(T,) how far the lids are closed."""
        options, felt, count = self._options, self.given.expression, len(self._times)
        wanted = values_at(options.blink_keys, self._times, self.given.speech.duration)
        if wanted is not None:
            return felt.blink * wanted
        if options.blinks == "studio":
            motion = self.given.motion
            lids = motion.blendshapes[:, LIDS].mean(1)
            return np.asarray(
                np.interp(self._times, (motion.first + np.arange(len(motion))) / motion.fps, lids)
            )
        if options.blinks == "none":
            return np.zeros(count)
        return felt.blink * blink_ratio(count, blink_gaps(count, np.random.default_rng(felt.seed)))
