"""The finisher: frames in, the same frames with lips that follow the sound out."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from engines.devices import best_device
from engines.face_boxes import usable, with_boxes
from engines.progress import Watch
from engines.types import Float32, FrameStream, Image, Speech
from engines.wav2lip import Wav2LipOptions
from engines.wav2lip.checkpoint import load_generator
from engines.wav2lip.files import FILES
from engines.wav2lip.mouths import Mouths
from engines.wav2lip.paste import cut_face, put_back, with_chin
from engines.wav2lip.sound import Heard, hear


class Wav2LipFinisher:
    """Makes mouths anew. ``device`` says where it computes."""

    def __init__(self) -> None:
        self.device = best_device()
        self._loaded: dict[str, Mouths] = {}
        self._lock = threading.Lock()

    def finish(self, stream: FrameStream, speech: Speech, options: Wav2LipOptions, watch: Watch) -> FrameStream:
        """The frames of ``stream``, their mouths moved by ``speech``; those without a usable face as they are.

        Raises StudioError if the model file is not there or not the right one.
        """
        mouths = self._mouths(options)
        lips = Lips(mouths, hear(speech, stream.spec.fps), options.chin)
        return replace(stream, frames=lips.on(stream, watch))

    def close(self) -> None:
        """Let go of the networks."""
        self._loaded.clear()

    def _mouths(self, options: Wav2LipOptions) -> Mouths:
        name, path = FILES.find(options.weights)
        with self._lock:
            if name not in self._loaded:
                self._loaded = {name: Mouths(load_generator(path), self.device)}
            return self._loaded[name]


@dataclass(frozen=True)
class Shown:
    """A frame, and the place in it that is made anew; None where there is nothing to do."""

    frame: Image
    box: Float32 | None


@dataclass(frozen=True)
class Lips:
    """The mouths of one clip. ``chin``: see Wav2LipOptions."""

    mouths: Mouths
    heard: Heard
    chin: float

    def on(self, stream: FrameStream, watch: Watch) -> Iterator[Image]:
        """The frames of ``stream``, a batch at a time. A frame has the same neighbours wherever a stream
        begins: the first batch ends where it would in a whole clip."""
        frames, at = with_boxes(stream.frames, stream.faces), stream.first
        while True:
            count = self.mouths.batch - at % self.mouths.batch
            batch = [self._shown(frame, box) for frame, box in islice(frames, count)]
            if not batch:
                return
            watch.check()
            yield from self._batch(batch, at)
            at += len(batch)

    def _shown(self, frame: Image, box: Float32) -> Shown:
        return Shown(frame, with_chin(box, self.chin) if usable(box, frame.shape) else None)

    def _batch(self, batch: list[Shown], at: int) -> Iterator[Image]:
        """The frames of ``batch``, the first of which is frame ``at`` of the clip."""
        if all(shown.box is None for shown in batch):
            yield from (shown.frame for shown in batch)
            return
        size, slot = self.mouths.batch, at % self.mouths.batch
        faces = [None if s.box is None else cut_face(s.frame, s.box, self.mouths.side) for s in batch]
        known = [None if face is None else self.mouths.encode(face) for face in faces]
        after = size - slot - len(batch)
        made = self.mouths.make(self.heard.windows(at - slot, size), [None] * slot + known + [None] * after)
        for shown, face, mouth in zip(batch, faces, made[slot:], strict=False):
            if shown.box is None or face is None:
                yield shown.frame
            else:
                yield put_back(shown.frame, shown.box, mouth, face)


def create() -> Wav2LipFinisher:
    """The factory named in the engine's declaration."""
    return Wav2LipFinisher()
