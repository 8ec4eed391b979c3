"""The order in which slices are looked at."""

from __future__ import annotations

import numpy as np
import pytest

from napari_scribbleseg.labels import MYO
from napari_scribbleseg.qt.doubt_book import RISE, DoubtBook, best, describe, explain, nearness, phase_scores
from napari_scribbleseg.types import DoubtReport, SliceDoubt


def doubt(score: float, label: int = MYO, disagreement: float = 0.3) -> SliceDoubt:
    return SliceDoubt(score, disagreement, label, np.full((4, 4), 9, np.uint8))


def book_of(scores) -> DoubtBook:
    values = np.asarray(scores, float)
    book = DoubtBook(values.shape)
    known = [(int(t), int(z)) for t, z in np.argwhere(np.isfinite(values))]
    book.take(DoubtReport("scan", {index: doubt(values[index]) for index in known}, 1))
    return book


def visit(book: DoubtBook, count: int, done=(), here=(0, 0)) -> list[tuple[int, int]]:
    """Press the key some times."""
    seen = []
    for _ in range(count):
        here = book.next_slice(done, here)
        book.note_shown(here)
        seen.append(here)
    return seen


def test_the_most_doubtful_slice_comes_first_and_then_one_after_the_other():
    far_apart = np.full((12, 9), 0.05)
    far_apart[2, 8], far_apart[8, 1], far_apart[5, 4] = 0.9, 0.8, 0.7
    assert visit(book_of(far_apart), 3) == [(2, 8), (8, 1), (5, 4)]


def test_neighbours_of_a_slice_that_was_seen_wait_for_others():
    scores = np.full((12, 9), 0.05)
    scores[4, 4], scores[5, 4], scores[10, 1] = 0.9, 0.85, 0.4
    assert visit(book_of(scores), 3) == [(4, 4), (10, 1), (5, 4)]


def test_slices_drawn_on_or_accepted_are_left_out():
    book = book_of([[0.1, 0.9, 0.8, 0.7]])
    assert book.next_slice({(0, 1), (0, 2)}, (0, 0)) == (0, 3)


def test_when_all_were_shown_a_new_round_begins_and_with_none_left_there_is_no_next():
    book = book_of([[0.1, 0.9, 0.8]])
    assert visit(book, 3, here=(0, 0))[-1] in {(0, 0), (0, 1)}
    assert book.next_slice({(0, 0), (0, 1), (0, 2)}, (0, 0)) is None


def test_a_slice_left_alone_comes_back_once_its_doubt_has_risen():
    book = book_of([[0.1, 0.5, 0.4, 0.05, 0.05, 0.05, 0.3]])
    assert visit(book, 2) == [(0, 1), (0, 6)]
    book.take(DoubtReport("scan", {(0, 1): doubt(0.5 + 2 * RISE)}, 2))
    assert book.next_slice(set(), (0, 6)) == (0, 1)


def test_what_nobody_knows_is_never_next():
    book = book_of([[0.1, np.nan, 0.2]])
    assert book.next_slice(set(), (0, 0)) == (0, 2)
    assert book.next_slice(set(), (0, 0), unknown={(0, 2)}) is None


def test_a_slice_that_the_scan_does_not_have_is_left_out_of_a_report():
    book = DoubtBook((2, 3))
    book.take(DoubtReport("scan", {(5, 5): doubt(0.5), (1, 2): doubt(0.25)}, 1))
    assert set(book.slices) == {(1, 2)}
    assert book.map_of((0, 0)) is None
    assert book.map_of((1, 2)).shape == (4, 4)


@pytest.mark.parametrize(("n_t", "near"), [(20, True), (4, False)])
def test_the_last_phase_lies_beside_the_first_only_in_a_cycle(n_t, near):
    closeness = nearness((n_t, 3), [(0, 1)])
    assert closeness[0, 1] == 1
    assert (closeness[-1, 1] > 0.8) == near


def test_best_of_nothing_is_nothing():
    assert best(np.empty((0, 0)), set()) is None


def test_a_phase_is_as_doubtful_as_its_slices_on_the_whole():
    means = phase_scores(np.array([[0.2, 0.4], [np.nan, 0.6], [np.nan, np.nan]]))
    np.testing.assert_allclose(means, [0.3, 0.6, np.nan])


def test_words_for_a_slice():
    assert describe(doubt(0.42)) == "42% doubt, mostly Myo"
    assert describe(doubt(0.01)) == "hardly any doubt"
    assert "expected Dice 0.58; the two decoders differ by 30%" in explain(doubt(0.42))
    assert "one decoder" in explain(doubt(0.42, disagreement=0.0))
