"""Measuring a heart, at once or while its mask is still coming in."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_scribbleseg.cardiac.conventions import tell_conventions
from napari_scribbleseg.cardiac.counts import Counts, check_mask, check_spacing, count_pixels, count_slice
from napari_scribbleseg.cardiac.curves import sum_slices, without
from napari_scribbleseg.cardiac.errors import MeasurementError
from napari_scribbleseg.cardiac.flags import Findings, find_flags
from napari_scribbleseg.cardiac.function import describe_ventricles, heart_rate, myocardial_mass, per_m2
from napari_scribbleseg.cardiac.measurement import BullsEye, Choices, Measurement, Phases
from napari_scribbleseg.cardiac.phases import find_phases
from napari_scribbleseg.cardiac.segments import View, measure_segments
from napari_scribbleseg.cardiac.stack import is_apex_first
from napari_scribbleseg.cardiac.wall import Wall, measure_wall
from napari_scribbleseg.labels import BG, FOREGROUND, LV, LabelMap


def measure_heart(
    mask: Any,
    spacing_mm: tuple[float, float, float],
    choices: Choices | None = None,
    frame_ms: float | None = None,
    right_handed: bool | None = None,
) -> Measurement:
    """Measure volumes over time, function, mass and wall thickness of a heart; see :class:`HeartMeter`.

    Parameters
    ----------
    mask : integer `(t, z, y, x)`, training codes: 0 background, 1 RV, 2 myocardium, 3 LV
    spacing_mm : (z, y, x); z from slice to slice, the gap between slices included
    choices : phases, left-out slices, body size and heart rate, where somebody decided or knows
    frame_ms : time between phases
    right_handed : whether columns, rows and slices are a right-handed system, as `stack.is_right_handed` tells; it
        decides which wall is anterior

    Raises
    ------
    MeasurementError
        For anything that is no such mask or spacing, and for a chosen phase or slice that is not in it.
    """
    return HeartMeter(mask, spacing_mm, frame_ms, right_handed).measure(choices)


class HeartMeter:
    """Measures a mask that changes slice by slice, and does again only what a change made stale.

    It keeps a copy of the mask, the pixels of each slice, and the walls that it has measured. A phase whose slices have
    not all come in yet counts as not segmented: its volumes are 0, and it is neither ED nor ES. Not for several threads
    at a time.

    Parameters
    ----------
    mask : integer `(t, z, y, x)`, training codes
    spacing_mm : (z, y, x)
    frame_ms : time between phases
    right_handed : as for :func:`measure_heart`

    Raises
    ------
    MeasurementError
        For anything that is no such mask or spacing.
    """

    def __init__(
        self,
        mask: Any,
        spacing_mm: tuple[float, float, float],
        frame_ms: float | None = None,
        right_handed: bool | None = None,
    ) -> None:
        self._mask: LabelMap = np.array(check_mask(mask))
        self._spacing_mm = check_spacing(spacing_mm)
        self._frame_ms, self._right_handed = frame_ms, right_handed
        self._counts = count_pixels(self._mask)
        self._come_in = np.ones(self._mask.shape[:2], bool)
        self._walls: dict[tuple[int, int], Wall | None] = {}

    @classmethod
    def waiting(
        cls,
        shape: tuple[int, int, int, int],
        spacing_mm: tuple[float, float, float],
        frame_ms: float | None = None,
        right_handed: bool | None = None,
    ) -> HeartMeter:
        """Return a meter for a mask `(t, z, y, x)` of which nothing has come in yet."""
        meter = cls(np.zeros(shape, np.uint8), spacing_mm, frame_ms, right_handed)
        meter._come_in[:] = False
        return meter

    @property
    def share(self) -> float:
        """Return the share of slices that have come in."""
        return float(self._come_in.mean())

    def update(self, t: int, z: int, labels: LabelMap) -> None:
        """Take in a slice `(y, x)` as it is now.

        Raises
        ------
        MeasurementError
            For a slice of another shape, or labels that cannot be measured.
        """
        n_t, n_z, *plane = self._mask.shape
        if not (0 <= t < n_t and 0 <= z < n_z and np.shape(labels) == tuple(plane)):
            raise MeasurementError(f"Phase {t}, slice {z} of shape {np.shape(labels)} does not fit {self._mask.shape}.")
        if not np.array_equal(self._mask[t, z], labels):
            self._mask[t, z] = check_mask(np.asarray(labels)[None, None])[0, 0]
            self._counts[t, z] = count_slice(self._mask[t, z])
            self._walls.pop((t, z), None)
        self._come_in[t, z] = True

    def measure(self, choices: Choices | None = None) -> Measurement:
        """Measure the mask as it is now.

        Parameters
        ----------
        choices : what a person or a file decided

        Raises
        ------
        MeasurementError
            For a chosen phase or slice that is not in the scan.
        """
        choices = choices or Choices()
        present = self._counts * np.asarray(self._come_in.all(axis=1))[:, None, None]
        counts = without(present, choices.excluded)
        curves = sum_slices(counts, self._spacing_mm, (), self._frame_ms)
        # Leaving a slice out at ED must not make another phase ED.
        whole_lv_ml = sum_slices(present, self._spacing_mm).lv_ml
        phases = find_phases(whole_lv_ml, choices)
        rate_bpm = choices.heart_rate_bpm or heart_rate(self._frame_ms, len(counts))
        surface_m2 = choices.body.surface_m2
        lv, rv = describe_ventricles(curves, phases.ed, phases.es, surface_m2, rate_bpm)
        mass_g = myocardial_mass(float(curves.myo_ml[phases.ed]))
        view = View(is_apex_first(counts[phases.ed]), self._right_handed)
        found = Findings(
            counts, curves, whole_lv_ml, phases, lv, rv, choices, rate_bpm, view.apex_first, self._at_border(phases)
        )
        return Measurement(
            curves=curves,
            phases=phases,
            lv=lv,
            rv=rv,
            lv_mass_g=mass_g,
            lv_mass_g_per_m2=per_m2(mass_g, surface_m2),
            heart_rate_bpm=rate_bpm,
            body=choices.body,
            bulls_eye=self._bulls_eye(counts, phases, view),
            flags=find_flags(found),
            slices=_list_slices(present, phases, choices),
            conventions=tell_conventions(phases, choices, rate_bpm, self._right_handed),
            excluded=tuple(sorted(choices.excluded)),
        )

    def _bulls_eye(self, counts: Counts, phases: Phases, view: View) -> BullsEye | None:
        ed = self._measure_walls(counts, phases.ed)
        es = self._measure_walls(counts, phases.es) if phases.es != phases.ed else {}
        return measure_segments(ed, es, view)

    def _measure_walls(self, counts: Counts, t: int) -> dict[int, Wall]:
        walls = {int(z): self._wall(t, int(z)) for z in np.flatnonzero(counts[t, :, LV])}
        return {z: wall for z, wall in walls.items() if wall is not None}

    def _wall(self, t: int, z: int) -> Wall | None:
        if (t, z) not in self._walls:
            self._walls[t, z] = measure_wall(self._mask[t, z], self._spacing_mm[1:])
        return self._walls[t, z]

    def _at_border(self, phases: Phases) -> tuple[tuple[int, int], ...]:
        """Return (t, z) of the slices at ED and ES in which the heart reaches the border of the image."""
        moments = dict.fromkeys((phases.ed, phases.es))
        return tuple((t, z) for t in moments for z, labels in enumerate(self._mask[t]) if _reaches_border(labels))


def _reaches_border(labels: LabelMap) -> bool:
    return any(bool(np.any(edge != BG)) for edge in (labels[0], labels[-1], labels[:, 0], labels[:, -1]))


def _list_slices(present: Counts, phases: Phases, choices: Choices) -> tuple[tuple[int, int, bool], ...]:
    return tuple(
        (t, int(z), (t, int(z)) not in choices.excluded)
        for t in dict.fromkeys((phases.ed, phases.es))
        for z in np.flatnonzero(present[t][:, list(FOREGROUND)].any(axis=1))
    )
