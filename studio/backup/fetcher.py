"""Fetches avatars that somebody needs and that are missing here."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from engines.errors import StudioError
from studio.backup.labels import Label
from studio.backup.ledger import Ledger
from studio.names import AVATARS, is_id, is_owner

if TYPE_CHECKING:
    from studio.backup.vault import Vault

log = logging.getLogger(__name__)
PATIENCE = 3.0
"""Seconds that a list waits for avatars that are fetched; those that take longer are in the next list."""
ASKED_AGAIN = 900.0
"""Seconds after which the bucket is asked once more for what it did not have."""
DEAF = 30.0
"""Seconds for which a bucket that did not answer is not asked while somebody waits."""
MOST_ASKED = 1000


class Fetcher:
    """Puts avatars where ``ledger`` says; ``open_vault`` gives the bucket. Safe for several threads."""

    def __init__(self, ledger: Ledger, open_vault: Callable[[], Vault]) -> None:
        self._ledger, self._open = ledger, open_vault
        self._taking, self._guard = threading.Lock(), threading.Lock()
        self._asked: dict[tuple[str, str], float] = {}
        self._silence = ("", 0.0)

    def bring(self, owner: str) -> None:
        """Fetch all avatars of the owner's that are missing, once; waits for PATIENCE seconds at most."""
        if is_owner(owner) and self._unasked(owner, ""):
            thread = threading.Thread(target=self._bring, args=(owner,), name="backup-fetch", daemon=True)
            thread.start()
            thread.join(PATIENCE)

    def fetch(self, owner: str, avatar_id: str) -> bool:
        """Fetch one avatar; False if it has no copy or was deleted.

        Raises StudioError if the bucket cannot be reached or the copy is damaged.
        """
        label = Label(AVATARS, owner, avatar_id)
        if not (is_owner(owner) and is_id(avatar_id) and self._missing(label)):
            return False
        if not self._unasked(owner, avatar_id):
            return False
        try:
            return self._take(label)
        except StudioError:
            self._ask_again(owner, avatar_id)
            raise

    def _bring(self, owner: str) -> None:
        try:
            for copy in self._vault().copies(AVATARS, owner):
                if self._missing(copy.label):
                    self._bring_one(copy.label)
        except StudioError as problem:
            self._ask_again(owner, "")
            log.warning("Avatars could not be fetched from the backup: %s", problem)

    def _bring_one(self, label: Label) -> None:
        try:
            self._take(label)
        except (StudioError, OSError) as problem:
            log.warning("Avatar '%s' could not be fetched from the backup: %s", label.id, problem)

    def _take(self, label: Label) -> bool:
        """Fetch an avatar, one at a time; False if it has no copy."""
        from studio.jobs.s3 import NoSuchFileError

        target = self._ledger.folder(label)
        with self._taking:
            if not self._missing(label):
                return target.is_dir()
            try:
                self._vault().take(label, target)
            except NoSuchFileError:
                return False
            self._ledger.keep(label, self._ledger.fingerprint(label))
            return True

    def _vault(self) -> Vault:
        """The bucket, unless it did not answer just now: then what was wrong is said again at once."""
        said, until = self._silence
        if time.monotonic() < until:
            raise StudioError(said)
        try:
            return self._open()
        except StudioError as problem:
            self._silence = str(problem), time.monotonic() + DEAF
            raise

    def _missing(self, label: Label) -> bool:
        """Whether it is not here without having been deleted."""
        ledger = self._ledger
        return not (ledger.folder(label).is_dir() or ledger.in_trash(label) or ledger.is_gone(label))

    def _unasked(self, owner: str, avatar_id: str) -> bool:
        """Whether nobody asked this lately; now somebody did."""
        now, key = time.monotonic(), (owner, avatar_id)
        with self._guard:
            if self._asked.get(key, 0.0) > now:
                return False
            while len(self._asked) >= MOST_ASKED:
                del self._asked[next(iter(self._asked))]
            self._asked[key] = now + ASKED_AGAIN
            return True

    def _ask_again(self, owner: str, avatar_id: str) -> None:
        with self._guard:
            self._asked.pop((owner, avatar_id), None)
