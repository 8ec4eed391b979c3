"""From scans and strokes to batches: working grids, the sample store, sampling and augmentation."""

from napari_scribbleseg.data.grid import Grid
from napari_scribbleseg.data.store import SampleStore

__all__ = ["Grid", "SampleStore"]
