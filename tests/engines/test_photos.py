"""Every kind of picture that people bring is read upright and in colour, or refused with one sentence."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from engines.errors import StudioError
from engines.photos import inspect_photo, make_portrait, read_photo


def sentence_of(path) -> str:
    with pytest.raises(StudioError) as caught:
        read_photo(path)
    message = str(caught.value)
    assert "\n" not in message
    assert message.endswith(".")
    return message


def test_exif_rotation_is_undone(photo, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # rotate 90 degrees clockwise to view
    Image.fromarray(np.rot90(photo)).save(tmp_path / "turned.jpg", exif=exif, quality=95)
    assert np.abs(read_photo(tmp_path / "turned.jpg").astype(int) - photo).mean() < 3


def test_cmyk_keeps_its_colours(photo, tmp_path):
    Image.fromarray(photo).convert("CMYK").save(tmp_path / "print.jpg", quality=95)
    assert np.abs(read_photo(tmp_path / "print.jpg").astype(int) - photo).mean() < 4


def test_transparent_parts_become_white(tmp_path):
    picture = np.zeros((40, 40, 4), np.uint8)
    picture[:20] = (10, 200, 30, 255)
    Image.fromarray(picture).save(tmp_path / "cut.png")
    rgb = read_photo(tmp_path / "cut.png")
    assert tuple(rgb[5, 5]) == (10, 200, 30)
    assert tuple(rgb[35, 5]) == (255, 255, 255)


def test_grey_of_16_bits_is_not_clipped_to_white(tmp_path):
    ramp = np.tile(np.linspace(0, 65535, 64).astype(np.uint16), (64, 1))
    Image.fromarray(ramp).save(tmp_path / "deep.png")
    rgb = read_photo(tmp_path / "deep.png")
    assert 120 < rgb[0, 32].mean() < 135


@pytest.mark.parametrize("name", ["empty.png", "text.jpg", "video.png", "cut.jpg", "missing.png"])
def test_what_is_no_whole_picture_is_refused(name, photo, tmp_path):
    whole = io.BytesIO()
    Image.fromarray(photo).save(whole, "JPEG")
    contents = {
        "empty.png": b"",
        "text.jpg": b"This is no picture.",
        "video.png": b"\x00\x00\x00\x20ftypisom" + b"\x00" * 200,
        "cut.jpg": whole.getvalue()[: len(whole.getvalue()) // 3],
    }
    if name in contents:
        (tmp_path / name).write_bytes(contents[name])
    message = sentence_of(tmp_path / name)
    assert "video" in message or name != "video.png"


def test_hundred_megapixels_are_refused_before_they_are_decoded(tmp_path):
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 10000, 10000, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    (tmp_path / "huge.png").write_bytes(bomb + chunk(b"IEND", b""))
    assert "100 megapixels" in sentence_of(tmp_path / "huge.png")


def test_the_report_says_what_is_wrong(photo, faceless):
    assert inspect_photo(photo).problem is None
    assert "No face" in (inspect_photo(read_photo(faceless)).problem or "")
    tiny = np.asarray(Image.fromarray(photo).resize((330, 330), Image.Resampling.LANCZOS))
    assert "pixels wide" in (inspect_photo(tiny).problem or "")


def test_the_portrait_has_even_sides_and_scaled_points(photo):
    portrait = make_portrait(photo, 0, 301)
    assert portrait.rgb.shape[0] % 2 == portrait.rgb.shape[1] % 2 == 0
    full = make_portrait(photo, 0, None)
    ratio = portrait.landmarks[:, :2] / full.landmarks[:, :2]
    assert np.allclose(ratio, portrait.rgb.shape[0] / 512, atol=0.01)


def test_a_face_that_is_not_there_cannot_be_chosen(photo):
    with pytest.raises(StudioError, match="1 face"):
        make_portrait(photo, 3, None)


def test_a_size_at_which_nothing_can_be_seen_is_refused(photo):
    with pytest.raises(StudioError, match="larger size"):
        make_portrait(photo, 0, 128)
