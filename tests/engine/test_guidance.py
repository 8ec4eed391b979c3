"""A stroke bends the prediction where it is, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_scribbleseg.data import SampleStore
from napari_scribbleseg.engine import inference
from napari_scribbleseg.engine.guidance import REACH_PX, TOLERANCE, follow_strokes
from napari_scribbleseg.engine.inference import predict_slices
from napari_scribbleseg.labels import IGNORE, LV, RV
from napari_scribbleseg.methods import build_method
from napari_scribbleseg.types import FrameKey, ScribbleEdit
from tests.synthetic import make_cine, make_strokes

SIDE = 32


def _unsure(n=1):
    return torch.full((n, 4, SIDE, SIDE), 0.25)


def _nothing(n=1):
    return np.full((n, SIDE, SIDE), IGNORE, np.uint8)


def test_without_strokes_nothing_is_changed():
    probabilities = torch.rand(2, 4, SIDE, SIDE)
    assert follow_strokes(probabilities, np.zeros((2, SIDE, SIDE), np.float32), _nothing(2)) is probabilities


def test_the_pull_is_hand_checked_along_an_even_picture():
    strokes = _nothing()
    strokes[0, 16, :] = LV
    bent = follow_strokes(_unsure(), np.zeros((1, SIDE, SIDE), np.float32), strokes)
    for distance in (0, 1, 4, 8):
        g = np.exp(-((distance / REACH_PX) ** 2))
        assert bent[0, LV, 16 + distance, 5].item() == pytest.approx(0.25 + 0.75 * g, abs=1e-5)
        assert bent[0, RV, 16 + distance, 5].item() == pytest.approx(0.25 * (1 - g), abs=1e-5)
    assert torch.allclose(bent.sum(1), torch.ones(1, SIDE, SIDE))


def test_a_stroke_does_not_reach_across_an_edge():
    image = np.zeros((1, SIDE, SIDE), np.float32)
    image[0, :, 18:] = 4 * TOLERANCE
    strokes = _nothing()
    strokes[0, :, 14] = LV
    bent = follow_strokes(_unsure(), image, strokes)
    assert bent[0, LV, 16, 12] > 0.75  # two pixels to the dark side
    assert bent[0, LV, 16, 20] < 0.26


def test_the_nearest_of_several_strokes_counts_and_other_slices_stay():
    strokes = _nothing(2)
    strokes[0, 10, 10], strokes[0, 10, 14] = LV, RV
    bent = follow_strokes(_unsure(2), np.zeros((2, SIDE, SIDE), np.float32), strokes)
    assert bent[0, :, 10, 11].argmax() == LV
    assert bent[0, :, 10, 13].argmax() == RV
    assert torch.equal(bent[1], _unsure()[0])


def test_a_drawn_slice_obeys_before_any_training_and_others_do_not_move():
    torch.manual_seed(0)
    method = build_method("dmpls", {}).eval()
    plain, drawn = SampleStore("roi"), SampleStore("roi")
    for store in (plain, drawn):
        store.add(make_cine())
    keys = make_cine().keys()
    drawn.apply(ScribbleEdit(keys[1], make_strokes(), 1))
    plain.put_window("scan", {**drawn.window("scan"), "field": None})
    drawn.forgo_fields()
    before = {key: labels for key, labels, _ in predict_slices(method, plain, keys, torch.device("cpu"))}
    after = {key: labels for key, labels, _ in predict_slices(method, drawn, keys, torch.device("cpu"))}
    on = make_strokes() > 0
    wanted = np.where(make_strokes() == 4, 0, make_strokes())
    assert (after[keys[1]][on] == wanted[on]).mean() > 0.99
    assert (before[keys[1]][on] == wanted[on]).mean() < 0.9
    for key in (keys[0], keys[2]):
        assert np.array_equal(before[key], after[key])


def test_held_out_strokes_do_not_bend_what_they_measure(monkeypatch):
    store = SampleStore("roi", held_out=0.5)
    store.add(make_cine())
    for revision, z in enumerate((0, 0, 1, 1, 2, 2), start=1):
        labels = make_strokes()
        labels[8 + revision, 5:15] = 4
        store.apply(ScribbleEdit(FrameKey("scan", 0, z), labels, revision))
    store.hold_out()
    seen = []
    monkeypatch.setattr(inference, "follow_strokes", lambda p, images, strokes: seen.append(strokes) or p)
    key, held = next(iter(store.held_out().items()))
    list(predict_slices(build_method("dmpls", {}).eval(), store, [key], torch.device("cpu")))
    grid = store.grid("scan")
    apart = grid.crop(grid.labels_to_canvas(held), IGNORE)
    assert (apart != IGNORE).any()
    assert (seen[0][0][apart != IGNORE] == IGNORE).all()
    assert (seen[0] != IGNORE).any()
