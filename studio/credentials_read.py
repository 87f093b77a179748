"""Reading a clip's content credentials back, in plain words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from engines.errors import StudioError
from studio.consent import NOT_STATED, ConsentRecord
from studio.credentials import COMPOSED, GENERATED, MAKING, QUIET, Credentials, available, format_of, sidecar_of

State = Literal["valid", "changed", "none"]
MAX_SHOWN = 120
SOURCES: Mapping[str, str] = {
    GENERATED: "made by AI",
    COMPOSED: "filmed footage with lips made by AI",
}
HEADLINES: Mapping[State, str] = {
    "valid": "Valid: the clip is as it was signed.",
    "changed": "Changed: the clip or its credentials are not as they were signed.",
    "none": "None: the clip carries no content credentials; they go when a program writes the video anew.",
}
UNKNOWN_SIGNER = "not known to this studio; anybody can call themselves so"


@dataclass(frozen=True)
class Report:
    """What credentials say. ``ours``: signed with this studio's key.

    ``source``: the last word of IPTC's digital source type; ``engines``: version by name; ``problems``: C2PA's
    codes of what is wrong.
    """

    state: State
    signer: str = ""
    ours: bool = False
    source: str = ""
    made: str = ""
    engines: dict[str, str] = field(default_factory=dict)
    consent: ConsentRecord = NOT_STATED
    problems: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """The report in plain words."""
        if self.state == "none" or not self.signer:
            return [HEADLINES[self.state], *map(_reason, self.problems)]
        engines = ", ".join(f"{name} {version}" for name, version in self.engines.items())
        facts = {
            "Signed by": f"{self.signer} ({'this studio' if self.ours else UNKNOWN_SIGNER})",
            "What it is": SOURCES.get(self.source, self.source or "not said"),
            "Made": self.made[:19].replace("T", " ") or "not said",
            "Engines": engines or "not said",
            "Whose face": self.consent.sentence(),
        }
        return [HEADLINES[self.state], *(f"{name}: {value}" for name, value in facts.items())]


def read_credentials(video: Path, credentials: Credentials) -> Report:
    """What the credentials of ``video``, inside or beside it, say and whether they still fit.

    Raises StudioError if there is no such file, or no C2PA library on this system.
    """
    if not video.is_file():
        raise StudioError(f"There is no file '{video.name}'; check the path of the clip.")
    if not available():
        raise StudioError("Content credentials cannot be read: the C2PA library is not there for this system.")
    import c2pa

    try:
        return _report(*_open(video, credentials))
    except c2pa.C2paError.ManifestNotFound:
        return Report("none")
    except c2pa.C2paError as error:
        return Report("changed", problems=(str(error),))


def _open(video: Path, credentials: Credentials) -> tuple[str, dict[str, Any]]:
    import c2pa

    trust = {"user_anchors": credentials.key().chain.decode()}
    verify = {**QUIET["verify"], "verify_trust": True}
    beside = sidecar_of(video)
    if beside and not beside.is_file():
        raise c2pa.C2paError.ManifestNotFound
    with ExitStack() as opened:
        context = opened.enter_context(c2pa.Context.from_dict({"trust": trust, "verify": verify}))
        file = opened.enter_context(video.open("rb"))
        kept = beside.read_bytes() if beside else None
        reader = opened.enter_context(c2pa.Reader(format_of(video), file, kept, context=context))
        return str(reader.get_validation_state()), json.loads(reader.json())


def _report(verdict: str, document: Mapping[str, Any]) -> Report:
    manifest = document["manifests"][document["active_manifest"]]
    assertions = {item["label"]: item.get("data", {}) for item in manifest.get("assertions", [])}
    making = assertions.get(MAKING, {})
    actions = assertions.get("c2pa.actions.v2", {}).get("actions", [{}])
    failures = document.get("validation_results", {}).get("activeManifest", {}).get("failure", [])
    return Report(
        state="changed" if verdict == "Invalid" else "valid",
        signer=_short(manifest.get("signature_info", {}).get("common_name", "")),
        ours=verdict == "Trusted",
        source=_short(actions[0].get("digitalSourceType", "")).rpartition("/")[2],
        made=_short(making.get("made", "")),
        engines={_short(name): _short(text) for name, text in dict(making.get("engines", {})).items()},
        consent=ConsentRecord.parse(making.get("consent")),
        problems=tuple(item["code"] for item in failures if item["code"] != "signingCredential.untrusted"),
    )


def _reason(problem: str) -> str:
    return f"What is wrong: {_short(problem)}"


def _short(text: Any) -> str:
    """Foreign words, fit for one line of a terminal."""
    return "".join(letter for letter in str(text) if letter.isprintable())[:MAX_SHOWN]
