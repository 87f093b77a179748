"""What happens when somebody says whose face it is."""

from __future__ import annotations

from collections.abc import Callable

from studio.consent import BY_PAGE, Consent, ConsentRecord
from studio.tabs.ask import asking
from studio.tabs.avatar import avatar_cards
from studio.tabs.guard import Updates
from studio.tabs.owner import owner_of
from studio.tabs.parts import Parts


def answer(parts: Parts, right: Consent) -> Callable[[str, str], Updates]:
    """A handler that writes the answer down."""

    def write_down(token: str, avatar_id: str) -> Updates:
        owner = owner_of(token)
        parts.studio.library.state_consent(owner, avatar_id, ConsentRecord.state(right, BY_PAGE))
        return {parts.avatar.cards: avatar_cards(parts, owner, avatar_id), **asking(parts, open_=False)}

    return write_down
