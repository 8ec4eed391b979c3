"""The indices that are compared, and what is aimed at."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from napari_scribbleseg.cardiac import Measurement


@dataclass(frozen=True)
class Index:
    """One number of a heart.

    Attributes
    ----------
    key : str
        Name in files, with its unit.
    title, unit : str
        For tables and figures; differences of EF are in points.
    aim_mae, aim_r : float or None
        What the mean absolute error should not exceed, and Pearson's r should reach.
    """

    key: str
    title: str
    unit: str
    aim_mae: float | None = None
    aim_r: float | None = None

    @property
    def difference_unit(self) -> str:
        """Return the unit of a difference."""
        return "points" if self.unit == "%" else self.unit


INDICES = (
    Index("lv_edv_ml", "LV EDV", "mL", aim_mae=8.0, aim_r=0.97),
    Index("lv_esv_ml", "LV ESV", "mL"),
    Index("lv_ef_percent", "LV EF", "%", aim_mae=4.0, aim_r=0.95),
    Index("lv_mass_g", "LV mass", "g"),
    Index("rv_edv_ml", "RV EDV", "mL"),
    Index("rv_esv_ml", "RV ESV", "mL"),
    Index("rv_ef_percent", "RV EF", "%"),
    Index("rv_sv_ml", "RV SV", "mL"),
)


@dataclass(frozen=True)
class Compared:
    """What two masks of one patient measure; NaN where a mask allows no number.

    Attributes
    ----------
    patient : int
        ACDC's number.
    group : str
        DCM, HCM, MINF, NOR or RV.
    ours, truth : Mapping[str, float]
        By the keys of :data:`INDICES`.
    flags : tuple of str
        Codes of the quality flags of our mask.
    seconds : float
        Predicting both phases.
    """

    patient: int
    group: str
    ours: Mapping[str, float]
    truth: Mapping[str, float]
    flags: tuple[str, ...] = ()
    seconds: float = 0.0


def pick_indices(measured: Measurement) -> dict[str, float]:
    """Return the indices of a measurement by key."""
    lv, rv = measured.lv, measured.rv
    return {
        "lv_edv_ml": lv.edv_ml,
        "lv_esv_ml": lv.esv_ml,
        "lv_ef_percent": _number(lv.ef_percent),
        "lv_mass_g": measured.lv_mass_g,
        "rv_edv_ml": rv.edv_ml,
        "rv_esv_ml": rv.esv_ml,
        "rv_ef_percent": _number(rv.ef_percent),
        "rv_sv_ml": rv.sv_ml,
    }


def _number(value: float | None) -> float:
    return math.nan if value is None else value
