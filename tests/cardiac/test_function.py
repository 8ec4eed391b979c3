from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_scribbleseg.cardiac import Body
from napari_scribbleseg.cardiac.function import (
    describe_ventricle,
    ejection_fraction,
    heart_rate,
    myocardial_mass,
    per_m2,
)


def test_a_ventricle_worked_by_hand():
    surface_m2 = Body(180.0, 80.0).surface_m2
    assert surface_m2 == 2.0  # √(180 · 80 / 3600)
    lv = describe_ventricle(150.0, 60.0, surface_m2, 70.0)
    assert (lv.sv_ml, lv.ef_percent) == (90.0, 60.0)
    assert (lv.edv_ml_per_m2, lv.esv_ml_per_m2, lv.sv_ml_per_m2) == (75.0, 30.0, 45.0)
    assert lv.output_l_per_min == pytest.approx(6.3)
    assert lv.output_l_per_min_per_m2 == pytest.approx(3.15)


def test_what_is_not_known_is_none():
    lv = describe_ventricle(150.0, 60.0)
    assert lv.edv_ml_per_m2 is lv.output_l_per_min is lv.output_l_per_min_per_m2 is None
    assert describe_ventricle(150.0, 60.0, None, 70.0).output_l_per_min_per_m2 is None
    assert Body(180.0, None).surface_m2 is Body(None, 80.0).surface_m2 is per_m2(1.0, None) is None


def test_with_one_phase_alone_only_its_volume_is_known():
    lv = describe_ventricle(150.0, math.nan, 2.0, 70.0)
    assert lv.edv_ml_per_m2 == 75.0
    assert math.isnan(lv.esv_ml)
    assert math.isnan(lv.sv_ml)
    assert lv.ef_percent is lv.esv_ml_per_m2 is lv.sv_ml_per_m2 is lv.output_l_per_min is None


def test_an_empty_ventricle_has_no_ejection_fraction():
    assert ejection_fraction(0.0, 0.0) is None


def test_muscle_weighs_a_twentieth_more_than_water():
    assert myocardial_mass(100.0) == pytest.approx(105.0)


def test_twenty_frames_of_50_ms_are_a_beat_of_a_second():
    assert heart_rate(50.0, 20) == pytest.approx(60.0)


@pytest.mark.parametrize(("frame_ms", "n"), [(None, 20), (0.0, 20), (-5.0, 20), (1.0, 12), (1000.0, 12), (50.0, 2)])
def test_a_dummy_timing_makes_no_heart_rate(frame_ms, n):
    assert heart_rate(frame_ms, n) is None


@given(edv=st.floats(1, 500), share=st.floats(0, 1), scale=st.floats(0.01, 100))
def test_ef_is_between_0_and_100_and_needs_no_unit(edv, share, scale):
    ef = ejection_fraction(edv, share * edv)
    assert -1e-9 <= ef <= 100 + 1e-9
    assert ejection_fraction(scale * edv, scale * share * edv) == pytest.approx(ef, abs=1e-9)
