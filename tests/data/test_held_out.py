from __future__ import annotations

import numpy as np

from napari_scribbleseg.data.held_out import choose_held_out
from napari_scribbleseg.labels import IGNORE
from napari_scribbleseg.types import FrameKey


def _slice(strokes_per_class: int) -> np.ndarray:
    labels = np.full((40, 40), IGNORE, np.uint8)
    for code in range(4):
        for i in range(strokes_per_class):
            labels[code * 8 : code * 8 + 3, i * 6 : i * 6 + 4] = code
    return labels


def _slices(n: int, strokes: int) -> dict[FrameKey, np.ndarray]:
    return {FrameKey("scan", 0, z): _slice(strokes) for z in range(n)}


def test_about_the_share_is_held_out_as_whole_strokes():
    labels = _slices(5, 5)
    chosen = choose_held_out(labels, 0.1, seed=1)
    n_held, n_all = sum(int(m.sum()) for m in chosen.values()), 5 * 4 * 5 * 12
    assert 0.05 * n_all < n_held <= 0.1 * n_all
    assert all(int(m.sum()) % 12 == 0 for m in chosen.values())


def test_a_classs_only_stroke_in_a_slice_is_never_taken():
    assert choose_held_out(_slices(6, 1), 0.5, seed=0) == {}


def test_every_class_keeps_a_stroke_in_every_slice_even_when_much_is_asked_for():
    labels = _slices(4, 2)
    for key, mask in choose_held_out(labels, 0.9, seed=0).items():
        assert set(np.unique(labels[key][~mask])) == {0, 1, 2, 3, IGNORE}


def test_the_choice_is_repeatable_and_grows_from_what_is_kept():
    labels = _slices(5, 5)
    first = choose_held_out(labels, 0.1, seed=1)
    again = choose_held_out(labels, 0.1, seed=1)
    assert first.keys() == again.keys()
    more = choose_held_out(labels, 0.2, seed=2, kept=first)
    assert all((more[key] & mask).sum() == mask.sum() for key, mask in first.items())
    assert sum(m.sum() for m in more.values()) > sum(m.sum() for m in first.values())
