"""Large cines that stay on the disk until a phase is looked at."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_scribbleseg.io.source import read_part, value_type

if TYPE_CHECKING:
    from pathlib import Path


class LazyPhases:
    """A read-only `(t, z, y, x)` array over a NIfTI file that keeps one phase in memory.

    It slices like a numpy array with integers, slices and an ellipsis; any thread may read.

    Parameters
    ----------
    image : nibabel image of three or four axes, or more where those are of length 1
    path : its file, named when reading fails
    axes : file axes of (z, y, x)
    """

    ndim = 4

    def __init__(self, image: Any, path: Path, axes: tuple[int, int, int]) -> None:
        self._image = image
        self._path = path
        self._axes = axes
        self._lock = threading.Lock()
        self._cached: tuple[int, npt.NDArray[Any]] | None = None
        n_t = int(image.shape[3]) if len(image.shape) > 3 else 1
        self.shape = (n_t, *(int(image.shape[axis]) for axis in axes))
        self.dtype = value_type(image)

    def __len__(self) -> int:
        """Return the number of phases."""
        return self.shape[0]

    @property
    def size(self) -> int:
        """Return the number of voxels."""
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def nbytes(self) -> int:
        """Return the size of all phases in memory."""
        return self.size * self.dtype.itemsize

    def __getitem__(self, item: Any) -> npt.NDArray[Any]:
        """Return a copy of the chosen voxels, read phase by phase.

        Raises
        ------
        IndexError
            For an index out of range.
        ScanError
            When the file is damaged or gone.
        """
        first, rest = _split(item)
        if isinstance(first, slice):
            phases = range(self.shape[0])[first]
            parts = [self._phase(t)[rest] for t in phases]
            return np.stack(parts) if parts else np.empty((0, *self.shape[1:]), self.dtype)[(slice(None), *rest)]
        return np.array(self._phase(range(self.shape[0])[int(first)])[rest])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        """Read everything; what numpy functions see."""
        if copy is False:
            raise ValueError("A cine on the disk cannot be turned into an array without copying it.")
        return np.asarray(self[:], dtype=dtype)

    def _phase(self, t: int) -> npt.NDArray[Any]:
        with self._lock:
            if self._cached is None or self._cached[0] != t:
                self._cached = t, self._read(t)
            return self._cached[1]

    def _read(self, t: int) -> npt.NDArray[Any]:
        beyond = (t, *(0,) * 4)[: len(self._image.shape) - 3]
        volume = read_part(self._image, self._path, (slice(None), slice(None), slice(None), *beyond))
        return volume.transpose(self._axes)


def _split(item: Any) -> tuple[Any, tuple[Any, ...]]:
    items = item if isinstance(item, tuple) else (item,)
    if any(part is Ellipsis for part in items):
        at = next(i for i, part in enumerate(items) if part is Ellipsis)
        items = (*items[:at], *(slice(None),) * (5 - len(items)), *items[at + 1 :])
    return (items[0], items[1:]) if items else (slice(None), ())
