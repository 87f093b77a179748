"""Controls out of declarations: for any engine's options, and for the strengths of an expression."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.components import Component

from engines.options import OptionField, option_fields
from engines.registry import Engine

STEPS_PER_DECADE = 20
PICTURE_HEIGHT = 120
"""Height in px of the place where a picture or another file is dropped."""


@dataclass(frozen=True)
class Controls:
    """Components by field name, and what their fields were declared as."""

    components: Mapping[str, Any]
    declared: Mapping[str, OptionField]

    def values(self, form: Mapping[Any, Any]) -> dict[str, Any]:
        """Every field's value in ``form``, in the field's own type; an emptied field is its default again."""
        return {name: _typed(form[item], self.declared[name]) for name, item in self.components.items()}

    def changed(self, form: Mapping[Any, Any]) -> dict[str, Any]:
        """The fields whose value in ``form`` is not the default."""
        values = self.values(form)
        return {name: value for name, value in values.items() if value != self.declared[name].default}


def options_controls(engine: Engine) -> Controls:
    """A control for every simple field of ``engine``'s options dataclass."""
    return dataclass_controls(engine.options)


def dataclass_controls(options: type[Any], names: Collection[str] = ()) -> Controls:
    """A control for each simple field of a dataclass; ``names`` chooses and orders them."""
    every = {item.name: item for item in option_fields(options)}
    declared = {name: every[name] for name in names or every}
    return Controls({name: _control(item) for name, item in declared.items()}, declared)


def merged(first: Controls, second: Controls) -> Controls:
    """Both as one."""
    return Controls({**first.components, **second.components}, {**first.declared, **second.declared})


def nice_step(low: float, high: float) -> float:
    """A step that a person would choose: at least 20 and less than 200 of them from ``low`` to ``high``."""
    return float(10 ** math.floor(math.log10(high - low))) / STEPS_PER_DECADE


def _control(item: OptionField) -> Component:
    said: dict[str, Any] = {"label": item.title, "info": item.description or None}
    if item.kind == "boolean":
        return gr.Checkbox(bool(item.default), **said)
    if item.choices:
        choices = [(str(choice).replace("_", " ").capitalize(), choice) for choice in item.choices]
        return gr.Radio(choices, value=item.default, **said)
    if item.kind == "string":
        return gr.Textbox(item.default, **said)
    if item.kind == "colour":
        return gr.ColorPicker(item.default, **said)
    if item.kind == "picture":
        return gr.File(label=item.title, file_types=["image"], type="filepath", height=PICTURE_HEIGHT)
    if item.kind == "file":
        endings = list(item.endings) or None
        return gr.File(label=item.title, file_types=endings, type="filepath", height=PICTURE_HEIGHT)
    return _number(item, said)


def _number(item: OptionField, said: Mapping[str, Any]) -> Component:
    whole, low, high = item.kind == "integer", item.minimum, item.maximum
    if low is None or high is None:
        return gr.Number(item.default, precision=0 if whole else None, minimum=low, maximum=high, **said)
    step = max(round(nice_step(low, high)), 1) if whole else nice_step(low, high)
    return gr.Slider(low, high, item.default, step=step, buttons=[], **said)


def _typed(value: Any, item: OptionField) -> Any:
    """Browsers send 1 for 1.0, 1.0 for 1, and nothing for an emptied field."""
    if value is None:
        return item.default
    if item.kind == "number":
        return float(value)
    if item.kind == "colour":
        return hex_colour(str(value))
    return round(value) if item.kind == "integer" else value


def hex_colour(value: str) -> str:
    """A colour as browsers' pickers give it, "#rrggbb" or "rgba(r, g, b, a)", as "#rrggbb"."""
    numbers = re.findall(r"[\d.]+", value)
    if not value.startswith("rgb") or len(numbers) < 3:
        return value
    return "#" + bytes(min(round(float(number)), 255) for number in numbers[:3]).hex()
