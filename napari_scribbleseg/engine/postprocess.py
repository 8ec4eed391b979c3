"""What is known of every heart, put right in a predicted mask: one piece of each class, no holes, a closed ring."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from napari_scribbleseg.engine.border import Volume, follow_blood
from napari_scribbleseg.labels import BG, FOREGROUND, IGNORE, LV, MYO, RV, LabelMap

Mask = npt.NDArray[np.bool_]
Slices = tuple[slice, slice, slice]

LEAST_SHARE = MappingProxyType({RV: 0.25, MYO: 1.0, LV: 1.0})
"""A part of a class stays if it has at least this share of the largest one's pixels.

A network sees RV, thin as it is, in two pieces now and then; dropping the smaller then costs more than islands do. The
left ventricle is compact, and a second one is never right.
"""
CLOSING_MM = 4.5
"""Gaps in the myocardial ring up to twice as wide are closed, and no further from the cavity than this."""

LEAST_RING = 0.7
"""A ring is closed where at least so much of the cavity's rim is myocardium already."""

_ROUNDS = 6
_EDGE = 2
_IN_PLANE = np.zeros((3, 3, 3), bool)
_IN_PLANE[1] = ndimage.generate_binary_structure(2, 1)
_TOUCHING = np.ones((3, 3, 3), bool)


@dataclass(frozen=True)
class PostProcessing:
    """What to put right in each phase of a mask.

    Attributes
    ----------
    largest : bool
        Keep the largest part of each class, and of RV any that is at least a quarter as large; parts that touch by a
        corner or in the next slice are one.
    holes : bool
        Fill background that LV, RV, or myocardium and LV together, enclose within a slice, and myocardium within LV.
    ring : bool
        Close gaps in the myocardium where LV touches background, if most of the ring is there.
    border : bool
        Move the border between LV and myocardium to where the brightness says (`engine.border`); needs the image.
    """

    largest: bool = True
    holes: bool = True
    ring: bool = True
    border: bool = True

    @classmethod
    def none(cls) -> PostProcessing:
        """Return the choice that leaves masks as they are."""
        return cls(largest=False, holes=False, ring=False, border=False)

    @property
    def changes_anything(self) -> bool:
        """Whether any of it is wanted."""
        return self.largest or self.holes or self.ring or self.border


def postprocess(
    mask: LabelMap,
    spacing_mm: Sequence[float],
    options: PostProcessing | None = None,
    drawn: LabelMap | None = None,
    image: Callable[[int], Volume] | None = None,
) -> LabelMap:
    """Return a mask put right, each phase by itself.

    Deterministic, and but for the border doing it twice changes nothing more. What a person drew wins: no pixel under a
    stroke changes, a part with a stroke of its class stays, and a hole with a stroke in it is none.

    Parameters
    ----------
    mask : uint8 (t, z, y, x) or (z, y, x), training codes
    spacing_mm : (z, y, x)
    options : PostProcessing, optional
        Everything by default.
    drawn : uint8 of the mask's shape, training codes, optional
        Strokes; IGNORE where nothing is drawn.
    image : callable phase → float32 (z, y, x), optional
        The scan, such as `Cine.volume`; without it no border moves.

    Returns
    -------
    A new array of the same shape.

    Raises
    ------
    ValueError
        For a mask that has neither three nor four axes.
    """
    wanted = options or PostProcessing()
    if mask.ndim not in (3, 4):
        raise ValueError(f"A mask has the axes (t, z, y, x) or (z, y, x), not {mask.ndim} of them.")
    cleaned = mask.copy()
    if wanted.changes_anything:
        strokes = np.full_like(mask, IGNORE) if drawn is None else drawn
        phases = (cleaned, strokes) if mask.ndim == 4 else (cleaned[None], strokes[None])
        pixel_mm = float(spacing_mm[1]), float(spacing_mm[2])
        for t, (phase, on_phase) in enumerate(zip(*phases, strict=True)):
            _put_right(phase, on_phase, pixel_mm, wanted)
            if wanted.border and image is not None and phase.any():
                phase[:] = follow_blood(phase, image(t), on_phase, pixel_mm)
    return cleaned


def _put_right(phase: LabelMap, drawn: LabelMap, pixel_mm: tuple[float, float], options: PostProcessing) -> None:
    """Change a phase `(z, y, x)` in place until nothing more is to be done.

    One thing can make way for another, as when a gap that is closed makes a part the largest.
    """
    if not phase.any():
        return
    where = _bounding_box((phase != BG) | (drawn != IGNORE))
    edge = (0, 0), (_EDGE, _EDGE), (_EDGE, _EDGE)
    heart, strokes = np.pad(phase[where], edge), np.pad(drawn[where], edge, constant_values=IGNORE)
    for _ in range(_ROUNDS):
        before = heart.copy()
        if options.largest:
            _drop_islands(heart, strokes)
        if options.holes:
            _fill_holes(heart, strokes)
        if options.ring:
            _close_ring(heart, strokes, pixel_mm)
        if np.array_equal(before, heart):
            break
    _paste(heart, phase, where)


def _bounding_box(wanted: Mask) -> Slices:
    spans = []
    for axis in range(3):
        others = tuple(a for a in range(3) if a != axis)
        at = np.flatnonzero(wanted.any(axis=others))
        spans.append(slice(int(at[0]), int(at[-1]) + 1))
    return spans[0], spans[1], spans[2]


def _paste(heart: LabelMap, phase: LabelMap, where: Slices) -> None:
    """Write what was worked on, its edge included as far as the slice reaches."""
    (_, rows, columns), (_, height, width) = where, phase.shape
    top, left = max(rows.start - _EDGE, 0), max(columns.start - _EDGE, 0)
    bottom, right = min(rows.stop + _EDGE, height), min(columns.stop + _EDGE, width)
    y, x = top - rows.start + _EDGE, left - columns.start + _EDGE
    phase[where[0], top:bottom, left:right] = heart[:, y : y + bottom - top, x : x + right - left]


def _drop_islands(heart: LabelMap, drawn: LabelMap) -> None:
    """Turn small parts of each class into background."""
    for code in FOREGROUND:
        body = heart == code
        heart[body & ~_main_parts(body, LEAST_SHARE[code], drawn == code) & (drawn == IGNORE)] = BG


def _main_parts(body: Mask, share: float, pointed_at: Mask) -> Mask:
    """Return the largest part of a body, those of at least this share of its size, and those pointed at."""
    parts, count = ndimage.label(body, _TOUCHING)
    if count < 2:
        return body
    sizes = np.bincount(parts.ravel())
    kept = sizes >= share * sizes[1:].max()
    kept[parts[pointed_at]] = True
    kept[0] = False
    main: Mask = kept[parts]
    return main


def _fill_holes(heart: LabelMap, drawn: LabelMap) -> None:
    """Fill background that RV, LV, or myocardium and LV enclose within a slice, and myocardium that LV does."""
    strokes = drawn != IGNORE
    heart[(_enclosed(heart == LV, strokes)[0] > 0) & (heart != RV)] = LV
    heart[(_enclosed(heart == RV, strokes)[0] > 0) & (heart == BG)] = RV
    parts, count = _enclosed((heart == LV) | (heart == MYO), strokes)
    empty = (parts > 0) & (heart == BG)
    if empty.any():
        heart[empty] = _code_of_holes(heart, parts, count)[parts[empty]]


def _enclosed(body: Mask, strokes: Mask) -> tuple[npt.NDArray[np.int32], int]:
    """Return the holes of a body `(z, y, x)` without a stroke in them, and the highest of their numbers, 0 for none.

    What hangs together with the edge of a slice is outside.
    """
    parts, count = ndimage.label(~body, _IN_PLANE)
    outside = np.zeros(count + 1, bool)
    outside[parts[:, 0, 0]] = outside[parts[strokes]] = outside[0] = True
    return np.where(outside[parts], 0, parts), 0 if outside.all() else count


def _code_of_holes(heart: LabelMap, parts: npt.NDArray[np.int32], count: int) -> LabelMap:
    """Return what each hole of myocardium and LV is: LV where most of its rim is, or where the slice has none yet."""
    rim = {code: np.zeros(count + 1, np.int64) for code in (MYO, LV)}
    z, y, x = np.nonzero(parts)
    hole = parts[z, y, x]
    for dy, dx in ((-1, 0), (1, 0), (0, -1), (0, 1)):
        neighbour = heart[z, y + dy, x + dx]
        for code, found in rim.items():
            found += np.bincount(hole[neighbour == code], minlength=count + 1)
    has_no_cavity = np.zeros(count + 1, bool)
    has_no_cavity[hole] = ~(heart == LV).any((1, 2))[z]
    return np.where(has_no_cavity | (rim[LV] > rim[MYO]), LV, MYO).astype(np.uint8)


def _close_ring(heart: LabelMap, drawn: LabelMap, pixel_mm: tuple[float, float]) -> None:
    """Make myocardium of what touches LV without being it, and of what a closing of the ring finds near LV.

    Only around the cavity's main parts, where most of the ring is there, and never at the cost of RV. Where more of it
    is missing, as where the aorta leaves, a ring would be an invention.
    """
    cavity = _main_parts(heart == LV, LEAST_SHARE[LV], drawn == LV)
    muscle, free = heart == MYO, (heart == BG) & (drawn == IGNORE)
    rim = ndimage.binary_dilation(cavity, _IN_PLANE) & (heart != LV)
    found, whole = (rim & muscle).sum((1, 2)), rim.sum((1, 2))
    nearly_closed = (found < whole) & (found >= LEAST_RING * whole)
    if nearly_closed.any():
        some = heart[nearly_closed]
        missing = (rim & free)[nearly_closed]
        near = _grown(cavity[nearly_closed], pixel_mm) & free[nearly_closed]
        body = (some == MYO) | missing | cavity[nearly_closed]
        some[missing | (near & _closed(body, pixel_mm))] = MYO
        heart[nearly_closed] = some


def _closed(body: Mask, pixel_mm: tuple[float, float]) -> Mask:
    """Return the closing of each slice by a disc of `CLOSING_MM`."""
    y, x = (int(CLOSING_MM / mm) for mm in pixel_mm)
    room = np.pad(body, ((0, 0), (y, y), (x, x)))
    closed = ~_grown(~_grown(room, pixel_mm), pixel_mm)
    return closed[:, y : y + body.shape[1], x : x + body.shape[2]]


def _grown(body: Mask, pixel_mm: tuple[float, float]) -> Mask:
    """Return each slice dilated by a disc of `CLOSING_MM`: rows of the disc are running sums."""
    y_mm, x_mm = pixel_mm
    reach_y, reach_x = (int(CLOSING_MM / mm) for mm in pixel_mm)
    _, height, width = body.shape
    room = np.pad(body, ((0, 0), (reach_y, reach_y), (reach_x + 1, reach_x)))
    count = np.cumsum(room, axis=2, dtype=np.int16)
    grown = np.zeros_like(body)
    for dy in range(-reach_y, reach_y + 1):
        half = int(np.sqrt(CLOSING_MM**2 - (dy * y_mm) ** 2) / x_mm)
        rows = count[:, reach_y + dy : reach_y + dy + height]
        first = reach_x - half
        grown |= rows[:, :, first + 2 * half + 1 : first + 2 * half + 1 + width] > rows[:, :, first : first + width]
    return grown


def keep_largest_component(mask: LabelMap) -> LabelMap:
    """Keep the largest 3D component of each class in each phase, and nothing else.

    Parameters
    ----------
    mask : uint8 (t, z, y, x), training codes

    Returns
    -------
    A new array; smaller components become background.
    """
    kept = np.zeros_like(mask)
    for t in range(mask.shape[0]):
        for code in FOREGROUND:
            parts, count = ndimage.label(mask[t] == code)
            if count:
                kept[t][parts == 1 + int(np.argmax(np.bincount(parts.ravel())[1:]))] = code
    return kept
