"""The built-in sample as a store, for benchmarks."""

from __future__ import annotations

from napari_scribbleseg.data import SampleStore
from napari_scribbleseg.io import load_cine, load_labels
from napari_scribbleseg.resources import sample_path
from napari_scribbleseg.types import Cine, FrameKey, ScribbleEdit


def load_sample() -> Cine:
    """Return the synthetic cine."""
    return load_cine(sample_path("sample_cine.nii.gz"))


def load_sample_store(resolution: str) -> SampleStore:
    """Return a store with the synthetic cine and its strokes."""
    cine, store = load_sample(), SampleStore(resolution)
    store.add(cine)
    labels = load_labels(sample_path("sample_scribbles.nii.gz"), cine, "layer")
    revision = 0
    for t, z in zip(*labels.any((2, 3)).nonzero(), strict=True):
        revision += 1
        store.apply(ScribbleEdit(FrameKey(cine.case, int(t), int(z)), labels[t, z], revision))
    return store
