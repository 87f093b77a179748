"""The voice stage: text over HTTP to the server, its sound back; and the recordings that it copies."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from engines.audio import AudioLimits, read_speech, write_wav
from engines.errors import StudioError
from engines.fish import FishOptions
from engines.fish.server import TITLE, fish_server
from engines.progress import Watch
from engines.speech_server import SPEAKING_S, Question, SpeechServer
from engines.stages import VoiceInfo, VoiceOffer
from engines.types import Speech
from engines.voice_sound import heard, join, most_bytes, pieces_of, reported

DEFAULT = "default"
"""The voice without a recording: the model's own, another for each seed."""
NAME = re.compile(r"[A-Za-z0-9\-_ ]{1,100}")
REFERENCE = AudioLimits(max_bytes=50 * 2**20, max_seconds=60.0, min_seconds=1.0)
ADDING_S = 60.0


@dataclass(frozen=True)
class FishVoice:
    """Text to speech by ``server``; a voice is the id of a recording that lies there."""

    server: SpeechServer

    def offer(self) -> VoiceOffer:
        """The model's own voice and the recordings on the server, asked for now; all speak any language."""
        try:
            listed = self.server.ask_json(Question("GET", "/v1/references/list"), Watch())
        except StudioError as error:
            return VoiceOffer((), str(error))
        found = listed.get("reference_ids", ()) if isinstance(listed, dict) else ()
        names = sorted(name for name in found if isinstance(name, str) and NAME.fullmatch(name))
        return VoiceOffer(tuple(VoiceInfo(name, _title(name), "", "") for name in (DEFAULT, *names)))

    def identity(self, voice: str) -> str:
        """The server."""
        _check_name(voice)
        return self.server.identity

    def speak(self, text: str, voice: str, options: Any, watch: Watch) -> Speech:
        """Speak ``text`` in pieces of some sentences. Raises StudioError, Cancelled. No times are known."""
        _check_name(voice)
        options = options if isinstance(options, FishOptions) else FishOptions()
        known = {"reference_id": None if voice == DEFAULT else voice, "format": "wav", "streaming": False}
        parts = []
        for piece in reported(pieces_of(text), watch):
            body = {"text": piece, **known, "use_memory_cache": "on", **asdict(options)}
            question = Question("POST", "/v1/tts", most_bytes(piece), SPEAKING_S, {"json": body})
            parts.append(heard(self.server.ask(question, watch), piece, TITLE, watch))
        return join(parts, text, None)

    def add(self, voice: str, recording: Path, text: str, watch: Watch) -> None:
        """Put a recording, in which ``text`` is said, on the server under the name ``voice``.

        Raises StudioError for a name, recording or text that will not do, Cancelled.
        """
        _check_name(voice)
        if voice == DEFAULT or not text.strip():
            raise StudioError(
                "Give the voice a name of its own and say with --ref-text what the recording says."
            )
        speech = read_speech(recording, REFERENCE, watch)
        with TemporaryDirectory(prefix="voice-") as folder:
            wav = Path(folder) / "reference.wav"
            write_wav(wav, speech)
            form = {
                "data": {"id": voice, "text": text.strip()},
                "files": {"audio": (wav.name, wav.read_bytes())},
            }
        self.server.ask(Question("POST", "/v1/references/add", seconds=ADDING_S, extra=form), watch)

    def remove(self, voice: str, watch: Watch) -> None:
        """Remove the recording ``voice`` from the server. Raises StudioError, Cancelled."""
        _check_name(voice)
        extra = {"json": {"reference_id": voice}}
        self.server.ask(Question("DELETE", "/v1/references/delete", seconds=ADDING_S, extra=extra), watch)


def _title(name: str) -> str:
    return "The model's own" if name == DEFAULT else name


def _check_name(voice: str) -> None:
    if not NAME.fullmatch(voice):
        raise StudioError(
            "Name a voice of the Fish Speech server after 'fish:' in plain letters, digits, '-' and '_'."
        )


def create() -> FishVoice:
    """The factory that the engine's declaration names."""
    return FishVoice(fish_server())
