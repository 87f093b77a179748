"""How the points of a face move from one rendered picture to another, seen by two trackers that know nothing of
the mesh that moved them: a network that finds 468 points in a picture, and dense optical flow.

The network takes faces for even: it sees little of what one side does alone, or of lips that roll in. Flow sees
both, but not what opens or shuts.
"""

from __future__ import annotations

import cv2
import numpy as np

from engines.facemesh.anatomy import POINTS, FaceFrame, Floats
from engines.faces import Face, face_finder
from engines.types import Float32, Image
from studio.benches.shapes_gallery import NEUTRAL, Gallery, start_of
from studio.benches.shapes_seen import RIGID

FLOW_IOD = 200
"""Flow is measured on pictures with this many px between the outer eye corners."""
MARGIN = 0.3
"""Shown around the face for it, iod."""


def mesh_motion(gallery: Gallery) -> dict[str, Floats]:
    """(468, 2) iod for each shape: motion of the points that the face network finds, the head's taken out."""
    found = {name: _tracked(picture, gallery) for name, picture in gallery.pictures.items()}
    local = {name: gallery.frame.to_local(points) for name, points in found.items()}
    return {
        name: _steadied(local[name], local[start_of(name)]) - local[start_of(name)][:, :2] for name in found
    }


def _tracked(picture: Image, gallery: Gallery) -> Float32:
    return face_finder().track(picture, Face(gallery.landmarks, 1.0)).landmarks


def _steadied(points: Floats, still: Floats) -> Floats:
    """(468, 2): ``points`` moved so that what no shape moves lies as in ``still``: least squares, affine."""
    rigid = list(RIGID)
    padded = np.column_stack([points[:, :2], np.ones(POINTS)])
    fit = np.linalg.lstsq(padded[rigid], still[rigid, :2], rcond=None)[0]
    return np.asarray(padded @ fit)


def pixel_motion(gallery: Gallery) -> dict[str, Floats]:
    """(468, 2) iod for each shape: where the pixels at the neutral face's points go (DIS, Kroeger 2016)."""
    place = _close_up(gallery)
    grey = {name: _grey(picture, place) for name, picture in gallery.pictures.items()}
    start = _tracked(gallery.pictures[NEUTRAL], gallery)[:, :2]
    points = (start @ place[:, :2].T + place[:, 2]).astype(np.float32)
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    moved = {name: flow.calc(grey[NEUTRAL], picture, np.empty(0)) for name, picture in grey.items()}
    return {name: _at(np.asarray(field, np.float32), points, gallery.frame) for name, field in moved.items()}


def _close_up(gallery: Gallery) -> Float32:
    """(2, 3): photo px -> px of a picture of the face alone."""
    scale = FLOW_IOD / gallery.frame.iod
    corner = gallery.landmarks[:, :2].min(0) - MARGIN * gallery.frame.iod
    return np.column_stack([np.eye(2) * scale, -corner * scale]).astype(np.float32)


def _grey(picture: Image, place: Float32) -> Image:
    side = round(FLOW_IOD * 2.6)
    flags = cv2.INTER_AREA if place[0, 0] < 1 else cv2.INTER_CUBIC
    return np.asarray(
        cv2.cvtColor(cv2.warpAffine(picture, place, (side, side), flags=flags), cv2.COLOR_RGB2GRAY)
    )


def _at(field: Float32, points: Float32, frame: FaceFrame) -> Floats:
    """(468, 2) iod along the face's axes: a field (h, w, 2) of motions in px at some points."""
    x, y = (points[:, i : i + 1].astype(np.float32) for i in (0, 1))
    here = cv2.remap(field, x, y, cv2.INTER_LINEAR)[:, 0]
    return np.asarray(here @ frame.axes[:2, :2].T / FLOW_IOD)
