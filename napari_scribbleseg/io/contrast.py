"""Whether there is anything to see in a scan."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_scribbleseg.io.errors import ScanError

if TYPE_CHECKING:
    from napari_scribbleseg.types import ArrayLike4D


def require_contrast(data: ArrayLike4D, name: str) -> None:
    """Refuse a scan that holds no numbers, or the same everywhere.

    Raises
    ------
    ScanError
        For such a scan; `name` is how the sentence calls it.
    """
    low, high = np.inf, -np.inf
    for t in range(data.shape[0]):
        phase = data[t]
        finite = phase[np.isfinite(phase)]
        if finite.size:
            low, high = min(low, finite.min()), max(high, finite.max())
        if high > low:
            return
    if high < low:
        raise ScanError(f"{name} holds no numbers, only NaN or infinity; export it from its source again.")
    raise ScanError(f"{name} has the value {low:g} everywhere, so there is nothing to see; check its export.")
