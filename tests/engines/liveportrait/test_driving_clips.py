"""A clip of a face becomes motion: the face is followed, cut out and read, and what cannot be used is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from engines.errors import Cancelled, StudioError
from engines.faces import find_faces
from engines.liveportrait.driving import SIDE, read_motion
from engines.liveportrait.network import MotionExtractor
from engines.progress import Watch
from engines.types import Image
from tests.clip_makers import read_frames, write_clip


def eyes_and_place(images: Any) -> dict[str, Any]:
    """Stands for the motion extractor, whose weights tests have not: it says where the face is in its picture,
    in the network's units (the picture is 2 wide), and how large, from our own face finder."""
    places, sizes = [], []
    for image in images:
        points = find_faces(image)[0].landmarks[:, :2]
        places.append([*((points.mean(0) / SIDE * 2) - 1), 0.0])
        sizes.append([np.ptp(points[:, 0]) / SIDE * 2])
    count = len(images)
    turned = np.full((count, 66), -50.0)
    turned[:, 34] = 0.0  # 4.5 degrees
    angles = dict.fromkeys(("pitch", "yaw", "roll"), turned)
    return {**angles, "t": np.array(places), "scale": np.array(sizes), "exp": np.zeros((count, 63))}


@pytest.fixture(scope="module")
def walking(tmp_path_factory: pytest.TempPathFactory, photo: Image) -> Path:
    """The astronaut's face goes to the left and comes nearer, in a landscape: 16 frames."""
    frames = []
    for step in range(16):
        size, left = 1 + 0.02 * step, 240 - 9.0 * step
        move = np.array([[size, 0, left - 100 * size], [0, size, -40 * size]])
        frames.append(np.asarray(cv2.warpAffine(photo, move, (640, 360))))
    return write_clip(tmp_path_factory.mktemp("walk") / "walk.mp4", frames)


def test_a_walking_person_is_followed_and_what_they_went_is_in_the_motion(walking: Path) -> None:
    motion = read_motion(walking, eyes_and_place, Watch())
    assert len(motion) == 16
    truth = [find_faces(frame)[0].landmarks[:, :2] for frame in read_frames(walking)]
    centres = np.array([points.mean(0) for points in truth])
    widths = np.array([np.ptp(points[:, 0]) for points in truth])
    unit = (motion.scale / widths).mean()  # of the cut that stands still, for a pixel
    assert np.abs(motion.scale / unit / widths - 1).max() < 0.04
    went = (motion.translation[:, :2] - motion.translation[0, :2]) / unit
    assert np.abs(went - (centres - centres[0])).max() < 4.0, "of a hundred pixels that the face goes"
    assert np.allclose(motion.rotation, 4.5, atol=1e-3)


def test_a_talking_head_is_cut_out_at_one_place_and_its_lips_are_measured(talking_clip: Path) -> None:
    seen: list[Any] = []

    def watch_pictures(images: Any) -> dict[str, Any]:
        """Stands for the motion extractor; keeps its pictures."""
        seen.extend(images)
        count = len(images)
        heads = dict.fromkeys(("pitch", "yaw", "roll"), np.zeros((count, 66)))
        return {**heads, "t": np.zeros((count, 3)), "scale": np.ones((count, 1)), "exp": np.zeros((count, 63))}

    reports: list[float] = []
    watch = Watch(lambda stage, fraction: reports.append(fraction) if stage == "rehearse" else None)
    motion = read_motion(talking_clip, watch_pictures, watch)
    assert len(motion) == len(seen) == len(read_frames(talking_clip))
    assert motion.fps == 25
    assert np.ptp(motion.translation) < 1e-9, "a cut that stands still adds nothing"
    assert np.ptp(motion.lips) > 0.15
    assert 0.15 < np.median(motion.eyes) < 0.6
    face = find_faces(np.asarray(seen[0]))[0]
    assert 0.32 < face.box[2] / SIDE < 0.6
    assert reports == sorted(reports)
    assert reports[-1] > 0.9


def test_the_network_itself_reads_a_clip(talking_clip: Path, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "short.mp4", read_frames(talking_clip)[:6])
    torch.manual_seed(0)
    network = MotionExtractor().eval()

    def extract(images: Any) -> dict[str, Any]:
        batch = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255
        with torch.no_grad():
            return {name: part.numpy() for name, part in network(batch).items()}

    motion = read_motion(clip, extract, Watch())
    assert motion.expression.shape == (6, 21, 3)
    assert motion.rotation.shape == motion.translation.shape == (6, 3)
    assert np.isfinite(motion.expression).all()
    assert motion.eyes is not None
    assert len(motion.eyes) == 6


def test_clips_that_cannot_drive_are_refused_in_a_sentence(
    tmp_path: Path, photo: Image, talking_clip: Path, photo_file: Path
) -> None:
    empty = np.full((200, 320, 3), 90, np.uint8)
    face = np.ascontiguousarray(photo[:360])
    far = cv2.resize(photo, (300, 300), interpolation=cv2.INTER_AREA)
    tiny = np.full((360, 360, 3), 120, np.uint8)
    tiny[:300, :300] = far
    elsewhere = np.full((360, 512, 3), 20, np.uint8)
    elsewhere[:, :300] = photo[:360, 100:400]
    cases = {
        "No face": [empty] * 8,
        "another shot": [face] * 8 + [elsewhere] * 8,
        "out of sight": [face] * 8 + [np.zeros_like(face)] * 20 + [face] * 8,
        "smaller": [tiny] * 8,
    }
    for word, frames in cases.items():
        clip = write_clip(tmp_path / f"{word}.mp4", frames)
        with pytest.raises(StudioError, match=word) as error:
            read_motion(clip, eyes_and_place, Watch())
        assert "\n" not in str(error.value)
    with pytest.raises(StudioError, match="not a video"):
        read_motion(photo_file, eyes_and_place, Watch())
    watch = Watch()
    watch.cancel()
    with pytest.raises(Cancelled):
        read_motion(talking_clip, eyes_and_place, watch)
