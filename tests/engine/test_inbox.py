from __future__ import annotations

import threading

import numpy as np

from napari_scribbleseg.engine.inbox import Inbox
from napari_scribbleseg.types import FrameKey, ScribbleEdit


def _edit(z: int, value: int, revision: int) -> ScribbleEdit:
    return ScribbleEdit(FrameKey("scan", 0, z), np.full((2, 2), value, np.uint8), revision)


def test_the_latest_edit_of_a_slice_wins_and_counts_all_its_strokes():
    inbox = Inbox(threading.Condition())
    for revision in (1, 2, 3):
        inbox.put(_edit(0, revision, revision))
    (edit,) = inbox.take().edits
    assert (edit.labels[0, 0], edit.revision, edit.strokes) == (3, 3, 3)


def test_edits_of_other_slices_are_all_kept_in_order():
    inbox = Inbox(threading.Condition())
    for z, revision in ((2, 1), (0, 2), (2, 3), (1, 4)):
        inbox.put(_edit(z, 1, revision))
    assert [(e.key.z, e.revision) for e in inbox.take().edits] == [(0, 2), (2, 3), (1, 4)]
    assert not inbox.take().edits


def test_no_edit_is_lost_between_threads():
    inbox, taken = Inbox(threading.Condition()), []

    def draw(z: int) -> None:
        for revision in range(200):
            inbox.put(_edit(z, 1, revision))

    artists = [threading.Thread(target=draw, args=(z,)) for z in range(4)]
    for artist in artists:
        artist.start()
    while any(a.is_alive() for a in artists):
        taken += inbox.take().edits
    taken += inbox.take().edits
    assert sum(e.strokes for e in taken) == 800


def test_an_edit_keeps_what_was_drawn_when_the_canvas_moves_on():
    canvas = np.ones((2, 2), np.uint8)
    edit = ScribbleEdit(FrameKey("scan", 0, 0), canvas, 1)
    canvas[:] = 2
    assert edit.labels.max() == 1
    assert not edit.labels.flags.writeable
