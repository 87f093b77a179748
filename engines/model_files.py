"""Which of an engine's model files is used, and what to say if there is none. Imports nothing heavy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from engines.errors import StudioError
from engines.registry import Readiness
from engines.weights import weight_mark, weight_store

LIBRARIES = ("torch", "safetensors")
BEST = "best"
"""The choice that comes down to the first of the others whose file is there."""


@dataclass(frozen=True)
class ModelFiles:
    """The model files of the engine ``title``, of which one is enough.

    ``weights``: names in models/weights.toml by the names of the choice, best first. ``suggested``: the choice
    that people are told of who have none.
    """

    title: str
    weights: Mapping[str, str]
    suggested: str

    @property
    def no_libraries(self) -> str:
        """The sentence where the libraries are missing."""
        return (
            f"{self.title} needs torch and safetensors, which are not installed: start ./run.sh --full once, "
            "or run pip install -r requirements-neural.txt."
        )

    def readiness(self, choice: str) -> Readiness:
        """Whether the libraries and a model file are there, and which one."""
        if any(find_spec(name) is None for name in LIBRARIES):
            return Readiness(self.no_libraries)
        name = self.chosen(choice)
        return Readiness(variant=self._variant(name)) if name else Readiness(self._absent(choice))

    def chosen(self, choice: str) -> str:
        """What ``choice`` comes down to; "" if its file is not there."""
        names = self.weights if choice == BEST else (choice,)
        return next((name for name in names if self._file(name)), "")

    def find(self, choice: str) -> tuple[str, Path]:
        """What ``choice`` comes down to and where its checked file lies; raises StudioError if it is absent."""
        name = self.chosen(choice)
        path = self._file(name) if name else None
        if path is None:
            raise StudioError(self.readiness(choice).problem)
        return name, path

    def _variant(self, name: str) -> str:
        """``name``, with a mark of its file where another one may lie under that name."""
        return " ".join(filter(None, (name, weight_mark(self.weights[name]))))

    def _file(self, name: str) -> Path | None:
        try:
            return weight_store().path(self.weights[name])
        except StudioError:
            return None

    def _absent(self, choice: str) -> str:
        """The sentence about a file that is not there, or that is damaged."""
        store = weight_store()
        weight = store.weight(self.weights[self.suggested if choice == BEST else choice])
        path = store.folder / weight.file
        start = f"{self.title} needs the model file {path.name}, which does not come with the studio"
        start += f" ({weight.licence})"
        if path.is_file():
            start = f"The model file {path.name} of {self.title} is damaged or another one"
        tab = "" if weight.source.kind == "by-hand" else "download it on the Engines tab, or "
        return f"{start}: {tab}save {weight.source.where} as {path}."
