"""Whose face an avatar shows, and by what right it speaks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Literal, cast

Consent = Literal["mine", "permission", "invented", "not stated"]
CONSENTS: tuple[Consent, ...] = ("mine", "permission", "invented")
"""What a person can say; "not stated" is what is recorded until somebody says something."""
BY_PAGE, BY_COMMAND, BY_API = "on the page", "at the command line", "over the API"
"""Where it was said."""
CONSENT_WORDS: Mapping[Consent, str] = {
    "mine": "their own face",
    "permission": "somebody's face, with permission",
    "invented": "an invented face",
    "not stated": "not stated",
}


@dataclass(frozen=True)
class ConsentRecord:
    """``right`` as stated at ``when`` (ISO, UTC), and where it was said (``by``); both "" if unknown."""

    right: Consent
    when: str = ""
    by: str = ""

    @classmethod
    def state(cls, right: Consent | None, by: str) -> ConsentRecord:
        """What somebody says now; None says nothing."""
        return cls(right, now(), by) if right in CONSENTS else NOT_STATED

    @classmethod
    def parse(cls, document: Any, when: str = "") -> ConsentRecord:
        """A record from a manifest; earlier manifests hold the bare word, stated at ``when``."""
        if isinstance(document, str):
            document = {"right": document, "when": when}
        if not isinstance(document, Mapping) or document.get("right") not in CONSENTS:
            return NOT_STATED
        said = (str(document.get(name, ""))[:80] for name in ("when", "by"))
        return cls(cast("Consent", document["right"]), *said)

    def sentence(self) -> str:
        """The record in plain words."""
        said = CONSENT_WORDS[self.right]
        if self.when:
            said += f", stated {self.when[:10]}"
        return f"{said} ({self.by})" if self.by else said


NOT_STATED = ConsentRecord("not stated")


def now() -> str:
    """The time as it stands in manifests: ISO, UTC."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")
