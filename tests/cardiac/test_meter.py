from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_scribbleseg.cardiac import (
    Body,
    Choices,
    HeartMeter,
    MeasurementError,
    measure_heart,
    meter,
    volume_curves,
)
from napari_scribbleseg.io import load_cine, load_mask
from napari_scribbleseg.labels import LV, MYO
from napari_scribbleseg.resources import sample_path
from tests.cardiac.hearts import SPACING_MM, make_heart


@pytest.fixture(scope="module")
def heart() -> np.ndarray:
    """Ten phases of nine slices; copy it before you change it."""
    return make_heart(10, 9)


def plain(measured) -> str:
    return json.dumps(measured.to_json(), sort_keys=True)


def test_the_built_in_sample_measures_as_its_formula_says():
    truth = json.loads(sample_path("sample_truth.json").read_text())
    cine = load_cine(sample_path("sample_cine.nii.gz"))
    mask = load_mask(sample_path("sample_truth.nii.gz"), cine)
    measured = measure_heart(mask, cine.spacing_mm, frame_ms=cine.frame_ms)
    assert (measured.phases.ed, measured.phases.es) == (truth["ed_phase"], truth["es_phase"])
    for ventricle, curve, wanted in (
        (measured.lv, measured.curves.lv_ml, truth["lv"]),
        (measured.rv, measured.curves.rv_ml, truth["rv"]),
    ):
        assert ventricle.edv_ml == pytest.approx(wanted["edv_ml"], abs=0.06)
        assert ventricle.esv_ml == pytest.approx(wanted["esv_ml"], abs=0.06)
        assert ventricle.ef_percent == pytest.approx(wanted["ef_percent"], abs=0.06)
        assert curve == pytest.approx(wanted["volumes_ml"], abs=0.06)
    assert measured.lv_mass_g == pytest.approx(truth["myo_mass_ed_g"], abs=0.06)
    assert measured.heart_rate_bpm == pytest.approx(60_000 / (45 * 20))
    assert measured.flags == ()


def test_everything_follows_from_the_curves_at_ed_and_es(heart):
    measured = measure_heart(heart, SPACING_MM, Choices(body=Body(180, 80), heart_rate_bpm=70))
    curves = volume_curves(heart, SPACING_MM)
    ed, es = measured.phases.ed, measured.phases.es
    assert (measured.lv.edv_ml, measured.lv.esv_ml) == (curves.lv_ml[ed], curves.lv_ml[es])
    assert (measured.rv.edv_ml, measured.rv.esv_ml) == (curves.rv_ml[ed], curves.rv_ml[es])
    assert measured.lv_mass_g == pytest.approx(1.05 * curves.myo_ml[ed])
    assert measured.lv_mass_g_per_m2 == pytest.approx(measured.lv_mass_g / 2)
    assert measured.lv.output_l_per_min_per_m2 == pytest.approx(measured.lv.sv_ml * 70 / 2000)


def test_a_given_heart_rate_wins_over_the_timing(heart):
    assert measure_heart(heart, SPACING_MM, frame_ms=80).heart_rate_bpm == pytest.approx(75)
    assert measure_heart(heart, SPACING_MM, Choices(heart_rate_bpm=50), frame_ms=80).heart_rate_bpm == 50
    assert measure_heart(heart, SPACING_MM).lv.output_l_per_min is None


def test_left_out_slices_count_nowhere_but_are_listed(heart):
    whole = measure_heart(heart, SPACING_MM)
    less = measure_heart(heart, SPACING_MM, Choices(excluded=frozenset({(0, 0), (4, 8)})))
    voxel_ml = math.prod(SPACING_MM) / 1000
    assert whole.lv.edv_ml - less.lv.edv_ml == pytest.approx(voxel_ml * (heart[0, 0] == LV).sum())
    assert whole.lv_mass_g - less.lv_mass_g == pytest.approx(1.05 * voxel_ml * (heart[0, 0] == MYO).sum())
    assert less.lv.esv_ml < whole.lv.esv_ml
    assert [row for row in less.slices if not row[2]] == [(0, 0, False), (4, 8, False)]
    assert {row[:2] for row in less.slices} == {(t, z) for t in (0, 4) for z in range(9)}
    assert 0 not in dict(less.bulls_eye.levels)


def test_slices_with_rv_alone_are_listed_and_empty_ones_are_not(heart):
    mask = heart.copy()
    mask[0, 0] = np.where(mask[0, 0] == 1, 1, 0)
    mask[0, 8] = 0
    found = measure_heart(mask, SPACING_MM, Choices(0, 4, excluded=frozenset({(0, 0), (0, 8), (3, 2)})))
    assert (0, 0, False) in found.slices
    assert (0, 0, True) in measure_heart(mask, SPACING_MM, Choices(0, 4)).slices
    assert all((t, z) != (0, 8) for t, z, _ in found.slices)
    assert found.excluded == ((0, 0), (0, 8), (3, 2))
    assert found.to_json()["excluded"] == [[0, 0], [0, 8], [3, 2]]


def test_a_meter_that_was_updated_measures_as_a_new_one(heart):
    other = make_heart(10, 9, squeeze=0.2)
    updated = HeartMeter(heart, SPACING_MM, 40.0)
    updated.measure()
    for t in range(10):
        for z in range(0, 9, 2):
            updated.update(t, z, other[t, z])
    mixed = heart.copy()
    mixed[:, ::2] = other[:, ::2]
    assert plain(updated.measure()) == plain(measure_heart(mixed, SPACING_MM, frame_ms=40.0))


def test_the_mask_that_was_given_is_neither_kept_nor_changed(heart):
    mask = heart.copy()
    meter_ = HeartMeter(mask, SPACING_MM)
    meter_.update(0, 0, np.zeros_like(mask[0, 0]))
    assert np.array_equal(mask, heart)
    before = plain(meter_.measure())
    mask[:] = 0
    assert plain(meter_.measure()) == before


def test_walls_are_measured_once_and_again_only_where_a_slice_changed(heart, monkeypatch):
    asked = []
    whole = meter.measure_wall
    monkeypatch.setattr(meter, "measure_wall", lambda *a: asked.append(1) or whole(*a))
    meter_ = HeartMeter(heart, SPACING_MM)
    meter_.measure()
    assert len(asked) == 18
    meter_.measure(Choices(body=Body(170, 70)))
    meter_.update(0, 3, heart[0, 3])
    meter_.measure()
    assert len(asked) == 18
    meter_.update(0, 3, heart[1, 3])
    meter_.measure()
    assert len(asked) == 19


def test_a_phase_counts_once_all_its_slices_have_come_in(heart):
    meter_ = HeartMeter.waiting(heart.shape, SPACING_MM)
    assert meter_.share == 0
    assert [flag.code for flag in meter_.measure().flags] == ["no_lv"]
    for t in (2, 4, 6):
        for z in range(9):
            meter_.update(t, z, heart[t, z])
    for z in range(5):
        meter_.update(0, z, heart[0, z])
    measured = meter_.measure()
    assert measured.curves.measured.nonzero()[0].tolist() == [2, 4, 6]
    assert (measured.phases.ed, measured.phases.es) == (2, 4)
    assert meter_.share == pytest.approx(32 / 90)
    for z in range(5, 9):
        meter_.update(0, z, heart[0, z])
    assert meter_.measure().phases.ed == 0


def test_a_slice_that_does_not_fit_changes_nothing(heart):
    meter_ = HeartMeter(heart, SPACING_MM)
    before = plain(meter_.measure())
    for wrong in (np.zeros((3, 3), np.uint8), np.full((72, 72), 9, np.uint8)):
        with pytest.raises(MeasurementError):
            meter_.update(0, 0, wrong)
    with pytest.raises(MeasurementError, match="Phase 10, slice 0"):
        meter_.update(10, 0, heart[0, 0])
    assert plain(meter_.measure()) == before


def test_one_phase_alone_has_volumes_and_mass_but_no_function(heart):
    measured = measure_heart(heart[:1], SPACING_MM)
    assert measured.lv.edv_ml > 50
    assert measured.lv_mass_g > 50
    assert measured.lv.ef_percent is None
    assert math.isnan(measured.lv.sv_ml)


def test_a_measurement_is_plain_json_without_nan(heart):
    for mask in (heart, heart[:1], np.zeros((2, 2, 5, 5), np.uint8)):
        said = json.dumps(measure_heart(mask, SPACING_MM).to_json(), allow_nan=False)
        assert json.loads(said)["lv"]["edv_ml"] >= 0


@settings(max_examples=5, deadline=None)
@given(factor=st.floats(0.5, 2))
def test_scaling_the_heart_scales_volumes_by_the_cube_lengths_once_and_ef_not_at_all(factor):
    mask = make_heart(4, 6)
    once = measure_heart(mask, SPACING_MM)
    scaled = measure_heart(mask, tuple(factor * step for step in SPACING_MM))
    assert scaled.lv.edv_ml == pytest.approx(factor**3 * once.lv.edv_ml)
    assert scaled.lv_mass_g == pytest.approx(factor**3 * once.lv_mass_g)
    assert scaled.lv.ef_percent == pytest.approx(once.lv.ef_percent)
    np.testing.assert_allclose(scaled.bulls_eye.ed_mm, factor * np.array(once.bulls_eye.ed_mm), rtol=1e-3)


def test_mirroring_a_stack_moves_no_volume(heart):
    once = measure_heart(heart, SPACING_MM)
    for turned in (heart[:, ::-1], heart[..., ::-1, :], heart[..., ::-1]):
        assert measure_heart(turned, SPACING_MM).lv == once.lv


def test_leaving_a_slice_out_at_ed_does_not_make_another_phase_ed(heart):
    left_out = Choices(excluded=frozenset((0, z) for z in range(3)))
    measured = measure_heart(heart, SPACING_MM, left_out)
    assert measured.curves.lv_ml[0] < measured.curves.lv_ml[1]
    assert (measured.phases.ed, measured.phases.es) == (0, 4)
