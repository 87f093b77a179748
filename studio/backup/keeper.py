"""Keeps the copies in the bucket up to date, in the background.

What has to be done is not queued: it is the difference between the library and the ledger. So whatever stops
the studio in between, the next round, or the next start, does the rest.
"""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from engines.errors import StudioError
from studio.backup.fetcher import Fetcher
from studio.backup.labels import Label, UnfitError
from studio.backup.ledger import Ledger

if TYPE_CHECKING:
    from studio.backup.vault import Vault

log = logging.getLogger(__name__)
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 600.0
"""Seconds after a round that failed; each further failure doubles them."""
LOOK_AGAIN = 900.0
"""Seconds after which what another program changed is seen."""
GRACE = 5.0
"""Seconds that a program which ends gives to what is being copied."""


class Backup:
    """The copies of the data folder ``data`` in the bucket at ``address``; without one it does nothing.

    ``most_bytes``: what is larger is neither copied nor fetched.
    """

    def __init__(self, data: Path, address: str = "", most_bytes: int = 0) -> None:
        self.ledger = Ledger(data, address)
        self._address, self._most = address, most_bytes
        self._opening, self._starting = threading.Lock(), threading.Lock()
        self._vault: Vault | None = None
        self._fetcher = Fetcher(self.ledger, self.open)
        self._thread: threading.Thread | None = None
        self._wake, self._idle, self._stopping = threading.Event(), threading.Event(), threading.Event()
        self._unfit: dict[Label, str] = {}

    def changed(self) -> None:
        """Something in the library changed: see to it soon. Returns at once."""
        if not self._address or self._stopping.is_set():
            return
        with self._starting:
            self._idle.clear()
            self._wake.set()
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="backup", daemon=True)
                self._thread.start()

    def forget(self, owner: str, kind: str, item_id: str) -> None:
        """Delete the copy of what was deleted for good, soon."""
        self.ledger.forget(Label(kind, owner, item_id))
        self.changed()

    def bring(self, owner: str) -> None:
        """Fetch the owner's avatars that are missing here; see ``Fetcher``."""
        if self._address:
            self._fetcher.bring(owner)

    def fetch(self, owner: str, avatar_id: str) -> bool:
        """Fetch an avatar that is missing here, if it has a copy; see ``Fetcher``."""
        return bool(self._address) and self._fetcher.fetch(owner, avatar_id)

    def settle(self, seconds: float) -> bool:
        """Wait until all that changed so far is copied or could not be; False if that took longer."""
        return self._thread is None or self._idle.wait(seconds)

    def close(self) -> None:
        """Stop copying; what is left is done at the next start."""
        self.settle(GRACE)
        self._stopping.set()
        self._wake.set()

    def open(self) -> Vault:
        """The bucket; raises StudioError if it cannot be reached."""
        from studio.backup.vault import Vault  # boto3 takes long to import and most never need it

        with self._opening:
            if self._vault is None:
                self._vault = Vault(self._address, self._most, self.ledger.work)
            return self._vault

    def _work(self) -> None:
        pause = FIRST_PAUSE
        while not self._stopping.is_set():
            self._wake.clear()
            done = self._round()
            if not self._wake.is_set():
                self._idle.set()
            self._wake.wait(LOOK_AGAIN if done else pause)
            pause = FIRST_PAUSE if done else min(2 * pause, LONGEST_PAUSE)

    def _round(self) -> bool:
        """Do all that there is to do; False if the bucket cannot be used."""
        try:
            gone, waiting = self.ledger.gone(), self.ledger.waiting()
            if gone or waiting:
                self._catch_up(self.open(), gone, waiting)
        except StudioError as problem:
            log.warning("The backup has to wait: %s", problem)
        except Exception:
            log.exception("the backup failed")
        else:
            return True
        return False

    def _catch_up(self, vault: Vault, gone: list[Label], waiting: list[Label]) -> None:
        for label in gone:
            vault.drop(label)
            self.ledger.dropped(label)
        for label in waiting:
            if self._stopping.is_set():
                return
            self._copy(vault, label)

    def _copy(self, vault: Vault, label: Label) -> None:
        """Copy one item; what changes or goes while it is copied is left to the next round."""
        before = self.ledger.fingerprint(label)
        if not before or self._unfit.get(label) == before:
            return
        try:
            if vault.put(label, self.ledger.folder(label), lambda: self.ledger.fingerprint(label) == before):
                self.ledger.keep(label, before)
        except UnfitError as problem:
            self._unfit[label] = before
            log.warning("Of the %s '%s' is not backed up: %s", label.kind, label.id, problem)
        except FileNotFoundError:
            return
        except (ValueError, KeyError, TypeError):
            self._unfit[label] = before
            log.warning("Of the %s '%s' is not backed up: its manifest is damaged.", label.kind, label.id)
