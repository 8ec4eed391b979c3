"""What is measured of a heart, and what a person may decide about it: plain values for panel, report and files."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

MYOCARDIUM_G_PER_ML = 1.05
"""Density of myocardium, as SCMR's recommendations for post-processing use it (Schulz-Menger et al., JCMR 2020)."""

PhaseSource = Literal["volumes", "chosen", "Info.cfg"]
Severity = Literal["note", "warning"]


@dataclass(frozen=True)
class Body:
    """Size of a patient; None where it is not known.

    Attributes
    ----------
    height_cm, weight_kg : float or None
    """

    height_cm: float | None = None
    weight_kg: float | None = None

    @property
    def surface_m2(self) -> float | None:
        """Return the body surface area, √(height_cm · weight_kg / 3600) (Mosteller, NEJM 1987)."""
        if self.height_cm is None or self.weight_kg is None:
            return None
        return math.sqrt(self.height_cm * self.weight_kg / 3600)


@dataclass(frozen=True)
class Choices:
    """What a person decided, or a file said, about how to measure.

    Attributes
    ----------
    ed, es : int or None
        Phases, counted from 0; None takes those of the largest and smallest LV volume.
    source : PhaseSource
        Where `ed` and `es` come from, when they are given.
    excluded : frozenset of (t, z)
        Slices that count for nothing, in a phase: beyond the base or the apex.
    body : Body
    heart_rate_bpm : float or None
        Where the scan's timing does not say it.
    """

    ed: int | None = None
    es: int | None = None
    source: PhaseSource = "chosen"
    excluded: frozenset[tuple[int, int]] = frozenset()
    body: Body = field(default_factory=Body)
    heart_rate_bpm: float | None = None


@dataclass(frozen=True)
class Phases:
    """End-diastole and end-systole, counted from 0, and who said so."""

    ed: int
    es: int
    ed_source: PhaseSource = "volumes"
    es_source: PhaseSource = "volumes"


@dataclass(frozen=True, eq=False)
class VolumeCurves:
    """Volumes over time, with excluded slices left out.

    Attributes
    ----------
    rv_ml, myo_ml, lv_ml : float64 (t,)
    frame_ms : float or None
        Time between phases.

    Where nothing is segmented in a phase, its three volumes are 0; see :attr:`measured`.
    """

    rv_ml: npt.NDArray[np.float64]
    myo_ml: npt.NDArray[np.float64]
    lv_ml: npt.NDArray[np.float64]
    frame_ms: float | None = None

    @property
    def measured(self) -> npt.NDArray[np.bool_]:
        """Tell for each phase, bool (t,), whether anything is segmented there; a plot leaves the others out."""
        return (self.rv_ml > 0) | (self.myo_ml > 0) | (self.lv_ml > 0)


@dataclass(frozen=True)
class Ventricle:
    """Function of one ventricle; None where it cannot be known.

    Attributes
    ----------
    edv_ml, esv_ml, sv_ml : float
        Volumes at end-diastole and end-systole, and their difference. ESV and SV are NaN where both are one phase.
    ef_percent : float or None
        100 · SV / EDV; None for an empty ventricle.
    edv_ml_per_m2, esv_ml_per_m2, sv_ml_per_m2 : float or None
        Divided by the body surface area.
    output_l_per_min : float or None
        SV · heart rate.
    output_l_per_min_per_m2 : float or None
        The output divided by the body surface area: for LV, the cardiac index.
    """

    edv_ml: float
    esv_ml: float
    sv_ml: float
    ef_percent: float | None
    edv_ml_per_m2: float | None = None
    esv_ml_per_m2: float | None = None
    sv_ml_per_m2: float | None = None
    output_l_per_min: float | None = None
    output_l_per_min_per_m2: float | None = None


@dataclass(frozen=True)
class BullsEye:
    """Wall thickness by AHA segment (Cerqueira et al., Circulation 2002); NaN where a segment is not in the slices.

    Attributes
    ----------
    ed_mm, es_mm : tuple of 17 floats
        Mean wall thickness at end-diastole and end-systole; index 0 is segment 1. Segment 17, the apical cap, is not
        in short-axis slices.
    thickening_percent : tuple of 17 floats
        100 · (ES - ED) / ED.
    levels : tuple of (z, level)
        Which slices at ED are "basal", "mid" or "apical".
    apex_first : bool
        Whether slice 0 is nearest the apex.
    """

    ed_mm: tuple[float, ...]
    es_mm: tuple[float, ...]
    thickening_percent: tuple[float, ...]
    levels: tuple[tuple[int, str], ...] = ()
    apex_first: bool = False


@dataclass(frozen=True)
class Flag:
    """Something that makes a number less certain.

    Attributes
    ----------
    code : str
        For machines, such as "few_slices".
    text : str
        One sentence for a person: what is odd, and what to look at.
    severity : "note" or "warning"
    """

    code: str
    text: str
    severity: Severity = "warning"


@dataclass(frozen=True, eq=False)
class Measurement:
    """Everything that is measured of one scan.

    Attributes
    ----------
    curves : VolumeCurves
    phases : Phases
    lv, rv : Ventricle
    lv_mass_g : float
        Myocardial volume at end-diastole · 1.05 g/mL.
    lv_mass_g_per_m2 : float or None
    heart_rate_bpm : float or None
    body : Body
    bulls_eye : BullsEye or None
        None where the myocardium does not allow it.
    flags : tuple of Flag
    slices : tuple of (t, z, counted)
        At end-diastole and end-systole: which slices hold LV, Myo or RV, and whether they count.
    conventions : tuple of str
        Sentences that say how each number was made.
    excluded : tuple of (t, z)
        Slices that were left out, in any phase.
    """

    curves: VolumeCurves
    phases: Phases
    lv: Ventricle
    rv: Ventricle
    lv_mass_g: float
    lv_mass_g_per_m2: float | None
    heart_rate_bpm: float | None
    body: Body
    bulls_eye: BullsEye | None
    flags: tuple[Flag, ...]
    slices: tuple[tuple[int, int, bool], ...]
    conventions: tuple[str, ...]
    excluded: tuple[tuple[int, int], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return plain values for a JSON file; NaN becomes None."""
        from napari_scribbleseg.cardiac.plain import to_plain

        return dict(to_plain(self))
