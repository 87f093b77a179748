"""Engines may take a file as an option: what counts is its content, and jobs keep a copy."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

import av
import click
import numpy as np
import pytest
from pydantic import Field

from engines import registry
from engines.errors import StudioError
from engines.inputs import check_files
from engines.registry import Engine, Recipe
from engines.requests import content_document, content_options, option_files
from engines.types import (
    Arrays,
    AvatarRef,
    FrameSpec,
    FrameStream,
    Motion,
    Output,
    Portrait,
    RenderRequest,
    Words,
)
from studio.cli.common import engine_flags, engine_options, words_flags
from studio.services import Studio
from studio.shelf import clip_request
from tests.studio.test_jobs import ADA, wait_for


@dataclass(frozen=True)
class ToneOptions:
    """``tone``: a file whose first byte is the grey of the clip."""

    tone: Annotated[
        str, Field(title="Tone", json_schema_extra={"format": "file", "endings": [".bin"], "flag": "shade"})
    ] = ""


class Tone:
    """Frames of one grey, the first byte of a file."""

    def prepare(self, _portrait: Portrait) -> Arrays:
        return {"size": np.array([64, 64])}

    def animate(self, _prepared: Arrays, motion: Motion, options: ToneOptions) -> FrameStream:
        grey = Path(options.tone).read_bytes()[0]
        frames = (np.full((64, 64, 3), grey, np.uint8) for _ in range(len(motion)))
        return FrameStream(FrameSpec(64, 64, motion.fps, len(motion)), frames)


def make() -> Tone:
    return Tone()


RECIPE = Recipe("tone", "Tone", "Grey.", "espeak", "speech2face", "tone")
ENGINE = Engine("tone", "Tone", "1", {"animator": f"{__name__}:make"}, "MIT", ToneOptions, recipes=(RECIPE,))


@pytest.fixture
def toned(monkeypatch: pytest.MonkeyPatch, photo_file: Path, tmp_path: Path) -> RenderRequest:
    """A request with a file for an option; the file's first byte is 200."""
    known = MappingProxyType({**registry.all_engines(), "tone": ENGINE})
    for module in ("engines.registry", "studio.cli.common"):
        monkeypatch.setattr(f"{module}.all_engines", lambda: known)
    path = tmp_path / "light.bin"
    path.write_bytes(bytes([200, 1, 2]))
    options = {"tone": {"tone": str(path)}}
    words, output = Words("Hi."), Output(10.0, 512)
    return RenderRequest(AvatarRef(str(photo_file)), words, recipe="tone", options=options, output=output)


def with_tone(request: RenderRequest, path: Path) -> RenderRequest:
    return replace(request, options={"tone": {"tone": str(path)}})


def test_a_file_counts_by_its_content_and_must_be_there(toned: RenderRequest, tmp_path: Path) -> None:
    copy = tmp_path / "copy.bin"
    copy.write_bytes(bytes([200, 1, 2]))
    assert content_document(toned) == content_document(with_tone(toned, copy))
    assert content_options(ENGINE, toned.options["tone"]) == content_options(ENGINE, {"tone": str(copy)})
    copy.write_bytes(bytes([100, 1, 2]))
    assert content_document(toned) != content_document(with_tone(toned, copy))
    with pytest.raises(StudioError, match=r"no file 'gone.bin'"):
        check_files(with_tone(toned, tmp_path / "gone.bin"))


def test_jobs_keep_a_copy_with_the_clip(toned: RenderRequest, studio: Studio, tmp_path: Path) -> None:
    avatar = studio.library.samples()[0]
    toned = replace(toned, avatar=AvatarRef(str(avatar.source)))
    (tmp_path / "light.npz").write_bytes(b"a stranger's file beside it")
    job = studio.jobs.submit(ADA, toned, avatar.name)
    (tmp_path / "light.bin").unlink()
    clip = wait_for(studio, ADA, job, "completed").clip
    assert clip is not None
    kept = {path.name for path in clip.path.parent.iterdir()}
    assert kept == {"clip.mp4", "manifest.json", "file0.bin"}, "what it takes to render it again, no more"
    with av.open(str(clip.path)) as file:
        assert abs(next(file.decode(video=0)).to_ndarray(format="rgb24").mean() - 200) < 4
    (path,) = option_files(clip_request(studio.library, ADA, clip)).values()
    assert Path(path).read_bytes() == bytes([200, 1, 2])


def test_a_flag_takes_the_path(toned: RenderRequest) -> None:
    @engine_flags
    @words_flags
    @click.command()
    def command(**values: Any) -> dict[str, dict[str, Any]]:
        return engine_options(values, values["recipe"] or "instant")

    path = option_files(toned)["tone", "tone"]
    given = command.main(["--tone-tone", path], standalone_mode=False)
    assert given == {"tone": {"tone": path}}
    assert command.main(["--shade", path, "--recipe", "tone"], standalone_mode=False) == given
    with pytest.raises(StudioError, match="Tone"):
        command.main(["--shade", path], standalone_mode=False)
