from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from napari_scribbleseg.data import SampleStore
from napari_scribbleseg.engine.inference import centre_window, segment
from napari_scribbleseg.types import Cine
from tests.synthetic import make_cine, make_truth


class _Bright(torch.nn.Module):
    """Calls what is bright LV."""

    def predict(self, image):
        lv = (image[:, 0] > 0.8).float()
        return torch.stack([1 - lv, 0 * lv, 0 * lv, lv], 1)


def _off_centre(n_t=1):
    cine = make_cine(n_t=n_t, n_z=4)
    data = np.pad(cine.data, ((0, 0), (0, 0), (180, 20), (20, 180)), constant_values=100)
    return dataclasses.replace(cine, data=data)


@pytest.mark.parametrize("n_t", [1, 8])
def test_the_window_finds_the_heart_by_motion_or_by_the_network(n_t):
    store = SampleStore()
    store.add(_off_centre(n_t))
    assert not store.grid("scan").holds(212, 52)
    centre_window(_Bright(), store, "scan", torch.device("cpu"))
    y0, x0 = store.grid("scan").offset
    assert y0 <= 190 <= 234 <= y0 + 128
    assert x0 <= 30 <= 74 <= x0 + 128


def test_a_scan_is_segmented_slice_by_slice_with_progress():
    store, seen = SampleStore(), []
    store.add(make_cine(n_t=3, n_z=5))
    mask = segment(_Bright(), store, "scan", torch.device("cpu"), lambda done, total: seen.append((done, total)))
    truth = make_truth(3, 5)
    assert mask.shape == (3, 5, 64, 64)
    assert (mask == 3)[truth == 3].mean() > 0.95
    assert seen[-1] == (15, 15)


def test_a_scan_smaller_than_the_window_works():
    store = SampleStore()
    store.add(Cine("tiny", np.random.default_rng(0).random((1, 1, 20, 24), np.float32), (8, 1.4, 1.4)))
    centre_window(_Bright(), store, "tiny", torch.device("cpu"))
    assert segment(_Bright(), store, "tiny", torch.device("cpu")).shape == (1, 1, 20, 24)
