"""The Library tab: what people made, to find, play, rename, delete, load back, or let say something else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gradio as gr

from studio.manifests import MAX_NAME
from studio.services import avatar_ref
from studio.shelf import (
    clip_avatar,
    clip_request,
    delete_item,
    find_item,
    list_items,
    rename_item,
    rerender,
    restore_item,
)
from studio.tabs import library_markup
from studio.tabs.avatar import avatar_cards
from studio.tabs.files import credentials_beside, credentials_button, publish
from studio.tabs.guard import Updates
from studio.tabs.library_load import loaded, loads
from studio.tabs.owner import owner_of
from studio.tabs.parts import Form, LibraryTab, Parts
from studio.tabs.preview import follow_after, running_job, shown_by, shown_clip
from studio.tabs.stage import still_of

if TYPE_CHECKING:
    from studio.shelf import Item

ON_SHELF = """
element.addEventListener('click', event => {
  const item = event.target.closest('[data-item]');
  if (item) trigger('select', { id: item.dataset.item });
});
"""
ON_DELETED = """
element.addEventListener('click', event => {
  const undo = event.target.closest('[data-undo]');
  if (undo) trigger('select', { id: undo.dataset.undo });
});
"""
ON_HISTORY = """
element.addEventListener('click', event => {
  const retry = event.target.closest('[data-retry]');
  if (retry) trigger('select', { id: retry.dataset.retry });
});
"""
SHOW_ITEM = """() => setTimeout(() => {
  const name = document.getElementById('item-name');
  name?.scrollIntoView({ block: 'nearest' }); name?.focus({ preventScroll: true });
}, 60)"""


def build_library_tab(tab: gr.Tab) -> LibraryTab:
    """The tab's components, without events."""
    search = gr.Textbox(
        label="Search", placeholder="A name, some words, a date", max_length=200, elem_id="library-search"
    )
    notice = gr.HTML(apply_default_css=False, elem_id="library-notice")
    undo = gr.HTML(js_on_load=ON_DELETED, apply_default_css=False, elem_id="library-deleted")
    with gr.Column(visible=False, elem_id="library-item") as panel:
        head = gr.HTML(apply_default_css=False)
        video = gr.Video(
            label="The clip", show_label=False, interactive=False, buttons=[], elem_id="library-video"
        )
        with gr.Row(elem_id="library-actions"):
            load = gr.Button("Use its settings", variant="primary", elem_id="library-load")
            download = gr.DownloadButton("Download", elem_id="library-download")
            credentials = credentials_button("library-credentials")
            delete = gr.Button("Delete", variant="stop", elem_id="library-delete")
        with gr.Row(elem_classes="joined"):
            name = gr.Textbox(label="Name", max_length=MAX_NAME, elem_id="library-name")
            rename = gr.Button("Rename", scale=0, min_width=140, elem_id="library-rename")
        with gr.Row(elem_classes="joined") as other:
            words = gr.Textbox(label="Say something else", lines=2, max_lines=8, elem_id="library-words")
            say = gr.Button("Render it", scale=0, min_width=140, elem_id="library-say")
    shelf = gr.HTML(js_on_load=ON_SHELF, apply_default_css=False, elem_id="library-shelf")
    with gr.Accordion("History of renders", open=False, elem_id="library-history"):
        history = gr.HTML(js_on_load=ON_HISTORY, apply_default_css=False)
    return LibraryTab(
        tab=tab, notice=notice, search=search, undo=undo, panel=panel, head=head, video=video, load=load,
        download=download, credentials=credentials, delete=delete, name=name, rename=rename, other=other,
        words=words, say=say, shelf=shelf, history=history, chosen=gr.State(""), deleted=gr.State([]),
    )  # fmt: skip


def connect_library_tab(parts: Parts) -> None:
    """Let the tab's components act."""
    tab, events = parts.library, LibraryEvents(parts)
    guard = parts.guard(tab.notice)
    quick: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    about: set[Any] = {parts.token, parts.avatar_id, parts.preview.shown}
    about |= {tab.search, tab.chosen, tab.deleted, tab.name, tab.words}
    opened = [
        tab.panel,
        tab.head,
        tab.video,
        tab.other,
        tab.download,
        tab.credentials,
        tab.name,
        tab.words,
        tab.load,
        tab.chosen,
    ]
    seen = [tab.notice, tab.shelf, tab.history, tab.undo, tab.deleted, *opened]
    everywhere = [*seen, parts.avatar.cards, *shown_by(parts.preview)]
    tab.tab.select(guard.event(events.refresh), about, seen, **quick)
    tab.search.change(guard.event(events.refresh), about, seen, trigger_mode="always_last", **quick)
    shown = tab.shelf.select(guard.event(events.open), about, seen, **quick)
    shown.then(None, None, None, js=SHOW_ITEM, api_visibility="private")
    tab.delete.click(guard.event(events.delete), about, everywhere, **quick)
    tab.undo.select(guard.event(events.restore), about, everywhere, **quick)
    gr.on([tab.rename.click, tab.name.submit], guard.event(events.rename), about, everywhere, **quick)
    put = tab.load.click(guard.event(events.load), about, [tab.notice, *loads(parts)], **quick)
    face = [tab.notice, parts.stage.face]
    put.then(guard.event(events.show_face), parts.face_inputs, face, **quick)
    started = [tab.notice, parts.job_id, parts.tabs]
    follow_after(tab.say.click(guard.event(events.say), about, started, **quick), parts)
    follow_after(tab.history.select(guard.event(events.retry), about, started, **quick), parts)


class LibraryEvents:
    """What happens on the Library tab."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._tab = parts, parts.library
        self._studio, self._library = parts.studio, parts.studio.library

    def refresh(self, form: Form) -> Updates:
        """Show what there is now; what is open stays open while it is found."""
        owner, tab = owner_of(form[self._parts.token]), self._tab
        query, chosen = str(form[tab.search] or ""), form[tab.chosen]
        items = list_items(self._library, owner, query)
        faces = {item.id: avatar_ref(item) for item in self._library.avatars(owner)}
        images = [library_markup.image_of(item, faces.get(item.id)) for item in items]
        shown = library_markup.Shown(items, images, chosen)
        return {
            tab.shelf: library_markup.shelf(shown, bool(query.strip())),
            tab.history: library_markup.history(self._studio.jobs.list(owner)),
            tab.undo: library_markup.deleted(form[tab.deleted]),
            tab.deleted: form[tab.deleted],
            **({} if any(item.id == chosen for item in items) else self._closed()),
        }

    def open(self, form: Form, event: gr.EventData) -> Updates:
        """A card was pressed."""
        return self._open(form, find_item(self._library, owner_of(form[self._parts.token]), str(event.id)))

    def rename(self, form: Form) -> Updates:
        """Rename was pressed."""
        owner, tab = owner_of(form[self._parts.token]), self._tab
        item = rename_item(self._library, owner, form[tab.chosen], str(form[tab.name] or ""))
        return {**self._open(form, item), **self._elsewhere(form)}

    def delete(self, form: Form) -> Updates:
        """Delete was pressed: what is open goes to the trash."""
        tab = self._tab
        item = delete_item(self._library, owner_of(form[self._parts.token]), form[tab.chosen])
        left = {**form, tab.chosen: "", tab.deleted: [*form[tab.deleted], item]}
        return {**self.refresh(left), **self._elsewhere(form)}

    def restore(self, form: Form, event: gr.EventData) -> Updates:
        """Undo was pressed."""
        item = restore_item(self._library, owner_of(form[self._parts.token]), str(event.id))
        gone = [other for other in form[self._tab.deleted] if other.id != item.id]
        return {**self._open({**form, self._tab.deleted: gone}, item), **self._elsewhere(form)}

    def load(self, form: Form) -> Updates:
        """Put what made the open clip, or the open avatar, back into the tabs."""
        owner, chosen = owner_of(form[self._parts.token]), form[self._tab.chosen]
        if find_item(self._library, owner, chosen).kind == "avatar":
            return loaded(self._parts, owner, self._library.avatar(owner, chosen), None)
        clip = self._library.clip(owner, chosen)
        request = clip_request(self._library, owner, clip)
        return loaded(self._parts, owner, clip_avatar(self._library, owner, clip), request)

    def show_face(self, form: Form) -> Updates:
        """Draw the still with what was loaded."""
        return {self._parts.stage.face: still_of(self._parts, form)}

    def say(self, form: Form) -> Updates:
        """Render the open clip with other words."""
        owner, tab = owner_of(form[self._parts.token]), self._tab
        running = running_job(self._parts, owner)
        job = running.id if running else rerender(self._studio, owner, form[tab.chosen], str(form[tab.words]))
        return {self._parts.job_id: job, self._parts.tabs: gr.Tabs(selected="preview")}

    def retry(self, form: Form, event: gr.EventData) -> Updates:
        """Try a failed job again."""
        self._studio.jobs.retry(owner_of(form[self._parts.token]), str(event.id))
        return {self._parts.job_id: str(event.id), self._parts.tabs: gr.Tabs(selected="preview")}

    def _closed(self) -> Updates:
        return {self._tab.panel: gr.update(visible=False), self._tab.video: None, self._tab.chosen: ""}

    def _open(self, form: Form, item: Item) -> Updates:
        tab, is_clip = self._tab, item.kind == "clip"
        file = publish(item.path, owner_of(form[self._parts.token]), item.name)
        return {
            **self.refresh({**form, tab.chosen: item.id}),
            tab.panel: gr.update(visible=True),
            tab.head: library_markup.head(item),
            tab.video: gr.update(value=file if is_clip else None, visible=is_clip),
            tab.other: gr.update(visible=is_clip),
            tab.load: "Use its settings" if is_clip else "Let it speak",
            tab.download: file,
            tab.credentials: credentials_beside(item.path, owner_of(form[self._parts.token]), item.name),
            tab.name: item.name[:MAX_NAME],
            tab.words: self._text(form, item.id) if is_clip else "",
            tab.chosen: item.id,
        }

    def _text(self, form: Form, clip_id: str) -> str:
        """What a clip says, with its feelings."""
        clip = self._library.clip(owner_of(form[self._parts.token]), clip_id)
        return str(clip.manifest["request"]["words"].get("text") or "")

    def _elsewhere(self, form: Form) -> Updates:
        """The cards of the other tabs after a change."""
        owner = owner_of(form[self._parts.token])
        clips = [clip.id for clip in self._library.clips(owner)]
        shown = form[self._parts.preview.shown]
        known = shown if shown in clips else next(iter(clips), "")
        cards = avatar_cards(self._parts, owner, form[self._parts.avatar_id])
        return {self._parts.avatar.cards: cards, **shown_clip(self._parts, owner, known)}
