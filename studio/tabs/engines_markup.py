"""The pieces of HTML of the Engines tab."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape

from studio.engine_desk import HANDS_OFF, download_size
from studio.engine_downloads import Transfer
from studio.engine_report import (
    EngineReport,
    FaultReport,
    FileGroup,
    FileReport,
    StageReport,
    StudioReport,
    groups_of,
)
from studio.engine_words import gpu_words, megabytes, transfer_words
from studio.tabs import markup

DOES = {"voice": "speaks the words", "driver": "moves the face", "animator": "draws the frames"}
LOADS = {"unloaded": "Ready", "loading": "Loading", "ready": "Loaded", "error": "Could not be loaded"}
FILES = {"ready": "On disk", "missing": "Not on disk", "damaged": "Damaged"}


def cards(engines: Sequence[EngineReport], may_change: bool) -> str:
    """Every engine, with its buttons for those who may press them."""
    hint = "" if may_change else markup.hint(HANDS_OFF)
    return f"<h2>Engines</h2>{hint}{''.join(_card(engine, may_change) for engine in engines)}"


def _card(engine: EngineReport, may_change: bool) -> str:
    kind, word = _state(engine)
    used = f" for {' and '.join(engine.recipes)}" if engine.recipes else ""
    does = "; ".join(DOES.get(stage, stage.replace("_", " ")) for stage in engine.stages) + used
    groups = groups_of(engine.files)
    files = "".join(_group(group, may_change and len(groups) > 1) for group in groups)
    buttons = "".join(_buttons(engine)) if may_change else ""
    return (
        f'<article class="engine" data-card="{escape(engine.name)}" tabindex="-1"><header>'
        f'<h3>{escape(engine.title)} <span class="version">{escape(engine.version)}</span></h3>'
        f'<span class="chip {kind}">{word}</span></header>{markup.hint(does[:1].upper() + does[1:])}'
        f"<dl>{_terms(_facts(engine))}</dl>{f'<ul class=files>{files}</ul>' if files else ''}"
        f"{''.join(_problems(engine))}{f'<div class=tools>{buttons}</div>' if buttons else ''}</article>"
    )


def _state(engine: EngineReport) -> tuple[str, str]:
    """How the chip looks and what it says."""
    if engine.active:
        return "busy", "Downloading"
    if any(file.state == "damaged" for file in engine.files):
        return "wrong", "A file is damaged"
    if not engine.usable:
        return "off", "Not downloaded" if engine.files else "Not set up"
    kinds = {"ready": "on", "loading": "busy", "error": "wrong"}
    return kinds.get(engine.state, "off"), LOADS[engine.state]


def _facts(engine: EngineReport) -> Iterable[tuple[str, str]]:
    loaded = engine.state == "ready"
    yield "Needs", engine.needs
    yield "Licence", engine.licence
    yield "Memory", f"{megabytes(engine.memory)}, {'held now' if loaded else 'once it is loaded'}"
    yield "Runs on", engine.device.upper() if engine.device else "told once it is loaded"


def _terms(facts: Iterable[tuple[str, str]]) -> str:
    return "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in facts)


def _group(group: FileGroup, alone: bool) -> str:
    """A row for a model, its files folded into it; ``alone``: it can be downloaded without the others."""
    if len(group.files) == 1:
        return _file(group.files[0], alone)
    first = group.files[0]
    rows = "".join(_file(file, False) for file in group.files)
    said = f"{len(group.files)} files, {megabytes(group.bytes)} · {first.licence} · for {first.enables}"
    return (
        f'<li><span class="mark {group.state}">{FILES[group.state]}</span><span><b>{escape(group.name)}</b>'
        f'<span class="detail">{escape(said)}</span>{_group_button(group) if alone else ""}'
        f'<details data-group="{escape(group.name)}"><summary>Files</summary><ul class=files>{rows}</ul>'
        "</details></span></li>"
    )


def _group_button(group: FileGroup) -> str:
    wanted = [file for file in group.files if file.state != "ready" and file.fetchable]
    if any(file.transfer and file.transfer.active for file in group.files):
        return ""
    if not wanted:
        by_hand = [file for file in group.files if file.state != "ready"]
        said = f"To be fetched by hand, {len(by_hand)} files such as {by_hand[0].source}" if by_hand else ""
        return f'<span class="detail">{escape(said)}</span>' if said else ""
    return _download_one(group.name, sum(file.transfer_bytes for file in wanted))


def _file(file: FileReport, alone: bool) -> str:
    """A row; ``alone``: it can be downloaded without the engine's others."""
    accepted = f", accepted {file.accepted[:10]}" if file.asks and file.accepted else ""
    said = f"{megabytes(file.bytes)} · {file.licence}{accepted} · for {file.enables}"
    return (
        f'<li><span class="mark {file.state}">{FILES[file.state]}</span><span><b>{escape(file.name)}</b>'
        f'<span class="detail">{escape(said)}</span>{_alone(file) if alone else ""}</span></li>'
    )


def _alone(file: FileReport) -> str:
    if file.state == "ready" or (file.transfer and file.transfer.active):
        return ""
    if not file.fetchable:
        return f'<span class="detail">To be fetched by hand: {escape(file.source)}</span>'
    return _download_one(file.name, file.transfer_bytes)


def _download_one(name: str, size: int) -> str:
    name, label = escape(name), f"Download this one ({megabytes(size)})"
    return (
        f'<button type="button" class="mix" data-do="download" data-engine="{name}"'
        f' aria-label="{label}: {name}">{label}</button>'
    )


def _problems(engine: EngineReport) -> Iterable[str]:
    """Why it does not work, or did not the last time."""
    sentences = [file.problem for file in engine.files if file.problem]
    if not engine.files:
        sentences.append(engine.problem)
    sentences += [
        file.transfer.error for file in engine.files if file.transfer and file.transfer.state == "failed"
    ]
    if engine.state == "error":
        sentences.append(engine.reason)
    elif engine.fault:
        sentences.append(f"Last error, {moment(engine.fault.when)}: {engine.fault.sentence}")
    yield from (
        f'<p class="problem">{escape(sentence)}</p>' for sentence in dict.fromkeys(sentences) if sentence
    )


def _buttons(engine: EngineReport) -> Iterable[str]:
    if engine.active:
        yield _button(engine, "cancel", "Cancel the download")
    elif engine.missing and not any(len(group.files) > 1 for group in groups_of(engine.files)):
        verb = "Go on with the download" if any(map(_begun, engine.missing)) else "Download"
        yield _button(engine, "download", f"{verb} ({download_size(engine.missing)})")
    if engine.state == "ready":
        yield _button(engine, "unload", "Unload")


def _begun(file: FileReport) -> bool:
    """Whether a part of it waits to be taken up again."""
    stopped = file.transfer is not None and file.transfer.state == "cancelled" and file.transfer.done > 0
    return stopped and file.resumes


def _button(engine: EngineReport, act: str, label: str) -> str:
    return (
        f'<button type="button" class="add" data-do="{act}" data-engine="{escape(engine.name)}"'
        f' aria-label="{escape(label)}: {escape(engine.title)}">{escape(label)}</button>'
    )


def transfers(engines: Sequence[EngineReport]) -> str:
    """A bar for each download that goes on."""
    files = {file.name: file for engine in engines for file in engine.files}
    return "".join(
        _transfer(file.transfer) for file in files.values() if file.transfer and file.transfer.active
    )


def _transfer(transfer: Transfer) -> str:
    percent = round(100 * transfer.done / max(transfer.total, 1))
    return (
        f'<div class="progress"><div class="words"><strong>Downloading {escape(transfer.name)}</strong>'
        f'<span>{escape(transfer_words(transfer))}</span></div><div class="bar" role="progressbar"'
        f' aria-label="Downloading {escape(transfer.name)}" aria-valuemin="0" aria-valuemax="100"'
        f' aria-valuenow="{percent}"><div style="width:{percent}%"></div></div></div>'
    )


def terms(engine: EngineReport) -> str:
    """The licences to accept, before the first download."""
    files = {file.licence: file for file in engine.unaccepted}.values()
    rows = "".join(
        f"<li><b>{escape(file.licence)}</b><span class=detail>{escape(file.source)}, for {escape(file.enables)}"
        "</span></li>"
        for file in files
    )
    said = (
        f"Asked once, before {download_size(engine.missing)} are fetched. Read what it allows: some licences "
        "forbid paid work."
    )
    return (
        f'<div class="question" id="engine-terms" tabindex="-1"><strong>Accept the licence for '
        f"{escape(engine.title)}?</strong><p>{said}</p><ul>{rows}</ul></div>"
    )


def machine(report: StudioReport, faults: Sequence[FaultReport]) -> str:
    """GPU, queue, cache, how long stages take, what went wrong, what was brought back."""
    gpus = "; ".join(gpu_words(gpu) for gpu in report.gpu.gpus) or report.gpu.note
    waiting, running = report.queue.get("queued", 0), report.queue.get("running", 0)
    facts = (
        ("GPU", gpus),
        ("Queue", f"{running} being made, {waiting} waiting"),
        ("Cache", _cache(report)),
    )
    return (
        f"<h2>This machine</h2><dl>{_terms(facts)}</dl>{_timings(report.timings)}"
        f"{_faults(faults)}{_recovery(report.recovery)}"
    )


def _cache(report: StudioReport) -> str:
    cache = report.cache
    held = f"{megabytes(cache.bytes)} of {megabytes(cache.limit)}"
    if cache.hit_rate is None:
        return f"{held}; nothing asked of it yet"
    return f"{held}; it had {cache.hit_rate:.0%} of {cache.hits + cache.misses} things asked for"


def _timings(timings: Sequence[StageReport]) -> str:
    tables = {recipe: [row for row in timings if row.recipe == recipe] for recipe in _recipes(timings)}
    return "".join(_table(recipe, rows) for recipe, rows in tables.items())


def _recipes(timings: Sequence[StageReport]) -> list[str]:
    return list(dict.fromkeys(row.recipe for row in timings))


def _table(recipe: str, rows: Sequence[StageReport]) -> str:
    lines = "".join(
        f'<tr><th scope="row">{escape(markup.stage_name(row.stage))}</th><td>{row.seconds:.2f} s</td>'
        f"<td>{'measured here' if row.measured else 'a first guess'}</td></tr>"
        for row in rows
    )
    caption = f"What 10 seconds of video take with {escape(recipe)}, at 768 pixels and 25 frames per second"
    return f"<table><caption>{caption}</caption><tbody>{lines}</tbody></table>"


def _faults(faults: Sequence[FaultReport]) -> str:
    rows = "".join(
        f'<li><span class="detail">{moment(fault.when)}</span><span><b>{escape(fault.what)}</b>: '
        f"{escape(fault.sentence)}</span></li>"
        for fault in faults
    )
    return f"<h3>Recent errors</h3>{f'<ul class=faults>{rows}</ul>' if rows else markup.hint('None.')}"


def _recovery(lines: Sequence[str]) -> str:
    """What came back after this machine lost it."""
    rows = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f"<h3>Brought back</h3><ul class=faults>{rows}</ul>" if rows else ""


def moment(when: float) -> str:
    """A point in time the way people say it."""
    return f"{datetime.fromtimestamp(when).astimezone():%d %b, %H:%M}"
