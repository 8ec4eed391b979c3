"""How the heart moves over one beat."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import PchipInterpolator

from phantom.geometry import N_PHASES

ED_PHASE = 0
ES_PHASE = 7

_CONTRACTION = PchipInterpolator(
    [0.0, 0.04, 0.10, 0.20, 0.30, 0.35, 0.40, 0.46, 0.53, 0.60, 0.70, 0.82, 0.90, 1.0],
    [0.0, 0.02, 0.22, 0.68, 0.96, 1.00, 0.97, 0.72, 0.40, 0.28, 0.25, 0.23, 0.08, 0.0],
)
"""Ejection, quick filling, a rest, and the atrial kick."""


@dataclass(frozen=True)
class Beat:
    """The heart at one instant.

    Attributes
    ----------
    contraction : float
        0 in end diastole, 1 in end systole.
    fraction : float
        Share of the beat that has passed.
    """

    contraction: float
    fraction: float

    @property
    def shortening(self) -> float:
        """Length of the left ventricle relative to end diastole."""
        return 1.0 - 0.13 * self.contraction

    @property
    def narrowing(self) -> float:
        """Inner radius of the left ventricle relative to end diastole."""
        return 1.0 - 0.325 * self.contraction

    @property
    def twist_rad(self) -> float:
        """Turn of the apex against the base."""
        return 0.2 * self.contraction

    @property
    def pulse(self) -> float:
        """How wide the aorta stands, from 0 to 1."""
        return float(np.exp(-(((self.fraction - 0.22) / 0.14) ** 2)))


def beat_at(phase: int) -> Beat:
    """Return the heart at a phase of the cine, counted from 0."""
    fraction = phase / N_PHASES
    return Beat(float(_CONTRACTION(fraction)), fraction)
