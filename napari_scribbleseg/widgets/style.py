"""Colours and the style sheet of the dock, taken from whichever napari theme is on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qtpy.QtGui import QColor

from napari_scribbleseg.labels import LAYER_COLOURS, RV

if TYPE_CHECKING:
    from napari.components import ViewerModel

GREEN = "#2FA36B"
AMBER = "#D98E04"


@dataclass(frozen=True)
class Palette:
    """Colours of a theme as `#rrggbb`.

    Attributes
    ----------
    background, foreground, primary, secondary, highlight, text, accent, warning, error : str
        napari's own; `accent` is what napari calls `current`.
    dim : str
        Text that should step back, still at a readable contrast.
    link : str
        Links; Qt's own blue is lost on a dark theme.
    line : str
        Hairlines and borders.
    """

    background: str
    foreground: str
    primary: str
    secondary: str
    highlight: str
    text: str
    accent: str
    warning: str
    error: str
    dim: str
    link: str
    line: str


def palette_of(viewer: ViewerModel) -> Palette:
    """Return the colours of the viewer's theme."""
    from napari.utils.theme import get_theme

    theme = get_theme(viewer.theme)
    names = ("background", "foreground", "primary", "secondary", "highlight", "text", "warning", "error")
    colours = {name: _hex(getattr(theme, name)) for name in names}
    accent = _hex(theme.current)
    return Palette(
        **colours,
        accent=accent,
        dim=blend(colours["text"], colours["background"], 0.32),
        link=blend(accent, colours["text"], 0.6),
        line=blend(colours["text"], colours["background"], 0.82),
    )


def blend(front: str, back: str, share: float) -> str:
    """Return `front` mixed with `share` of `back`."""
    a, b = QColor(front), QColor(back)
    pairs = ((a.red(), b.red()), (a.green(), b.green()), (a.blue(), b.blue()))
    return QColor(*(round(x + (y - x) * share) for x, y in pairs)).name()


def is_light(palette: Palette) -> bool:
    """Return whether a theme has a light background."""
    return QColor(palette.background).lightness() > 127


def class_colours(palette: Palette) -> dict[int, str]:
    """Return the colours of the classes for lines: as on the canvas, but for RV's blue, which a dark theme swallows."""
    lines = dict(LAYER_COLOURS)
    return lines if is_light(palette) else {**lines, RV: blend(lines[RV], "#ffffff", 0.35)}


def sheet(palette: Palette) -> str:
    """Return the style sheet of the dock; roles are set as the dynamic property `role`."""
    p = palette
    return f"""
    QLabel[role="dim"] {{ color: {p.dim}; }}
    QLabel[role="small"] {{ color: {p.dim}; font-size: 8pt; }}
    QLabel[role="strong"] {{ font-weight: 600; }}
    QLabel[role="key"] {{ color: {p.dim}; font-size: 8pt; background: transparent; }}
    QLabel[role="clear"] {{ background: transparent; }}
    QPushButton {{ min-height: 18px; padding: 3px 8px; border-radius: 3px; border: 1px solid {p.primary}; }}
    QPushButton:focus, QToolButton:focus {{ border: 1px solid {p.accent}; }}
    QPushButton:disabled {{ background-color: {p.background}; color: {blend(p.text, p.background, 0.6)};
        border: 1px solid {p.line}; }}
    QPushButton[role="primary"] {{ background-color: {p.accent}; border-color: {p.accent}; font-weight: 600; }}
    QPushButton[role="primary"]:hover {{ background-color: {blend(p.accent, p.text, 0.15)}; }}
    QPushButton[role="primary"]:focus {{ border-color: {p.text}; }}
    QPushButton[role="primary"]:disabled {{ background-color: {p.background}; border-color: {p.line}; }}
    QPushButton[role="flat"] {{ background: transparent; border: 1px solid transparent; color: {p.dim}; }}
    QPushButton[role="flat"]:hover {{ color: {p.text}; background: {p.foreground}; }}
    QPushButton[role="header"] {{ text-align: left; background: transparent; border: 1px solid transparent;
        font-weight: 600; padding: 2px 2px; }}
    QPushButton[role="header"]:hover {{ background: {p.foreground}; }}
    QPushButton[role="header"]:focus {{ border: 1px solid {p.accent}; }}
    QToolButton {{ background-color: {p.primary}; border: 1px solid {p.primary}; border-radius: 3px;
        padding: 3px 8px; }}
    QToolButton:hover {{ background-color: {p.highlight}; }}
    QToolButton::menu-indicator {{ image: none; width: 0px; }}
    QTreeWidget {{ background-color: {p.foreground}; border: 1px solid {p.line}; border-radius: 3px; }}
    QTreeWidget::item {{ padding: 2px 4px; border: 0px; }}
    QTreeWidget::item:selected {{ background-color: {p.secondary}; color: {p.text}; }}
    QProgressBar {{ background-color: {p.primary}; border: none; border-radius: 3px;
        min-height: 6px; max-height: 6px; }}
    QProgressBar::chunk {{ background-color: {p.accent}; border-radius: 3px; }}
    QFrame#section {{ border: none; border-top: 1px solid {p.line}; border-radius: 0px; }}
    QFrame#messages {{ background-color: {p.foreground}; border: none; border-left: 3px solid {p.accent};
        border-radius: 0px; }}
    QFrame#messages[level="warning"] {{ border-left: 3px solid {p.warning}; }}
    QFrame#messages QLabel, QFrame#messages QPushButton {{ background: transparent; }}
    """


def _hex(colour: object) -> str:
    from napari.utils.theme import Color

    red, green, blue = Color(colour).as_rgb_tuple()[:3]  # type: ignore[arg-type]
    return QColor(red, green, blue).name()
