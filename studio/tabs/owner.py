"""Whose page this is: a random token per browser.

The token is made here and kept in the browser's own storage. Avatars, jobs and clips belong to its hash, so
what lies on disk or stands in a log does not open anything.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

import gradio as gr

from engines.errors import StudioError

TOKEN_BYTES = 32
MIN_TOKEN_LENGTH = 40
STORAGE_KEY = "visema-studio"
# Gradio scrambles what it stores in the browser with this and sends it along with the page, so it is no secret;
# it is fixed because a random one would lock everybody out of their own avatars at each restart.
STORAGE_SCRAMBLE = "visema-studio-v1"


def token_store() -> gr.BrowserState:
    """The component that keeps the token in the browser."""
    return gr.BrowserState(None, storage_key=STORAGE_KEY, secret=STORAGE_SCRAMBLE)


def known_or_new_token(token: Any) -> str:
    """``token`` if it is one of ours in form, else a fresh one."""
    return token if _well_formed(token) else secrets.token_urlsafe(TOKEN_BYTES)


def owner_of(token: Any) -> str:
    """The owner that ``token`` stands for: 32 hexadecimal digits. Raises StudioError without a token."""
    if not _well_formed(token):
        raise StudioError("The page has lost track of who you are; reload it to go on.")
    return hashlib.sha256(str(token).encode()).hexdigest()[:32]


def _well_formed(token: Any) -> bool:
    return isinstance(token, str) and len(token) >= MIN_TOKEN_LENGTH
