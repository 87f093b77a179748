"""Draw the sample avatars: ``python -m assets.avatars.draw [NAME ...]`` writes NAME.jpg beside this file."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from assets.avatars.canvas import features
from assets.avatars.cast import cast
from assets.avatars.people import Person
from assets.avatars.portrait import paint

HERE = Path(__file__).resolve().parent


def draw(person: Person, folder: Path) -> Path:
    """Paint one person into ``folder`` and return the file."""
    path = folder / f"{person.name}.jpg"
    Image.fromarray(paint(person)).save(path, quality=93, subsampling=0, optimize=True)
    return path


def known_features() -> dict[str, dict[str, list[float]]]:
    """Where the drawn features lie, in pixels, by avatar."""
    return {
        name: {part: [round(float(v), 1) for v in at] for part, at in features(person).items()}
        for name, person in cast().items()
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line."""
    people = cast()
    parser = argparse.ArgumentParser(prog="python -m assets.avatars.draw", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(people)}; all if none")
    parser.add_argument("--out", type=Path, default=HERE, help="folder for the pictures")
    parser.add_argument(
        "--features", action="store_true", help="print where eyes and mouth lie and draw nothing"
    )
    options = parser.parse_args(arguments)
    unknown = [name for name in options.names if name not in people]
    if unknown:
        parser.error(f"There is no avatar called {unknown[0]}: choose among {', '.join(people)}.")
    if options.features:
        print(json.dumps(known_features(), indent=1))
        return 0
    for name in options.names or people:
        print(draw(people[name], options.out))
    return 0


if __name__ == "__main__":
    sys.exit(main())
