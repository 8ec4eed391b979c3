from __future__ import annotations

import numpy as np
import pytest

from napari_scribbleseg import labels
from napari_scribbleseg.labels import LabelCodeError


def test_a_painted_slice_becomes_a_target_where_only_the_unpainted_is_ignored():
    layer = np.array([[0, 1, 2], [3, 4, 0]], np.uint8)
    assert labels.layer_to_training(layer).tolist() == [[255, 1, 2], [3, 0, 255]]


def test_layer_and_training_codes_translate_both_ways():
    layer = np.arange(5, dtype=np.uint8)
    assert labels.training_to_layer(labels.layer_to_training(layer)).tolist() == layer.tolist()


def test_a_stray_layer_value_is_refused():
    with pytest.raises(LabelCodeError, match="value 9"):
        labels.layer_to_training(np.array([9], np.uint8))


def test_acdc_scribbles_swap_background_and_nothing():
    file = np.full((4, 5), 4.0)
    file[0, :4] = [0, 1, 2, 3]
    layer = labels.scribbles_from_file(file, "acdc")
    assert layer[0].tolist() == [4, 1, 2, 3, 0]
    assert not layer[1:].any()


def test_scribbles_go_back_to_the_file_that_they_came_from():
    file = np.full((4, 5), 4, np.uint8)
    file[0, :4] = [0, 1, 2, 3]
    assert np.array_equal(labels.scribbles_to_file(labels.scribbles_from_file(file, "acdc"), "acdc"), file)


def test_scribbles_of_the_other_convention_are_refused_with_advice():
    layer_file = np.zeros((10, 10), np.uint8)
    layer_file[0, 0] = 1
    with pytest.raises(LabelCodeError, match="choose 'layer'"):
        labels.scribbles_from_file(layer_file, "acdc")


@pytest.mark.parametrize("value", [5, 2.5, -1])
def test_a_scribble_file_with_an_unknown_code_is_refused(value):
    file = np.full((3, 3), 4.0)
    file[1, 1] = value
    with pytest.raises(LabelCodeError, match="only 0, 1, 2, 3, 4 are known"):
        labels.scribbles_from_file(file, "acdc")


def test_a_uk_biobank_mask_swaps_the_ventricles():
    assert labels.mask_from_file(np.array([0, 1, 2, 3]), "ukbb").tolist() == [0, 3, 2, 1]
