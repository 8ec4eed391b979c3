"""Where everything stands on one A4 page, in millimetres."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_scribbleseg.api.report.sheet import line_mm
from napari_scribbleseg.api.report.style import width_mm, wrap

if TYPE_CHECKING:
    from napari_scribbleseg.api.report.content import Content

PAGE_WIDTH, PAGE_HEIGHT = 210.0, 297.0
LEFT, TOP = 12.0, 10.0
WIDTH = PAGE_WIDTH - 2 * LEFT
HEIGHT = PAGE_HEIGHT - 2 * TOP

HEAD_MM = 14.5
FACTS_MM = 17.0
TABLE_WIDTH, CURVE_WIDTH = 93.0, 88.0
NUMBERS_MM = 53.0
BULLS_EYE_MM, NO_BULLS_EYE_MM = 48.0, 8.0
SECTION_MM = 6.0
"""The heading of a section."""
FOOT_MM = 7.5
GAP_MM = 3.0
_FIXED_MM = HEAD_MM + FACTS_MM + NUMBERS_MM + FOOT_MM + 4 * GAP_MM

FLAG_PT, METHOD_PTS = 6.8, (6.0, 5.5, 5.0)
METHOD_COLUMNS = 2
METHOD_GAP = 6.0
MOST_FLAG_LINES = 9
MOST_SENTENCE_LINES = 4
LEAST_MONTAGE_MM = 46.0
MARK = "•"
CUT = "… in full in indices.json."


@dataclass(frozen=True)
class Layout:
    """What a page's texts leave for its pictures.

    Attributes
    ----------
    flags : tuple of (severity, lines)
        Broken to the width of the page.
    more_flags : int
        Flags that have no room; the JSON file holds all of them.
    method_pt : float
        Size of the small print.
    methods : tuple of columns of lines
        Each line begins with its mark, if it begins a sentence, and a tab.
    bulls_eye_mm : float
        Height of the bull's-eyes, or of the line that says why there are none.
    """

    flags: tuple[tuple[str, tuple[str, ...]], ...]
    more_flags: int
    method_pt: float
    methods: tuple[tuple[str, ...], ...]
    bulls_eye_mm: float = BULLS_EYE_MM

    @property
    def flags_mm(self) -> float:
        """Return the height of the flags."""
        lines = sum(len(lines) for _, lines in self.flags) + bool(self.more_flags)
        return max(lines, 1) * line_mm(FLAG_PT) + 3.0

    @property
    def methods_mm(self) -> float:
        """Return the height of the small print."""
        return max(map(len, self.methods)) * method_line_mm(self.method_pt) + SECTION_MM

    @property
    def montage_mm(self) -> float:
        """Return the height that is left for the slices."""
        return HEIGHT - _FIXED_MM - self.bulls_eye_mm - self.flags_mm - self.methods_mm


def lay_out(content: Content) -> Layout:
    """Break the texts of a page into lines and give what is left to the slices.

    The small print gets smaller where they would have too little room, and in the end it is cut.
    """
    flags, more = _flag_lines(content)
    eye_mm = BULLS_EYE_MM if content.has_bulls_eye else NO_BULLS_EYE_MM
    sentences = (*content.methods, content.origin)
    for size_pt in METHOD_PTS:
        lines = _method_lines(sentences, size_pt)
        layout = Layout(flags, more, size_pt, _in_columns(lines), eye_mm)
        if layout.montage_mm >= LEAST_MONTAGE_MM:
            return layout
    while layout.montage_mm < LEAST_MONTAGE_MM:
        lines = [*lines[:-2], f"\t{CUT}"]
        layout = Layout(flags, more, size_pt, _in_columns(lines), eye_mm)
    return layout


def method_line_mm(size_pt: float) -> float:
    """Return the distance between lines of small print."""
    return line_mm(size_pt, 1.28)


def _flag_lines(content: Content) -> tuple[tuple[tuple[str, tuple[str, ...]], ...], int]:
    shown: list[tuple[str, tuple[str, ...]]] = []
    used = 0
    for flag in content.flags:
        lines = tuple(wrap(flag.text, WIDTH - 6, FLAG_PT))
        used += len(lines)
        if used > MOST_FLAG_LINES:
            break
        shown.append((flag.severity, lines))
    return tuple(shown), len(content.flags) - len(shown)


def _method_lines(sentences: tuple[str, ...], size_pt: float) -> list[str]:
    width = (WIDTH - (METHOD_COLUMNS - 1) * METHOD_GAP) / METHOD_COLUMNS - 2.5
    return [line for sentence in sentences for line in _hanging(_cut(wrap(sentence, width, size_pt), width, size_pt))]


def _cut(lines: list[str], width: float, size_pt: float) -> list[str]:
    if len(lines) <= MOST_SENTENCE_LINES:
        return lines
    last = lines[MOST_SENTENCE_LINES - 1]
    while last and width_mm(f"{last} {CUT}", size_pt) > width:
        last = last.rpartition(" ")[0]
    return [*lines[: MOST_SENTENCE_LINES - 1], f"{last} {CUT}".strip()]


def _hanging(lines: list[str]) -> list[str]:
    """Mark where a sentence begins, so that sentences are told apart."""
    return [f"{MARK}\t{lines[0]}", *(f"\t{line}" for line in lines[1:])] if lines else []


def _in_columns(lines: list[str]) -> tuple[tuple[str, ...], ...]:
    """Break lines into two columns, as even as they can be without breaking a sentence."""
    starts = [i for i, line in enumerate(lines) if i and line.startswith(MARK)]
    half = min([*starts, len(lines)], key=lambda i: max(i, len(lines) - i))
    return tuple(lines[:half]), tuple(lines[half:])
