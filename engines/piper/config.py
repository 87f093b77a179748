"""What a voice says of itself in the JSON file beside its model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from engines.errors import StudioError

MOST_BYTES = 4 << 20


@dataclass(frozen=True)
class Audio:
    """``sample_rate`` in Hz."""

    sample_rate: int
    quality: str = ""


@dataclass(frozen=True)
class Espeak:
    """The language whose sounds the voice was trained on, by espeak's name."""

    voice: str


@dataclass(frozen=True)
class Inference:
    """Scales that the model is run with; the defaults are Piper's."""

    noise_scale: float = 0.667
    length_scale: float = 1.0
    noise_w: float = 0.8


@dataclass(frozen=True)
class Language:
    """``code`` such as "en_US"."""

    code: str = ""
    name_english: str = ""
    country_english: str = ""


@dataclass(frozen=True)
class VoiceConfig:
    """The parts of the file that matter. ``phoneme_id_map``: a symbol's ids; ``vowel_clusters``: symbols that
    are one in the map."""

    audio: Audio
    espeak: Espeak
    phoneme_id_map: Mapping[str, tuple[int, ...]]
    inference: Inference = field(default_factory=Inference)
    phoneme_type: str = "espeak"
    num_speakers: int = 1
    language: Language = field(default_factory=Language)
    dataset: str = ""
    vowel_clusters: tuple[tuple[str, ...], ...] = ()

    @property
    def tag(self) -> str:
        """The language as a tag, "en-us"."""
        return (self.language.code or self.espeak.voice).replace("_", "-").lower()

    @property
    def language_name(self) -> str:
        """Such as "English (United States)"."""
        name, country = self.language.name_english or self.tag, self.language.country_english
        return f"{name} ({country})" if country else name


def read_config(path: Path) -> VoiceConfig:
    """The config at ``path``. Raises StudioError if it is none that can be used here."""
    try:
        found = path.stat()
        return _read_config(path, found.st_size, found.st_mtime_ns)
    except (OSError, ValidationError, ValueError):
        raise StudioError(f"'{path.name}' is damaged or no Piper voice; fetch the voice again.") from None


@lru_cache(maxsize=256)
def _read_config(path: Path, size: int, _changed: int) -> VoiceConfig:
    if size > MOST_BYTES:
        raise ValueError("too large")
    config: VoiceConfig = TypeAdapter(VoiceConfig).validate_json(path.read_bytes())
    if not 8000 <= config.audio.sample_rate <= 48000 or not {"^", "$", "_"} <= set(config.phoneme_id_map):
        raise ValueError("not a voice")
    return config
