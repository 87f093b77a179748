"""Our networks under the names of the official ones, called as those are."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from engines.gfpgan.network.parsing import ParseNet
from engines.gfpgan.network.restoreformer import RestoreFormer
from engines.gfpgan.network.restorer import Gfpgan
from engines.liveportrait.network import (
    AppearanceExtractor,
    MotionExtractor,
    SpadeGenerator,
    WarpingNetwork,
    eye_network,
    lip_network,
    stitching_network,
)
from engines.sadtalker.network.reconstruction import FaceReconstruction
from engines.sadtalker.network.rendering import Generator, KeypointExtractor, MappingNetwork
from engines.sadtalker.network.speech import AudioToExpression, AudioToPose
from engines.wav2lip.network import Generator96, Generator256, Generator384

Keypoints = dict[str, Tensor]


class _Gfpgan(Gfpgan):
    def forward(self, face: Tensor, return_rgb: bool, randomize_noise: bool) -> tuple[Tensor, list[Tensor]]:
        assert not return_rgb
        assert not randomize_noise
        return super().forward(face), []


class _RestoreFormer(RestoreFormer):
    def forward(self, face: Tensor) -> tuple[Tensor, None]:
        return super().forward(face), None


class _SadTalkerGenerator(Generator):
    def forward(self, image: Tensor, kp_driving: Keypoints, kp_source: Keypoints) -> Keypoints:
        return self.draw(super().forward(image), kp_driving["value"], kp_source["value"])


NETWORKS: dict[str, Callable[[], torch.nn.Module]] = {
    "wav2lip-96": Generator96,
    "wav2lip-256": Generator256,
    "wav2lip-384": Generator384,
    "liveportrait-appearance-extractor": AppearanceExtractor,
    "liveportrait-motion-extractor": MotionExtractor,
    "liveportrait-warping": WarpingNetwork,
    "liveportrait-spade-generator": SpadeGenerator,
    "liveportrait-stitching": stitching_network,
    "liveportrait-retarget-eye": eye_network,
    "liveportrait-retarget-lip": lip_network,
    "sadtalker-face-3drecon": FaceReconstruction,
    "sadtalker-audio2exp": AudioToExpression,
    "sadtalker-audio2pose": AudioToPose,
    "sadtalker-mapping-00109": partial(MappingNetwork, 73),
    "sadtalker-mapping-00229": partial(MappingNetwork, 70),
    "sadtalker-keypoint-extractor": KeypointExtractor,
    "sadtalker-generator": _SadTalkerGenerator,
    "gfpgan-v1-clean": _Gfpgan,
    "restoreformer": _RestoreFormer,
    "facexlib-parsenet": ParseNet,
}
