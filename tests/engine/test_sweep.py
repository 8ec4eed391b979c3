from __future__ import annotations

from napari_scribbleseg.engine.sweep import Sweep, order
from napari_scribbleseg.types import FrameKey

SHAPE = (4, 3, 8, 8)
FOCUS = FrameKey("scan", 1, 2)


def test_the_slice_on_screen_comes_first_then_its_frame_then_the_other_phases():
    names = [(k.t, k.z) for k in order(FOCUS, SHAPE)]
    assert names[:3] == [(1, 2), (1, 1), (1, 0)]
    assert [t for t, _ in names[::3]] == [1, 0, 2, 3]


def test_the_cycle_is_closed_so_the_last_phase_is_next_to_the_first():
    assert [k.t for k in order(FrameKey("scan", 0, 0), SHAPE)][3:9] == [1, 1, 1, 3, 3, 3]


def test_predicting_takes_at_most_half_of_a_steps_time_again():
    sweep = Sweep()
    trained = predicted = 0.0
    for step in range(1, 200):
        sweep.earn(0.3)
        trained += 0.3
        while sweep.affordable:
            keys = sweep.due(FOCUS, SHAPE, step, 4)
            if not keys:
                break
            sweep.spend(keys, step, 0.1)
            predicted += 0.1
    assert 0.2 < predicted / (predicted + trained) <= 0.34


def test_every_slice_gets_its_turn_while_training_goes_on():
    sweep, seen = Sweep(), set()
    for step in range(1, 30):
        sweep.earn(1.0)
        keys = sweep.due(FOCUS, SHAPE, step, 4)
        sweep.spend(keys, step, 0.5)
        seen.update(keys)
    assert seen == set(order(FOCUS, SHAPE))


def test_at_rest_each_slice_is_predicted_once_with_the_latest_weights():
    sweep, done = Sweep(), []
    while keys := sweep.stale(FOCUS, SHAPE, 5, 4):
        sweep.spend(keys, 5, 0.1)
        done += keys
    assert sorted(done) == sorted(order(FOCUS, SHAPE))


def test_a_small_share_takes_little_time():
    sweep = Sweep(share=0.1)
    spent = 0.0
    for step in range(1, 200):
        sweep.earn(0.3)
        while sweep.affordable:
            sweep.spend(sweep.again(FOCUS, SHAPE, step, 4), step, 0.05)
            spent += 0.05
    assert 0.08 < spent / (199 * 0.3) < 0.12


def test_a_pass_visits_every_slice_once_before_the_next_begins():
    sweep, visited = Sweep(), []
    for _ in range(6):
        keys = sweep.again(FOCUS, SHAPE, 1, 4)
        sweep.note(keys, 1)
        visited += keys
    assert len(visited) == 12 == len(set(visited))
    assert sweep.again(FOCUS, SHAPE, 2, 4)[0] == FOCUS
    assert sweep.affordable is False  # nothing was earned, and noting cost nothing
    sweep.earn(0.01)
    assert sweep.affordable
