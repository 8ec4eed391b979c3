"""A name for a scan that comes from its content, so that it can be recognised without naming a patient."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from napari_scribbleseg.types import Cine

_SAMPLES = 4096


def fingerprint(cine: Cine) -> str:
    """Return 64 hex digits over shape, spacing, affine and a sample of the intensities of two phases.

    The same scan gives the same digits however its file is named, compressed or read.
    """
    digest = hashlib.sha256(repr((cine.shape, cine.ndim, cine.axes)).encode())
    digest.update(np.round(cine.spacing_mm, 4).astype("<f8").tobytes())
    # + 0.0 turns the -0.0 of flipped axes into 0.0, which some writers do and others do not.
    digest.update((np.round(cine.affine, 3) + 0.0).astype("<f8").tobytes())
    for t in sorted({0, cine.shape[0] // 2}):
        values = cine.volume(t).ravel()
        digest.update(values[:: max(1, values.size // _SAMPLES)].astype("<f4").tobytes())
    return digest.hexdigest()


def case_of(cine: Cine) -> str:
    """Return a short case name such as "scan-3fa2c1" from the fingerprint."""
    return f"scan-{fingerprint(cine)[:6]}"
