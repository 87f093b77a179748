"""From the phones of the training synthesisers to visemes, by the studio's own table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engines.speech2face.phonemes import viseme_segments
from engines.speech2face.recogniser import HZ, VISEMES
from engines.speech2face.tables import viseme_table
from engines.types import Phone

_ARPABET = (
    "aa=ɑ ae=æ ah=ʌ ao=ɔ aw=aʊ ax=ə axr=ɚ ay=aɪ b=b ch=tʃ d=d dh=ð dx=ɾ eh=ɛ el=l em=m en=n er=ɝ "
    "ey=eɪ f=f g=ɡ hh=h ih=ɪ ix=ɪ iy=i jh=dʒ k=k l=l m=m n=n ng=ŋ ow=oʊ oy=ɔɪ p=p pau= r=ɹ s=s sh=ʃ "
    "t=t th=θ uh=ʊ uw=u ux=ʉ v=v w=w y=j z=z zh=ʒ"
)
ARPABET_IPA: dict[str, str] = dict(pair.split("=") for pair in _ARPABET.split())
"""The phones of flite's English voices in IPA; a pause is empty."""


def frame_labels(phones: Sequence[Phone], seconds: float, language: str | None = None) -> NDArray[np.int8]:
    """(ceil(50 seconds),) viseme index at each 1/50 s.

    Gaps that the table leaves (sounds made in the throat, joints between words) take on what follows, since
    the mouth is already on its way.
    """
    if viseme_table().order != VISEMES:
        raise ValueError("assets/tables/visemes.toml and the recogniser differ in the order of the visemes")
    times = np.arange(int(np.ceil(seconds * HZ))) / HZ
    segments = viseme_segments(phones, seconds, language)
    if not segments:
        return np.full(len(times), VISEMES.index("sil"), np.int8)
    following = np.searchsorted([segment.end for segment in segments], times, side="right")
    visemes = np.array([segment.viseme for segment in segments], np.int8)
    return visemes[np.minimum(following, len(segments) - 1)]
