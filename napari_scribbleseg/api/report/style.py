"""How pages and figures of a report look: colours, and letters whose size is known before they are drawn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache, lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from napari_scribbleseg.labels import LAYER_COLOURS, LV, MYO, RV

if TYPE_CHECKING:
    from matplotlib.font_manager import FontProperties
    from matplotlib.ft2font import FT2Font

INK = "#1F2933"
DIM = "#5F6B76"
LINE = "#D5DAE0"
PAPER = "#FFFFFF"
TINT = "#F4F6F8"
AMBER = "#D98E04"
GREEN = "#2FA36B"
COLOURS: Mapping[int, str] = MappingProxyType({code: LAYER_COLOURS[code] for code in (RV, MYO, LV)})
"""Those of the window's layers, so that a contour here is the contour there."""

FAMILY = "DejaVu Sans"
"""Comes with matplotlib, so that a page looks the same on every machine."""

MM_PER_PT = 25.4 / 72
MISSING_GLYPH = "\N{REPLACEMENT CHARACTER}"
ELLIPSIS = "…"

_RC: Mapping[str, Any] = MappingProxyType(
    {
        "font.family": FAMILY,
        "font.size": 7,
        "axes.edgecolor": DIM,
        "axes.labelcolor": DIM,
        "axes.labelsize": 7,
        "axes.linewidth": 0.6,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.axisbelow": True,
        "axes.unicode_minus": True,
        "grid.color": "#E9ECEF",
        "grid.linewidth": 0.6,
        "xtick.color": DIM,
        "ytick.color": DIM,
        "xtick.labelsize": 6.5,
        "ytick.labelsize": 6.5,
        "xtick.major.size": 2.5,
        "ytick.major.size": 0,
        "text.color": INK,
        "text.hinting": "none",  # letters as wide as they were measured
        "text.parse_math": False,  # a name such as "$x$.nii" is no formula
        "pdf.fonttype": 42,  # text that can be searched and copied
        "svg.fonttype": "path",
        "svg.hashsalt": "napari-scribbleseg",  # the same numbers give the same file
        "savefig.facecolor": PAPER,
        "image.interpolation": "bicubic",
    }
)


@contextmanager
def report_style() -> Iterator[None]:
    """Draw in the report's style, and leave matplotlib's own settings as they were."""
    import matplotlib as mpl

    style: Any = dict(_RC)
    with mpl.rc_context(style):
        yield


def printable(text: str) -> str:
    """Return a text with a stand-in for every character that the font does not have, and without line breaks."""
    known = _font().get_char_index
    return "".join(c if known(ord(c)) else MISSING_GLYPH for c in " ".join(text.split()))


def width_mm(text: str, size_pt: float, weight: str = "normal") -> float:
    """Return how wide a line of text will be."""
    words = text.split(" ")
    return (sum(_word_mm(word, weight) for word in words) + (len(words) - 1) * _space_mm(weight)) * size_pt


@lru_cache(maxsize=8192)
def _word_mm(word: str, weight: str) -> float:
    """Return the width of a word at 1 pt; letters are not hinted, so that widths grow with their size and add up."""
    from matplotlib.textpath import text_to_path

    font = _properties(1.0, weight)
    width_pt: float = text_to_path.get_text_width_height_descent(printable(word), font, ismath=False)[0]
    return width_pt * MM_PER_PT


def _space_mm(weight: str) -> float:
    return _word_mm("n\N{NO-BREAK SPACE}n", weight) - 2 * _word_mm("n", weight)


def wrap(text: str, room_mm: float, size_pt: float, weight: str = "normal") -> list[str]:
    """Break a text into lines that fit; a word that is wider than a line is broken too.

    Parameters
    ----------
    text : str
    room_mm : width of a line
    size_pt : size of the letters
    weight : "normal" or "bold"
    """
    lines: list[str] = []
    for word in _short_words(text.split(), room_mm, size_pt, weight):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width_mm(longer, size_pt, weight) <= room_mm:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def shorten(text: str, room_mm: float, size_pt: float, weight: str = "normal") -> str:
    """Return as much of a text as fits in one line, with … in the middle where something is left out."""
    if width_mm(text, size_pt, weight) <= room_mm:
        return text
    for kept in range(len(text) - 1, 1, -1):
        tried = text[: (kept + 1) // 2] + ELLIPSIS + text[len(text) - kept // 2 :]
        if width_mm(tried, size_pt, weight) <= room_mm:
            return tried
    return ELLIPSIS


def _short_words(words: list[str], room_mm: float, size_pt: float, weight: str) -> Iterator[str]:
    for word in words:
        rest = word
        while len(rest) > 1 and width_mm(rest, size_pt, weight) > room_mm:
            fits = max(n for n in range(1, len(rest)) if n == 1 or width_mm(rest[:n], size_pt, weight) <= room_mm)
            yield rest[:fits]
            rest = rest[fits:]
        yield rest


def _properties(size_pt: float, weight: str) -> FontProperties:
    from matplotlib.font_manager import FontProperties

    return FontProperties(family=FAMILY, size=size_pt, weight=weight)


@cache
def _font() -> FT2Font:
    from matplotlib.font_manager import findfont, get_font

    return get_font(findfont(_properties(10, "normal")))
