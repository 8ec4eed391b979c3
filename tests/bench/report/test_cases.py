from __future__ import annotations

import numpy as np
import pytest

from napari_scribbleseg.bench.report.cases import (
    MARGIN_MM,
    choose_case,
    heart_window,
    make_panels,
    median_patient,
    middle_slice,
)
from napari_scribbleseg.bench.report.reading import read_results
from tests.bench.report.maker import make_bench, make_heart, make_masks, make_scans


def rising(row, patient, phase, label, seed):
    return {1: 0.9, 2: 0.3, 3: 0.5, 4: 0.7}[patient] if row == "dmpls" else 0.1 * patient


@pytest.fixture
def folder(tmp_path):
    make_bench(tmp_path, ("pce", "dmpls"), dice=rising)
    make_masks(tmp_path, ("pce", "dmpls", "dmpls_auxiliary"))
    make_scans(tmp_path, (1, 2, 3, 4))
    return tmp_path


def test_the_patient_is_the_median_of_dmpls_the_lower_of_two(folder):
    results = read_results(folder)
    everyone = {f"patient{n:03d}" for n in (1, 2, 3, 4)}
    assert median_patient(results, everyone) == "patient003"
    assert median_patient(results, everyone - {"patient003"}) == "patient004"
    assert median_patient(results, {"patient090"}) is None


def test_the_case_is_the_middle_slice_at_end_diastole(folder):
    case = choose_case(read_results(folder))
    assert (case.patient, case.group, case.phase, case.z) == ("patient003", "DCM", "ED", 2)
    assert case.spacing_mm == (1.5, 1.5)
    assert np.array_equal(case.truth, make_heart()[2])


def test_the_expert_comes_first_then_every_row_with_a_mask_and_its_dice(folder):
    results = read_results(folder)
    panels = make_panels(results, choose_case(results))
    assert [panel.title for panel in panels] == ["expert", "pCE .30", "DMPLS .50", "DMPLS, aux. .30"]
    assert np.array_equal(panels[0].mask, make_heart()[2])


def test_a_row_without_masks_is_left_out(folder):
    (folder / "cells" / "pce-fold1-seed0" / "masks.h5").unlink()
    results = read_results(folder)
    assert [panel.title for panel in make_panels(results, choose_case(results))][1] == "DMPLS .50"


def test_a_folder_without_scans_has_no_case(folder):
    (folder / "test_scans.h5").unlink()
    assert choose_case(read_results(folder)) is None


def test_the_middle_slice_is_one_with_the_most_classes():
    truth = make_heart()
    truth[1:3] = np.where(truth[1:3] == 1, 0, truth[1:3])
    assert middle_slice(truth) == 3  # of slices 0 and 3


def test_the_window_holds_the_heart_with_a_margin_and_stays_on_the_image():
    truth = np.zeros((60, 100), np.uint8)
    truth[25:36, 40:61] = 2
    y, x = heart_window(truth, (2.0, 1.0))
    half = 10 + MARGIN_MM
    assert (x.start, x.stop) == (50 - half, 50 + half + 1)
    assert (y.start, y.stop) == (30 - half / 2, 30 + half / 2 + 1)
    assert heart_window(truth, (1.0, 0.1))[1] == slice(0, 100)
    assert heart_window(np.zeros((4, 4), np.uint8), (1.0, 1.0)) == (slice(None), slice(None))
