from __future__ import annotations

import numpy as np
import pytest

from napari_scribbleseg.data.store import SampleStore, StoreError
from napari_scribbleseg.labels import BACKGROUND_SCRIBBLE, IGNORE, LV
from napari_scribbleseg.types import Cine, FrameKey, ScribbleEdit
from tests.synthetic import make_cine, make_edit, make_strokes

KEY = FrameKey("scan", 0, 1)


def _dot(y: int, x: int, label: int = LV, side: int = 300) -> np.ndarray:
    labels = np.zeros((side, side), np.uint8)
    labels[y - 2 : y + 3, x - 2 : x + 3] = label
    return labels


def _wide_store() -> SampleStore:
    store = SampleStore()
    store.add(Cine("scan", np.random.default_rng(0).random((1, 3, 300, 300), np.float32), (8, 1.4, 1.4)))
    return store


@pytest.fixture
def store() -> SampleStore:
    store = SampleStore()
    store.add(make_cine())
    return store


def test_strokes_become_a_training_target_in_the_window(store):
    store.apply(make_edit(KEY))
    sample = store.sample(KEY)
    assert sample.image.shape == sample.labels.shape == (128, 128)
    assert set(np.unique(sample.labels)) == {0, 1, 2, 3, IGNORE}
    assert sample.image[sample.labels == LV].mean() > 0.8


def test_an_erased_slice_is_no_sample_any_more(store):
    store.apply(make_edit(KEY))
    store.apply(ScribbleEdit(KEY, np.zeros((64, 64), np.uint8), 2))
    assert store.scribbled() == []
    assert (store.sample(KEY).labels == IGNORE).all()


def test_an_edit_that_changes_nothing_is_not_an_edit(store):
    assert store.apply(make_edit(KEY, 1))
    assert not store.apply(make_edit(KEY, 2))
    assert store.strokes_total == 1


def test_a_stroke_counts_as_seen_only_after_a_step_on_its_slice(store):
    store.apply(make_edit(KEY, 1))
    store.apply(make_edit(FrameKey("scan", 0, 2), 2))
    store.mark_seen([KEY])
    assert (store.strokes_seen, store.strokes_total) == (1, 2)


def test_the_window_follows_the_first_stroke_on_the_heart():
    store = _wide_store()
    store.apply(ScribbleEdit(KEY, _dot(60, 240), 1))
    assert store.grid("scan").offset == (0, 172)
    assert store.grid("scan").holds(60, 240)


def test_background_strokes_do_not_drag_the_window_off_the_heart():
    store = _wide_store()
    store.apply(ScribbleEdit(KEY, _dot(150, 150), 1))
    before = store.grid("scan").offset
    store.apply(ScribbleEdit(FrameKey("scan", 0, 0), _dot(20, 20, BACKGROUND_SCRIBBLE), 2))
    assert store.grid("scan").offset == before


def test_the_window_is_recentred_when_a_stroke_falls_outside_and_only_then():
    store = _wide_store()
    store.apply(ScribbleEdit(KEY, _dot(150, 150), 1))
    before = store.grid("scan").offset
    store.apply(ScribbleEdit(FrameKey("scan", 0, 0), _dot(160, 170), 2))
    assert store.grid("scan").offset == before
    store.apply(ScribbleEdit(FrameKey("scan", 0, 2), _dot(80, 150), 3))
    assert store.grid("scan").holds(80, 150)
    assert store.grid("scan").holds(160, 170)


def test_held_out_strokes_are_not_in_the_target():
    store = SampleStore(held_out=0.4, seed=3)
    store.add(make_cine())
    for z in range(3):
        store.apply(make_edit(FrameKey("scan", 0, z), z + 1))
    store.apply(ScribbleEdit(KEY, np.where(make_strokes() == LV, 0, make_strokes()), 9))
    store.hold_out()
    held = store.held_out()
    assert held
    for key, labels in held.items():
        on_canvas = store.grid("scan").crop(store.grid("scan").labels_to_canvas(labels), IGNORE)
        assert (store.sample(key).labels[on_canvas != IGNORE] == IGNORE).all()


def test_the_latest_burst_is_never_held_out():
    store = SampleStore(held_out=0.9)
    store.add(make_cine())
    store.apply(make_edit(KEY, 1))
    store.hold_out()
    assert store.held_out() == {}


@pytest.mark.parametrize(
    "edit",
    [
        ScribbleEdit(FrameKey("other", 0, 0), np.ones((64, 64)), 1),
        ScribbleEdit(FrameKey("scan", 0, 3), np.ones((64, 64)), 1),
        ScribbleEdit(KEY, np.ones((64, 63)), 1),
        ScribbleEdit(KEY, np.full((64, 64), 7), 1),
    ],
)
def test_an_edit_that_does_not_fit_is_refused_and_changes_nothing(store, edit):
    with pytest.raises(StoreError, match=r"\.$"):
        store.apply(edit)
    assert store.scribbled() == []


def test_bookkeeping_survives_for_unchanged_strokes_and_starts_anew_for_changed_ones(store):
    for z in range(3):
        store.apply(make_edit(FrameKey("scan", 0, z), z + 1))
    store.mark_seen(store.scribbled())
    arrays, meta = store.state()

    later = SampleStore()
    later.add(make_cine())
    for z in range(2):
        later.apply(make_edit(FrameKey("scan", 0, z), 10 + z))
    changed = make_strokes()
    changed[30:34, 20:22] = LV
    later.apply(ScribbleEdit(FrameKey("scan", 0, 2), changed, 12))
    later.restore(arrays, meta)
    assert (later.strokes_seen, later.strokes_total) == (3, 4)
    assert later.recent() == {FrameKey("scan", 0, 2)}


def test_the_hearts_field_is_known_once_all_three_classes_are_drawn_and_grows_with_them():
    store = _wide_store()
    store.apply(ScribbleEdit(KEY, _dot(150, 150, 3), 1))
    store.apply(ScribbleEdit(FrameKey("scan", 0, 0), _dot(150, 120, 1), 2))
    assert store.grid("scan").field is None
    store.apply(ScribbleEdit(FrameKey("scan", 0, 2), _dot(150, 140, 2), 3))
    before = store.grid("scan").field
    assert before[0] < 150 < before[2]
    store.apply(ScribbleEdit(FrameKey("scan", 0, 0), _dot(150, 60, 1), 4))
    assert store.grid("scan").field[1] < before[1]
    store.apply(ScribbleEdit(FrameKey("scan", 0, 2), np.zeros((300, 300), np.uint8), 5))
    assert store.grid("scan").field is None


def test_background_strokes_do_not_widen_the_field():
    store = _wide_store()
    for z, (x, code) in enumerate(((150, 3), (120, 1), (140, 2))):
        store.apply(ScribbleEdit(FrameKey("scan", 0, z), _dot(150, x, code), z + 1))
    before = store.grid("scan").field
    far = _dot(150, 140, 2)
    far[10:14, 10:14] = BACKGROUND_SCRIBBLE
    store.apply(ScribbleEdit(FrameKey("scan", 0, 2), far, 4))
    assert store.grid("scan").field == before


def test_a_window_travels_to_another_store(store):
    store.apply(make_edit(KEY))
    other = SampleStore()
    other.add(make_cine())
    other.put_window("scan", store.window("scan"))
    assert other.grid("scan") == store.grid("scan")
    assert other.grid("scan").field is not None
