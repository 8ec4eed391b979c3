from __future__ import annotations

import numpy as np
import torch

from napari_scribbleseg.methods.slices import label_slices


def test_every_slice_is_mapped_in_its_place():
    image = torch.arange(12.0).reshape(3, 2, 2)
    offset = torch.tensor([10, 20, 30])
    labels = label_slices(lambda a, b: (a + b).astype(np.uint8), image, offset)
    assert labels.dtype == torch.int64
    assert labels.tolist() == (image + offset[:, None, None]).long().tolist()
