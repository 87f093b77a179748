"""The compiled modules: optional, so whoever uses one also does without."""

from __future__ import annotations

import importlib
from functools import lru_cache
from types import ModuleType


@lru_cache(maxsize=1)
def native_module() -> ModuleType | None:
    """``visema_native`` if it was built from these sources and loads, else None."""
    return _built("visema_native", INTERFACE)


@lru_cache(maxsize=1)
def solver_module() -> ModuleType | None:
    """``visema_solver``, likewise: the blendshape solver and a face's geometry."""
    return _built("visema_solver", SOLVER_INTERFACE)


def _built(name: str, interface: int) -> ModuleType | None:
    try:
        module = importlib.import_module(name)
    except ImportError:
        return None
    return module if getattr(module, "INTERFACE", 0) == interface else None


INTERFACE = 3
"""Changes with what the module offers: one built from other sources is left alone."""
SOLVER_INTERFACE = 1
"""The same for ``visema_solver``."""
