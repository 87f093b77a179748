"""Licences of model files that somebody accepted, and when: kept in the data folder."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engines.files import whole_file
from engines.weights import Weight
from studio.consent import now
from studio.settings import Settings


@dataclass(frozen=True)
class Acceptance:
    """``licence`` as it stood then, accepted at ``when`` (ISO, UTC), said ``by`` "on the page" or elsewhere."""

    licence: str
    when: str
    by: str


class Licences:
    """The records in one JSON file. Safe for several threads; read anew each time, as the command line writes
    them too."""

    def __init__(self, path: Path) -> None:
        self._path, self._lock = path, threading.Lock()

    def accepted(self, name: str, weight: Weight) -> Acceptance | None:
        """The record for the model file ``name``; None if its licence is another one now."""
        entry: Any = self._read().get(name)
        try:
            record = Acceptance(**{field: str(entry[field]) for field in ("licence", "when", "by")})
        except (TypeError, KeyError):
            return None
        return record if record.licence == weight.licence else None

    def accept(self, weights: Iterable[tuple[str, Weight]], by: str) -> None:
        """Write down that the licences of these were accepted now; raises StudioError if it cannot be kept."""
        fresh = {name: asdict(Acceptance(weight.licence, now(), by)) for name, weight in weights}
        with self._lock:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with whole_file(self._path) as part:
                part.write_text(json.dumps({**self._read(), **fresh}, indent=1), "utf-8")

    def _read(self) -> dict[str, Any]:
        try:
            records = json.loads(self._path.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return records if isinstance(records, dict) else {}


def licences_of(settings: Settings) -> Licences:
    """The records in the data folder."""
    return Licences(settings.data / "engines" / "licences.json")
