"""When memory runs out, the work goes on with fewer frames at a time, and people are told once."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from engines.batches import Batches, fitting, is_exhausted
from engines.errors import StudioError
from engines.progress import Watch
from engines.staged import StagedRender
from engines.types import AvatarRef, Output, RenderRequest, Words

FULL = "CUDA out of memory. Tried to allocate 2.00 GiB."


def work_with_room_for(room, tried, error):
    def work(batch):
        tried.append(len(batch))
        if len(batch) > room:
            raise error
        return [10 * item for item in batch]

    return work


@pytest.mark.parametrize("kind", ["torch", "cudnn", "numpy"])
def test_every_input_is_done_once_in_order_with_what_fits(kind):
    import torch

    error = {
        "torch": torch.OutOfMemoryError(FULL),
        "cudnn": RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
        "numpy": MemoryError(),
    }[kind]
    told, tried = [], []
    batches = Batches("Painter", 8, told.append)
    work = work_with_room_for(2, tried, error)
    assert list(batches.each(range(7), work)) == [0, 10, 20, 30, 40, 50, 60]
    assert tried == [7, 3, 1, 1, 1, 1, 1, 1, 1]
    assert list(batches.each(range(3), work)) == [0, 10, 20]
    assert batches.size == 1, "what ran out once is not tried again"
    assert len(told) == 1
    assert "Painter took fewer frames" in told[0]


def test_not_even_one_is_said_in_a_sentence_that_says_what_to_do():
    batches = Batches("Painter", 4, lambda _: None)
    with pytest.raises(StudioError, match=r"not enough memory for Painter.*choose a smaller video"):
        list(batches.each(range(4), work_with_room_for(0, [], MemoryError())))


def test_other_faults_pass():
    with pytest.raises(RuntimeError, match="shapes"):
        list(Batches("Painter", 4, lambda _: None).each([1], work_with_room_for(0, [], RuntimeError("shapes"))))
    assert not is_exhausted(ValueError("out of memory"))


def test_a_real_allocation_that_cannot_succeed_counts():
    import torch

    with pytest.raises(RuntimeError) as caught:
        torch.empty(1 << 60, dtype=torch.uint8)
    assert is_exhausted(caught.value)


def test_batches_follow_the_free_memory_of_a_gpu(monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (900, 2000))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda _: 300)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda _: 200)
    assert fitting("cuda", 100, most=32) == 8
    assert fitting("cuda:0", 100, most=4) == 4
    assert fitting("cuda", 5000, most=32) == 1
    assert fitting("cpu", 100, most=32) == 1


def test_importing_it_imports_no_torch():
    code = "import sys, engines.batches; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_what_is_told_while_frames_are_made_reaches_the_clip(studio, photo_file, tmp_path, monkeypatch):
    """In one piece and in segments."""
    plain = type(studio.pipeline).stream

    def stream(self, request, take, watch, first=0):
        found = plain(self, request, take, watch, first)

        def telling():
            for index, frame in enumerate(found.frames):
                if index == 3:
                    found.late.append("Memory ran out.")
                yield np.array(frame)

        return replace(found, frames=telling())

    monkeypatch.setattr(type(studio.pipeline), "stream", stream)
    request = RenderRequest(AvatarRef(str(photo_file)), Words("Hello."), output=Output(25.0, 256))
    clip = studio.pipeline.render(request, tmp_path / "whole.mp4", Watch())
    assert clip.notes.count("Memory ran out.") == 1
    again = replace(request, words=Words("Hello again."))
    staged = StagedRender(studio.pipeline, again, tmp_path, Watch())
    outline = staged.begin(tmp_path / "pieces.mp4")
    spent = [staged.segment(outline, index) for index in range(outline.segments)]
    assert staged.join(outline, spent, tmp_path / "pieces.mp4").notes.count("Memory ran out.") == 1
    staged.close()
