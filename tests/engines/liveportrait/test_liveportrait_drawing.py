"""A shorter precision, or a recorded step, is used where it shows the same, and left where it does not."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from engines.liveportrait import drawing
from engines.liveportrait.drawing import Drawing, recorded
from engines.liveportrait.models import Networks


class Warp(nn.Module):
    """Colours as they are, a little moved in value."""

    def forward(self, volume, driving, source):
        return {"out": volume.flatten(1, 2) + (driving - source).mean()}


class Draw(nn.Module):
    """A layer that shorter precisions make faster, and less exact."""

    def __init__(self):
        super().__init__()
        self.mix = nn.Linear(8, 3)

    def forward(self, feature):
        return torch.sigmoid(self.mix(feature.movedim(1, -1))).movedim(-1, 1)


class Black(Draw):
    """Draws nothing in short precision, as some GPUs do."""

    def forward(self, feature):
        drawn = super().forward(feature)
        return drawn if self.mix(feature.movedim(1, -1)).dtype == torch.float32 else drawn * float("nan")


@pytest.fixture
def given():
    torch.manual_seed(2)
    return torch.rand(1, 4, 2, 6, 6), torch.rand(1, 21, 3), torch.rand(1, 21, 3)


def networks(generator):
    return Networks(None, None, Warp(), generator, None)


@pytest.fixture
def brief(monkeypatch):
    """A processor on which half a number is quick."""
    monkeypatch.setattr(drawing, "short_precision", lambda _device: torch.bfloat16)


@torch.inference_mode()
def test_half_as_many_digits_show_the_same(brief, given):
    generator = Draw()
    short, exact = (Drawing(networks(generator), "cpu") for _ in range(2))
    exact._precision = torch.float32
    off = (short(*given) - exact(*given)).abs()
    assert 0 < off.mean() < 2 / 255
    assert short._precision == torch.bfloat16


@torch.inference_mode()
def test_a_precision_that_draws_something_else_is_not_used(brief, given):
    painted = Drawing(networks(Black()), "cpu")
    assert np.isfinite(painted(*given).numpy()).all()
    assert painted._precision == torch.float32


def test_what_cannot_be_recorded_is_done_plainly(given):
    def plain(volume, driving, source):
        return volume.mean() + driving - source

    assert recorded(plain, given) is plain  # no GPU here
