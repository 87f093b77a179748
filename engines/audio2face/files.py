"""Which model is used, where its folder lies, and what to say if it is not there. Imports nothing heavy."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

from engines.audio2face import FACES, GROUPS, Audio2FaceOptions
from engines.audio2face.pointers import is_pointer
from engines.errors import StudioError
from engines.registry import Cost, Readiness
from engines.weights import WeightStore, problem_of, weight_mark, weight_store

LIBRARIES = ("onnxruntime",)
NO_LIBRARIES = (
    "Audio2Face needs onnxruntime, which is not installed: start ./run.sh --full once, or run "
    "pip install -r requirements-neural.txt."
)
EMOTION = "emotion"
REGRESSION_GMAC, DIFFUSION_GMAC, EMOTION_GMAC = 2.0, 35.0, 130.0
"""A frame of a regression network; a second of the diffusion network and of Audio2Emotion."""


@dataclass(frozen=True)
class Choice:
    """A face to speak with: the group of its files, and which of a group's faces it is, "" for the only one."""

    group: str
    face: str = ""


CHOICES = {
    **{f"{face.lower()}_v3": Choice("v3", face) for face in FACES},
    **{name: Choice(name) for name in ("mark", "claire", "james")},
}
"""Best first."""


def readiness(options: Audio2FaceOptions) -> Readiness:
    """Whether the libraries and all files of a model are there, and which model."""
    if any(find_spec(name) is None for name in LIBRARIES):
        return Readiness(NO_LIBRARIES)
    name = chosen(options)
    if not name:
        return Readiness(problem_with(_suggested(options)))
    emotion = "" if options.emotions == "chosen" else problem_with(Choice(EMOTION))
    return Readiness(emotion, variant=f"{name} {_mark(CHOICES[name])}")


def cost(options: Audio2FaceOptions, _lips_follow: bool) -> Cost:
    """Of a second of speech at 25 frames, reckoned from the sizes of the layers that are published."""
    face = DIFFUSION_GMAC if (chosen(options) or options.model).endswith("v3") else 25 * REGRESSION_GMAC
    return Cost(second=face + (0.0 if options.emotions == "chosen" else EMOTION_GMAC))


def chosen(options: Audio2FaceOptions) -> str:
    """The choice that ``options`` come down to; "" if its files are not there."""
    names = CHOICES if options.model == "best" else (options.model,)
    return next((name for name in names if not problem_with(CHOICES[name])), "")


def folder_of(group: str) -> Path:
    """Where the files of a group belong."""
    store = weight_store()
    return store.target_of(store.weight(f"audio2face.{group}.model")).parent


def problem_with(choice: Choice) -> str:
    """What is wrong with the first file that ``choice`` needs and that is not right, as a sentence, or ""."""
    store = weight_store()
    problems = (_problem(store, name) for name in files_of(choice))
    first = next(filter(None, problems), "")
    return f"{first}: {_remedy(store, choice.group)}." if first else ""


def files_of(choice: Choice) -> tuple[str, ...]:
    """The names in models/weights.toml of what ``choice`` needs: files of other faces of its group are none."""
    others = tuple(f"_{face}" for face in FACES if choice.face and face != choice.face)
    return tuple(
        f"audio2face.{choice.group}.{n}" for n in GROUPS[choice.group] if not n.endswith(others or "\0")
    )


def _problem(store: WeightStore, name: str) -> str:
    weight = store.weight(name)
    path = store.target_of(weight)
    if not path.exists():
        return f"Audio2Face needs the {path.name} of {path.parent.name}, which does not come with the studio"
    if is_pointer(path):
        return f"{path} is a Git LFS pointer, not the file itself"
    return problem_of(path, weight)


def _remedy(store: WeightStore, group: str) -> str:
    first = store.weight(f"audio2face.{group}.model")
    folder = store.target_of(first).parent
    by_hand = f"put the repository nvidia/{folder.name} of the Hugging Face Hub into {folder}"
    if first.source.kind == "by-hand":
        return f"accept its licence there and {by_hand}"
    return f"run 'launch.py engines download audio2face.{group}', or {by_hand} ({first.licence})"


def _suggested(options: Audio2FaceOptions) -> Choice:
    """What to ask for: the chosen model, or the one that somebody has begun to fetch, or the smallest."""
    if options.model != "best":
        return CHOICES[options.model]
    begun = (choice for choice in CHOICES.values() if folder_of(choice.group).is_dir())
    return next(begun, Choice("mark"))


def _mark(choice: Choice) -> str:
    """What tells the files of ``choice`` from others of the same names."""
    marks = "".join(weight_mark(name) for name in files_of(choice))
    return sha256(marks.encode()).hexdigest()[:8]


def require(options: Audio2FaceOptions) -> tuple[Choice, str]:
    """The choice to use, and its name with a mark of its files; raises StudioError saying what is missing."""
    found = readiness(options)
    if found.problem:
        raise StudioError(found.problem)
    return CHOICES[found.variant.split()[0]], found.variant
