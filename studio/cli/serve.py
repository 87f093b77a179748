"""launch.py without a sub-command: the studio in the browser."""

from __future__ import annotations

from typing import Any

from studio.services import Studio
from studio.settings import load_settings


def serve(overrides: dict[str, Any]) -> None:
    """Start the studio and stay until it is stopped. Raises StudioError if the port is taken."""
    from studio.app import serve as serve_page  # gradio takes seconds to import; --help must not wait for it

    studio = Studio(load_settings(**overrides))
    try:
        studio.sweep()
        serve_page(studio)
    finally:
        studio.close()
