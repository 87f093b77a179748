"""Loads engines when they are first needed and lets the least recently used go when memory is short."""

from __future__ import annotations

import threading
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


class EngineManager:
    """Stage objects by engine and stage. ``memory``: bytes that loaded engines may hold together."""

    def __init__(self, memory: int) -> None:
        self._memory = memory
        self._loaded: OrderedDict[tuple[str, Stage], Any] = OrderedDict()
        self._status: dict[str, EngineStatus] = {}
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
            self._set(engine, "error", str(error))
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
