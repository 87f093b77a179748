"""Loads engines when they are first needed and lets the least recently used go when memory is short."""

from __future__ import annotations

import gc
import sys
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Literal

from engines.registry import Engine, Stage, create_stage, get_engine

EngineState = Literal["unloaded", "loading", "ready", "error"]


@dataclass(frozen=True)
class EngineStatus:
    """What the page shows of an engine: its state and, after an error, the reason."""

    name: str
    title: str
    state: EngineState
    reason: str = ""


@dataclass(frozen=True)
class EngineFault:
    """The last time an engine could not be loaded: ``when`` in seconds since 1970, ``reason`` a sentence."""

    when: float
    reason: str


class EngineManager:
    """Stage objects by engine and stage. ``memory``: bytes that loaded engines may hold together."""

    def __init__(self, memory: int) -> None:
        self._memory = memory
        self._loaded: OrderedDict[tuple[str, Stage], Any] = OrderedDict()
        self._status: dict[str, EngineStatus] = {}
        self._faults: dict[str, EngineFault] = {}
        self._lock = threading.RLock()

    def stage(self, engine_name: str, stage: Stage) -> Any:
        """The stage object, loaded if need be. Raises StudioError for an unknown engine."""
        with self._lock:
            key = (engine_name, stage)
            if key not in self._loaded:
                self._load(get_engine(engine_name), stage)
            self._loaded.move_to_end(key)
            return self._loaded[key]

    def status(self, engine_name: str) -> EngineStatus:
        """The state of one engine."""
        engine = get_engine(engine_name)
        return self._status.get(engine_name, EngineStatus(engine.name, engine.title, "unloaded"))

    def last_fault(self, engine_name: str) -> EngineFault | None:
        """Why the engine could not be loaded the last time that it could not, also if it could since."""
        return self._faults.get(engine_name)

    def device(self, engine_name: str) -> str:
        """Where the loaded engine computes, as its stages say in ``device``; "cpu" where they do not say, ""
        while it is not loaded."""
        stages = [stage for (name, _), stage in tuple(self._loaded.items()) if name == engine_name]
        named = sorted({str(getattr(stage, "device", "cpu")) for stage in stages})
        return ", ".join(named)

    def unload(self, engine_name: str) -> bool:
        """Let go of an engine and give its memory back; False if none of it was loaded."""
        get_engine(engine_name)
        with self._lock:
            keys = [key for key in self._loaded if key[0] == engine_name]
            for key in keys:
                self._unload(key)
        if keys:
            _give_memory_back()
        return bool(keys)

    def close(self) -> None:
        """Unload everything."""
        with self._lock:
            while self._loaded:
                self._unload(next(iter(self._loaded)))

    def _load(self, engine: Engine, stage: Stage) -> None:
        self._make_room(engine.memory)
        self._set(engine, "loading")
        try:
            self._loaded[(engine.name, stage)] = create_stage(engine, stage)
        except Exception as error:
            reason = str(error) or type(error).__name__
            self._set(engine, "error", reason)
            self._faults[engine.name] = EngineFault(time.time(), reason)
            raise
        self._set(engine, "ready")

    def _make_room(self, wanted: int) -> None:
        while self._loaded and self._held() + wanted > self._memory:
            self._unload(next(iter(self._loaded)))

    def _held(self) -> int:
        return sum(get_engine(name).memory for name in {name for name, _ in self._loaded})

    def _unload(self, key: tuple[str, Stage]) -> None:
        stage = self._loaded.pop(key)
        close = getattr(stage, "close", None)
        if close is not None:
            close()
        if all(name != key[0] for name, _ in self._loaded):
            self._set(get_engine(key[0]), "unloaded")

    def _set(self, engine: Engine, state: EngineState, reason: str = "") -> None:
        self._status[engine.name] = EngineStatus(engine.name, engine.title, state, reason)


def _give_memory_back() -> None:
    """Python frees tensors at once, torch keeps the GPU's memory for itself until it is told."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()
