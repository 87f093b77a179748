"""Whether a Piper voice can speak here."""

from __future__ import annotations

from typing import Any

from engines.piper.model import missing_libraries
from engines.piper.store import EXAMPLE, VoiceStore
from engines.registry import Readiness
from engines.weights import weights_folder

NONE_HERE = f"No Piper voice is on this machine yet; fetch one with './run.sh voices get piper:{EXAMPLE}'."


def voice_store() -> VoiceStore:
    """The voices on this machine."""
    return VoiceStore(weights_folder() / "piper")


def readiness(_options: Any) -> Readiness:
    """Whether any voice is here, and what runs it."""
    return Readiness(missing_libraries() or ("" if voice_store().names() else NONE_HERE))
