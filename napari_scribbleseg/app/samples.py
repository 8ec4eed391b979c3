"""The sample that napari lists under File › Open Sample."""

from __future__ import annotations

from napari_scribbleseg.app.reader import LayerTuple, image_layer
from napari_scribbleseg.resources import sample_path

SAMPLE_NAME = "sample_cine.nii.gz"


def load_sample() -> list[LayerTuple]:
    """Return the beating heart as one image layer `(t, z, y, x)`; the strokes are left to the person.

    Raises
    ------
    FileNotFoundError
        When the installation lacks the sample.
    """
    return [image_layer(sample_path(SAMPLE_NAME))]
