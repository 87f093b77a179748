"""Engines are looked at, licensed, downloaded, stopped, unloaded and recovered, from a server of our own."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest

from engines.errors import StudioError
from engines.progress import Watch
from engines.types import AvatarRef, Output, RenderRequest, Words
from engines.weights import ensure
from studio.engine_downloads import Transfer
from studio.engine_recovery import recover_engines
from studio.engine_report import EngineReport
from studio.gpu import GpuWatch, read_gpus
from studio.services import Studio
from studio.settings import load_settings
from tests.studio.toy_engine import LICENCE, LIPS, Toy, toy_engine, until

MEBIBYTE = 1 << 20


@pytest.fixture
def toy(tmp_path: Path) -> Iterator[Toy]:
    with toy_engine(tmp_path) as made:
        yield made


@pytest.fixture
def desk(toy: Toy, tmp_path: Path) -> Iterator[Studio]:
    studio = Studio(load_settings(data=tmp_path / "data"))
    yield studio
    studio.close()


def transfer(studio: Studio) -> Transfer:
    (file,) = studio.engines.engine("toy").files
    assert file.transfer is not None
    return file.transfer


def fetched(studio: Studio) -> EngineReport:
    """The toy, after its file was fetched or could not be."""
    studio.engines.accept("toy", "here")
    studio.engines.download("toy")
    until(lambda: not transfer(studio).active)
    return studio.engines.engine("toy")


def test_an_engine_appears_by_itself_and_its_licence_comes_before_its_file(desk: Studio, toy: Toy) -> None:
    engine = desk.engines.engine("toy")
    assert (engine.state, engine.missing) == ("unloaded", engine.files)
    assert "6.1 MB" in engine.needs
    assert engine.files[0].licence == LICENCE
    for attempt in (lambda: desk.engines.download("toy"), lambda: ensure("toy.lips", Watch())):
        with pytest.raises(StudioError, match=r"launch\.py engines"):
            attempt()
    assert toy.hub.ranges == []
    engine = fetched(desk)
    assert toy.file.read_bytes() == LIPS
    assert engine.missing == ()
    assert transfer(desk).done == transfer(desk).total == len(LIPS)
    record = json.loads((desk.settings.data / "engines" / "licences.json").read_text())["toy.lips"]
    assert (record["licence"], record["by"]) == (LICENCE, "here")
    age = datetime.now(timezone.utc) - datetime.fromisoformat(record["when"])
    assert 0 <= age.total_seconds() < 60
    assert Studio(desk.settings).engines.engine("toy").files[0].accepted == record["when"]


def test_a_licence_that_changed_is_asked_about_again(desk: Studio, toy: Toy) -> None:
    desk.engines.accept("toy", "here")
    assert desk.engines.engine("toy").unaccepted == ()
    records = desk.settings.data / "engines" / "licences.json"
    records.write_text(records.read_text().replace("CC-BY-NC-4.0", "CC-BY-4.0"))
    assert len(desk.engines.engine("toy").unaccepted) == 1


def test_cancel_stops_and_the_next_try_goes_on_where_it_was(desk: Studio, toy: Toy) -> None:
    toy.hub.stop_after = 4 * MEBIBYTE
    desk.engines.accept("toy", "here")
    desk.engines.download("toy")
    until(lambda: transfer(desk).done >= 3 * MEBIBYTE)
    assert transfer(desk).state == "running"
    started = time.monotonic()
    desk.engines.cancel("toy")
    until(lambda: not transfer(desk).active)
    assert transfer(desk).state == "cancelled"
    assert time.monotonic() - started < 5
    assert not toy.file.exists()
    toy.hub.stop_after = None
    assert fetched(desk).missing == ()
    assert toy.file.read_bytes() == LIPS
    start = int((toy.hub.ranges[-1] or "bytes=0-").removeprefix("bytes=").split("-")[0])
    assert start >= 3 * MEBIBYTE, "it began anew"


def test_a_wrong_file_is_refused_removed_and_told(desk: Studio, toy: Toy) -> None:
    toy.hub.content = LIPS[:-1] + b"?"
    engine = fetched(desk)
    assert transfer(desk).state == "failed"
    assert "SHA-256" in transfer(desk).error
    assert [file.state for file in engine.missing] == ["missing"]
    assert not [path for path in toy.store.folder.rglob("lips*") if path.is_file()]
    (fault,) = desk.engines.report().faults
    assert fault.what == "toy.lips"
    assert "SHA-256" in fault.sentence


def test_an_unreachable_hub_is_told_with_what_to_do(
    desk: Studio, toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    fetched(desk)
    assert transfer(desk).state == "failed"
    assert "Engines tab" in transfer(desk).error
    assert str(toy.file) in transfer(desk).error


def test_loading_failing_and_unloading_are_shown(desk: Studio, toy: Toy) -> None:
    with pytest.raises(StudioError):
        desk.manager.stage("toy", "animator")
    engine = desk.engines.engine("toy")
    assert engine.state == "error"
    assert "lips.safetensors" in engine.reason
    fetched(desk)
    desk.manager.stage("toy", "animator")
    engine = desk.engines.engine("toy")
    assert (engine.state, engine.device) == ("ready", "cuda:0")
    assert engine.fault is not None, "the last error stays, with its reason"
    assert desk.engines.unload("toy")
    engine = desk.engines.engine("toy")
    assert (engine.state, engine.device) == ("unloaded", "")
    assert not desk.engines.unload("toy")


def test_nothing_is_unloaded_under_a_render(studio: Studio, photo_file: Path) -> None:
    words = Words("This goes on for a while, so that there is time to press a button. " * 8)
    request = RenderRequest(AvatarRef(str(photo_file)), words, output=Output(25.0, 256))
    job = studio.jobs.submit("local", request, "somebody")
    until(lambda: studio.jobs.view("local", job).state == "running")
    with pytest.raises(StudioError, match="being rendered"):
        studio.engines.unload("espeak")
    studio.jobs.cancel("local", job)
    until(lambda: not studio.jobs.running_here())
    studio.engines.unload("espeak")
    assert studio.engines.engine("espeak").state == "unloaded"


def test_what_the_program_lost_comes_back_without_the_network(desk: Studio, toy: Toy) -> None:
    fetched(desk)
    told: list[str] = []
    assert recover_engines(desk.settings, told.append, Watch(), fetch=False)
    assert told == []
    kept = desk.settings.data / "models" / "toy" / "lips.safetensors"
    assert kept.samefile(toy.file) or kept.read_bytes() == LIPS
    shutil.rmtree(toy.store.folder)
    toy.hub.content = b"gone"
    desk.engines.bring_back_setup(told.append)
    assert len(desk.engines.report().recovery) == 3
    assert [sentence.split()[0] for sentence in told] == [
        "mediapipe/face_detection_short_range.tflite",
        "mediapipe/face_landmark.tflite",
        "mediapipe/selfie_segmentation.tflite",
    ]
    assert not toy.file.exists(), "large ones come back in the background"
    desk.engines.start_recovery(told.append)
    until(toy.file.exists)
    assert toy.file.read_bytes() == LIPS
    until(lambda: any("toy/lips" in line for line in desk.engines.report().recovery))
    assert desk.engines.engine("toy").missing == ()


def test_a_damaged_copy_is_refused_and_fetched_again_when_asked(desk: Studio, toy: Toy) -> None:
    fetched(desk)
    recover_engines(desk.settings, print, Watch(), fetch=False)
    kept = desk.settings.data / "models" / "toy" / "lips.safetensors"
    toy.file.unlink()
    kept.write_bytes(LIPS[:-1] + b"?")
    told: list[str] = []
    assert not recover_engines(desk.settings, told.append, Watch(), fetch=False)
    assert not kept.exists()
    assert not toy.file.exists()
    assert ["damaged" in sentence for sentence in told] == [True, False]
    assert "launch.py engines recover" in told[1]
    assert recover_engines(desk.settings, told.append, Watch())
    assert toy.file.read_bytes() == kept.read_bytes() == LIPS


def test_a_copy_on_another_disk_is_a_whole_one(desk: Studio, toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    fetched(desk)
    kept = desk.settings.data / "models" / "toy" / "lips.safetensors"
    until(kept.exists)
    assert not kept.samefile(toy.file)
    assert kept.read_bytes() == LIPS


def test_a_lost_native_core_without_a_compiler_is_told(
    desk: Studio, toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    from studio import engine_recovery

    ledger = desk.settings.data / "engines" / "kept.json"
    ledger.parent.mkdir(parents=True, exist_ok=True)
    ledger.write_text('{"files": [], "native": true}')
    monkeypatch.setattr(engine_recovery, "find_spec", lambda _: None)
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CXX", raising=False)
    told: list[str] = []
    assert not recover_engines(desk.settings, told.append, Watch(), fetch=False)
    assert any("no C++ compiler" in sentence for sentence in told)


def test_the_report_tells_of_queue_cache_and_timings(desk: Studio) -> None:
    report = desk.engines.report()
    assert report.queue == {"queued": 0, "running": 0}
    assert report.cache.hit_rate is None
    assert {row.stage for row in report.timings} >= {"voice", "render"}
    assert not any(row.measured for row in report.timings)
    assert all(row.seconds > 0 for row in report.timings)


@pytest.mark.skipif(os.name == "nt", reason="a shell script stands in for the driver's tool")
@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo 'NVIDIA H200, 1024, 143771, 37, 41'", ("NVIDIA H200", 1 << 30, 143771 << 20, 37, 41)),
        ("echo 'NVIDIA GB10, [N/A], [N/A], 3, [N/A]'", ("NVIDIA GB10", None, None, 3, None)),
        ("echo 'No devices were found'; exit 6", None),
        ("exit 9", None),
    ],
)
def test_the_drivers_figures_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, said: tuple[object, ...] | None
) -> None:
    tool = tmp_path / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\n{script}\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", os.pathsep.join([str(tmp_path), os.environ["PATH"]]))
    report = GpuWatch().report()
    if said is None:
        assert report.gpus == ()
        assert report.note.endswith(".")
    else:
        assert tuple(vars(report.gpus[0]).values()) == said


def test_without_a_driver_a_sentence_stands_for_the_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert "CPU" in read_gpus().note
