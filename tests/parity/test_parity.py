"""Networks and functions compute what the official ones do.

With VISEMA_PARITY_KIT set to a folder of more such documents (golden/*.json), those of what we have run as
well.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.parity.functions import FUNCTIONS
from tests.parity.kit import arguments, error_of, errors, filled, made
from tests.parity.networks import NETWORKS

HERE = Path(__file__).parent
KIT = "VISEMA_PARITY_KIT"


def documents() -> Iterator[Any]:
    """Every document, the kit's in place of ours where there is a kit."""
    found = {path.stem: path for path in sorted((HERE / "golden").glob("*.json"))}
    if os.environ.get(KIT):
        found |= {path.stem: path for path in sorted((Path(os.environ[KIT]) / "golden").glob("*.json"))}
    yield from (json.loads(path.read_text("utf-8")) for path in found.values())


def networks() -> list[Any]:
    known = [document for document in documents() if document.get("network") in NETWORKS]
    return [pytest.param(document, id=document["network"]) for document in known]


def functions() -> Iterator[Any]:
    for document in documents():
        for name, entry in document.get("functions", {}).items():
            if name in FUNCTIONS:
                for index, case in enumerate(entry["cases"]):
                    yield pytest.param(name, case, entry["tolerance"], id=f"{name}-{index}")


@pytest.mark.parametrize("document", networks())
def test_network(document: Any) -> None:
    module = NETWORKS[document["network"]]().eval()
    module.load_state_dict(filled(module, document), strict=True)
    seen: dict[str, torch.Tensor] = {}
    parts = dict(module.named_modules())
    for case in document["cases"]:
        watched = [name for name in case.get("inner", {}) if name in parts]
        hooks = [parts[name].register_forward_hook(partial(_keep, seen, name)) for name in watched]
        inputs = [_tensors(made(entry["value"])) for entry in case["inputs"]]
        with torch.no_grad():
            results = module(*inputs, **case["options"])
        inner = {name: error_of(value.double().numpy(), case["inner"][name]) for name, value in seen.items()}
        found = {**errors(results, case["outputs"]), **inner}
        assert {name: error for name, error in found.items() if error > document["tolerance"]} == {}
        for hook in hooks:
            hook.remove()


def _tensors(made: Any) -> Any:
    if isinstance(made, dict):
        return {name: torch.from_numpy(value) for name, value in made.items()}
    return torch.from_numpy(made)


def _keep(seen: dict[str, torch.Tensor], name: str, _module: Any, _inputs: Any, out: torch.Tensor) -> None:
    seen[name] = out.clone()


@pytest.mark.parametrize(("name", "case", "tolerance"), list(functions()))
def test_function(name: str, case: Any, tolerance: float) -> None:
    found = errors(FUNCTIONS[name](**arguments(case)), case["outputs"])
    assert {key: error for key, error in found.items() if error > tolerance} == {}
