"""Content credentials (C2PA): how a clip was made, of whose face and by what right, signed into its file."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from engines.errors import StudioError
from engines.files import whole_file
from engines.sniff import sound_container
from engines.types import Clip
from studio.consent import ConsentRecord
from studio.settings import Settings

log = logging.getLogger(__name__)

GENERATOR = "Visema Studio"
MAKING = "visema.studio.making"
"""Label of the assertion that says how a clip was made."""
SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
GENERATED, COMPOSED = "trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia"
FORMATS = {
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".mov": "video/quicktime",
    ".avi": "video/avi",
    ".gif": "image/gif",
}
PICTURE_BRANDS = (b"avif", b"avis", b"heic", b"heix", b"mif1", b"msf1")
"""Of pictures in the container of MP4 (ISO 23008-12)."""
QUIET: Mapping[str, Any] = {
    "builder": {"thumbnail": {"enabled": False}},
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
}
"""Settings of C2PA's library: nothing is ever asked of another host."""
NO_LIBRARY = (
    "The clip carries no content credentials: the C2PA library is not there for this system. "
    "Say where you post it that it was made by AI."
)
BESIDE = "The credentials of the clip lie beside it in '{name}', for a {ending} file has no place for them."
FAILED = "The clip carries no content credentials: signing failed ({reason})."


@dataclass(frozen=True)
class Statement:
    """What a clip's credentials say. ``source``: IPTC's digital source type; ``made``: ISO time, UTC."""

    source: str
    recipe: str
    engines: Mapping[str, str]
    consent: ConsentRecord
    made: str


class Credentials:
    """Signs clips with the key of ``settings``. Safe for several threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings, self._lock = settings, threading.Lock()
        self._key: Any = None

    def prepare(self) -> None:
        """Make or read the key now. Raises StudioError if the user's own certificate cannot be used."""
        if available():
            self.key()

    def key(self) -> Any:
        """The SigningKey; raises StudioError if the user's own certificate cannot be used."""
        from studio.credentials_keys import load_signing_key  # cryptography takes long to import

        with self._lock:
            if self._key is None:
                self._key = load_signing_key(self._settings)
            return self._key

    def sign(self, video: Path, statement: Statement) -> str:
        """Put signed credentials into the file at ``video``, or beside it as .c2pa if it has no place for them.

        Returns "", or a note for the user. Credentials that the file carries already are replaced.
        Raises StudioError if the disk is full or the user's own certificate cannot be used.
        """
        if not available():
            return NO_LIBRARY
        key = self.key()
        try:
            return (
                _sign_beside(video, key, statement)
                if sidecar_of(video)
                else _sign_inside(video, key, statement)
            )
        except StudioError:
            raise
        except Exception as error:
            log.exception("a clip could not be signed")
            return FAILED.format(reason=str(error).strip(".") or type(error).__name__)


def available() -> bool:
    """Whether this system has the C2PA library."""
    return find_spec("c2pa") is not None


def clip_statement(clip: Clip, consent: ConsentRecord, made: str) -> Statement:
    """What is to be said of ``clip``."""
    return Statement(
        source_type(Path(clip.request.avatar.source)), clip.request.recipe, clip.engines, consent, made
    )


def manifest_statement(manifest: Mapping[str, Any]) -> Statement:
    """What is to be said of the clip that the library's ``manifest`` describes."""
    consent = ConsentRecord.parse(manifest.get("consent"))
    source = str(manifest.get("source_type", GENERATED))
    return Statement(source, manifest["request"]["recipe"], manifest["engines"], consent, manifest["created"])


def source_type(picture: Path) -> str:
    """A photo that is made to talk is generated; footage whose lips are changed is composed."""
    try:
        with picture.open("rb") as file:
            still = file.read(12)[8:] in PICTURE_BRANDS
        return COMPOSED if not still and sound_container(picture) else GENERATED
    except OSError:
        return GENERATED


def sidecar_of(video: Path) -> Path | None:
    """Where the credentials of ``video`` lie if they cannot be inside it."""
    return None if video.suffix.lower() in FORMATS else video.with_suffix(".c2pa")


def format_of(video: Path) -> str:
    """The media type of ``video`` as C2PA's library takes it; what it does not know it treats as mere bytes."""
    return FORMATS.get(video.suffix.lower(), "application/octet-stream")


def _sign_inside(video: Path, key: Any, statement: Statement) -> str:
    with whole_file(video) as part:
        _sign(video, part, key, statement)
    return ""


def _sign_beside(video: Path, key: Any, statement: Statement) -> str:
    sidecar = video.with_suffix(".c2pa")
    with TemporaryDirectory() as folder, whole_file(sidecar) as part:
        part.write_bytes(_sign(video, Path(folder) / "copy", key, statement, embed=False))
    return BESIDE.format(name=sidecar.name, ending=video.suffix)


def _sign(video: Path, out: Path, key: Any, statement: Statement, embed: bool = True) -> bytes:
    import c2pa

    info = c2pa.C2paSignerInfo(key.algorithm, key.chain, key.key, None)
    with ExitStack() as opened:
        context = opened.enter_context(c2pa.Context.from_dict(dict(QUIET)))
        signer = opened.enter_context(c2pa.Signer.from_info(info))
        builder = opened.enter_context(c2pa.Builder.from_json(_manifest(statement), context))
        if not embed:
            builder.set_no_embed()
        before, after = opened.enter_context(video.open("rb")), opened.enter_context(out.open("w+b"))
        signed: bytes = builder.sign(signer, format_of(video), before, after)
    return signed


def _manifest(statement: Statement) -> str:
    created = {
        "action": "c2pa.created",
        "when": statement.made,
        "digitalSourceType": SOURCE_TYPES + statement.source,
        "softwareAgent": {"name": GENERATOR},
    }
    making = {
        "made": statement.made,
        "recipe": statement.recipe,
        "engines": dict(statement.engines),
        "consent": asdict(statement.consent),
    }
    document = {
        "claim_generator_info": [{"name": GENERATOR}],
        "title": "A clip made with AI",
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": [created]}},
            {"label": MAKING, "data": making},
        ],
    }
    return json.dumps(document)
