"""Function of a ventricle: the formulas, each with where it comes from."""

from __future__ import annotations

import math

from napari_scribbleseg.cardiac.measurement import MYOCARDIUM_G_PER_ML, Ventricle, VolumeCurves

ML_PER_L = 1000.0
MS_PER_MINUTE = 60_000.0
LEAST_PHASES_OF_A_BEAT = 8
HEART_RATES_BPM = (25.0, 240.0)
"""Between these, a rate is believed."""


def ejection_fraction(edv_ml: float, esv_ml: float) -> float | None:
    """Return 100 · (EDV - ESV) / EDV in percent (Schulz-Menger et al., JCMR 2020); None for no EDV."""
    return 100 * (edv_ml - esv_ml) / edv_ml if edv_ml > 0 and math.isfinite(esv_ml) else None


def myocardial_mass(myo_ml: float) -> float:
    """Return volume · 1.05 g/mL in grams (Schulz-Menger et al., JCMR 2020)."""
    return myo_ml * MYOCARDIUM_G_PER_ML


def heart_rate(frame_ms: float | None, n_phases: int) -> float | None:
    """Return beats per minute of a cine that covers one beat: 60 000 / (time between phases · their number).

    Parameters
    ----------
    frame_ms : time between phases in ms
    n_phases : phases of the cine; with fewer than eight it is no whole beat

    Returns
    -------
    None where the timing is unknown or makes no heart rate; files often carry a dummy.
    """
    if not frame_ms or frame_ms <= 0 or n_phases < LEAST_PHASES_OF_A_BEAT:
        return None
    rate = MS_PER_MINUTE / (frame_ms * n_phases)
    return rate if HEART_RATES_BPM[0] <= rate <= HEART_RATES_BPM[1] else None


def describe_ventricle(
    edv_ml: float, esv_ml: float, surface_m2: float | None = None, rate_bpm: float | None = None
) -> Ventricle:
    """Return all that follows from two volumes.

    SV = EDV - ESV; output = SV · heart rate; indices are divided by the body surface area (Schulz-Menger et al., JCMR
    2020; Mosteller, NEJM 1987).

    Parameters
    ----------
    edv_ml, esv_ml : volumes; ESV is NaN where there is one phase alone, and so is what follows from it
    surface_m2 : body surface area
    rate_bpm : heart rate
    """
    sv_ml = edv_ml - esv_ml
    output = _known(sv_ml * rate_bpm / ML_PER_L) if rate_bpm else None
    return Ventricle(
        edv_ml=edv_ml,
        esv_ml=esv_ml,
        sv_ml=sv_ml,
        ef_percent=ejection_fraction(edv_ml, esv_ml),
        edv_ml_per_m2=per_m2(edv_ml, surface_m2),
        esv_ml_per_m2=per_m2(esv_ml, surface_m2),
        sv_ml_per_m2=per_m2(sv_ml, surface_m2),
        output_l_per_min=output,
        output_l_per_min_per_m2=None if output is None else per_m2(output, surface_m2),
    )


def describe_ventricles(
    curves: VolumeCurves, ed: int, es: int, surface_m2: float | None, rate_bpm: float | None
) -> tuple[Ventricle, Ventricle]:
    """Return LV and RV at two phases; with one and the same, nothing is known of end-systole."""
    lv, rv = (
        describe_ventricle(float(v[ed]), float(v[es]) if es != ed else math.nan, surface_m2, rate_bpm)
        for v in (curves.lv_ml, curves.rv_ml)
    )
    return lv, rv


def per_m2(value: float, surface_m2: float | None) -> float | None:
    """Divide by the body surface area; None where either is unknown."""
    return _known(value / surface_m2) if surface_m2 else None


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
