"""Motion as files that lie ready for one person, for as long as a visit lasts."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engines.exports import ExportFormat, perform, write_export
from engines.files import remove_older
from engines.progress import Watch
from engines.types import RenderRequest
from studio.library import checked_owner
from studio.services import Studio


@dataclass(frozen=True)
class Exported:
    """``files`` in the order of the formats asked for; ``seconds`` of motion; sentences for the user."""

    files: tuple[Path, ...]
    seconds: float
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Order:
    """What to export: the motion for ``request`` in ``formats``, on ``character`` where one moves a head."""

    request: RenderRequest
    formats: Sequence[ExportFormat]
    character: Path | None = None


def export_motion(studio: Studio, owner: str, order: Order, watch: Watch) -> Exported:
    """Perform once and write every format asked for. Raises StudioError, Cancelled."""
    folder = studio.settings.data / "listen" / checked_owner(owner)
    folder.mkdir(parents=True, exist_ok=True)
    remove_older(folder, studio.settings.cache_lifetimes["session"])
    performance, notes = perform(studio.pipeline, order.request, watch, order.character)
    files = []
    for each in order.formats:
        watch.check()
        files.append(folder / f"{secrets.token_hex(12)}{each.suffix}")
        write_export(files[-1], performance, each)
    return Exported(tuple(files), len(performance.motion) / performance.motion.fps, notes)
