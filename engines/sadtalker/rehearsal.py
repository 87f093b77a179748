"""All that is known before the first frame: the photo in the networks' eyes, and where its keypoints go."""

from __future__ import annotations

import numpy as np

from engines.sadtalker.driving import driving_keypoints
from engines.sadtalker.known import KnownPhoto
from engines.sadtalker.notes import notes_on
from engines.sadtalker.performance import Performance
from engines.sadtalker.stand import Stand
from engines.stages import Given
from engines.types import Arrays

VOLUME, SOURCE, DRIVING, NOTES = "volume", "source", "driving", "notes"


def rehearsed(prepared: Arrays, given: Given, stand: Stand) -> Arrays:
    """VOLUME and SOURCE: the photo's features and keypoints. DRIVING (T, 15, 3): where those go, 25 times a
    second. NOTES: sentences."""
    stand.report(0.0)
    photo, performance = KnownPhoto(prepared, given.options, stand), Performance(given, stand)
    features = photo.features

    def make() -> Arrays:
        coefficients = performance.coefficients(photo.coefficients)
        networks, canonical = stand.networks(), features["canonical"]
        made = driving_keypoints(networks, canonical, coefficients, performance.angles, stand)
        return {"keypoints": made}

    driving = stand.keep("motion", ("driving", *photo.place, *performance.parts), make)
    notes = "\n".join(notes_on(given, stand.device))
    return {
        VOLUME: features["volume"],
        SOURCE: features["source"],
        DRIVING: driving["keypoints"],
        NOTES: np.frombuffer(notes.encode(), np.uint8),
    }
