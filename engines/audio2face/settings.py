"""What a face's makers chose for it, a person's options and the expression, brought together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engines.audio2face import Audio2FaceOptions
from engines.audio2face.folder import FaceConfig
from engines.face_geometry import EyeOptions, SkinOptions
from engines.types import Expression, Float32

SACCADE_ROWS = 5000


@dataclass(frozen=True)
class Offsets:
    """``strength`` on what the network says, then ``shift`` (3,) on every point, in the unit of the mesh."""

    strength: float
    shift: Float32


@dataclass(frozen=True)
class FaceSettings:
    """How a face takes what its network says. ``mask``: level and softness of the lower face; ``saccade``: the
    row of the table of saccades to begin with."""

    input_strength: float
    skin: SkinOptions
    mask: tuple[float, float]
    tongue: Offsets
    teeth: Offsets
    eyes: EyeOptions
    saccade: int


def face_settings(config: FaceConfig, options: Audio2FaceOptions, expression: Expression) -> FaceSettings:
    """The settings of one stream. ``Expression.mouth`` is a factor on the lower face, and ``seed`` moves the
    place in the table of saccades."""
    c, o = config, options
    return FaceSettings(
        input_strength=c.input_strength * o.input_strength,
        skin=_skin(c, o, expression.mouth),
        mask=(c.face_mask_level + o.mask_level, c.face_mask_softness * o.mask_softness),
        tongue=Offsets(
            c.tongue_strength * o.tongue,
            _shift(c.tongue_height_offset + o.tongue_height, c.tongue_depth_offset + o.tongue_depth),
        ),
        teeth=Offsets(c.lower_teeth_strength, _shift(c.lower_teeth_height_offset, c.lower_teeth_depth_offset)),
        eyes=_eyes(c, o),
        saccade=(int(c.eye_saccade_seed) + expression.seed) % SACCADE_ROWS,
    )


def _skin(config: FaceConfig, options: Audio2FaceOptions, mouth: float) -> SkinOptions:
    return SkinOptions(
        skin_strength=config.skin_strength * options.skin,
        upper_face_strength=config.upper_face_strength * options.upper_face,
        lower_face_strength=config.lower_face_strength * options.lower_face * mouth,
        upper_face_smoothing=config.upper_face_smoothing + options.upper_smoothing / 1000.0,
        lower_face_smoothing=config.lower_face_smoothing + options.lower_smoothing / 1000.0,
        eyelid_open_offset=config.eyelid_open_offset + options.eyelids,
        lip_open_offset=config.lip_open_offset + options.lips,
    )


def _shift(height: float, depth: float) -> Float32:
    return np.array([0.0, height, depth], np.float32)


def _eyes(config: FaceConfig, options: Audio2FaceOptions) -> EyeOptions:
    c = config
    offsets = (
        c.right_eye_rot_x_offset, c.right_eye_rot_y_offset, c.left_eye_rot_x_offset, c.left_eye_rot_y_offset,
    )  # fmt: skip
    return EyeOptions(c.eyeballs_strength * options.eyes, c.saccade_strength * options.saccades, offsets)
