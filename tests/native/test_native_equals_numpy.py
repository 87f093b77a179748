"""What the native core paints is what OpenCV and NumPy paint, to 2 of 255."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest

from engines import video_frames
from engines.facemesh import creases, edges, mouth_sprites, warp
from engines.facemesh.edges import Window, blend, coverage, smoothstep, soften_seam
from engines.facemesh.layers import Layer, mixed
from engines.facemesh.mouth_sprites import lay
from engines.facemesh.warp import Detail, PlainCanvas
from engines.types import Image
from engines.video_frames import video_frame

native = pytest.importorskip("visema_native", reason="the native core is not built")

LEVELS = 2


@pytest.fixture
def plainly(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Any]], Any]:
    """Run something as if the core were not built."""

    def run(work: Callable[[], Any]) -> Any:
        with monkeypatch.context() as patch:
            for module in (creases, edges, mouth_sprites, warp, video_frames):
                patch.setattr(module, "native_module", lambda: None)
            return work()

    return run


def texture(seed: int, size: tuple[int, int] = (120, 160)) -> Image:
    noise = np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)
    return cv2.GaussianBlur(noise, (0, 0), 1.0)


def sheet(seed: int, size: tuple[int, int] = (120, 160)) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A whole sheet of triangles over a picture, each corner pulled a little to a side."""
    rng = np.random.default_rng(seed)
    height, width = size
    x, y = np.meshgrid(np.linspace(0, width - 1, 11), np.linspace(0, height - 1, 9))
    values = rng.uniform(-2.5, 2.5, (*x.shape, 3)) * (1, 1, 0.05)
    values[[0, -1]] = values[:, [0, -1]] = 0
    vertices = np.stack([x, y, np.zeros_like(x)], -1) - values * (1, 1, 0)
    i = np.arange(x.size).reshape(x.shape)
    quads = np.stack([i[:-1, :-1], i[:-1, 1:], i[1:, :-1], i[1:, 1:]], -1).reshape(-1, 4)
    triangles = np.concatenate([quads[:, [0, 1, 2]], quads[:, [1, 3, 2]]]).astype(np.int32)
    return vertices.reshape(-1, 3).astype(np.float32), values.reshape(-1, 3).astype(np.float32), triangles


def apart(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(a.astype(float) - b).max())


@pytest.mark.parametrize("seed", range(4))
def test_bent_pictures_are_equal(seed: int):
    photo = texture(seed)
    vertices, values, triangles = sheet(seed)
    frame = native.Canvas(photo, triangles).warp(vertices, values)
    assert apart(frame, PlainCanvas(photo, triangles).warp(vertices, values)) <= LEVELS
    assert apart(frame, photo) > 20


def test_bent_pictures_with_finer_detail_are_equal():
    fine = texture(5, (240, 320))
    photo = np.ascontiguousarray(fine[::2, ::2])
    vertices, values, triangles = sheet(5)
    detail = Detail(np.ascontiguousarray(fine[20:, 30:]), 2.0, (30.0, 20.0))
    frame = native.Canvas(photo, triangles, (detail.rgb, detail.finer, detail.origin)).warp(vertices, values)
    assert apart(frame, PlainCanvas(photo, triangles, detail).warp(vertices, values)) <= LEVELS


def person(seed: int, transparent: bool = False) -> Layer:
    """A soft disc of a person over some background, as large as ``texture``."""
    alpha = cv2.GaussianBlur(cv2.circle(np.zeros((120, 160), np.uint8), (80, 60), 45, 255, -1), (0, 0), 2)
    colours, behind = texture(seed), texture(seed + 1)
    if transparent:
        return Layer(colours, alpha, None, np.dstack([colours, alpha]))
    return Layer(colours, alpha, behind, mixed(colours, alpha, behind))


def over(layer: Layer) -> tuple[Any, ...]:
    still = np.ascontiguousarray(layer.still[..., :3])
    return layer.alpha, layer.behind, still, *layer.edge_distances


def paint(frame: Image) -> None:
    """A dark square in the middle and one on the person's edge."""
    frame[50:70, 70:90] //= 2
    frame[50:70, 20:50] //= 2


def visible(frame: Image) -> np.ndarray:
    """What of RGBA pixels can be seen, and alpha itself."""
    return (
        frame
        if frame.shape[2] == 3
        else np.dstack(
            [cv2.multiply(frame[..., :3], cv2.merge([frame[..., 3]] * 3), scale=1 / 255), frame[..., 3]]
        )
    )


@pytest.mark.parametrize("transparent", [False, True])
@pytest.mark.parametrize("painted", [0, 99])
def test_people_over_a_background_are_equal(transparent: bool, painted: int):
    layer = person(6, transparent)
    vertices, values, triangles = sheet(6)
    plain = PlainCanvas(layer.colours, triangles, None, layer)
    fast = native.Canvas(layer.colours, triangles, None, over(layer), painted)
    for share in (1.0, -0.5, 0.0):
        frames = []
        for canvas in (fast, plain):
            frame = canvas.warp(vertices, values * np.float32(share))
            if painted:
                paint(frame)
            frames.append(canvas.finish(frame))
        first, second = (visible(frame) for frame in frames)
        assert first.shape == (120, 160, 4 if transparent else 3)
        assert apart(first, second) <= LEVELS
        assert (apart(first, visible(layer.still)) > 20) == bool(share or painted)


@pytest.mark.parametrize("transparent", [False, True])
def test_people_who_move_far_are_equal(transparent: bool):
    """Person where there was background before, and background where there was a person."""
    layer = person(8, transparent)
    vertices, values, triangles = sheet(8)
    inner = ~(values == 0).all(axis=1)
    vertices[inner] += values[inner] * (1, 1, 0)
    values[inner] = (-13, 7, 0)
    vertices[inner] -= values[inner]
    canvases = (
        native.Canvas(layer.colours, triangles, None, over(layer)),
        PlainCanvas(layer.colours, triangles, None, layer),
    )
    first, second = (visible(canvas.finish(canvas.warp(vertices, values))) for canvas in canvases)
    assert apart(first, second) <= LEVELS
    assert apart(first, visible(layer.still)) > 100


def test_a_background_that_nothing_covers_stays_to_the_bit():
    layer = person(7)
    vertices, values, triangles = sheet(7)
    canvas = native.Canvas(layer.colours, triangles, None, over(layer))
    away = cv2.distanceTransform((layer.alpha == 0).astype(np.uint8), cv2.DIST_L2, 5) > 6
    assert away.mean() > 0.2
    frame = canvas.finish(canvas.warp(vertices, values))
    np.testing.assert_array_equal(frame[away], layer.still[away])
    np.testing.assert_array_equal(canvas.finish(canvas.warp(vertices, values * 0)), layer.still)


def test_any_number_of_threads_gives_the_same_frame():
    size = (300, 400)
    photo, (vertices, values, triangles) = texture(1, size), sheet(1, size)
    alpha = texture(2, size)[..., 0]
    layer = Layer(photo, alpha, texture(3, size), photo)
    canvases = (native.Canvas(photo, triangles, None, over(layer), 40, count) for count in (1, 2, 5))
    frames = [canvas.finish(canvas.warp(vertices, values)) for canvas in canvases]
    np.testing.assert_array_equal(frames[0], frames[1])
    np.testing.assert_array_equal(frames[0], frames[2])


def test_where_nothing_moves_the_frame_is_the_photo_to_the_bit():
    photo, (vertices, values, triangles) = texture(2), sheet(2)
    values[:] = 0
    np.testing.assert_array_equal(native.Canvas(photo, triangles).warp(vertices, values), photo)
    values[60] = (1.3, 0.4, 0)
    frame = native.Canvas(photo, triangles).warp(vertices, values)
    still = np.ones(photo.shape[:2], bool)
    near = vertices[np.unique(triangles[(triangles == 60).any(axis=1)]), :2]
    low, high = np.floor(near.min(0)).astype(int), np.ceil(near.max(0)).astype(int) + 1
    still[low[1] : high[1], low[0] : high[0]] = False
    np.testing.assert_array_equal(frame[still], photo[still])
    assert apart(frame, photo) > 5


def test_a_frame_somebody_holds_is_never_written_again():
    photo, (vertices, values, triangles) = texture(3), sheet(3)
    canvas = native.Canvas(photo, triangles)
    held = [canvas.warp(vertices, values * share) for share in np.linspace(0, 1, 14, dtype=np.float32)]
    copies = [frame.copy() for frame in held]
    views = held[4][10:20]
    del held[4]
    for _ in range(5):
        canvas.warp(vertices, -values)
    np.testing.assert_array_equal(views, copies[4][10:20])
    for frame, copy in zip(held, copies[:4] + copies[5:], strict=True):
        np.testing.assert_array_equal(frame, copy)


@pytest.mark.parametrize("softness", [0.0, 0.4, 2.5])
@pytest.mark.parametrize("seed", range(3))
def test_masks_are_equal(seed: int, softness: float, plainly):
    polygon = np.random.default_rng(seed).uniform(-10, 90, (3 + 6 * seed, 2)).astype(np.float32)
    window = Window(0, 0, 80, 60)
    fast = coverage(polygon, window, softness)
    assert apart(fast, plainly(lambda: coverage(polygon, window, softness))) < 1 / 255
    assert fast.shape == (60, 80)


def test_a_mask_holds_the_area_of_its_outline(plainly):
    square = np.array([[10.25, 5.5], [30.75, 5.5], [30.75, 20.0], [10.25, 20.0]], np.float32)
    for mask in (
        coverage(square, Window(0, 0, 50, 40)),
        plainly(lambda: coverage(square, Window(0, 0, 50, 40))),
    ):
        assert mask.sum() == pytest.approx(20.5 * 14.5, rel=1e-5)
        # Pixel centres lie at whole numbers: the first column is covered from 10.25 to 10.5.
        assert mask[10, 10] == pytest.approx(0.25, abs=1e-5)
        assert mask[20, 20] == pytest.approx(0.5, abs=1e-5)


def test_layers_blend_equally(plainly):
    rng = np.random.default_rng(0)
    photo, window = texture(7), Window(20, 10, 90, 70)
    layer, shade = (
        rng.uniform(low, high, (60, 70, 3)).astype(np.float32) for low, high in ((-20, 280), (0.4, 1.1))
    )
    mask = coverage(rng.uniform(10, 80, (9, 2)), window, 1.5)

    def work() -> Image:
        frame = photo.copy()
        blend(window.view(frame), layer, mask, shade)
        soften_seam(window.view(frame), mask, 1.3)
        return frame

    fast = work()
    assert apart(fast, plainly(work)) <= 1
    outside = np.ones(photo.shape[:2], bool)
    window.view(outside)[:] = False
    np.testing.assert_array_equal(fast[outside], photo[outside])


def test_sprites_lie_equally(plainly):
    rng = np.random.default_rng(1)
    cover = cv2.GaussianBlur(rng.uniform(0, 1, (40, 50, 1)).astype(np.float32), (0, 0), 2)[..., None]
    sprite = np.dstack([rng.uniform(0, 255, (40, 50, 3)) * cover, cover]).astype(np.float32)
    affine = np.array([[1.1, 0.2, 12.3], [-0.15, 0.9, 20.7]])
    window = Window(5, 8, 85, 78)
    light = rng.uniform(0.5, 1, (70, 80, 3)).astype(np.float32)

    def work() -> np.ndarray:
        picture = np.full((70, 80, 3), 90, np.float32)
        lay(picture[10:60], sprite, (Window(5, 18, 85, 68), affine), light[10:60], 0.7)
        return picture

    assert window.width == 80
    assert apart(work(), plainly(work)) <= LEVELS


def test_steps_are_equal(plainly):
    values = np.linspace(-1, 2, 1001, dtype=np.float32)
    for low, high in ((0.1, 0.8), (0.9, 0.2)):
        steps = smoothstep(low, high, values)
        assert apart(steps, plainly(lambda: smoothstep(low, high, values))) < 1e-5  # noqa: B023
        assert smoothstep(low, high, 0.3) == pytest.approx(float(np.interp(0.3, values, steps)), abs=1e-5)


@pytest.mark.parametrize("size", [(60, 70), (21, 33), (1, 1)])
def test_tints_are_equal(size: tuple[int, int], plainly):
    shades = cv2.GaussianBlur(np.random.default_rng(4).integers(0, 256, size, dtype=np.uint8), (0, 0), 2)
    shades[: size[0] // 2] = creases.LEVEL
    photo, window = texture(8), Window(20, 10, 90, 70)

    def work() -> Image:
        frame = photo.copy()
        creases._tint(window.view(frame), shades)
        return frame

    fast = work()
    assert apart(fast, plainly(work)) <= 1
    assert apart(fast, photo) > 5
    outside = np.ones(photo.shape[:2], bool)
    window.view(outside)[:] = False
    np.testing.assert_array_equal(fast[outside], photo[outside])


@pytest.mark.parametrize("size", [(10, 6), (90, 122), (64, 8)])
def test_video_frames_are_equal(size: tuple[int, int], plainly):
    image = np.random.default_rng(3).integers(0, 256, (*size, 3), dtype=np.uint8)
    ours, theirs = video_frame(image), plainly(lambda: video_frame(image))
    assert (ours.colorspace, ours.color_range, ours.format.name) == (1, 1, "yuv420p")
    for a, b in zip(ours.planes, theirs.planes, strict=True):
        first, second = (np.frombuffer(p, np.uint8).reshape(p.height, -1)[:, : p.width] for p in (a, b))
        assert apart(first, second) <= 1


PLANE, PICTURE = np.zeros((4, 5), np.float32), np.zeros((4, 5, 3), np.uint8)
LAYER, SPRITE = np.zeros((4, 5, 3), np.float32), np.zeros((3, 3, 4), np.float32)
POLYGON = np.zeros((3, 2), np.float32)
TILES = np.zeros((1, 1), np.float32)
OVER = (PICTURE[..., 0], PICTURE, PICTURE, TILES, TILES)
MESH = (np.zeros((3, 3), np.float32), np.zeros((3, 3), np.float32), np.array([[0, 1, 2]], np.int32))


@pytest.mark.parametrize(
    "call",
    [
        lambda: native.Canvas(PICTURE[..., :2], MESH[2]),
        lambda: native.Canvas(PICTURE[:0], MESH[2]),
        lambda: native.Canvas(PICTURE, MESH[2][:, :2]),
        lambda: native.Canvas(PICTURE, MESH[2], threads=-1),
        lambda: native.Canvas(PICTURE, MESH[2], (PICTURE, 0.1, (0.0, 0.0))),
        lambda: native.Canvas(PICTURE, MESH[2], (PICTURE, 2.0, (np.nan, 0.0))),
        lambda: native.Canvas(PICTURE, MESH[2], None, (PICTURE, *OVER[1:])),
        lambda: native.Canvas(PICTURE, MESH[2], None, (OVER[0], PICTURE[:2], *OVER[2:])),
        lambda: native.Canvas(PICTURE, MESH[2], None, (*OVER[:2], PICTURE[:, :2], TILES, TILES)),
        lambda: native.Canvas(PICTURE, MESH[2], None, (*OVER[:3], PLANE, TILES)),
        lambda: native.Canvas(PICTURE, MESH[2], None, OVER).finish(PICTURE[:2]),
        lambda: native.Canvas(PICTURE, MESH[2]).warp(MESH[0] * np.nan, MESH[1]),
        lambda: native.Canvas(PICTURE, MESH[2]).warp(MESH[0], MESH[1] + np.inf),
        lambda: native.Canvas(PICTURE, MESH[2]).warp(MESH[0][:2], MESH[1][:2]),
        lambda: native.Canvas(PICTURE, MESH[2] + 9).warp(MESH[0], MESH[1]),
        lambda: native.cover(POLYGON[:, :1], (0, 0, 4, 4)),
        lambda: native.cover(POLYGON + np.nan, (0, 0, 4, 4)),
        lambda: native.cover(POLYGON, (0, 0, 10**6, 4)),
        lambda: native.cover(POLYGON, (0, 0, 4, 4), -1.0),
        lambda: native.blur(PLANE, np.nan),
        lambda: native.blur(PLANE, 1e9),
        lambda: native.blur(PLANE[0], 1.0),
        lambda: native.blend(LAYER, LAYER, PLANE),
        lambda: native.blend(PICTURE[:, :, ::-1], LAYER, PLANE),
        lambda: native.blend(PICTURE, LAYER[:2], PLANE),
        lambda: native.blend(PICTURE, LAYER, PLANE[:2]),
        lambda: native.blend(PICTURE, LAYER, PLANE, LAYER[:2]),
        lambda: native.soften_seam(PICTURE, PLANE[:, :2], 1.0),
        lambda: native.lay(LAYER, SPRITE[..., :3], [1.0, 0, 0, 0, 1, 0], LAYER),
        lambda: native.lay(LAYER, SPRITE, [np.nan, 0, 0, 0, 1, 0], LAYER),
        lambda: native.lay(LAYER, SPRITE, [1.0, 0, 0, 0, 1, 0], LAYER[:2]),
        lambda: native.lay(PICTURE, SPRITE, [1.0, 0, 0, 0, 1, 0], LAYER),
        lambda: native.tint(LAYER, PICTURE[..., 0], 128, [1.0, 1.0, 1.0]),
        lambda: native.tint(PICTURE, PICTURE, 128, [1.0, 1.0, 1.0]),
        lambda: native.tint(PICTURE, PICTURE[..., 0], 128, [1.0, np.nan, 1.0]),
        lambda: native.to_yuv420(PICTURE, PLANE, PLANE, PLANE),
        lambda: native.to_yuv420(PICTURE[:2, :4], *(np.zeros((2, 1), np.uint8),) * 3),
    ],
)
def test_what_does_not_fit_is_refused(call: Callable[[], Any]):
    with pytest.raises(ValueError, match=r"must|does not exist|too large"):
        call()


def test_read_only_pixels_are_not_written():
    frozen = PICTURE.copy()
    frozen.setflags(write=False)
    with pytest.raises(ValueError, match="writeable"):
        native.blend(frozen, LAYER, PLANE)


def test_empty_windows_are_empty():
    assert native.cover(POLYGON, (5, 5, 5, 9)).shape == (4, 0)
    native.blend(PICTURE[:0], LAYER[:0], PLANE[:0])
    native.lay(LAYER[:0], SPRITE, [1.0, 0, 0, 0, 1, 0], LAYER[:0])
