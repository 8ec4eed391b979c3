from __future__ import annotations

import numpy as np

from napari_scribbleseg.data import SampleStore
from napari_scribbleseg.engine.cleaner import Cleaner
from napari_scribbleseg.engine.postprocess import PostProcessing, postprocess
from napari_scribbleseg.labels import BG, LV
from napari_scribbleseg.types import Cine, FrameKey, Prediction, ScribbleEdit

SIDE = 32
N_Z = 4


def _store():
    store = SampleStore()
    store.add(Cine("scan", np.random.default_rng(0).random((2, N_Z, SIDE, SIDE), np.float32), (8, 1.4, 1.4)))
    return store


def _prediction(z, *blocks, t=0, step=1):
    labels = np.zeros((SIDE, SIDE), np.uint8)
    for y, x, side in blocks:
        labels[y : y + side, x : x + side] = LV
    return Prediction(FrameKey("scan", t, z), labels, np.full_like(labels, 200), step, 0)


HEART, ISLAND = (4, 4, 12), (26, 26, 2)


def _told(predictions):
    return [p.key.z for p in predictions]


def test_a_new_slice_comes_back_put_right_with_its_own_age():
    told = Cleaner(PostProcessing()).clean([_prediction(0, HEART, ISLAND, step=7)], _store())
    assert (told[0].key.z, told[0].step) == (0, 7)
    assert told[0].labels[26, 26] == BG
    assert told[0].labels[5, 5] == LV


def test_a_neighbour_that_looks_different_now_comes_back_too_and_only_that():
    cleaner, store = Cleaner(PostProcessing()), _store()
    cleaner.clean([_prediction(0, HEART), _prediction(2, ISLAND)], store)
    told = cleaner.clean([_prediction(1, HEART)], store)
    assert _told(told) == [1, 2]
    assert not told[1].labels.any()
    assert _told(cleaner.clean([_prediction(1, HEART, step=2)], store)) == [1]


def test_a_slice_comes_back_whole_when_its_neighbour_makes_it_part_of_the_heart():
    cleaner, store = Cleaner(PostProcessing()), _store()
    first = cleaner.clean([_prediction(0, HEART, ISLAND), _prediction(1, HEART)], store)
    assert not any(p.labels[26:, 26:].any() for p in first)
    told = cleaner.clean([_prediction(1, HEART, (14, 14, 14))], store)
    assert _told(told) == [1, 0]
    assert told[1].labels[26, 26] == LV


def test_slices_that_were_never_predicted_are_no_background_between_others():
    cleaner, store = Cleaner(PostProcessing()), _store()
    cleaner.clean([_prediction(0, HEART)], store)
    assert cleaner.clean([_prediction(3, ISLAND)], store)[0].labels.any()


def test_phases_are_put_right_by_themselves_and_all_slices_give_what_the_whole_gives():
    cleaner, store = Cleaner(PostProcessing()), _store()
    raw = [_prediction(z, HEART, *([ISLAND] if z % 2 else []), t=t) for t in (0, 1) for z in range(N_Z)]
    shown = {}
    for prediction in raw:
        shown |= {p.key: p.labels for p in cleaner.clean([prediction], store)}
    for t in (0, 1):
        volume = np.stack([p.labels for p in raw if p.key.t == t])
        whole = postprocess(volume, store.cine("scan").spacing_mm)
        np.testing.assert_array_equal(np.stack([shown[FrameKey("scan", t, z)] for z in range(N_Z)]), whole)


def test_what_a_person_drew_stays():
    store, strokes = _store(), np.zeros((SIDE, SIDE), np.uint8)
    strokes[26, 26] = LV
    store.apply(ScribbleEdit(FrameKey("scan", 0, 0), strokes, 1))
    told = Cleaner(PostProcessing()).clean([_prediction(0, HEART, ISLAND, (20, 28, 2))], store)
    assert (told[0].labels[26:28, 26:28] == LV).all()
    assert not told[0].labels[20:22, 28:30].any()


def test_other_options_renew_what_they_change_and_nothing_else():
    cleaner, store = Cleaner(PostProcessing.none()), _store()
    raw = cleaner.clean([_prediction(0, HEART, ISLAND), _prediction(1, HEART)], store)
    assert raw[0].labels[26, 26] == LV
    told = cleaner.renewed(PostProcessing(), store)
    assert _told(told) == [0]
    assert not told[0].labels[26, 26]
    assert not cleaner.renewed(PostProcessing(), store)


def test_a_forgotten_scan_leaves_nothing_behind():
    cleaner, store = Cleaner(PostProcessing()), _store()
    cleaner.clean([_prediction(0, HEART)], store)
    cleaner.forget("scan")
    assert cleaner.clean([_prediction(1, ISLAND)], store)[0].labels.any()
