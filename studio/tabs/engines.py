"""The Engines tab: what each engine needs, has and does; downloads, licences, memory; how the machine fares.

Downloads run in the studio, not in events: a page that is closed stops none, and every page shows all of them.
"""

from __future__ import annotations

from typing import Any

import gradio as gr

from engines.errors import StudioError
from studio.access import may_change_engines
from studio.consent import BY_PAGE
from studio.engine_desk import HANDS_OFF
from studio.engine_report import FaultReport, StudioReport
from studio.tabs import engines_markup, markup
from studio.tabs.guard import Updates
from studio.tabs.owner import owner_of
from studio.tabs.parts import EnginesTab, Form, Parts

SECONDS_BETWEEN = 1.0
MOST_FAILED = 5
ON_CARDS = """
let last = '';
element.addEventListener('click', event => {
  const button = event.target.closest('[data-do]');
  if (button) { last = button.dataset.engine; trigger('select', { id: button.dataset.do + ' ' + last }); }
});
new MutationObserver(() => {
  if (!last || document.activeElement !== document.body) return;
  const card = element.querySelector('[data-card="' + last + '"]');
  (card?.querySelector('button') ?? card)?.focus({ preventScroll: true });
}).observe(element, { childList: true, subtree: true });
"""
SHOW_TERMS = """() => setTimeout(() => {
  const terms = document.getElementById('engine-terms');
  terms?.scrollIntoView({ block: 'nearest' }); terms?.focus({ preventScroll: true });
}, 80)"""


def build_engines_tab(tab: gr.Tab) -> EnginesTab:
    """The tab's components, without events."""
    notice = gr.HTML(apply_default_css=False, elem_id="engines-notice")
    with gr.Column(visible=False, elem_id="engine-ask") as ask:
        terms = gr.HTML(apply_default_css=False)
        with gr.Row(elem_id="engine-answers"):
            accept = gr.Button("Accept and download", variant="primary", elem_id="engine-accept")
            decline = gr.Button("Not now", elem_id="engine-decline")
    progress = gr.HTML(apply_default_css=False, elem_id="engines-progress")
    cards = gr.HTML(js_on_load=ON_CARDS, apply_default_css=False, elem_id="engine-cards")
    machine = gr.HTML(apply_default_css=False, elem_id="machine")
    refresh = gr.Button("Look again", elem_id="engines-refresh")
    return EnginesTab(
        tab=tab, notice=notice, ask=ask, terms=terms, accept=accept, decline=decline, progress=progress,
        cards=cards, refresh=refresh, machine=machine, pending=gr.State(""), drawn=gr.State(""),
        timer=gr.Timer(SECONDS_BETWEEN, active=False),
    )  # fmt: skip


def connect_engines_tab(parts: Parts) -> None:
    """Let the tab's components act."""
    tab, events = parts.engines, EnginesEvents(parts)
    guard = parts.guard(tab.notice)
    quick: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    about: set[Any] = {parts.token, tab.pending, tab.drawn}
    seen = [tab.notice, tab.progress, tab.cards, tab.machine, tab.drawn, tab.timer]
    asked = [*seen, tab.ask, tab.terms, tab.pending]
    gr.on([tab.tab.select, tab.refresh.click], guard.event(events.show), about, seen, **quick)
    tab.timer.tick(guard.event(events.tick), about, seen, queue=False, **quick)
    pressed = tab.cards.select(guard.event(events.press), about, asked, **quick)
    pressed.then(None, None, None, js=SHOW_TERMS, api_visibility="private")
    tab.accept.click(guard.event(events.accept), about, asked, **quick)
    tab.decline.click(guard.event(events.decline), about, asked, **quick)


class EnginesEvents:
    """What happens on the Engines tab."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._tab = parts, parts.engines
        self._desk, self._may = parts.studio.engines, may_change_engines(parts.studio.settings)

    def show(self, form: Form) -> Updates:
        """Draw everything as it is now; cards only if they changed, so that no button loses the keyboard."""
        tab, report = self._tab, self._desk.report()
        cards = engines_markup.cards(report.engines, self._may)
        active = [transfer for engine in report.engines for transfer in engine.active]
        loading = any(engine.state == "loading" for engine in report.engines)
        return {
            tab.progress: engines_markup.transfers(report.engines),
            tab.cards: gr.update() if cards == form[tab.drawn] else cards,
            tab.drawn: cards,
            tab.machine: engines_markup.machine(report, self._faults(form, report)),
            tab.timer: gr.Timer(SECONDS_BETWEEN, active=bool(active) or loading),
        }

    def tick(self, form: Form) -> Updates:
        """Look again while something goes on; what was told stays."""
        return {**self.show(form), self._tab.notice: gr.update()}

    def press(self, form: Form, event: gr.EventData) -> Updates:
        """A button of an engine was pressed."""
        self._check_may()
        wanted, _, name = str(event.id).partition(" ")
        told: Updates = {}
        if wanted == "download":
            engine = self._desk.engine(name)
            if engine.unaccepted:
                asked = {self._tab.terms: engines_markup.terms(engine), self._tab.pending: name}
                return {**self.show(form), **asked, self._tab.ask: gr.update(visible=True)}
            self._desk.download(name)
        elif wanted == "cancel":
            self._desk.cancel(name)
        elif self._desk.unload(name):
            told = {self._tab.notice: markup.hint(f"{self._desk.engine(name).title} gave its memory back.")}
        return {**self.show(form), **self._closed(), **told}

    def accept(self, form: Form) -> Updates:
        """The licence was read and accepted."""
        self._check_may()
        name = str(form[self._tab.pending])
        self._desk.accept(name, BY_PAGE)
        self._desk.download(name)
        return {**self.show(form), **self._closed()}

    def decline(self, form: Form) -> Updates:
        """Not now."""
        return {**self.show(form), **self._closed()}

    def _closed(self) -> Updates:
        return {self._tab.ask: gr.update(visible=False), self._tab.pending: ""}

    def _check_may(self) -> None:
        if not self._may:
            raise StudioError(HANDS_OFF)

    def _faults(self, form: Form, report: StudioReport) -> tuple[FaultReport, ...]:
        """What went wrong with engines, and with this person's own renders; newest first."""
        views = self._parts.studio.jobs.list(owner_of(form[self._parts.token]))
        failed = [view for view in views if view.state == "failed"][:MOST_FAILED]
        own = [FaultReport(view.created, f"Render of {view.avatar}", view.message) for view in failed]
        return tuple(sorted((*report.faults, *own), key=lambda fault: -fault.when))
