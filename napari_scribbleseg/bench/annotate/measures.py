"""How good a mask of both phases is: overlap, and the ejection fraction that it gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_scribbleseg.bench.annotate.annotator import Correction
from napari_scribbleseg.labels import CLASS_NAMES, FOREGROUND, LV, LabelMap, layer_to_training
from napari_scribbleseg.metrics import dice
from napari_scribbleseg.types import Cine

MM3_PER_ML = 1000.0


@dataclass(frozen=True)
class Quality:
    """A mask against the truth.

    Attributes
    ----------
    dice : float
        Mean over RV, Myo and LV and both phases.
    class_dice : tuple of float
        RV, Myo and LV, each the mean of both phases.
    ef_percent, ef_error : float
        Ejection fraction of the left ventricle, and how far from the true one it is, in points.
    edv_ml, esv_ml : float
    """

    dice: float
    class_dice: tuple[float, float, float]
    ef_percent: float
    ef_error: float
    edv_ml: float
    esv_ml: float

    def to_json(self) -> dict[str, float]:
        """Return the values by name, classes as `dice_rv` and so on."""
        by_class = {
            f"dice_{name.lower()}": value for name, value in zip(CLASS_NAMES.values(), self.class_dice, strict=True)
        }
        volumes = {"edv_ml": self.edv_ml, "esv_ml": self.esv_ml}
        return {"dice": self.dice, **by_class, "ef_percent": self.ef_percent, "ef_error": self.ef_error, **volumes}


def measure_quality(mask: LabelMap, truth: LabelMap, cine: Cine) -> Quality:
    """Compare a mask with the truth, uint8 `(2, z, y, x)` both, training codes, ED first."""
    by_class = class_dices(mask, truth)
    edv_ml, esv_ml = volumes_ml(mask, cine)
    ef, true_ef = ejection_fraction(edv_ml, esv_ml), ejection_fraction(*volumes_ml(truth, cine))
    rv, myo, lv = by_class.mean(0).tolist()
    return Quality(float(by_class.mean()), (rv, myo, lv), ef, abs(ef - true_ef), edv_ml, esv_ml)


def class_dices(mask: LabelMap, truth: LabelMap) -> npt.NDArray[np.float64]:
    """Return Dice of each phase and class, `(t, 3)`."""
    pairs = zip(mask, truth, strict=True)
    return np.array([[dice(found == c, wanted == c) for c in FOREGROUND] for found, wanted in pairs])


def volumes_ml(mask: LabelMap, cine: Cine) -> tuple[float, float]:
    """Return the volume of the left ventricle at ED and ES: voxels times the true spacing."""
    ed, es = (np.count_nonzero(phase == LV) * float(np.prod(cine.spacing_mm)) / MM3_PER_ML for phase in mask)
    return ed, es


def ejection_fraction(edv_ml: float, esv_ml: float) -> float:
    """Return (EDV - ESV) / EDV in %; 0 where no ventricle was found at ED, since nothing then ejects."""
    return 100 * (edv_ml - esv_ml) / edv_ml if edv_ml > 0 else 0.0


@dataclass(frozen=True)
class Obedience:
    """What became of a corrective stroke.

    Attributes
    ----------
    obeyed : float
        Share of the stroke's own pixels that have its class afterwards.
    followed : float
        The same of the rest of the mistake in that slice.
    elsewhere : float
        Change of the mean Dice over all slices that no stroke of the round touched.
    here : float
        Change of the mean Dice over the slice of the stroke, of the classes that it holds.
    """

    obeyed: float
    followed: float
    elsewhere: float
    here: float


def measure_obedience(
    corrections: Sequence[Correction], before: LabelMap, after: LabelMap, truth: LabelMap
) -> list[Obedience]:
    """Compare masks before and after a round of corrective strokes, uint8 `(2, z, y, x)`, training codes."""
    touched = np.zeros(truth.shape[:2], bool)
    for correction in corrections:
        touched[correction.fault.t, correction.fault.z] = True
    elsewhere = _untouched_dice(after, truth, touched) - _untouched_dice(before, truth, touched)
    return [_measure_one(correction, before, after, truth, elsewhere) for correction in corrections]


def _measure_one(
    correction: Correction, before: LabelMap, after: LabelMap, truth: LabelMap, elsewhere: float
) -> Obedience:
    fault, at = correction.fault, (correction.fault.t, correction.fault.z)
    wanted = layer_to_training(np.array(fault.label, np.uint8))
    right, rest = after[at] == wanted, fault.region & ~correction.pixels
    followed = float(right[rest].mean()) if rest.any() else 1.0
    here = _slice_dice(after[at], truth[at]) - _slice_dice(before[at], truth[at])
    return Obedience(float(right[correction.pixels].mean()), followed, elsewhere, here)


def _untouched_dice(mask: LabelMap, truth: LabelMap, touched: npt.NDArray[np.bool_]) -> float:
    kept = ~touched[:, :, None, None]
    return float(class_dices(mask * kept, truth * kept).mean())


def _slice_dice(mask: LabelMap, truth: LabelMap) -> float:
    codes = [c for c in FOREGROUND if (truth == c).any() or (mask == c).any()]
    return float(np.mean([dice(mask == c, truth == c) for c in codes])) if codes else 1.0
