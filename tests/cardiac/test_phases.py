from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_scribbleseg.cardiac import Choices, MeasurementError, find_jumps, find_phases


def make_curve(n: int = 25, es: int | None = None, edv: float = 150.0, esv: float = 60.0) -> np.ndarray:
    """Return a beat: ED at 0, ES at `es` (by default 36 % of the beat), cosines between."""
    es = round(0.36 * n) if es is None else es
    t = np.arange(n)
    way = np.where(t <= es, t / es, (n - t) / (n - es))
    return esv + (edv - esv) * (1 + np.cos(np.pi * way)) / 2


def found(curve) -> tuple[int, int]:
    phases = find_phases(curve)
    return phases.ed, phases.es


@pytest.mark.parametrize("n", [2, 3, 4, 5, 8, 10, 12, 20, 25, 35])
def test_the_largest_volume_is_ed_and_the_smallest_es(n):
    es = max(1, round(0.36 * n))
    assert found(make_curve(n, es)) == (0, es)


def test_of_two_phases_the_larger_is_ed_in_either_order():
    assert found([150.0, 60.0]) == (0, 1)
    assert found([60.0, 150.0]) == (1, 0)


def test_one_phase_is_both():
    assert found([150.0]) == (0, 0)


@pytest.mark.parametrize("n", [10, 12, 20, 25, 30])
@pytest.mark.parametrize("value", [0.0, 5.0, 30.0, 190.0, 400.0])
def test_one_bad_frame_is_never_ed_or_es_and_moves_them_by_one_frame_at_most(n, value):
    curve = make_curve(n)
    es = round(0.36 * n)
    for bad in range(n):
        spoilt = curve.copy()
        spoilt[bad] = value
        found_ed, found_es = found(spoilt)
        assert bad not in (found_ed, found_es)
        assert min(found_ed, n - found_ed) <= 1
        assert abs(found_es - es) <= 1


def test_a_bad_frame_is_named_and_a_clean_beat_has_none():
    curve = make_curve(25)
    assert find_jumps(curve) == ()
    curve[4], curve[15] = 10.0, 260.0
    assert find_jumps(curve) == (4, 15)


def test_a_cine_that_stops_before_the_beat_ends_keeps_its_first_frame_as_ed():
    curve = make_curve(25)[:21]
    assert find_jumps(curve) == ()
    assert found(curve) == (0, 9)


def test_phases_that_nobody_segmented_are_passed_over():
    curve = np.zeros(20)
    curve[3], curve[11] = 70.0, 140.0
    assert found(curve) == (11, 3)


def test_a_mask_of_nothing_has_phases_all_the_same():
    assert found(np.zeros(6)) == (0, 0)


def test_a_choice_wins_and_says_where_it_is_from():
    curve = make_curve(25)
    phases = find_phases(curve, Choices(es=7))
    assert (phases.ed, phases.es, phases.ed_source, phases.es_source) == (0, 7, "volumes", "chosen")
    phases = find_phases(curve, Choices(ed=24, es=10, source="Info.cfg"))
    assert (phases.ed, phases.es, phases.ed_source, phases.es_source) == (24, 10, "Info.cfg", "Info.cfg")


@pytest.mark.parametrize("phase", [-1, 25])
def test_a_phase_that_is_not_there_cannot_be_chosen(phase):
    with pytest.raises(MeasurementError, match=f"Phase {phase} is not in the scan, which has phases 0 to 24"):
        find_phases(make_curve(25), Choices(ed=phase))


def test_what_is_no_curve_is_refused():
    for wrong in ([], [[1.0]]):
        with pytest.raises(MeasurementError, match="one LV volume for each phase"):
            find_phases(wrong)


@given(n=st.integers(8, 40), shift=st.integers(0, 39), scale=st.floats(0.3, 3))
def test_turning_the_beat_turns_the_phases_and_scaling_leaves_them(n, shift, scale):
    curve = make_curve(n)
    ed, es = found(curve)
    assert found(np.roll(curve, shift) * scale) == ((ed + shift) % n, (es + shift) % n)


@given(st.lists(st.floats(1, 500), min_size=2, max_size=40))
def test_ed_never_holds_less_than_es(volumes):
    ed, es = found(volumes)
    assert volumes[ed] >= volumes[es]
