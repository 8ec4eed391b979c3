"""Dashed outlines: how a mask looks that nobody has accepted yet."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from napari_scribbleseg.labels import FOREGROUND, LV, LabelMap

ZOOM = 4
"""Picture pixels along each side of a slice's pixel, so that thin dashes stay thin."""
DASH_PX, GAP_PX = 14.0, 9.0
"""Lengths in picture pixels."""
WIDTH_PX = 3


def draw_dashes(labels: LabelMap) -> LabelMap:
    """Return dashed outlines of the classes in a slice.

    Parameters
    ----------
    labels : uint8 (y, x), training codes

    Returns
    -------
    uint8 (4 y, 4 x): the code of each class along its outline, 0 elsewhere. The cavity's outline lies on top.
    """
    import cv2

    picture = np.zeros((labels.shape[0] * ZOOM, labels.shape[1] * ZOOM), np.uint8)
    smooth = _enlarge(labels)
    for code in sorted(FOREGROUND, key=lambda code: code == LV):
        outlines, _ = cv2.findContours((smooth == code).astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
        for outline in outlines:
            for dash in _dashes(outline[:, 0]):
                cv2.polylines(picture, [dash], False, int(code), WIDTH_PX)
    return picture


def _enlarge(labels: LabelMap) -> LabelMap:
    """Return the labels in picture pixels, corners rounded."""
    import cv2

    size = (labels.shape[1] * ZOOM, labels.shape[0] * ZOOM)
    codes = (0, *FOREGROUND)
    shares = [cv2.resize((labels == code).astype(np.float32), size, interpolation=cv2.INTER_LINEAR) for code in codes]
    enlarged: LabelMap = np.argmax(shares, axis=0).astype(np.uint8)
    return enlarged


def _dashes(points: npt.NDArray[np.int32]) -> list[npt.NDArray[np.int32]]:
    """Cut a closed outline `(n, 2)` into dashes of even length, fitted so that the pattern closes on itself."""
    closed = np.concatenate([points, points[:1]])
    along = np.concatenate([[0.0], np.hypot(*np.diff(closed, axis=0).T).cumsum()])
    count = max(round(along[-1] / (DASH_PX + GAP_PX)), 1)
    phase = along / max(along[-1], 1e-6) * count % 1
    drawn = phase < DASH_PX / (DASH_PX + GAP_PX)
    starts = np.flatnonzero(drawn & ~np.concatenate([[False], drawn[:-1]]))
    ends = np.flatnonzero(drawn & ~np.concatenate([drawn[1:], [False]]))
    return [np.ascontiguousarray(closed[start : end + 1]) for start, end in zip(starts, ends, strict=True)]
