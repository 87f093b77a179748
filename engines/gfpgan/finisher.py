"""The finisher: frames in, the same frames with a clearer face out."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from engines.batches import Batches
from engines.devices import best_device
from engines.gfpgan import GfpganOptions
from engines.gfpgan.checkpoint import load_restorer
from engines.gfpgan.files import FILES
from engines.gfpgan.paste import cut_face, put_back
from engines.gfpgan.places import SIDE, Place, with_places
from engines.gfpgan.restoring import Restorer
from engines.progress import Watch
from engines.types import FrameStream, Image, Speech

LARGE = 1.3
"""px of the frame for one px of the network from which on the face was clearer before."""
TOO_LARGE = (
    f"The face is larger than the {SIDE} pixels that GFPGAN draws, so it may be softer than it was; choose a "
    "smaller video or less strength."
)


class GfpganFinisher:
    """Makes faces clearer. ``device`` says where it computes."""

    def __init__(self) -> None:
        self.device = best_device()
        self._loaded: dict[str, Restorer] = {}
        self._lock = threading.Lock()

    def finish(self, stream: FrameStream, speech: Speech, options: GfpganOptions, watch: Watch) -> FrameStream:  # noqa: ARG002
        """The frames of ``stream``, their faces clearer; those without a usable face as they are.

        Raises StudioError if the model file is not there or not the right one.
        """
        if options.strength == 0:
            return stream
        restorer = self._restorer(options)
        batches = Batches("GFPGAN", options.batch or restorer.batch, stream.late.append)
        return replace(stream, frames=Enhancing(restorer, batches, options.strength).on(stream, watch))

    def close(self) -> None:
        """Let go of the networks."""
        self._loaded.clear()

    def _restorer(self, options: GfpganOptions) -> Restorer:
        name, path = FILES.find(options.weights)
        with self._lock:
            if name not in self._loaded:
                self._loaded = {name: Restorer(load_restorer(path), self.device)}
            return self._loaded[name]


@dataclass(frozen=True)
class Enhancing:
    """The faces of one clip. ``strength`` from 0 to 1."""

    restorer: Restorer
    batches: Batches
    strength: float

    def on(self, stream: FrameStream, watch: Watch) -> Iterator[Image]:
        """The frames of ``stream``, a batch at a time."""
        frames = with_places(stream.frames, stream.faces)
        while batch := list(islice(frames, self.batches.size)):
            watch.check()
            places = [place for _, place in batch if place is not None]
            if any(place.scale > LARGE for place in places) and TOO_LARGE not in stream.late:
                stream.late.append(TOO_LARGE)
            yield from self._batch(batch)

    def _batch(self, batch: list[tuple[Image, Place | None]]) -> Iterator[Image]:
        faces = [cut_face(frame, place) for frame, place in batch if place is not None]
        made = self.batches.each(faces, self.restorer.restore)
        for frame, place in batch:
            yield frame if place is None else put_back(frame, place, next(made), self.strength)


def create() -> GfpganFinisher:
    """The factory named in the engine's declaration."""
    return GfpganFinisher()
