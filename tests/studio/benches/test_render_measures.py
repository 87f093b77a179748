"""The measures of the render bench, on curves and pictures whose figures are known."""

from __future__ import annotations

from dataclasses import astuple

import numpy as np
import pytest

from studio.benches import render_measures as measures
from studio.benches.render_figures import AIMS, EXTRA, FaceFigures
from studio.benches.render_judge import SOUND_RATE
from studio.benches.render_table import format_faces, summary
from studio.benches.render_takes import CLICKS, click_lags, clicking
from studio.benches.render_tracker import Seen, looking_box

FPS = 25.0
SPANS = ((0.61, 0.70), (1.32, 1.40), (1.93, 2.05), (3.10, 3.19), (3.62, 3.70), (4.55, 4.66))


@pytest.fixture
def times():
    return np.arange(150) / FPS


@pytest.fixture
def planned(times):
    """Lips that are open but for SPANS."""
    return 0.1 * (1 - measures.shut_curve(SPANS, times)) * (1 + 0.3 * np.sin(5 * times))


def test_half_the_opening_is_half_the_slope(planned):
    assert astuple(measures.fit(planned, planned)) == pytest.approx((1.0, 1.0, 0.0), abs=1e-6)
    assert astuple(measures.fit(planned, 0.5 * planned + 0.02)) == pytest.approx((1.0, 0.5, 0.02), abs=1e-6)


def test_frames_without_a_face_are_left_out(planned):
    tracked = planned.copy()
    tracked[10:14] = np.nan
    assert measures.fit(planned, tracked).r == pytest.approx(1.0)


@pytest.mark.parametrize("late", [-0.08, 0.0, 0.02, 0.08])
def test_lips_that_come_late_are_found_out(times, planned, late):
    seen = np.interp(times - late, times, planned)
    assert measures.lips_lag(times, seen, SPANS) == pytest.approx(late, abs=0.01)


def test_sound_that_comes_late_is_found_out():
    told = np.random.default_rng(2).standard_normal(SOUND_RATE).astype(np.float32)
    heard = np.concatenate([np.zeros(208, np.float32), told])
    assert measures.sound_lag(told, heard, SOUND_RATE) == pytest.approx(0.013)
    assert measures.sound_lag(heard, told, SOUND_RATE) == pytest.approx(-0.013)


@pytest.mark.parametrize("late", [-0.06, 0.0, 0.06])
def test_clicks_and_the_mouths_that_belong_to_them(late):
    part = clicking()
    seen_at = np.arange(len(part.motion)) / FPS
    opened = np.interp(seen_at - late, seen_at, part.weights("jawOpen"))
    seen = Seen(np.zeros((2, len(seen_at), 478, 3), np.float32), seen_at, part.sound(), 0.0)
    lags = click_lags(seen, opened)
    assert len(lags) == len(CLICKS)
    np.testing.assert_allclose(lags, late, atol=0.012)


def face(lips: float, lids: float) -> np.ndarray:
    """(2, 478, 3): eye corners 100 px apart, lips and lids as far as given; turned in the second frame."""
    points = np.zeros((478, 3))
    points[[33, 133, 362, 263], 0] = (0, 30, 70, 100)
    points[14, 1] = lips
    for upper, lower in measures.LIDS:
        points[upper, :2], points[lower, :2] = (10, 0), (10, lids)
    turned = points @ np.array([[0.8, 0, 0.6], [0, 1, 0], [-0.6, 0, 0.8]])
    return np.stack([points, turned])


def test_lips_and_lids_are_measured_against_the_face():
    np.testing.assert_allclose(measures.opening(face(25, 9)), [0.25, 0.25], atol=1e-6)
    np.testing.assert_allclose(measures.eye_openness(face(25, 9)), [0.3, 0.3], atol=1e-6)


def test_likeness_counts_only_within_the_mask():
    photo = np.full((60, 80, 3), 100, np.uint8)
    frame = photo.copy()
    frame[:, :40] += 10
    left = np.zeros((60, 80), bool)
    left[:, :40] = True
    assert measures.likeness(photo, frame, left) == pytest.approx(20 * np.log10(25.5))
    assert measures.likeness(photo, frame, ~left) == 99.0
    assert measures.farthest(photo, frame, left) == 10
    assert measures.farthest(photo, frame, ~left) == 0


def test_the_mask_of_a_face_grows_about_its_middle():
    square = np.array([[30, 30, 0], [50, 30, 0], [50, 50, 0], [30, 50, 0]], np.float32)
    assert measures.face_mask(square, (80, 80)).sum() == 21 * 21
    grown = measures.face_mask(square, (80, 80), 2.0)
    assert grown[20:61, 20:61].all()
    assert grown.sum() == 41 * 41
    assert looking_box(square, (80, 60)) == (12, 12, 60, 68)


def figures(**wrong: float) -> dict[str, float]:
    """Figures that meet every aim but for those given."""
    good = {name: max(min(aim.high, 100.0), aim.low) for name, aim in AIMS.items()}
    return good | dict.fromkeys(EXTRA, 0.0) | wrong


def test_the_table_begins_with_the_worst_face_and_marks_what_it_misses():
    faces = [
        FaceFigures("fine", figures()),
        FaceFigures("stiff", figures(slope=0.4, r=0.9)),
        FaceFigures("unseen", figures(r=float("nan"), sync=float("nan"), blink=0.2)),
    ]
    rows = format_faces(faces).splitlines()
    assert [row.split()[0] for row in rows[1:]] == ["unseen", "stiff", "fine", "mean"]
    assert "lost!" in rows[1]
    assert "0.40!" in rows[2]
    assert "!" not in rows[3]
    found = {row.name: row for row in summary(faces)}
    assert found["slope, mean"].value == pytest.approx((2 * AIMS["slope"].high + 0.4) / 3)
    assert found["r, mean"].value == pytest.approx((100.0 + 0.9) / 2)
