"""Overlap, ejection fraction and obedience against cases worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from napari_scribbleseg.bench.annotate.annotator import Correction
from napari_scribbleseg.bench.annotate.faults import Fault
from napari_scribbleseg.bench.annotate.measures import ejection_fraction, measure_obedience, measure_quality, volumes_ml
from napari_scribbleseg.labels import LV, MYO, RV
from napari_scribbleseg.types import Cine


@pytest.fixture
def cine() -> Cine:
    return Cine("heart", np.zeros((2, 3, 10, 10), np.float32), (10.0, 2.0, 1.5))


@pytest.fixture
def truth() -> np.ndarray:
    truth = np.zeros((2, 3, 10, 10), np.uint8)
    truth[:, :, 0] = RV
    truth[:, :, 9] = MYO
    truth[0, :, 2:6] = LV
    truth[1, :, 2:4] = LV
    return truth


def test_volumes_are_voxels_times_the_true_spacing(truth, cine):
    # 120 and 60 voxels of 30 mm³
    assert volumes_ml(truth, cine) == pytest.approx((3.6, 1.8))
    assert measure_quality(truth, truth, cine).ef_percent == pytest.approx(50)


def test_a_ventricle_too_large_at_es_lowers_the_ejection_fraction(truth, cine):
    mask = truth.copy()
    mask[1, :, 4] = LV
    quality = measure_quality(mask, truth, cine)
    assert quality.ef_percent == pytest.approx(25)
    assert quality.ef_error == pytest.approx(25)
    assert quality.class_dice == pytest.approx((1, 1, (1 + 120 / 150) / 2))
    assert quality.dice == pytest.approx((2 + 0.9) / 3)


def test_without_a_ventricle_nothing_ejects(truth, cine):
    assert ejection_fraction(0.0, 0.0) == 0
    assert measure_quality(np.zeros_like(truth), truth, cine).ef_error == pytest.approx(50)


def test_obedience_counts_the_stroke_the_rest_of_its_mistake_and_all_other_slices(truth):
    before = truth.copy()
    before[0, 1, 2:6] = MYO
    region = truth[0, 1] == LV
    pixels = np.zeros((10, 10), bool)
    pixels[3] = True
    after = before.copy()
    after[0, 1, 3, :9] = LV  # nine of ten pixels of the stroke, and ten of the thirty others
    after[0, 1, 2] = LV
    after[1, 2] = 0  # what ES loses there: a third of each class
    (found,) = measure_obedience([Correction(Fault(0, 1, LV, region, 1.0), pixels)], before, after, truth)
    assert found.obeyed == pytest.approx(0.9)
    assert found.followed == pytest.approx(1 / 3)
    assert found.elsewhere == pytest.approx(-0.2 / 2)
    assert found.here > 0


def test_slices_that_were_touched_do_not_count_as_elsewhere(truth):
    corrections = [Correction(Fault(0, z, LV, truth[0, z] == LV, 1.0), truth[0, z] == LV) for z in (0, 1)]
    after = truth.copy()
    after[0, :2] = 0
    assert [o.elsewhere for o in measure_obedience(corrections, truth, after, truth)] == [0, 0]
