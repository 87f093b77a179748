"""Where the animator says the face is, it is."""

import numpy as np
import pytest

from engines.facemesh import FacemeshOptions
from engines.facemesh.anatomy import FACE_OVAL
from engines.facemesh.animator import FacemeshAnimator
from engines.facemesh.boxes import face_boxes
from engines.facemesh.deform import deformer_from_arrays
from tests.engines.facemesh.conftest import motion_of

POSES = np.random.default_rng(3).normal(0, (9, 6, 5, 0.1, 0.1, 0.3), (24, 6)).astype(np.float32)


def extent(points):
    return [*points[:, :2].min(0), *points[:, :2].max(0)]


def test_boxes_hold_the_outline_of_every_frame(prepared):
    deformer = deformer_from_arrays(prepared)
    found = face_boxes(deformer, POSES)
    still, oval = np.zeros(52, np.float32), list(FACE_OVAL)
    for box, pose in zip(found, POSES, strict=True):
        drawn = deformer.deform(still, pose, 1.0)
        assert box == pytest.approx(extent(drawn.head.apply(deformer.solid[oval])), abs=0.01)
        # The lips of this photo are closed when they rest, which raises the chin.
        assert box == pytest.approx(extent(drawn.vertices[oval]), abs=0.04 * float(box[2] - box[0]))


def test_a_stream_carries_its_boxes(prepared):
    motion = motion_of(*[{}] * len(POSES), poses=POSES)
    whole = FacemeshAnimator().animate(prepared, motion, FacemeshOptions())
    assert whole.faces.shape == (len(POSES), 4)
    later = FacemeshAnimator().animate(prepared, motion.cut(7), FacemeshOptions())
    np.testing.assert_array_equal(later.faces, whole.faces[7:])
