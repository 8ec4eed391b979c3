"""Weights that grow over a run, in steps of the paper's 60 000."""

from __future__ import annotations

from napari_scribbleseg.clock import Clock, ramp

PEAK = 0.1
RAMP_LENGTH = 200


def regularisation_weight(clock: Clock, every: int) -> float:
    """Return w = .1 · ramp(⌊t / every⌋, 200), t in steps of 60 000.

    The weight of the released semi-supervised trainers of Luo et al., MICCAI 2022. It stays for `every` steps at a
    time and is full at t = 200 · every.
    """
    return PEAK * ramp(clock.paper_step // every, RAMP_LENGTH)
