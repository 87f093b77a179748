"""The compiled module ``visema_native``: optional, so whoever uses it also does without."""

from __future__ import annotations

import importlib
from functools import lru_cache
from types import ModuleType


@lru_cache(maxsize=1)
def native_module() -> ModuleType | None:
    """The module if it was built from these sources and loads, else None."""
    try:
        module = importlib.import_module("visema_native")
    except ImportError:
        return None
    return module if getattr(module, "INTERFACE", 0) == INTERFACE else None


INTERFACE = 3
"""Changes with what the module offers: one built from other sources is left alone."""
