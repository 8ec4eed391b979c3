"""End-diastole and end-systole, from the LV volume over time."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from napari_scribbleseg.cardiac.errors import MeasurementError
from napari_scribbleseg.cardiac.measurement import Choices, Phases, PhaseSource

LEAST_PHASES = 5
"""With fewer phases a frame has no neighbours that could tell it wrong."""

LEAST_SHARE = 0.2
"""How far, as a share of the stroke volume, a frame may stick out beyond both its neighbours in a long cine."""

LEAST_ML = 2.0

Curve = npt.NDArray[np.float64]
Frames = npt.NDArray[np.intp]


def find_phases(lv_ml: npt.ArrayLike, choices: Choices | None = None) -> Phases:
    """Find the phases of the largest and the smallest LV volume, robust to one bad frame.

    A frame that sticks out beyond both its neighbours (over the heart beat, the last frame is a neighbour of the first)
    further than a beating heart would is passed over (:func:`find_jumps`), and so is a phase with no LV at all, which
    nobody has segmented. What is chosen in `choices` is taken as it is.

    Parameters
    ----------
    lv_ml : (t,)
    choices : what a person or a file decided

    Raises
    ------
    MeasurementError
        When there is no phase, or a chosen one is not in the scan.
    """
    lv_ml, choices = np.asarray(lv_ml, np.float64), choices or Choices()
    if lv_ml.ndim != 1 or lv_ml.size == 0:
        raise MeasurementError(f"Phases are found from one LV volume for each phase; these have shape {lv_ml.shape}.")
    calm = _calm(lv_ml)
    eligible = calm if calm.size else np.arange(lv_ml.size)
    found = {"ed": int(eligible[np.argmax(lv_ml[eligible])]), "es": int(eligible[np.argmin(lv_ml[eligible])])}
    sources: dict[str, PhaseSource] = dict.fromkeys(found, "volumes")
    for name in found:
        chosen = getattr(choices, name)
        if chosen is not None:
            found[name], sources[name] = _check(chosen, lv_ml.size), choices.source
    return Phases(found["ed"], found["es"], sources["ed"], sources["es"])


def find_jumps(lv_ml: npt.ArrayLike) -> tuple[int, ...]:
    """Return the frames whose LV volume sticks out beyond both neighbours further than a heart beat explains.

    How far is measured as a share of the range of the curve after a median of three frames, which one bad frame cannot
    change. A cosine of n frames sticks out by (1 - cos(2π/n))/2 of its range at its peaks; twice that, but at least a
    fifth of the range and 2 mL, is let pass. The worst frame is taken out first, and its neighbours are judged without
    it. Phases without LV are left out, as nobody has segmented them.

    Parameters
    ----------
    lv_ml : (t,)
    """
    lv_ml = np.asarray(lv_ml, np.float64)
    return tuple(sorted(set(_segmented(lv_ml).tolist()) - set(_calm(lv_ml).tolist())))


def _segmented(lv_ml: Curve) -> Frames:
    return np.flatnonzero(lv_ml > 0)


def _calm(lv_ml: Curve) -> Frames:
    """Return the frames that have LV and do not jump."""
    frames = _segmented(lv_ml)
    while frames.size >= LEAST_PHASES:
        excess = _excess_ml(lv_ml[frames])
        worst = int(np.argmax(excess))
        if excess[worst] <= 0:
            break
        frames = np.delete(frames, worst)
    return frames


def _excess_ml(curve: Curve) -> Curve:
    """Return by how much each frame sticks out further than it may; below 0 for those that do not."""
    before, after = np.roll(curve, 1), np.roll(curve, -1)
    calm = np.median([before, curve, after], axis=0)
    outside = np.maximum(curve - np.maximum(before, after), np.minimum(before, after) - curve)
    share = max(1 - np.cos(2 * np.pi / curve.size), LEAST_SHARE)
    return np.asarray(outside - max(share * np.ptp(calm), LEAST_ML), np.float64)


def _check(phase: Any, n: int) -> int:
    if not 0 <= phase < n:
        raise MeasurementError(f"Phase {phase} is not in the scan, which has phases 0 to {n - 1}; choose another.")
    return int(phase)
