"""A curve of any length in a bounded number of points."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


class BoundedSeries:
    """Keep the whole course of a value with at most `limit` points.

    When full, neighbours are averaged in pairs and each later point stands for twice as many values, so that
    drawing stays equally cheap after an hour.

    Parameters
    ----------
    limit : int
        Even number of points.
    """

    def __init__(self, limit: int = 400) -> None:
        self._limit = limit
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self._points: list[tuple[float, float]] = []
        self._waiting: list[tuple[float, float]] = []
        self._per_point = 1

    def add(self, x: float, y: float) -> None:
        """Add a value."""
        self._waiting.append((x, y))
        if len(self._waiting) == self._per_point:
            self._points.append(_mean(self._waiting))
            self._waiting.clear()
        if len(self._points) == self._limit:
            self._points = [_mean(list(pair)) for pair in zip(self._points[::2], self._points[1::2], strict=True)]
            self._per_point *= 2

    def __len__(self) -> int:
        return len(self._points)

    @property
    def xy(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return x and y, each `(n,)`."""
        array = np.array(self._points, dtype=float).reshape(-1, 2)
        return array[:, 0], array[:, 1]


def _mean(points: list[tuple[float, float]]) -> tuple[float, float]:
    xs, ys = zip(*points, strict=True)
    return sum(xs) / len(xs), sum(ys) / len(ys)
