"""The drawing network with less work draws the same."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from engines import winograd
from engines.facevid2vid.layers import Spade
from engines.liveportrait.models import LAYOUTS
from engines.liveportrait.quick import EnlargedConv, QuickSpade, quickened
from engines.winograd import WinogradConv


def test_the_whole_network_draws_the_same():
    torch.manual_seed(3)
    generator = LAYOUTS["generator"].kind().eval()
    features = torch.randn(2, 4, 8, 8)
    with torch.inference_mode():
        plain = generator(features)
        quick = quickened(generator)
        assert sum(isinstance(layer, QuickSpade) for layer in quick.modules()) > 10
        assert not any(isinstance(layer, Spade) for layer in quick.modules())
        torch.testing.assert_close(quick(features), plain, atol=1e-5, rtol=1e-4)


def test_enlarged_before_or_after_is_the_same():
    torch.manual_seed(4)
    conv, x = nn.Conv2d(3, 5, 3, padding=1), torch.randn(2, 3, 6, 7)
    with torch.inference_mode():
        after = conv(nn.functional.interpolate(x, scale_factor=4.0))
        torch.testing.assert_close(EnlargedConv(conv)(x), after, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("cached", [1, 40_000, 1 << 24])
def test_large_pictures_go_through_in_strips(monkeypatch, cached):
    torch.manual_seed(5)
    monkeypatch.setattr(winograd, "_CACHED", cached)
    conv, x = nn.Conv2d(4, 6, 3, padding=1), torch.randn(2, 4, 22, 13)
    with torch.inference_mode():
        torch.testing.assert_close(WinogradConv(conv)(x), conv(x), atol=1e-5, rtol=1e-4)
