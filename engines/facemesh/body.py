"""The person of a photo as a layer of its own, and what stands behind them."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engines import background
from engines.errors import StudioError
from engines.facemesh.anatomy import FaceFrame
from engines.facemesh.layers import Layer, mixed
from engines.matte import person_matte
from engines.types import Arrays, Float32, Image, Portrait

if TYPE_CHECKING:
    from engines.facemesh import FacemeshOptions

UNCLEAR = "The person could not be told clearly from the background"


def matte_arrays(portrait: Portrait, bare: Image, iod: float) -> Arrays:
    """What ``make_layer`` needs, as plain arrays; ``portrait`` with glasses, if there are any, ``bare``
    (H, W, 3) without."""
    matte = person_matte(portrait)
    arrays: Arrays = {
        "matte.photo": np.ascontiguousarray(portrait.rgb),
        "matte.alpha": np.round(255 * matte.alpha).astype(np.uint8),
        "matte.behind": background.fill_behind(portrait.rgb, matte.alpha, iod),
        "matte.found": np.array(matte.found),
        "matte.trusted": np.array(matte.trusted),
    }
    return {**arrays, **_lifted(arrays, bare, iod)} if matte.trusted else arrays


def _lifted(arrays: Arrays, bare: Image, iod: float) -> Arrays:
    """The person over the background of their own photo: made once, as most clips have it."""
    alpha = arrays["matte.alpha"].astype(np.float32) / np.float32(255)
    photo = arrays["matte.photo"]
    share, colours, behind = background.lifted(photo, alpha, arrays["matte.behind"], iod)
    changed = (photo != bare).any(2) & (alpha >= 1)
    colours[changed] = bare[changed]
    return {"lifted.alpha": _bytes(share), "lifted.colours": colours, "lifted.behind": behind}


def make_layer(arrays: Arrays, options: FacemeshOptions) -> Layer | None:
    """The person over the background that ``options`` ask for; None where the photo stays in one piece."""
    if options.background == "photo" or not arrays["matte.found"]:
        return None
    if options.background == "still":
        return _over_own_background(arrays) if arrays["matte.trusted"] else None
    return _over_another(arrays, options, FaceFrame.from_arrays(arrays, "body.frame.").iod)


def _over_own_background(arrays: Arrays) -> Layer:
    colours, alpha, behind = (arrays[f"lifted.{name}"] for name in ("colours", "alpha", "behind"))
    return Layer(colours, alpha, behind, arrays["matte.photo"])


def _over_another(arrays: Arrays, options: FacemeshOptions, iod: float) -> Layer:
    bytes_ = arrays["matte.alpha"]
    alpha, behind = bytes_.astype(np.float32) / np.float32(255), arrays["matte.behind"]
    whole, bare = (background.foreground(arrays[name], alpha, behind) for name in ("matte.photo", "body.photo"))
    if options.background == "transparent":
        return Layer(bare, bytes_, None, np.dstack([whole, bytes_]))
    height, width = bytes_.shape
    scenes = {
        "blurred": partial(background.blurred, behind, iod),
        "colour": partial(background.plain, options.background_colour, width, height),
        "picture": partial(_chosen_picture, options.background_picture, width, height),
    }
    scene = scenes[options.background]()
    return Layer(bare, bytes_, scene, mixed(whole, bytes_, scene))


def background_note(arrays: Arrays, options: FacemeshOptions) -> str | None:
    """What to tell the user about the background; raises StudioError where the wanted one cannot be."""
    if options.background == "picture" and not options.background_picture:
        raise StudioError("Choose the picture that should stand behind the person.")
    if options.background == "photo" or arrays["matte.trusted"]:
        return None
    if options.background == "still":
        return f"{UNCLEAR}, which therefore bends a little with them."
    if not arrays["matte.found"]:
        raise StudioError(
            "The person in this photo could not be told from the background; keep the background of the photo."
        )
    return f"{UNCLEAR}; look at the edges of the hair."


def _chosen_picture(path: str, width: int, height: int) -> Image:
    from engines.photos import read_photo

    return background.covering(read_photo(Path(path)), width, height)


def _bytes(share: Float32) -> NDArray[np.uint8]:
    return np.asarray(np.round(255 * share), np.uint8)
