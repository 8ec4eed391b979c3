"""Every flag: a heart that raises it, and the sound heart that raises none."""

from __future__ import annotations

import numpy as np
import pytest

from napari_scribbleseg.cardiac import Body, Choices, measure_heart
from napari_scribbleseg.labels import BG, LV, MYO, RV
from tests.cardiac.hearts import SPACING_MM, make_heart

N_T, N_Z, ES = 10, 9, 4


@pytest.fixture(scope="module")
def sound() -> np.ndarray:
    """A heart without fault; copy it before you change it."""
    return make_heart(N_T, N_Z)


def flags(mask, choices=None, spacing_mm=SPACING_MM, frame_ms=None) -> dict[str, str]:
    return {flag.code: flag.text for flag in measure_heart(mask, spacing_mm, choices, frame_ms).flags}


def erase(mask: np.ndarray, where, *labels: int) -> np.ndarray:
    """Return a copy with these labels, by default all, gone from some slices."""
    mask = mask.copy()
    part = mask[where]
    part[np.isin(part, labels or (RV, MYO, LV))] = BG
    mask[where] = part
    return mask


def test_a_sound_heart_raises_none(sound):
    assert flags(sound, Choices(body=Body(170, 70), heart_rate_bpm=60)) == {}
    assert flags(sound, frame_ms=100.0) == {}
    assert flags(sound, Choices(ed=0, es=ES)) == {}


def test_an_empty_mask_is_told_and_nothing_else(sound):
    assert set(flags(np.zeros((2, 3, 8, 8), np.uint8))) == {"no_lv"}
    assert set(flags(erase(sound, slice(None), LV))) == {"no_lv"}


def test_fewer_than_six_slices_of_lv_at_ed():
    assert "LV is in 5 slices at ED" in flags(make_heart(N_T, 5))["few_slices"]
    assert "few_slices" not in flags(make_heart(N_T, 6))


def test_slices_that_are_left_out_do_not_count_towards_six(sound):
    left_out = Choices(excluded=frozenset((0, z) for z in range(5)))
    assert "4 slices" in flags(sound, left_out)["few_slices"]


@pytest.mark.parametrize(("t", "name"), [(0, "ED"), (ES, "ES")])
def test_lv_that_is_missing_between_slices_with_lv(sound, t, name):
    text = flags(erase(sound, (t, 3), LV, MYO), Choices(ed=0, es=ES))["gap"]
    assert f"missing in slice 3 at {name}" in text
    assert "slices 3 and 5" in flags(erase(sound, (t, [3, 5]), LV), Choices(ed=0, es=ES))["gap"]


def test_a_slice_left_out_in_the_middle_is_a_gap_and_at_the_base_none(sound):
    assert "gap" in flags(sound, Choices(excluded=frozenset({(0, 4)}), ed=0))
    assert "gap" not in flags(sound, Choices(excluded=frozenset({(0, 0)}), ed=0))


@pytest.mark.parametrize(("label", "name"), [(RV, "RV"), (MYO, "Myo")])
def test_a_class_that_is_missing_at_ed_or_es(sound, label, name):
    text = flags(erase(sound, ES, label))["missing_class"]
    assert f"{name} is missing at ES" in text
    assert f"phase {ES}" in text
    assert "missing_class" not in flags(erase(sound, 1, label))


def test_several_missing_classes_share_a_sentence(sound):
    assert "RV and Myo are missing" in flags(erase(sound, 0, RV, MYO))["missing_class"]


def test_more_blood_at_es_than_at_ed(sound):
    text = flags(sound, Choices(ed=ES, es=0))["esv_above_edv"]
    assert "swapped" in text
    assert "esv_above_edv" not in flags(sound, Choices(ed=0, es=1))


def test_an_ejection_fraction_beyond_belief():
    def heart(squeeze):
        mask = make_heart(N_T, N_Z, squeeze=squeeze)
        mask[mask == RV] = BG
        return mask

    assert "LV EF of 91 %" in flags(heart(0.7))["implausible_ef"]
    assert "implausible_ef" not in flags(heart(0.58))
    assert "LV EF of 6 %" in flags(heart(0.03))["implausible_ef"]
    assert "implausible_ef" not in flags(heart(0.07))


def test_a_spacing_that_makes_volumes_beyond_belief(sound):
    assert "spacing" in flags(sound, spacing_mm=(1.0, 1.0, 1.0))["implausible_volume"]
    assert "spacing" in flags(sound, spacing_mm=(40.0, 3.0, 3.0))["implausible_volume"]


@pytest.mark.parametrize("edge", [np.s_[0, 30], np.s_[-1, 30], np.s_[30, 0], np.s_[30, -1]])
def test_a_mask_that_touches_the_border_at_ed_or_es(sound, edge):
    mask = sound.copy()
    mask[ES, 2][edge] = RV
    assert "in slice 2 at ES" in flags(mask)["touches_border"]
    elsewhere = sound.copy()
    elsewhere[1, 2][edge] = RV
    assert "touches_border" not in flags(elsewhere)


def test_a_frame_whose_volume_jumps_is_named_and_not_taken(sound):
    mask = erase(sound, (6, slice(2, N_Z)), LV)
    measured = measure_heart(mask, SPACING_MM)
    assert (measured.phases.ed, measured.phases.es) == (0, ES)
    assert "single frame at phase 6;" in flags(mask)["jump"]


def test_a_chosen_phase_far_from_the_extreme(sound):
    assert "ED was chosen at phase 2" in flags(sound, Choices(ed=2))["far_phase"]
    assert "ES was chosen at phase 2" in flags(sound, Choices(es=2, source="Info.cfg"))["far_phase"]
    assert "far_phase" not in flags(sound, Choices(es=ES + 1))


def test_an_apex_that_the_stack_does_not_reach(sound):
    assert "apex" in flags(sound[:, :6])["apex_cut"]
    assert "apex" in flags(sound[:, :6][:, ::-1])["apex_cut"]
    beyond = np.concatenate([sound[:, :6], np.zeros_like(sound[:, :1])], axis=1)
    assert "apex_cut" not in flags(beyond)


@pytest.mark.parametrize(("rate", "told"), [(5.0, True), (600.0, True), (30.0, False), (200.0, False)])
def test_a_heart_rate_beyond_belief(sound, rate, told):
    assert ("implausible_heart_rate" in flags(sound, Choices(heart_rate_bpm=rate))) == told


def test_a_height_in_metres(sound):
    assert "Give the height in cm" in flags(sound, Choices(body=Body(1.75, 70.0)))["implausible_body"]
    assert "implausible_body" not in flags(sound, Choices(body=Body(50.0, 3.5)))


def test_ventricles_that_pump_different_volumes(sound):
    mask = sound.copy()
    mask[0][mask[0] == RV] = BG
    mask[0, 0][sound[0, 0] == RV] = RV
    measured = measure_heart(mask, SPACING_MM)
    found = {flag.code: flag.severity for flag in measured.flags}
    assert abs(measured.rv.sv_ml - measured.lv.sv_ml) > 20
    assert found["stroke_volumes_differ"] == "note"


def test_muscle_that_changes_its_volume(sound):
    mask = sound.copy()
    mask[ES, 5:][mask[ES, 5:] == MYO] = BG
    assert "keeps its volume" in flags(mask)["myocardium_changes"]


def test_phases_that_nobody_segmented(sound):
    assert "2 of 10 phases" in flags(erase(sound, [7, 8]))["phases_missing"]


def test_one_phase_alone(sound):
    assert set(flags(sound[:1])) == {"one_phase"}
    assert "one_phase" in flags(sound, Choices(ed=3, es=3))
    assert "missing at the one phase that is measured" in flags(erase(sound[:1], 0, RV))["missing_class"]


def test_warnings_come_before_notes(sound):
    mask = erase(erase(sound, [7, 8]), ES, RV)
    severities = [flag.severity for flag in measure_heart(mask, SPACING_MM).flags]
    assert severities == sorted(severities, reverse=True)
    assert set(severities) == {"note", "warning"}


def test_every_sentence_ends_as_one(sound):
    mask = erase(erase(sound, (0, [3, 5]), LV), ES, RV)
    for text in flags(mask, Choices(ed=0, es=2, heart_rate_bpm=5.0)).values():
        assert text.endswith(".")
        assert "  " not in text
