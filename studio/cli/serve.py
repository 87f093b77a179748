"""launch.py without a sub-command: the studio in the browser."""

from __future__ import annotations

import sys
from typing import Any

from engines.errors import StudioError
from engines.progress import Watch
from engines.weights import ensure_setup
from studio.access import access_for, is_loopback
from studio.services import Studio
from studio.settings import load_settings, on_space

OPEN = (
    "Every machine of this network can reach the studio, and passwords and pictures cross it unencrypted. "
    "Better: let it listen to 127.0.0.1 behind a proxy with TLS, and set STUDIO_TOKEN."
)


def serve(overrides: dict[str, Any]) -> None:
    """Start the studio and stay until it is stopped. Raises StudioError if the port is taken."""
    from studio.app import serve as serve_page  # gradio takes seconds to import; --help must not wait for it

    studio = Studio(load_settings(**overrides))
    try:
        studio.credentials.prepare()
        studio.sweep()
        studio.jobs.start()
        studio.backup.changed()
        _get_ready(studio)
        studio.engines.start_recovery(_tell)
        server = serve_page(studio)
        print(
            f"Visema Studio is at {server.url} (stop it with Ctrl-C); its API at {server.url}docs.", flush=True
        )
        _tell_password(studio)
        _warn(studio)
        server.wait()
    finally:
        studio.close()


def _tell_password(studio: Studio) -> None:
    access = access_for(studio.settings)
    if access is not None:
        print(f"Sign in as '{access.user}' with the password '{access.password}'.", flush=True)


def _warn(studio: Studio) -> None:
    """Say what it means that other machines can reach the studio; a Space is behind doors of its own."""
    settings = studio.settings
    if not (settings.token or on_space() or is_loopback(settings.host)):
        print(OPEN, file=sys.stderr)


def _get_ready(studio: Studio) -> None:
    """Get the face models: from their copies in the data folder, else, at the first start, from the network.

    Without them the page still opens and says what it lacks.
    """
    studio.engines.bring_back_setup(_tell)
    try:
        ensure_setup(Watch())
    except StudioError as error:
        print(error, file=sys.stderr)


def _tell(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)
