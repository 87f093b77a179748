"""Asking a speech server over HTTP. Its address is a setting of who runs the studio; nobody trusts its answers.

Redirections are not followed, so that neither text nor key goes to another host than the one that was set. The
size of an answer is limited while it arrives, and every step in time.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import httpx

from engines.errors import StudioError
from engines.online import TookTooLong, run_watched
from engines.progress import Watch

CONNECT_S, LISTING_S = 5.0, 4.0
SPEAKING_S = 300.0
"""Seconds that a server may take for some sentences."""
LISTING_BYTES, REASON_BYTES, REASON = 1 << 20, 4096, 200


@dataclass(frozen=True)
class Question:
    """One request. ``most`` bytes and ``seconds`` limit its answer, ``extra`` is for httpx (json, files)."""

    method: str
    path: str
    most: int = LISTING_BYTES
    seconds: float = LISTING_S
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class SpeechServer:
    """A server: ``title`` for sentences, address without "/v1", key or "", and the names of both settings."""

    title: str
    url: str
    key: str = field(repr=False)
    variable: str
    key_variable: str

    @classmethod
    def from_environment(cls, title: str, name: str) -> SpeechServer:
        """The server that STUDIO_<name>_URL and STUDIO_<name>_KEY set."""
        variable, key_variable = f"STUDIO_{name}_URL", f"STUDIO_{name}_KEY"
        url = os.environ.get(variable, "").strip().rstrip("/").removesuffix("/v1")
        return cls(title, url, os.environ.get(key_variable, "").strip(), variable, key_variable)

    @property
    def missing(self) -> str:
        """What is missing until it can be asked, as a sentence, or ""."""
        if not self.url:
            return f"{self.title} is not set up; start the studio with {self.variable} set to its address."
        try:
            parts = urlsplit(self.url)
            fits = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
        except ValueError:
            fits = False
        return "" if fits else f"{self.variable} is no server's address; write it like http://127.0.0.1:8080."

    @property
    def identity(self) -> str:
        """The server for cache keys, its address not readable. Raises StudioError if it is not set up."""
        if self.missing:
            raise StudioError(self.missing)
        return hashlib.sha256(self.url.encode()).hexdigest()[:16]

    def ask(self, question: Question, watch: Watch) -> bytes:
        """The body of the answer. Raises StudioError if there is none that is right, Cancelled."""
        if self.missing:
            raise StudioError(self.missing)
        try:
            return run_watched(lambda: self._answer(question), watch, question.seconds)
        except TookTooLong:
            raise StudioError(
                f"{self.title} took longer than {question.seconds:.0f} s; try again later."
            ) from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError):
            raise StudioError(
                f"{self.title} does not answer; check that it runs and that {self.variable} is its address."
            ) from None

    def ask_json(self, question: Question, watch: Watch) -> Any:
        """The answer as JSON values. Raises as ``ask``."""
        try:
            return json.loads(self.ask(question, watch))
        except ValueError:
            raise StudioError(
                f"{self.title} answered something else than expected; check {self.variable}."
            ) from None

    async def _answer(self, question: Question) -> bytes:
        limits = httpx.Timeout(question.seconds, connect=CONNECT_S)
        # Unpacked while it is read, a small answer could become a very large one.
        headers = {"Accept-Encoding": "identity", "Accept": "application/json, audio/*;q=0.9"}
        headers |= {"Authorization": f"Bearer {self.key}"} if self.key else {}
        async with (
            # A proxy of the environment is for other machines than this one.
            httpx.AsyncClient(timeout=limits, headers=headers, trust_env=not _is_here(self.url)) as client,
            client.stream(question.method, f"{self.url}{question.path}", **question.extra) as answer,
        ):
            if answer.status_code != httpx.codes.OK and answer.status_code != httpx.codes.CREATED:
                raise StudioError(
                    self._refusal(answer.status_code, await _read(answer, REASON_BYTES, cut=True))
                )
            body = await _read(answer, question.most)
            if body is None:
                raise StudioError(
                    f"{self.title} sent more than {question.most >> 20} MB for this; try fewer words."
                )
            return body

    def _refusal(self, status: int, body: bytes | None) -> str:
        if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            return (
                f"{self.title} refuses the key; set {self.key_variable} to a right one and restart the studio."
            )
        if status == httpx.codes.TOO_MANY_REQUESTS:
            return f"{self.title} has too much to do or its quota is used up; try again later."
        if status == httpx.codes.NOT_FOUND or 300 <= status < 400:
            return f"{self.title} has no such voice, or speaks at another address; check {self.variable}."
        reason = self._without_key(_reason_of(body or b""))
        return (
            f"{self.title} could not do it ({reason or f'status {status}'}); try other words or another voice."
        )

    def _without_key(self, text: str) -> str:
        return text.replace(self.key, "…") if self.key else text


async def _read(answer: httpx.Response, most: int, cut: bool = False) -> bytes | None:
    """The body; of one with more than ``most`` bytes the beginning if ``cut``, else None."""
    body = bytearray()
    async for chunk in answer.aiter_raw():
        body += chunk
        if len(body) > most:
            return bytes(body[:most]) if cut else None
    return bytes(body)


def _reason_of(body: bytes) -> str:
    """The sentence in an error's body, printable and short; "" if it is in none of the usual forms."""
    try:
        found = json.loads(body)
        for name in ("error", "detail", "content", "message"):
            found = found.get(name, found) if isinstance(found, dict) else found
    except ValueError:
        found = ""
    text = found if isinstance(found, str) else ""
    return re.sub(r"\s+", " ", "".join(filter(str.isprintable, text)))[:REASON].strip(" .")


def _is_here(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
