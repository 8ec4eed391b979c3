"""What the paper and others have printed, to stand beside our numbers and never in their place.

All are five-fold cross-validations on ACDC, 200 volumes: 3D Dice, and HD95 in mm.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

CLASSES = ("RV", "Myo", "LV")


@dataclass(frozen=True)
class Printed:
    """The numbers of one row as printed; None where nothing is.

    Attributes
    ----------
    dice, dice_sd : float
        Mean over the three classes, and the printed standard deviation beside it.
    hd95_mm : float
        Mean over the three classes.
    class_dice, class_dice_sd, class_hd95_mm : Mapping[str, float]
        By "RV", "Myo" and "LV"; empty where nothing is printed.
    """

    dice: float
    dice_sd: float | None = None
    hd95_mm: float | None = None
    class_dice: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    class_dice_sd: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    class_hd95_mm: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))


Triple = tuple[float, float, float]


def _row(mean: tuple[float, float | None, float], rv: Triple, myo: Triple, lv: Triple) -> Printed:
    """Return a row from (DSC, sd, HD95) of the mean and of each class."""
    dice, dice_sd, hd95_mm = (
        MappingProxyType(dict(zip(CLASSES, v, strict=True))) for v in zip(rv, myo, lv, strict=True)
    )
    return Printed(*mean, dice, dice_sd, hd95_mm)


PAPER: Mapping[str, Printed] = MappingProxyType(
    {
        "pce": _row((0.686, 0.137, 173.3), (0.625, 0.16, 187.2), (0.668, 0.095, 165.1), (0.766, 0.156, 167.7)),
        "random_walker": _row((0.788, 0.09, 10.0), (0.813, 0.113, 11.1), (0.708, 0.066, 9.8), (0.844, 0.091, 9.2)),
        "ustm": _row((0.786, 0.119, 102.2), (0.815, 0.115, 54.7), (0.756, 0.081, 112.2), (0.785, 0.162, 139.6)),
        "s2l": _row((0.832, 0.098, 38.9), (0.833, 0.103, 14.6), (0.806, 0.069, 37.1), (0.856, 0.121, 65.2)),
        "mumford_shah": _row((0.839, 0.08, 27.7), (0.809, 0.093, 17.1), (0.832, 0.055, 28.2), (0.876, 0.093, 37.9)),
        "entropy_min": _row((0.846, 0.089, 39.0), (0.839, 0.108, 25.7), (0.812, 0.062, 47.4), (0.887, 0.099, 43.8)),
        "rloss": _row((0.856, 0.08, 6.9), (0.856, 0.101, 7.9), (0.817, 0.054, 6.0), (0.896, 0.086, 7.0)),
        "dmpls": _row((0.872, 0.077, 9.9), (0.861, 0.096, 7.9), (0.842, 0.054, 9.7), (0.913, 0.082, 12.1)),
        "partial_sup": _row((0.724, 0.214, 22.5), (0.659, 0.261, 26.8), (0.724, 0.176, 16.0), (0.79, 0.205, 24.5)),
        "dan": _row((0.743, 0.197, 15.3), (0.639, 0.26, 20.6), (0.764, 0.144, 9.4), (0.825, 0.186, 15.9)),
        "advent": _row((0.741, 0.202, 13.5), (0.615, 0.296, 20.2), (0.76, 0.151, 8.5), (0.848, 0.159, 11.7)),
        "mean_teacher": _row((0.761, 0.18, 16.3), (0.653, 0.271, 18.6), (0.785, 0.118, 11.4), (0.846, 0.159, 19.0)),
        "uamt": _row((0.76, 0.185, 16.6), (0.66, 0.267, 22.3), (0.773, 0.129, 10.3), (0.847, 0.157, 17.1)),
        "full_sup": _row((0.898, 0.07, 7.0), (0.882, 0.095, 6.9), (0.883, 0.042, 5.9), (0.93, 0.074, 8.1)),
        "dual_cr": _row((0.838, None, 48.6), (0.844, 0.106, 20.1), (0.798, 0.07, 62.2), (0.873, 0.101, 63.4)),
        "dual_cps": _row((0.863, None, 16.6), (0.849, 0.099, 12.4), (0.833, 0.056, 19.3), (0.905, 0.091, 18.3)),
        "dmpls_alpha_half": _row((0.866, None, 12.6), (0.855, 0.101, 8.6), (0.837, 0.053, 13.6), (0.908, 0.086, 15.8)),
        "dmpls_auxiliary": _row((0.871, None, 9.8), (0.861, 0.098, 7.3), (0.84, 0.058, 10.9), (0.911, 0.086, 11.3)),
        "dmpls_lambda_1": Printed(0.87),
    }
)
"""Row key → what Luo et al. (MICCAI 2022) print, in Table 1, Table 2 and, for λ = 1, the text."""

LAMBDA_CURVE: Mapping[float, float] = MappingProxyType({0.5: PAPER["dmpls"].dice, 1.0: PAPER["dmpls_lambda_1"].dice})
"""The two points of the paper's λ figure that are known as numbers; below .5 the curve rises to it."""

RERUNS: Mapping[str, Printed] = MappingProxyType(
    {
        "pce": Printed(0.619, hd95_mm=182.0),
        "ustm": Printed(0.767, hd95_mm=141.0),
        "s2l": Printed(0.838, hd95_mm=61.0),
        "entropy_min": Printed(0.862, hd95_mm=26.0),
        "mumford_shah": Printed(0.874, hd95_mm=14.0),
        "dmpls": Printed(0.884, hd95_mm=13.0),
        "full_sup": Printed(0.915, hd95_mm=5.6),
    }
)
"""Predictions that a third party published of its own re-runs, fold 1 alone, scored again in true mm."""

RERUNS_LARGEST: Mapping[str, Printed] = MappingProxyType(
    {
        "pce": Printed(0.852, hd95_mm=11.3),
        "dmpls": Printed(0.893, hd95_mm=3.9),
        "full_sup": Printed(0.918, hd95_mm=3.1),
    }
)
"""The same with the largest 3D component of each class kept."""

NNUNET_DICE = 0.915
"""Of nnU-Net with dense masks, on folds of its own."""
