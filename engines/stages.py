"""The contracts of the boxes on the one line words -> speech -> motion -> frames.

An engine fills one or more of these. A stage object is made once per process by the factory that the engine's
declaration names, and must be safe to call from several threads. One that computes on a GPU says so in
``device`` ("cuda:0"); people are shown that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from engines.progress import Watch
from engines.tiers import Tier
from engines.types import Alignment, Arrays, Expression, Float32, FrameStream, Motion, Portrait, Speech


@dataclass(frozen=True)
class VoiceInfo:
    """One voice that can be chosen: ``id`` is stable and goes into requests; ``language`` a BCP-47-like tag."""

    id: str
    name: str
    language: str
    language_name: str


@dataclass(frozen=True)
class VoiceOffer:
    """What a voice engine has here and now: its voices, by language name then name, and what is missing.

    ``missing``: a sentence that says what to do until it speaks, "" if it does. An ``id`` with the language ""
    speaks any: the text's language can be written after it, as in "alloy@de".
    """

    voices: tuple[VoiceInfo, ...]
    missing: str = ""


class Voice(Protocol):
    """Text to speech.

    Optional: ``fetch``, ``licence`` (engines.piper) and ``add``, ``remove`` (engines.fish), which the command
    line offers as ``voices get``, ``voices add`` and ``voices remove``.
    """

    def offer(self) -> VoiceOffer:
        """What can be chosen. Sends nothing to other machines but to a server of the studio's own settings."""
        ...

    def identity(self, voice: str) -> str:
        """What decides how ``voice`` sounds besides its name and the engine's version, for cache keys.

        Such as the model file or the server. Raises StudioError if it cannot speak here.
        """
        ...

    def speak(self, text: str, voice: str, options: Any, watch: Watch) -> Speech:
        """Speak ``text``. Raises StudioError for an unknown voice or text with nothing to say."""
        ...


class Driver(Protocol):
    """Speech to motion."""

    def drive(self, speech: Speech, expression: Expression, fps: float, options: Any) -> Motion:
        """Motion of round(duration * fps) frames, at least one."""
        ...

    def pose(self, expression: Expression) -> Float32:
        """The face at rest that ``expression``'s first emotions ask for: (52,) float32 in [0, 1]."""
        ...


class PatientDriver(Driver, Protocol):
    """A driver that takes its time, and gives what it has while it works."""

    def drive_pieces(
        self, speech: Speech, expression: Expression, fps: float, options: Any, watch: Watch
    ) -> Iterator[Motion]:
        """What ``drive`` gives, in pieces that follow each other. Reports the stage "motion" to ``watch``."""
        ...


class Aligner(Protocol):
    """What a driver may offer besides: it finds a known text in a recording."""

    def align(self, recording: Speech, spoken: Speech, watch: Watch) -> Alignment:
        """``recording`` with the phones of ``spoken``, the same text in the voice engine's mouth, at the times
        of the recording; as it was, with a share of 0, if it says something else."""
        ...


SOURCE = "source.path"
"""Where the film of an avatar lies, as UTF-8 bytes: added to what is prepared for a FilmAnimator."""


class Animator(Protocol):
    """Motion to frames."""

    def prepare(self, portrait: Portrait) -> Arrays:
        """Everything that depends on the photo alone; cached on disk. Raises StudioError if unsuitable."""
        ...

    def animate(self, prepared: Arrays, motion: Motion, options: Any) -> FrameStream:
        """Frames for every row of ``motion``, made one by one as they are taken."""
        ...


@dataclass(frozen=True)
class Given:
    """What a clip is made of, before its frames: ``expression`` with the tags of the text in it already,
    ``options`` the animator's own, parsed. ``lips_follow``: a finisher makes the lips
    (``Engine.makes_lips``)."""

    speech: Speech
    motion: Motion
    expression: Expression
    options: Any
    lips_follow: bool = False


class Keep(Protocol):
    """The cache, bound to an avatar and to the engine's version and model file."""

    def __call__(self, tier: Tier, parts: tuple[Any, ...], make: Callable[[], Arrays]) -> Arrays:
        """What ``make`` gives, or gave before for the same ``parts``: JSON values that name all else that it
        depends on."""
        ...


class RehearsingAnimator(Animator, Protocol):
    """An animator whose frames need more than the photo and Motion (``Engine.rehearses``)."""

    def rehearse(self, prepared: Arrays, given: Given, keep: Keep, watch: Watch) -> Arrays:
        """What to add to ``prepared`` before this clip is animated: what the sound, a driving video or the
        options decide. Costly parts go through ``keep``, each under what alone decides it. Reports its own
        stage to ``watch``. ``animate`` must also do without it, on Motion alone, for stills."""
        ...


class FilmAnimator(Protocol):
    """Film and motion to frames. ``animate`` finds the path of the film under SOURCE."""

    def prepare_film(self, video: Path, size: int | None) -> Arrays:
        """Everything that depends on the film alone; cached on disk. ``size`` as in Output."""
        ...

    def animate(self, prepared: Arrays, motion: Motion, options: Any) -> FrameStream:
        """Frames for every row of ``motion``, made one by one as they are taken."""
        ...


class Finisher(Protocol):
    """Frames to frames with something done to them."""

    def finish(self, stream: FrameStream, speech: Speech, options: Any, watch: Watch) -> FrameStream:
        """The frames of ``stream``, as many and in the same order, made as they are taken, in batches at most.

        Frame i is seen at (stream.first + i) / fps seconds of ``speech``, the whole clip's sound. What becomes
        of a frame may depend on later ones but not on earlier ones, for a clip that broke off goes on in its
        middle; what it depends on must not change with how many frames there are.
        """
        ...
