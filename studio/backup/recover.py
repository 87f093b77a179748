"""Brings back everything that lies in the bucket and is missing here, and says of each how it went."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engines.errors import StudioError
from studio.backup.keeper import Backup
from studio.backup.labels import Label
from studio.backup.ledger import Ledger
from studio.backup.vault import Copy, Vault
from studio.names import AVATARS, CLIPS, KINDS

Outcome = Literal["SUCCESS", "SKIP", "FAILED"]
NO_AVATAR = "There is no avatar '{id}' in the backup; 'recover --list-only' shows what there is."
HALF = "Its archive was never copied; only the video lies in the bucket."
IN_TRASH = "It was deleted; for a day 'library restore' brings it back."
IS_GONE = "It was deleted for good, and its copy is about to be."


@dataclass(frozen=True)
class Recovered:
    """What became of one copy. ``frames``: 1 for a photo, 0 where it did not come back."""

    kind: str
    user: str
    id: str
    outcome: Outcome
    frames: int = 0
    reason: str = ""


def find_copies(vault: Vault, user: str = "", avatar_id: str = "") -> list[Copy]:
    """The copies of everybody or of ``user``, avatars first; with ``avatar_id`` that avatar alone.

    Raises StudioError if that one has no copy.
    """
    kinds = (AVATARS,) if avatar_id else (AVATARS, CLIPS)
    found = [copy for kind in kinds for copy in vault.copies(kind, user)]
    chosen = [copy for copy in found if avatar_id in ("", copy.label.id)]
    if avatar_id and not chosen:
        raise StudioError(NO_AVATAR.format(id=avatar_id[:40]))
    return chosen


def recover(backup: Backup, copies: list[Copy], output: Path | None, dry: bool) -> Iterator[Recovered]:
    """Bring ``copies`` back one by one: into the data folder, or to ``output`` in the same order of folders.

    ``dry``: fetch and check everything, and leave nothing.
    """
    for copy in copies:
        reason = _passed_over(backup.ledger, copy.label) if output is None else _there(output, copy.label)
        if reason:
            yield _row(copy.label, "SKIP", reason=reason)
        else:
            yield _brought(backup, copy, output, dry)


def _brought(backup: Backup, copy: Copy, output: Path | None, dry: bool) -> Recovered:
    label = copy.label
    try:
        if not copy.whole:
            raise StudioError(HALF)
        if dry:
            return _row(label, "SUCCESS", backup.open().try_out(label))
        if output is not None:
            return _row(label, "SUCCESS", backup.open().take(label, _below(output, label)))
        frames = backup.open().take(label, backup.ledger.folder(label))
        backup.ledger.keep(label, backup.ledger.fingerprint(label))
    except StudioError as problem:
        return _row(label, "FAILED", reason=str(problem))
    except OSError as problem:
        return _row(label, "FAILED", reason=f"It could not be written: {problem.strerror or problem}.")
    return _row(label, "SUCCESS", frames)


def _row(label: Label, outcome: Outcome, frames: int = 0, reason: str = "") -> Recovered:
    return Recovered(KINDS[label.kind], label.owner, label.id, outcome, frames, reason)


def _passed_over(ledger: Ledger, label: Label) -> str:
    if ledger.folder(label).is_dir():
        return "It is here."
    if ledger.in_trash(label):
        return IN_TRASH
    return IS_GONE if ledger.is_gone(label) else ""


def _there(output: Path, label: Label) -> str:
    return "It is there." if _below(output, label).is_dir() else ""


def _below(output: Path, label: Label) -> Path:
    return output / label.kind / label.owner / label.id
