"""What people do with engines: look at them, fetch and accept what they need, unload them.

The page, the command line and the API call these functions, so all three say the same.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

from engines import weights
from engines.audio2face.plans import rebuild_stale
from engines.cache import Cache
from engines.errors import Cancelled, StudioError
from engines.manager import EngineManager
from engines.mirror import Mirror
from engines.progress import Watch
from engines.registry import all_recipes
from engines.requests import making_cost
from engines.weights import WeightStore
from studio.engine_downloads import Downloads
from studio.engine_recovery import RecoveryLog, bring_back_setup, mirror_of, recover_engines
from studio.engine_report import (
    CacheReport,
    EngineReport,
    FaultReport,
    FileReport,
    Sources,
    StageReport,
    StudioReport,
    report_engine,
    report_engines,
)
from studio.engine_words import megabytes
from studio.gpu import GpuWatch
from studio.jobs import Jobs
from studio.jobs.timings import JobSize, stages_of
from studio.licences import Licences, licences_of
from studio.settings import Settings

log = logging.getLogger(__name__)

USUAL = JobSize(10.0, 25.0, 768 * 768)
"""The clip that stage timings are told for: ten seconds at 25 frames per second and 768 pixels."""
MOST_FAULTS = 10
BUSY = "A clip is being rendered; unload engines when it is done, or cancel it first."
HANDS_OFF = (
    "Engines belong to whoever runs this studio; they can use 'launch.py engines' on its machine, "
    "or set STUDIO_TOKEN and sign in here."
)


class EngineDesk:
    """Engines of one studio. Safe for several threads. Close it when done."""

    def __init__(self, settings: Settings, manager: EngineManager, cache: Cache, jobs: Jobs) -> None:
        self._settings, self._manager, self._cache, self._jobs = settings, manager, cache, jobs
        self._store = weights.weight_store()
        self._mirror = mirror_of(settings, self._store)
        self._licences, self._gpus = licences_of(settings), GpuWatch()
        self._downloads = Downloads(self._store, self._keep)
        self._recovered = RecoveryLog()
        self._stop, self._recovering = Watch(), threading.Thread()

    def engines(self) -> tuple[EngineReport, ...]:
        """Every engine now."""
        return report_engines(self._sources())

    def engine(self, name: str) -> EngineReport:
        """One engine now, or the engine of a model file with that file alone; raises StudioError."""
        return report_engine(name, self._sources())

    def report(self) -> StudioReport:
        """Everything now."""
        engines = self.engines()
        return StudioReport(
            engines=engines,
            gpu=self._gpus.report(),
            queue=self._jobs.counts(),
            timings=tuple(self._timings()),
            cache=self._cache_report(),
            faults=self._faults(engines),
            recovery=self._recovered.lines(),
        )

    def download(self, name: str) -> None:
        """Fetch what the engine ``name`` lacks, in the background.

        Raises StudioError for unknown names and where a licence is not accepted yet.
        """
        engine = self.engine(name)
        if engine.unaccepted:
            raise StudioError(must_accept(engine))
        for file in engine.missing:
            self._downloads.start(file.name)

    def accept(self, name: str, by: str) -> None:
        """Write down that the licences of the engine's model files are accepted."""
        accept_licences(self._store, self._licences, self.engine(name), by)

    def cancel(self, name: str) -> None:
        """Stop the downloads for the engine ``name``."""
        for file in self.engine(name).files:
            self._downloads.cancel(file.name)

    def unload(self, name: str) -> bool:
        """Give the engine's memory back; False if it was not loaded. Raises StudioError during a render."""
        if self._jobs.running_here():
            raise StudioError(BUSY)
        return self._manager.unload(name)

    def bring_back_setup(self, tell: Callable[[str], None]) -> None:
        """Bring back at once the few small files that the embedded engine needs."""
        bring_back_setup(self._settings, self._recovered.telling(tell))

    def start_recovery(self, tell: Callable[[str], None]) -> None:
        """Bring back what a wiped machine lost, in the background; ``tell`` hears what was done."""

        def recover() -> None:
            try:
                told = self._recovered.telling(tell)
                recover_engines(self._settings, told, self._stop, fetch=False)
                for name in rebuild_stale(self._stop):
                    told(f"The TensorRT plan {name} did not fit this machine any more and was built anew.")
            except Cancelled:
                return
            except Exception:
                log.exception("engines could not be recovered")

        self._recovering = threading.Thread(target=recover, name="recovery", daemon=True)
        self._recovering.start()

    def close(self) -> None:
        """Stop downloads and recovery."""
        self._stop.cancel()
        self._downloads.close()
        if self._recovering.is_alive():
            self._recovering.join(10.0)

    def _sources(self) -> Sources:
        return Sources(self._store, self._licences, self._manager, self._downloads.transfers())

    def _keep(self, name: str) -> None:
        """Let a download survive the loss of the program's folder."""
        keep_copy(self._mirror, name, self._recovered.telling(log.warning))

    def _timings(self) -> Iterator[StageReport]:
        timings = self._jobs.timings()
        for recipe in all_recipes().values():
            size = replace(USUAL, cost=making_cost(recipe.name, (), {}))
            for stage in stages_of(recipe.name, aligned=True):
                known = timings.known(recipe.name, stage, size)
                seconds = timings.expect(recipe.name, stage, size)
                yield StageReport(recipe.title, stage, seconds, known is not None)

    def _cache_report(self) -> CacheReport:
        tiers = self._cache.statistics()
        hits, misses = sum(tier.hits for tier in tiers), sum(tier.misses for tier in tiers)
        return CacheReport(self._cache.size(), self._settings.cache_bytes, hits, misses)

    def _faults(self, engines: tuple[EngineReport, ...]) -> tuple[FaultReport, ...]:
        """What went wrong with engines since the studio started, newest first."""
        loads = [engine.fault for engine in engines if engine.fault]
        failed = [
            FaultReport(file.transfer.ended, file.name, file.transfer.error)
            for file in {file.name: file for engine in engines for file in engine.files}.values()
            if file.transfer and file.transfer.state == "failed"
        ]
        return tuple(sorted((*loads, *failed), key=lambda fault: -fault.when)[:MOST_FAULTS])


def keep_copy(mirror: Mirror | None, name: str, tell: Callable[[str], None]) -> None:
    """Keep a copy of a model file; what speaks against it is told, since the file itself is there."""
    if mirror is None:
        return
    try:
        mirror.keep(name, Watch())
    except StudioError as error:
        tell(str(error))


def accept_licences(store: WeightStore, licences: Licences, engine: EngineReport, by: str) -> None:
    """Accept the licences of the model files of ``engine``; raises StudioError if that cannot be kept."""
    licences.accept([(file.name, store.weight(file.name)) for file in engine.files], by)


def must_accept(engine: EngineReport) -> str:
    """The sentence that asks to accept the licences of what an engine lacks."""
    licences = " and ".join(dict.fromkeys(f"'{file.licence}'" for file in engine.unaccepted))
    return (
        f"The model files of {engine.title} are under {licences}; read that and accept it first: on the "
        f"Engines tab, or with 'launch.py engines accept {engine.name}'."
    )


def download_size(files: tuple[FileReport, ...]) -> str:
    """How much goes over the network for ``files``; those out of one wheel come together."""
    sizes = {file.source.partition(" out of ")[2] or file.name: file.transfer_bytes for file in files}
    return megabytes(sum(sizes.values()))
