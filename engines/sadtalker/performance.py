"""How the face moves in one clip: what the sound, the options and the strengths make of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.digests import file_digest
from engines.requests import speech_digest
from engines.sadtalker import SadTalkerOptions
from engines.sadtalker.audio import FPS, blink_gaps, blink_ratio
from engines.sadtalker.driving import AXES
from engines.sadtalker.hearing import Face, expressions, frame_count, head_motion, hear_windows, listen
from engines.sadtalker.keys import values_at
from engines.sadtalker.reconstruct import EXPRESSION, POSE
from engines.sadtalker.reference import looped, video_lids, video_pose
from engines.sadtalker.stand import Stand
from engines.stages import Given
from engines.types import BLENDSHAPE_INDEX, Arrays, Float32

Floats = NDArray[Any]
LIDS = [BLENDSHAPE_INDEX[name] for name in ("eyeBlinkLeft", "eyeBlinkRight")]


@dataclass(frozen=True)
class Performance:
    """One clip's."""

    given: Given
    stand: Stand

    @cached_property
    def options(self) -> SadTalkerOptions:
        """What was set."""
        options: SadTalkerOptions = self.given.options
        return options

    @cached_property
    def parts(self) -> tuple[Any, ...]:
        """All that decides it but the photo, as JSON values."""
        options, felt = self.options, self.given.expression
        lids = sha256(self.closed.tobytes()).hexdigest()
        face = [options.idle, options.expression_scale, felt.mouth, lids]
        video = file_digest(options.pose_video) if options.pose_video else ""
        head = [options.still, options.pose_style, felt.head, felt.seed, video]
        return self._digest, face, head, [getattr(options, axis) for axis in AXES]

    def coefficients(self, own: Float32) -> Float32:
        """(T, C) expression, pose and what else the mapping takes, of a photo whose ``own`` are (C,)."""
        face = Face(self.closed, self.given.expression.mouth)
        faces = expressions(self.stand.networks(), self._heard, own[EXPRESSION], face)
        poses = own[POSE] + self._head(own[POSE])
        placed = np.tile(own[POSE.stop :], (len(faces), 1))
        scaled = self.options.expression_scale * faces
        return np.concatenate([scaled, poses, placed], 1).astype(np.float32)

    @cached_property
    def angles(self) -> dict[str, Floats]:
        """Degrees (T,) of the head by axis, where they were given."""
        found = {axis: self._values(getattr(self.options, axis)) for axis in AXES}
        return {axis: degrees for axis, degrees in found.items() if degrees is not None}

    @cached_property
    def closed(self) -> Floats:
        """(T,) how far the lids are closed."""
        felt, count = self.given.expression, len(self._times)
        if self.options.blink_video:
            return felt.blink * looped(self._video_lids(), count)
        wanted = self._values(self.options.blink_keys)
        if wanted is not None:
            return felt.blink * wanted
        if self.options.blinks == "studio":
            return self._planned_lids()
        if self.options.blinks == "none":
            return np.zeros(count)
        return felt.blink * blink_ratio(count, blink_gaps(count, np.random.default_rng(felt.seed)))

    def _head(self, reference: Floats) -> Floats:
        """(T, 6) motion relative to the photo's pose ``reference`` (6,)."""
        felt, options = self.given.expression, self.options
        if options.still or felt.head == 0:
            return np.zeros((len(self._times), len(reference)), np.float32)
        if options.pose_video:
            motion = looped(self._video_pose(), len(self._times))
        else:
            heard = self._heard
            motion = head_motion(self.stand.networks(), heard, reference, options.pose_style, felt.seed)
        return felt.head * motion

    def _planned_lids(self) -> Floats:
        """What the studio's own driver wants of them."""
        motion = self.given.motion
        times = (motion.first + np.arange(len(motion))) / motion.fps
        return np.asarray(np.interp(self._times, times, motion.blendshapes[:, LIDS].mean(1)))

    def _video_pose(self) -> Floats:
        path = Path(self.options.pose_video)

        def make() -> Arrays:
            return {"pose": video_pose(self.stand, path)}

        return self.stand.keep("features", ("video pose", file_digest(path)), make)["pose"]

    def _video_lids(self) -> Floats:
        path = Path(self.options.blink_video)

        def make() -> Arrays:
            return {"lids": video_lids(self.stand, path)}

        return self.stand.keep("features", ("video lids", file_digest(path)), make)["lids"]

    @cached_property
    def _digest(self) -> str:
        return speech_digest(self.given.speech)

    @cached_property
    def _times(self) -> Floats:
        """(T,) s."""
        return np.arange(frame_count(self.given.speech)) / FPS

    def _values(self, keys: str) -> Floats | None:
        return values_at(keys, self._times, self.given.speech.duration)

    @cached_property
    def _heard(self) -> Arrays:
        """What the networks hear, which no other option and no photo changes."""

        def make() -> Arrays:
            windows = hear_windows(self.given.speech, idle=self.options.idle)
            return listen(self.stand.networks(), windows, self.stand)

        return self.stand.keep("speech", ("heard", self._digest, self.options.idle), make)
