"""Whatever the annotator draws is true, counted and the same every time."""

from __future__ import annotations

import numpy as np
import pytest

from napari_scribbleseg.bench.annotate.annotator import AROUND_MM, Annotator
from napari_scribbleseg.bench.annotate.costs import Costs
from napari_scribbleseg.labels import BACKGROUND_SCRIBBLE, LV, MYO, NOTHING, RV, layer_to_training


def drawn_slices(annotator: Annotator) -> list[tuple[int, int]]:
    return [tuple(at) for at in np.argwhere(annotator.scribbles.any((2, 3))).tolist()]


def is_true(annotator: Annotator, truth: np.ndarray) -> bool:
    drawn = annotator.scribbles != NOTHING
    return bool((layer_to_training(annotator.scribbles)[drawn] == truth[drawn]).all())


def test_three_strokes_are_one_of_each_class_on_one_slice(patient):
    annotator = Annotator(patient)
    annotator.draw_three()
    assert annotator.strokes == 3
    assert len(drawn_slices(annotator)) == 1
    assert set(np.unique(annotator.scribbles)) == {NOTHING, RV, MYO, LV}
    assert is_true(annotator, patient.truth)
    assert 3 * 3 < annotator.seconds < 3 * 15


def test_with_a_mask_the_three_go_where_it_is_most_wrong_and_where_a_class_is_missing(patient):
    mask = patient.truth.copy()
    wrong = np.zeros_like(mask, bool)
    wrong[1, 3, :, 32:] = True
    mask[(mask == LV) & wrong] = MYO
    annotator = Annotator(patient)
    annotator.draw_three(mask)
    assert drawn_slices(annotator) == [(1, 3)]
    stroke = annotator.scribbles[1, 3] == LV
    assert stroke.any()
    assert wrong[1, 3][stroke].all()


def test_sparse_strokes_lie_on_every_fourth_slice_of_the_heart_with_background_around_it(patient):
    annotator = Annotator(patient)
    annotator.draw_sparse()
    assert drawn_slices(annotator) == [(0, 2), (1, 2)]
    assert annotator.strokes == 8
    assert is_true(annotator, patient.truth)
    ground = np.argwhere(annotator.scribbles[0, 2] == BACKGROUND_SCRIBBLE)
    heart = np.argwhere(patient.truth[0, 2])
    away_mm = 1.4 * np.hypot(*(ground[:, None] - heart[None]).transpose(2, 0, 1)).min(1)
    assert away_mm.min() >= AROUND_MM[0]
    assert away_mm.max() <= AROUND_MM[1]


def test_a_correction_lies_inside_of_its_mistake_and_costs_a_look_through_the_scan(patient):
    mask = patient.truth.copy()
    mask[0, 3][mask[0, 3] == RV] = 0
    annotator = Annotator(patient, costs=Costs(think_s=0, point_s=0, button_s=0, line_s=0, draw_s_per_cm=0))
    (correction,) = annotator.correct(mask)
    assert (correction.fault.t, correction.fault.z, correction.fault.label) == (0, 3, RV)
    assert correction.pixels.any()
    assert not (correction.pixels & ~correction.fault.region).any()
    # 14 slices of key and glance; then, where the pointer is already, a key for the class
    assert annotator.seconds == pytest.approx(14 * 0.43 + 0.2)
    assert annotator.correct(patient.truth) == []


def test_whole_slices_begin_with_the_phase_that_has_none(patient):
    annotator = Annotator(patient)
    annotator.draw_three()
    nothing = np.zeros_like(patient.truth)
    assert annotator.draw_slice(nothing)
    (first, second) = drawn_slices(annotator)
    assert {first[0], second[0]} == {0, 1}
    assert annotator.strokes == 7
    assert annotator.draw_slice(nothing)
    assert len(drawn_slices(annotator)) == 3


def test_a_slice_without_a_heart_gets_background_where_one_was_seen(patient):
    annotator = Annotator(patient)
    for _ in range(10):
        annotator.draw_slice(np.zeros_like(patient.truth))
    mask = patient.truth.copy()
    mask[0, 0, 20:40, 20:40] = LV
    assert annotator.draw_slice(mask)
    assert set(np.unique(annotator.scribbles[0, 0])) == {NOTHING, BACKGROUND_SCRIBBLE}
    assert not annotator.draw_slice(patient.truth)


def test_the_same_seed_draws_the_same_and_another_does_not(patient):
    first, again, other = Annotator(patient, 1), Annotator(patient, 1), Annotator(patient, 2)
    for annotator in (first, again, other):
        annotator.draw_sparse()
    np.testing.assert_array_equal(first.scribbles, again.scribbles)
    assert first.seconds == again.seconds
    assert (first.scribbles != other.scribbles).any()
