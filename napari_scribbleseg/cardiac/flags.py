"""What makes the numbers of a heart less certain, each with what to look at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from napari_scribbleseg.cardiac.counts import Counts
from napari_scribbleseg.cardiac.function import HEART_RATES_BPM
from napari_scribbleseg.cardiac.measurement import Choices, Flag, Phases, Ventricle, VolumeCurves
from napari_scribbleseg.cardiac.phases import Curve, find_jumps
from napari_scribbleseg.labels import CLASS_NAMES, LV, MYO, RV

LEAST_SLICES = 6
"""Fewer slices than that through LV sample it too coarsely."""

EF_PERCENT = (10.0, 85.0)
EDV_ML = (15.0, 700.0)
SV_SHARE, SV_ML = 0.4, 20.0
"""Stroke volumes that differ by more of the larger one, and by more mL, are told."""

MYO_RATIO = (0.75, 1.4)
"""Muscle keeps its volume: that at ES over that at ED should lie between these. Masks of experts have .89 to 1.47."""

FAR_SHARE = 0.1
"""A phase chosen this far from the extreme, as a share of the range of the curve, is told."""

CUT_SHARE = 0.5
"""LV whose area at the last slice of the stack, towards the apex, is still that share of its largest was cut off."""

SURFACES_M2 = (0.2, 3.5)


@dataclass(frozen=True, eq=False)
class Findings:
    """What flags are raised from.

    Attributes
    ----------
    counts : int64 (t, z, 4), pixels of each class, without excluded slices
    curves, phases, lv, rv, choices : as in `Measurement`
    whole_lv_ml : float64 (t,), LV volume with excluded slices, from which phases are found
    rate_bpm : heart rate that was used
    apex_first : whether slice 0 is nearest the apex
    at_border : (t, z) of slices at ED and ES in which the mask reaches the border of the image
    """

    counts: Counts
    curves: VolumeCurves
    whole_lv_ml: Curve
    phases: Phases
    lv: Ventricle
    rv: Ventricle
    choices: Choices
    rate_bpm: float | None
    apex_first: bool
    at_border: tuple[tuple[int, int], ...]

    @property
    def moments(self) -> dict[int, str]:
        """Return the phases measured at, by what they are called."""
        if self.phases.ed == self.phases.es:
            return {self.phases.ed: "the one phase that is measured"}
        return {self.phases.ed: "ED", self.phases.es: "ES"}


def find_flags(found: Findings) -> tuple[Flag, ...]:
    """Return everything that makes a number less certain, warnings first; nothing else is told of an empty mask."""
    if not found.counts[:, :, LV].any():
        return (Flag("no_lv", "The mask holds no left ventricle; nothing can be measured before it is segmented."),)
    flags = [flag for check in _CHECKS for flag in check(found)]
    return tuple(sorted(flags, key=lambda flag: flag.severity == "note"))


def _few_slices(found: Findings) -> Iterator[Flag]:
    n = int(np.count_nonzero(found.counts[found.phases.ed, :, LV]))
    if n < LEAST_SLICES:
        yield Flag(
            "few_slices",
            f"LV is in {_slices(n)} at ED, fewer than {LEAST_SLICES}: the volumes are coarse. See whether the mask "
            "misses slices at base or apex.",
        )


def _gaps(found: Findings) -> Iterator[Flag]:
    for t, name in found.moments.items():
        with_lv = np.flatnonzero(found.counts[t, :, LV])
        missing = sorted(set(range(with_lv[0], with_lv[-1])) - set(with_lv.tolist())) if with_lv.size else []
        if missing:
            yield Flag(
                "gap",
                f"LV is missing in {_name_slices(missing)} at {name}, between slices that hold it: the volume is too "
                "small. Segment it there, or include the slice again.",
            )


def _missing_classes(found: Findings) -> Iterator[Flag]:
    for t, name in found.moments.items():
        missing = [CLASS_NAMES[label] for label in (RV, MYO, LV) if not found.counts[t, :, label].any()]
        if missing:
            are = "is" if len(missing) == 1 else "are"
            yield Flag(
                "missing_class",
                f"{' and '.join(missing)} {are} missing at {name}; what is measured of it counts as 0. See phase {t}.",
            )


def _one_phase(found: Findings) -> Iterator[Flag]:
    if found.phases.ed == found.phases.es:
        yield Flag(
            "one_phase",
            "ED and ES are the same phase: without a second one there is no ESV, stroke volume or EF. Open the whole "
            "cine, or choose another phase for one of them.",
        )


def _unsegmented_phases(found: Findings) -> Iterator[Flag]:
    empty = np.flatnonzero(~found.curves.measured)
    if empty.size:
        yield Flag(
            "phases_missing",
            f"{empty.size} of {len(found.counts)} phases are not segmented; ED and ES were found among the others.",
            "note",
        )


def _systole_above_diastole(found: Findings) -> Iterator[Flag]:
    for name, ventricle in _ventricles(found):
        if ventricle.esv_ml > ventricle.edv_ml:
            yield Flag(
                "esv_above_edv",
                f"{name} holds more at ES ({ventricle.esv_ml:.0f} mL) than at ED ({ventricle.edv_ml:.0f} mL). See "
                "whether the phases are swapped, and the masks at both.",
            )


def _implausible_ef(found: Findings) -> Iterator[Flag]:
    low, high = EF_PERCENT
    for name, ventricle in _ventricles(found):
        ef = ventricle.ef_percent
        if ef is not None and ventricle.esv_ml <= ventricle.edv_ml and not low <= ef <= high:
            yield Flag(
                "implausible_ef",
                f"{name} EF of {ef:.0f} % is outside {low:.0f} to {high:.0f} %. See the phases chosen and the masks at "
                "both.",
            )


def _implausible_volume(found: Findings) -> Iterator[Flag]:
    low, high = EDV_ML
    if found.curves.lv_ml[found.phases.ed] and not low <= found.lv.edv_ml <= high:
        yield Flag(
            "implausible_volume",
            f"LV EDV of {found.lv.edv_ml:.3g} mL is outside {low:.0f} to {high:.0f} mL. See whether the scan's spacing "
            "is right: size of a pixel, and distance from slice to slice.",
        )


def _at_border(found: Findings) -> Iterator[Flag]:
    for t, name in found.moments.items():
        slices = [z for at, z in found.at_border if at == t]
        if slices:
            yield Flag(
                "touches_border",
                f"The mask reaches the border of the image in {_name_slices(slices)} at {name}: part of the heart may "
                "be outside the picture.",
            )


def _jumps(found: Findings) -> Iterator[Flag]:
    jumps = find_jumps(found.whole_lv_ml)
    if jumps:
        phases = "phase" if len(jumps) == 1 else "phases"
        yield Flag(
            "jump",
            f"The LV volume jumps for a single frame at {phases} {_join(jumps)}; that was not taken for ED or ES. See "
            "the masks there.",
        )


def _far_choices(found: Findings) -> Iterator[Flag]:
    phases, lv_ml = found.phases, found.whole_lv_ml
    calm = np.delete(lv_ml, find_jumps(lv_ml))
    high, low = float(calm.max()), float(calm[calm > 0].min())
    far = FAR_SHARE * (high - low)
    if phases.ed_source != "volumes" and high - lv_ml[phases.ed] > far:
        yield _far_choice("ED", phases.ed, f"{high - lv_ml[phases.ed]:.0f} mL below the largest LV volume")
    if phases.es_source != "volumes" and lv_ml[phases.es] - low > far:
        yield _far_choice("ES", phases.es, f"{lv_ml[phases.es] - low:.0f} mL above the smallest LV volume")


def _far_choice(name: str, phase: int, how: str) -> Flag:
    return Flag("far_phase", f"{name} was chosen at phase {phase}, {how}. See the curve, and choose again if need be.")


def _different_strokes(found: Findings) -> Iterator[Flag]:
    lv_ml, rv_ml = found.lv.sv_ml, found.rv.sv_ml
    apart = abs(lv_ml - rv_ml)
    if found.counts[:, :, RV].any() and apart > max(SV_ML, SV_SHARE * max(lv_ml, rv_ml)):
        yield Flag(
            "stroke_volumes_differ",
            f"The stroke volumes of LV ({lv_ml:.0f} mL) and RV ({rv_ml:.0f} mL) differ much. Without a leaking valve "
            "or a shunt they are equal; see the basal slices of RV at both phases.",
            "note",
        )


def _changing_muscle(found: Findings) -> Iterator[Flag]:
    ed, es = (float(found.curves.myo_ml[t]) for t in (found.phases.ed, found.phases.es))
    if ed > 0 and es > 0 and not MYO_RATIO[0] <= es / ed <= MYO_RATIO[1]:
        yield Flag(
            "myocardium_changes",
            f"The myocardium has {ed:.0f} mL at ED and {es:.0f} mL at ES, though muscle keeps its volume. See the "
            "slices at base and apex.",
            "note",
        )


def _cut_off(found: Findings) -> Iterator[Flag]:
    lv = found.counts[found.phases.ed, :, LV]
    apex = 0 if found.apex_first else -1
    if np.count_nonzero(lv) > 1 and lv[apex] > CUT_SHARE * lv.max():
        yield Flag(
            "apex_cut",
            "At ED, LV is still wide in the last slice of the stack towards the apex: the apex is not counted.",
        )


def _implausible_rate(found: Findings) -> Iterator[Flag]:
    low, high = HEART_RATES_BPM
    if found.rate_bpm is not None and not low <= found.rate_bpm <= high:
        yield Flag(
            "implausible_heart_rate",
            f"A heart rate of {found.rate_bpm:.4g} beats per minute is outside {low:.0f} to {high:.0f}; the cardiac "
            "output rests on it.",
        )


def _implausible_body(found: Findings) -> Iterator[Flag]:
    body = found.choices.body
    low, high = SURFACES_M2
    if body.surface_m2 is not None and not low <= body.surface_m2 <= high:
        yield Flag(
            "implausible_body",
            f"A height of {body.height_cm:g} cm and a weight of {body.weight_kg:g} kg make {body.surface_m2:.2g} m² of "
            "body surface, which indices are divided by. Give the height in cm and the weight in kg.",
        )


_CHECKS = (
    *(_one_phase, _missing_classes, _few_slices, _gaps, _systole_above_diastole, _implausible_ef, _implausible_volume),
    *(_at_border, _jumps, _far_choices, _cut_off, _implausible_rate, _implausible_body),
    *(_different_strokes, _changing_muscle, _unsegmented_phases),
)


def _ventricles(found: Findings) -> tuple[tuple[str, Ventricle], tuple[str, Ventricle]]:
    return ("LV", found.lv), ("RV", found.rv)


def _slices(n: int) -> str:
    return "one slice" if n == 1 else f"{n} slices"


def _name_slices(slices: Sequence[int]) -> str:
    return f"slice{'' if len(slices) == 1 else 's'} {_join(slices)}"


def _join(numbers: Sequence[int]) -> str:
    *most, last = map(str, numbers)
    return f"{', '.join(most)} and {last}" if most else last
