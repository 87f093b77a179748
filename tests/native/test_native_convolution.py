"""The compiled convolutions against PyTorch's."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

torch = pytest.importorskip("torch")
native = pytest.importorskip("visema_conv", reason="the compiled convolutions are not built")

SHAPES = ((1, 32, 64, 5, 7), (8, 64, 32, 9, 14), (2, 130, 20, 13, 3), (1, 3, 1, 1, 1))


def layer_of(doubling, channels, outputs):
    torch.manual_seed(channels)
    if doubling:
        return torch.nn.ConvTranspose2d(channels, outputs, 3, 2, 1, output_padding=1).requires_grad_(False)
    return torch.nn.Conv2d(channels, outputs, 3, padding=1).requires_grad_(False)


def compiled(layer, portable=False):
    doubling = isinstance(layer, torch.nn.ConvTranspose2d)
    return native.Convolution(layer.weight.numpy(), layer.bias.numpy(), doubling, portable)


def pictures(*shape, seed=1):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def by_torch(layer, x, plus=None, relu=False):
    out = layer(torch.from_numpy(x.transpose(0, 3, 1, 2).copy())).permute(0, 2, 3, 1)
    out = out if plus is None else out + torch.from_numpy(plus)
    return np.ascontiguousarray((out.relu() if relu else out).numpy())


@pytest.mark.parametrize("portable", [False, True])
@pytest.mark.parametrize("doubling", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_it_gives_what_torch_gives_whatever_the_size_and_the_threads(shape, doubling, portable):
    batch, channels, outputs, height, width = shape
    layer, x = layer_of(doubling, channels, outputs), pictures(batch, height, width, channels)
    wanted = by_torch(layer, x)
    plus = pictures(*wanted.shape, seed=2)
    one, some, added = (np.full_like(wanted, np.nan) for _ in range(3))
    convolution = compiled(layer, portable)
    convolution.run(native.Workers(1), x, None, None, one, False)
    convolution.run(native.Workers(3), x, None, None, some, False)
    convolution.run(native.Workers(2), x, None, plus, added, True)
    np.testing.assert_allclose(one, wanted, atol=1e-4 * np.abs(wanted).max())
    np.testing.assert_array_equal(one, some)
    np.testing.assert_allclose(added, by_torch(layer, x, plus, relu=True), atol=1e-4 * np.abs(wanted).max())


@pytest.mark.parametrize("doubling", [False, True])
def test_a_picture_comes_out_the_same_in_any_batch_and_from_any_layout(doubling):
    layer, x = layer_of(doubling, 48, 40), pictures(5, 11, 18, 48)
    convolution, workers = compiled(layer), native.Workers(2)
    whole = np.empty_like(by_torch(layer, x))
    convolution.run(workers, x, None, None, whole, True)
    spread = np.zeros((2, 16, 30, 60), np.float32)
    part = spread[:1, 3:14, 5:23, 2:50]
    part[:] = x[3:4]
    out = np.zeros((1, *whole.shape[1:3], 50), np.float32)
    convolution.run(workers, part[..., :30], part[..., 30:], None, out[..., 3:43], True)
    np.testing.assert_array_equal(out[..., 3:43], whole[3:4])
    assert not out[..., :3].any()
    assert not out[..., 43:].any()


def test_several_threads_may_use_the_same_one():
    layer, x = layer_of(False, 64, 64), pictures(1, 40, 40, 64)
    convolution, workers = compiled(layer), native.Workers(2)
    outs = [np.empty_like(x) for _ in range(6)]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda out: convolution.run(workers, x, None, None, out, False), outs))
    assert all(np.array_equal(out, outs[0]) for out in outs)


def test_what_is_no_number_stays_where_it_is_and_is_not_hidden():
    layer, x = layer_of(False, 32, 32), pictures(1, 40, 40, 32)
    clean, spoilt = np.empty_like(x), np.empty_like(x)
    convolution, workers = compiled(layer), native.Workers(1)
    convolution.run(workers, x, None, None, clean, True)
    x[0, 20, 20, 5] = np.nan
    convolution.run(workers, x, None, None, spoilt, True)
    assert np.isnan(spoilt[0, 19:22, 19:22]).all()
    far = np.ones((40, 40), bool)
    far[14:27, 14:27] = False
    np.testing.assert_array_equal(spoilt[0][far], clean[0][far])


def tried(given, weights=(8, 8, 3, 3), bias=8):
    made = native.Convolution(np.zeros(weights, np.float32), np.zeros(bias, np.float32))
    made.run(native.Workers(1), *given, False)


def refused(words, *given, **sizes):
    with pytest.raises(ValueError, match=words):
        tried(given, **sizes)


def test_what_does_not_fit_is_refused():
    x, out = pictures(2, 6, 6, 8), np.zeros((2, 6, 6, 8), np.float32)
    refused("weights", x, None, None, out, weights=(8, 8, 5, 5))
    refused("bias", x, None, None, out, bias=7)
    refused("float32", x.astype(np.float64), None, None, out)
    refused("float32", x[0], None, None, out)
    refused("float32", x[:0], None, None, out[:0])
    refused("channels of the weights", x[..., :7], None, None, out)
    refused("channels of the weights", x, x, None, out)
    refused("equally large", x[..., :4], x[:, :5, :, 4:], None, out)
    refused("side by side", x.transpose(0, 3, 1, 2), None, None, out)
    refused("as what comes out", x, None, None, out[:, :5])
    refused("as large as the result", x, None, out[:, :5], out)
    refused("must not lie where", x, None, None, x)
    refused("must not lie where", x, None, out, out)
    refused("must lie apart", x, None, None, np.lib.stride_tricks.as_strided(out, strides=(0, 192, 32, 4)))
    with pytest.raises(ValueError, match="threads"):
        native.Workers(0)
    out.flags.writeable = False
    refused("read-only|writeable", x, None, None, out)
