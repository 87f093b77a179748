"""The HTML and the script of the 3D preview, and the words around motion that is exported."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from engines.exports import FORMATS
from studio.tabs import markup
from studio.theme import ASSETS

SCRIPT = (ASSETS / "page" / "motion.js").read_text("utf-8")
ABOUT = (
    "What the face does, before any picture is drawn: look at it on a neutral head, or take it into your own "
    "tools."
)
KEYS = "Space plays and pauses, the arrow keys go a second back and forth."


def viewer(model: str, sound: str, seconds: float, notes: Sequence[str]) -> str:
    """A head that speaks: ``model`` and ``sound`` are paths of files that the browser may fetch."""
    facts = f'data-model="{escape(model)}" data-sound="{escape(sound)}" data-seconds="{seconds:.3f}"'
    return (
        f'<div class="viewer" {facts}>'
        f'<canvas tabindex="0" role="img" aria-label="A head that says your words. {KEYS}"></canvas>'
        '<p class="told hint" role="status"></p><div class="controls">'
        '<button type="button" class="play">Play</button>'
        f'<input type="range" min="0" max="{seconds:.3f}" step="0.01" value="0" aria-label="Position"/>'
        f"<output>0.0 / {seconds:.1f} s</output>"
        '<button type="button" class="side" aria-pressed="false">From the side</button></div>'
        f"{''.join(map(markup.hint, notes))}</div>"
    )


def about_format(name: str) -> str:
    """Who reads a format."""
    return markup.hint(FORMATS[name].about)
