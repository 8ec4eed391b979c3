"""Neighbours on the grid of a slice."""

from __future__ import annotations

OFFSETS = ((0, 1), (1, 0), (1, 1), (1, -1))
"""Half of the eight neighbours (dy, dx); the other half is the same pairs seen from the other side."""

Window = tuple[slice, slice]


def pair(shape: tuple[int, ...], dy: int, dx: int) -> tuple[Window, Window]:
    """Return the windows of a slice `(y, x)` that lay each pixel over its neighbour at (dy, dx), dy ≥ 0."""
    ny, nx = shape
    left, right = (slice(0, nx - dx), slice(dx, nx)) if dx >= 0 else (slice(-dx, nx), slice(0, nx + dx))
    return (slice(0, ny - dy), left), (slice(dy, ny), right)
