"""The Avatar tab: pick a face, or bring one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

import gradio as gr

from engines.errors import StudioError
from engines.types import AvatarRef
from studio.consent import BY_PAGE, Consent, ConsentRecord
from studio.services import avatar_ref
from studio.tabs import markup, pictures
from studio.tabs.adjust import build_adjust_panel, connect_adjust_panel, offered_for, put_away
from studio.tabs.ask import ANSWERS, asking
from studio.tabs.filming import FilmEvents, connect_filming, framed_video, is_clip, recipe_of
from studio.tabs.guard import SECONDS_IN_SIGHT, Updates
from studio.tabs.owner import owner_of
from studio.tabs.parts import AvatarTab, Form, Parts
from studio.tabs.speech import introduction
from studio.tabs.stage import still_of

if TYPE_CHECKING:
    from engines.photos import FaceBox, PhotoReport
    from studio.library import Avatar

CONSENT_LABELS: Mapping[Consent, str] = MappingProxyType(
    {"mine": "You", "permission": "With permission", "invented": "Invented", "not stated": "Not said whose"}
)
PHOTO_ADVICE = (
    "A face that looks at the camera works best: well lit, lips closed, at least 90 pixels wide. "
    "A video needs one person in one shot; it may talk, since its mouth will say your words."
)
ABOUT_PLACING = "If it can be seen all the same, put its points there yourself."
ON_CARDS = """
const boxes = () => element.querySelectorAll('input');
watch('value', () => boxes().forEach(box => { box.checked = box.hasAttribute('checked'); }));
element.addEventListener('change', event => trigger('select', { id: event.target.value }));
element.addEventListener('click', event => {
  const button = event.target.closest('[data-remove]');
  if (button && confirm('Delete ' + button.dataset.name + '? Clips made with it stay.'))
    trigger('delete', { id: button.dataset.remove });
});
"""


def build_avatar_tab() -> AvatarTab:
    """The tab's components, without events."""
    gr.HTML("<h2>Choose who speaks</h2>", apply_default_css=False)
    cards = gr.HTML(js_on_load=ON_CARDS, apply_default_css=False, elem_id="avatars")
    adjust_own = gr.Button("Adjust the points of this face", visible=False, scale=0, elem_id="adjust-own")
    adjust = build_adjust_panel()
    gr.HTML(f"<h2>Or bring a photo or a video</h2>{markup.hint(PHOTO_ADVICE)}", apply_default_css=False)
    photo = gr.File(label="Photo or video", file_types=["image", "video"], height=150, elem_id="photo")
    progress = gr.HTML(apply_default_css=False, elem_id="film-progress")
    stop = gr.Button("Cancel", variant="stop", visible=False, scale=0, elem_id="film-cancel")
    notice = gr.HTML(apply_default_css=False, elem_id="avatar-notice")
    place = gr.Button("Put the points of the face there myself", visible=False, scale=0, elem_id="place")
    with gr.Column(visible=False, elem_id="review") as review:
        framed = gr.HTML(apply_default_css=False)
        face = gr.Radio([], label="Which face?", visible=False)
        consent = gr.Radio(list(ANSWERS), value=None, label="Whose face is it?", elem_id="consent")
        name = gr.Textbox(label="Name", placeholder="What to call this avatar", max_length=60, elem_id="name")
        save = gr.Button("Save to my avatars", variant="primary", elem_id="save")
    report = gr.State(None)
    return AvatarTab(
        notice=notice,
        cards=cards,
        adjust_own=adjust_own,
        photo=photo,
        place=place,
        adjust=adjust,
        review=review,
        framed=framed,
        face=face,
        consent=consent,
        name=name,
        save=save,
        report=report,
        progress=progress,
        stop=stop,
        shoot=gr.State(""),
    )


def connect_avatar_tab(parts: Parts) -> None:
    """Let the tab's components act."""
    tab, events = parts.avatar, AvatarEvents(parts)
    guard = parts.guard(tab.notice)
    chosen: list[Any] = [tab.notice, tab.cards, parts.avatar_id, parts.stage.face, parts.stage.says]
    panel = tab.adjust
    closed = [panel.panel, panel.editor, panel.effect, panel.opened, parts.stage.ask]
    chosen += [parts.preview.recipe, tab.adjust_own, *closed, parts.speech.text, *parts.speech.choice.changing]
    asked = parts.face_inputs | parts.voice_inputs | {parts.preview.recipe}
    quick: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    tab.cards.select(guard.event(events.pick), asked, chosen, **quick)
    tab.cards.delete(guard.event(events.remove), asked, chosen, **quick)
    form: list[Any] = [tab.review, tab.framed, tab.face, tab.name, tab.report, tab.place, panel.placed]
    seen: list[Any] = [tab.notice, *form, *closed]
    tab.photo.upload(guard.event(events.look), [tab.photo], seen, api_visibility="private")
    tab.photo.clear(guard.event(events.put_away), None, seen, **quick)
    tab.face.input(
        guard.event(events.choose_face),
        [tab.photo, tab.report, tab.face],
        [tab.notice, tab.framed, tab.place],
        **quick,
    )
    saved = tab.save.click(
        guard.event(events.save),
        asked | {tab.photo, tab.face, tab.consent, tab.name, panel.placed},
        [*chosen, *form, tab.photo, tab.consent, tab.progress, tab.stop, tab.shoot],
        api_visibility="private",
        show_progress="hidden",
    )
    connect_filming(saved, parts, events.choose)
    connect_adjust_panel(parts)


def avatar_cards(parts: Parts, owner: str, chosen: str) -> str:
    """Everybody that ``owner`` may let speak."""
    return markup.avatar_cards([_card(avatar) for avatar in parts.studio.library.avatars(owner)], chosen)


class AvatarEvents:
    """What happens on the Avatar tab."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._tab = parts.avatar

    def pick(self, form: Form, event: gr.EventData) -> Updates:
        """A card was chosen."""
        return self.choose(form, str(event.id))

    def remove(self, form: Form, event: gr.EventData) -> Updates:
        """The cross on one's own card was pressed."""
        owner = owner_of(form[self._parts.token])
        self._parts.studio.library.remove(owner, str(event.id))
        left = [avatar.id for avatar in self._parts.studio.library.avatars(owner)]
        chosen = form[self._parts.avatar_id]
        return self.choose(form, chosen if chosen in left else left[0])

    def look(self, photo: str) -> Updates:
        """A photo or a video was uploaded: show what was found in it."""
        if is_clip(photo):
            return self._look_at_video(Path(photo))
        report = self._parts.studio.inspect(Path(photo))
        chosen = next((number for number, face in enumerate(report.faces) if not face.problem), 0)
        tab = self._tab
        return {
            **put_away(tab.adjust),
            tab.notice: _told(report, chosen),
            tab.place: gr.update(visible=_may_be_placed(report, chosen)),
            tab.adjust.placed: None,
            tab.review: gr.update(visible=report.problem is None),
            tab.framed: _framed(Path(photo), report, chosen),
            tab.face: gr.update(
                choices=_face_choices(report),
                value=chosen if report.faces else None,
                visible=len(report.faces) > 1,
            ),
            tab.name: _named_after(Path(photo)),
            tab.report: report,
        }

    def _look_at_video(self, clip: Path) -> Updates:
        """The first frame of a video; its face is looked for when it is saved."""
        tab = self._tab
        framed, about = framed_video(clip)
        return {
            **self.put_away(),
            tab.notice: about,
            tab.review: gr.update(visible=True),
            tab.framed: framed,
            tab.face: gr.update(visible=False, value=None),
            tab.name: _named_after(clip),
        }

    def choose_face(self, photo: str, report: PhotoReport, face: int) -> Updates:
        """Another of several faces was chosen."""
        offer = {self._tab.place: gr.update(visible=_may_be_placed(report, face))}
        return {
            **offer,
            self._tab.notice: _told(report, face),
            self._tab.framed: _framed(Path(photo), report, face),
        }

    def put_away(self) -> Updates:
        """The photo was taken back."""
        tab = self._tab
        return {
            **put_away(tab.adjust),
            tab.review: gr.update(visible=False),
            tab.place: gr.update(visible=False),
            tab.adjust.placed: None,
            tab.framed: "",
            tab.report: None,
        }

    def save(self, form: Form) -> Updates:
        """Keep the photo as an avatar and choose it, or begin to make one of the video."""
        if is_clip(form[self._tab.photo]):
            return FilmEvents(self._parts).start(form, Path(form[self._tab.photo]), self.put_away())
        tab, owner = self._tab, owner_of(form[self._parts.token])
        consent = ConsentRecord.state(cast("Consent | None", form[tab.consent]), BY_PAGE)
        name = str(form[tab.name] or "").strip() or None
        photo = form[tab.adjust.placed] or AvatarRef(str(form[tab.photo]), int(form[tab.face] or 0))
        avatar = self._parts.studio.library.add_face(owner, photo, name, consent)
        gr.Info(f"{avatar.name} is ready to speak.", duration=SECONDS_IN_SIGHT)
        return {**self.choose(form, avatar.id), **self.put_away(), tab.photo: None, tab.consent: None}

    def choose(self, form: Form, avatar_id: str) -> Updates:
        """Let this avatar speak from now on."""
        parts, owner = self._parts, owner_of(form[self._parts.token])
        avatar = parts.studio.library.avatar(owner, avatar_id)
        return {
            **introduction(parts, form, avatar),
            **offered_for(parts, avatar),
            **recipe_of(parts, form, avatar),
            **asking(parts, open_=False),
            self._tab.cards: avatar_cards(parts, owner, avatar_id),
            parts.avatar_id: avatar_id,
            parts.stage.face: still_of(parts, {**form, parts.avatar_id: avatar_id}),
        }


def _card(avatar: Avatar) -> markup.Card:
    detail = "Sample" if avatar.sample else CONSENT_LABELS[avatar.consent]
    detail += " · video" * avatar.filmed
    try:
        image = pictures.portrait(avatar_ref(avatar))
    except (OSError, StudioError):  # one damaged file must not take the others off the page
        image = ""
    return markup.Card(avatar.id, avatar.name, detail, image, removable=not avatar.sample)


def _named_after(path: Path) -> str:
    return path.stem.replace("_", " ").replace("-", " ").strip().capitalize()[:60]


def _face_choices(report: PhotoReport) -> list[tuple[str, int]]:
    return [(f"Face {number}", number - 1) for number in range(1, len(report.faces) + 1)]


def _told(report: PhotoReport, chosen: int) -> str:
    """What is wrong with the chosen face, or else what may look wrong."""
    if _may_be_placed(report, chosen):
        return markup.notice(f"{_problem(report, chosen)} {ABOUT_PLACING}")
    face = report.faces[chosen]
    return markup.notice(face.problem) if face.problem else "".join(map(markup.hint, face.notes))


def _problem(report: PhotoReport, chosen: int) -> str | None:
    return report.faces[chosen].problem if report.faces else report.problem


def _may_be_placed(report: PhotoReport, chosen: int) -> bool:
    """Whether a person may know better: no face is found, or it seems to be covered."""
    from engines.photo_checks import COVERED_MOUTH

    return not report.faces or report.faces[chosen].problem == COVERED_MOUTH


def _framed(photo: Path, report: PhotoReport, chosen: int) -> str:
    frames = [_frame(face, report, number == chosen) for number, face in enumerate(report.faces)]
    count = len(frames)
    if not count:
        return ""
    alt = f"Your photo with {count} face{'s' if count > 1 else ''} framed"
    return markup.framed_photo(pictures.thumbnail(photo, pictures.PHOTO_SIDE), frames, alt)


def _frame(face: FaceBox, report: PhotoReport, chosen: bool) -> markup.Frame:
    wide, high = report.width, report.height
    return markup.Frame(face.x / wide, face.y / high, face.width / wide, face.height / high, chosen)
