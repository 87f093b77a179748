"""One studio per process: settings, engines, cache, library and jobs, put together once."""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from engines.audio import write_wav
from engines.cache import Cache
from engines.errors import StudioError
from engines.files import remove_older
from engines.footage.film import read_film
from engines.footage.filming import FilmOptions
from engines.footage.livetalking import export_livetalking
from engines.footage.packed import unpacked
from engines.manager import EngineManager
from engines.photos import PhotoReport, inspect_photo, read_photo
from engines.pipeline import Pipeline
from engines.progress import Watch
from engines.registry import Engine, get_engine, get_recipe
from engines.requests import speech_digest
from engines.stages import VoiceInfo, VoiceOffer
from engines.types import AvatarRef, Clip, Expression, Image, RenderRequest, Words
from engines.voices import full_id, get_voice_engine, voice_engines
from studio.backup import open_backup
from studio.consent import ConsentRecord, now
from studio.credentials import Credentials, clip_statement
from studio.engine_desk import EngineDesk
from studio.films import Films, film_facts
from studio.jobs import Jobs
from studio.library import Avatar, Library, checked_owner
from studio.settings import Settings, ensure_data_folder
from studio.shoots import Shoots

DEFAULT_RECIPE, FILM_RECIPE = "instant", "video-avatar"


@dataclass(frozen=True)
class SpeakerStatus:
    """A voice engine: how many voices it has here, what is missing, what to know before it speaks."""

    engine: str
    title: str
    voices: int
    missing: str
    notice: str
    licence: str


class Studio:
    """Everything that the page, the command line and the API work with. Close it when done."""

    def __init__(self, settings: Settings) -> None:
        ensure_data_folder(settings)
        self.settings = settings
        self.manager = EngineManager(settings.engine_memory)
        self.cache = open_cache(settings)
        self.pipeline = Pipeline(self.manager, self.cache, settings.max_seconds)
        self.credentials = Credentials(settings)
        self.backup = open_backup(settings)
        self.library = Library(settings.data, self.credentials, self.backup)
        self.films = Films(settings.data / "films")
        self.shoots = Shoots(settings.data / "shoots", self.films, self.library)
        self.jobs = Jobs(self.pipeline, self.library, settings)
        self.engines = EngineDesk(settings, self.manager, self.cache, self.jobs)
        self._listen = settings.data / "listen"
        self._lock = FileLock(settings.data / "studio.lock")

    def voices(self) -> tuple[VoiceInfo, ...]:
        """Every voice of the default recipe, always there."""
        return self.offer(get_recipe(DEFAULT_RECIPE).voice).voices

    def offer(self, engine: str) -> VoiceOffer:
        """The voices of ``engine`` under their full ids, and what is missing."""
        speaker = get_voice_engine(engine)
        offer: VoiceOffer = self.manager.stage(speaker.name, "voice").offer()
        voices = (replace(voice, id=full_id(speaker, voice.id)) for voice in offer.voices)
        return replace(offer, voices=tuple(voices))

    def speakers(self) -> tuple[SpeakerStatus, ...]:
        """Every voice engine, the embedded one first."""
        return tuple(map(self._speaker, voice_engines().values()))

    def _speaker(self, engine: Engine) -> SpeakerStatus:
        offer = self.offer(engine.name)
        return SpeakerStatus(
            engine.name, engine.title, len(offer.voices), offer.missing, engine.notice, engine.licence
        )

    def still(self, owner: str, avatar_id: str, expression: Expression) -> Image:
        """The avatar's face with the emotions of ``expression``: (H, W, 3) uint8."""
        avatar = self.library.avatar(owner, avatar_id)
        return self.pipeline.still(avatar_ref(avatar), expression, recipe_for(avatar))

    def speak(self, owner: str, words: Words, options: dict[str, Any]) -> Path:
        """A WAV file of the words, to listen to; ``options`` by engine."""
        recipe = get_recipe(DEFAULT_RECIPE)
        spoken = self.pipeline.speak(words, recipe, options, Watch())
        folder = self._listen / checked_owner(owner)
        folder.mkdir(parents=True, exist_ok=True)
        remove_older(folder, self.settings.cache_lifetimes["session"])
        path = folder / f"{speech_digest(spoken.speech)[:24]}.wav"
        if not path.is_file():
            write_wav(path, spoken.speech)
        return path

    def render(self, request: RenderRequest, out: Path, watch: Watch, consent: ConsentRecord) -> Clip:
        """Make a signed clip at ``out`` here and now, not as a job. Raises as Pipeline.render does."""
        clip = self.pipeline.render(request, out, watch)
        note = self.credentials.sign(out, clip_statement(clip, consent, now()))
        return replace(clip, notes=(*clip.notes, note)) if note else clip

    def inspect(self, photo: Path) -> PhotoReport:
        """The faces in a picture and what is wrong with it; raises StudioError if it cannot be read."""
        return inspect_photo(read_photo(photo))

    def add_film(
        self,
        owner: str,
        clip: Path,
        name: str | None,
        record: ConsentRecord,
        options: FilmOptions,
        watch: Watch,
    ) -> tuple[Avatar, tuple[str, ...]]:
        """Make an avatar of a video; returns it and sentences on what was noticed. Raises as film_clip does."""
        filmed = self.films.make(clip, options, watch)
        facts = film_facts(filmed, options)
        named = name or clip.stem
        avatar = self.library.add_film(owner, named, record, facts, lambda part: self.films.take(filmed, part))
        return avatar, filmed.notes

    def import_avatar(
        self, owner: str, source: Path, name: str | None, record: ConsentRecord, watch: Watch
    ) -> tuple[Avatar, tuple[str, ...]]:
        """Make an avatar of a LiveTalking folder or a .zip of one; as ``add_film``."""
        with unpacked(source) as folder:
            filmed, options = self.films.bring_in(folder, watch)
        facts = film_facts(filmed, options)
        named = name or source.stem
        avatar = self.library.add_film(owner, named, record, facts, lambda part: self.films.take(filmed, part))
        return avatar, filmed.notes

    def export_avatar(self, owner: str, avatar_id: str, folder: Path, watch: Watch) -> None:
        """Write a filmed avatar as a LiveTalking folder. Raises StudioError for a picture."""
        avatar = self.library.avatar(owner, avatar_id)
        if not avatar.filmed:
            raise StudioError("Only an avatar that is made of a video can be exported for LiveTalking.")
        options = FilmOptions(avatar.img_size, avatar.pads)
        export_livetalking(read_film(avatar.source), options, folder, watch)

    def sweep(self) -> None:
        """Remove what earlier runs left half done, unless another studio works in the same folder."""
        with suppress(Timeout):
            self._lock.acquire(blocking=False)
            self.library.sweep(self.jobs.unfinished())
            self.films.sweep()
            self.shoots.resume()
            for folder in (self._listen, self.backup.ledger.work):
                shutil.rmtree(folder, ignore_errors=True)

    def close(self) -> None:
        """Stop jobs and engines."""
        self.shoots.close()
        self.jobs.close()
        self.engines.close()
        self.manager.close()
        self.backup.close()
        self.cache.close()
        self._lock.release()


def open_cache(settings: Settings) -> Cache:
    """The cache of the data folder of ``settings``."""
    return Cache(settings.cache_folder, settings.cache_bytes, settings.cache_lifetimes)


def recipe_for(avatar: Avatar, wanted: str = DEFAULT_RECIPE) -> str:
    """The recipe ``wanted`` if it takes what ``avatar`` is, picture or video, else the usual one that does."""
    kind = "video" if avatar.filmed else "picture"
    if get_engine(get_recipe(wanted).animator).takes == kind:
        return wanted
    return usual_recipe(avatar.filmed)


def usual_recipe(filmed: bool) -> str:
    """The recipe for a video or a picture if nobody chose one."""
    return FILM_RECIPE if filmed else DEFAULT_RECIPE


def avatar_ref(avatar: Avatar) -> AvatarRef:
    """How a request names an avatar."""
    return AvatarRef(str(avatar.source), avatar.face, avatar.adjust, avatar.placed)
