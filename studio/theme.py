"""How the page looks: paper and pine by day, night pine and mint after dark.

System fonts only, so that the page asks no other host for anything. Every text colour keeps a contrast of at
least 4.5 to 1 on the surface that it stands on, in both modes (WCAG 2.2 AA).
"""

from __future__ import annotations

from pathlib import Path

import gradio as gr

ASSETS = Path(__file__).resolve().parent.parent / "assets"
CSS_FILE = ASSETS / "page" / "page.css"
ICON_FILE = ASSETS / "icons" / "icon.svg"

SANS = ("ui-sans-serif", "system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "sans-serif")
MONO = ("ui-monospace", "SF Mono", "Cascadia Mono", "Menlo", "Consolas", "monospace")

PINE = gr.themes.Color(
    c50="#eef6f3", c100="#d6eae4", c200="#b0d6cb", c300="#7fbdad", c400="#4c9d8b", c500="#2b8170",
    c600="#1b6758", c700="#155347", c800="#12433a", c900="#0f3730", c950="#07211d", name="pine",
)  # fmt: skip
STONE = gr.themes.Color(
    c50="#faf8f4", c100="#f3efe8", c200="#e5dfd4", c300="#cfc6b7", c400="#a59b8b", c500="#6f675b",
    c600="#585147", c700="#423d36", c800="#272a28", c900="#1a1d1c", c950="#111413", name="stone",
)  # fmt: skip

SURFACES = {
    "body_background_fill": "#f6f3ed",
    "body_background_fill_dark": "#111514",
    "body_text_color": "#20241f",
    "body_text_color_dark": "#ece8df",
    "body_text_color_subdued": "#5d574c",
    "body_text_color_subdued_dark": "#aca799",
    "background_fill_primary": "#fffdf9",
    "background_fill_primary_dark": "#1a1f1e",
    "background_fill_secondary": "#f3efe8",
    "background_fill_secondary_dark": "#151918",
    "border_color_primary": "#ddd6c9",
    "border_color_primary_dark": "#333b39",
    "border_color_accent": "*primary_600",
    "border_color_accent_dark": "#8fd9c6",
    "color_accent": "*primary_600",
    "color_accent_soft": "*primary_50",
    "color_accent_soft_dark": "#16322c",
    "link_text_color": "*primary_700",
    "link_text_color_dark": "#8fd9c6",
    "shadow_drop": "0 1px 2px rgba(40, 34, 20, .05)",
    "shadow_drop_lg": "0 10px 30px rgba(40, 34, 20, .10)",
}
BLOCKS = {
    "block_background_fill": "transparent",
    "block_background_fill_dark": "transparent",
    "block_border_width": "0px",
    "block_border_width_dark": "0px",
    "block_shadow": "none",
    "block_shadow_dark": "none",
    "block_padding": "0px",
    "block_radius": "14px",
    "block_label_background_fill": "transparent",
    "block_label_background_fill_dark": "transparent",
    "block_label_border_width": "0px",
    "block_label_border_width_dark": "0px",
    "block_label_text_color": "*body_text_color",
    "block_label_text_color_dark": "*body_text_color",
    "block_title_text_color": "*body_text_color",
    "block_title_text_color_dark": "*body_text_color",
    "block_title_text_weight": "600",
    "block_title_text_size": "0.92rem",
    "block_info_text_color": "*body_text_color_subdued",
    "block_info_text_color_dark": "*body_text_color_subdued",
    "block_info_text_size": "0.85rem",
    "panel_background_fill": "transparent",
    "panel_background_fill_dark": "transparent",
    "panel_border_width": "0px",
    "panel_border_width_dark": "0px",
    "form_gap_width": "0px",
    "layout_gap": "18px",
}
CONTROLS = {
    "input_background_fill": "#ffffff",
    "input_background_fill_dark": "#141918",
    "input_background_fill_focus": "#ffffff",
    "input_background_fill_focus_dark": "#141918",
    "input_border_color": "#8d8577",
    "input_border_color_dark": "#6d7774",
    "input_border_color_focus": "*primary_600",
    "input_border_color_focus_dark": "#8fd9c6",
    "input_border_width": "1px",
    "input_placeholder_color": "#6b6457",
    "input_placeholder_color_dark": "#a09b8e",
    "input_radius": "10px",
    "input_padding": "11px 14px",
    "input_text_size": "1rem",
    "slider_color": "*primary_600",
    "slider_color_dark": "#8fd9c6",
    "checkbox_background_color_selected": "*primary_600",
    "checkbox_background_color_selected_dark": "*primary_600",
    "checkbox_border_color_selected_dark": "#8fd9c6",
    "checkbox_label_background_fill": "#ffffff",
    "checkbox_label_background_fill_dark": "#1a1f1e",
    "checkbox_label_background_fill_hover": "*primary_50",
    "checkbox_label_background_fill_hover_dark": "#20302c",
    "checkbox_label_background_fill_selected": "*primary_100",
    "checkbox_label_background_fill_selected_dark": "#1c3a33",
    "checkbox_label_border_color": "#cfc6b7",
    "checkbox_label_border_color_dark": "#46504d",
    "checkbox_label_border_color_selected": "*primary_600",
    "checkbox_label_border_color_selected_dark": "#8fd9c6",
    "checkbox_label_border_width": "1px",
    "checkbox_label_padding": "9px 14px",
    "checkbox_label_text_color": "*body_text_color",
    "checkbox_label_text_color_selected": "*primary_900",
    "checkbox_label_text_color_selected_dark": "#e6f5f0",
    "checkbox_label_text_weight": "500",
}
BUTTONS = {
    "button_primary_background_fill": "*primary_600",
    "button_primary_background_fill_hover": "*primary_700",
    "button_primary_background_fill_dark": "#8fd9c6",
    "button_primary_background_fill_hover_dark": "#a9e5d5",
    "button_primary_text_color": "#ffffff",
    "button_primary_text_color_dark": "#082620",
    "button_primary_text_color_hover_dark": "#082620",
    "button_primary_border_color": "transparent",
    "button_primary_border_color_dark": "transparent",
    "button_secondary_background_fill": "#ffffff",
    "button_secondary_background_fill_hover": "*primary_50",
    "button_secondary_background_fill_dark": "#1f2524",
    "button_secondary_background_fill_hover_dark": "#20302c",
    "button_secondary_border_color": "#cfc6b7",
    "button_secondary_border_color_hover": "*primary_600",
    "button_secondary_border_color_dark": "#46504d",
    "button_secondary_border_color_hover_dark": "#8fd9c6",
    "button_secondary_text_color": "#20241f",
    "button_secondary_text_color_dark": "#ece8df",
    "button_cancel_background_fill": "#ffffff",
    "button_cancel_background_fill_hover": "#fdf0ea",
    "button_cancel_background_fill_dark": "#1f2524",
    "button_cancel_background_fill_hover_dark": "#3a231b",
    "button_cancel_border_color": "#b4492a",
    "button_cancel_border_color_dark": "#f0a284",
    "button_cancel_text_color": "#97391d",
    "button_cancel_text_color_dark": "#f4b59c",
    "button_border_width": "1px",
    "button_border_width_dark": "1px",
    "button_large_radius": "12px",
    "button_large_text_weight": "600",
    "button_medium_radius": "10px",
    "button_medium_text_weight": "500",
    "button_small_radius": "999px",
    "button_small_text_size": "0.9rem",
    "button_small_padding": "6px 14px",
    "button_small_text_weight": "500",
}


def studio_theme() -> gr.themes.Base:
    """The theme that ``launch`` gets."""
    theme = gr.themes.Base(
        primary_hue=PINE,
        secondary_hue=PINE,
        neutral_hue=STONE,
        text_size=gr.themes.sizes.text_md,
        spacing_size=gr.themes.sizes.spacing_md,
        radius_size=gr.themes.sizes.radius_lg,
        font=SANS,
        font_mono=MONO,
    )
    theme.set(**SURFACES, **BLOCKS, **CONTROLS, **BUTTONS)
    return theme
