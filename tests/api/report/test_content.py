"""Numbers have the digits that they deserve, and words say who decided."""

from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace

import pytest

from napari_scribbleseg.api.report.content import list_facts, list_rows, make_content
from napari_scribbleseg.api.report.origin import describe_origin, strip_origin
from napari_scribbleseg.api.report.wording import UNKNOWN, tell_number, tell_origin
from napari_scribbleseg.cardiac.measurement import Body, Phases, Ventricle
from napari_scribbleseg.engine.postprocess import PostProcessing
from tests.api.report.made import LV, ORIGIN, WEIGHTS, make_measurement


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (129.712, 0, "130"),
        (5.25, 1, "5.2"),
        (-2.4, 0, "−2"),
        (-0.3, 0, "0"),
        (None, 0, UNKNOWN),
        (math.nan, 1, UNKNOWN),
    ],
)
def test_numbers_are_rounded_and_unknown_ones_are_a_dash(value, digits, text):
    assert tell_number(value, digits) == text


def test_rows_are_what_a_cardiac_reader_expects():
    rows = {row.short or row.name: row for row in list_rows(make_measurement())}
    assert list(rows) == ["EDV", "ESV", "SV", "EF", "CO", "Myocardial mass at ED"]
    assert rows["EF"].cells == ("60", "55", "", "")
    assert rows["CO"].cells == ("5.2", "5.2", "2.7", "2.7")
    assert rows["Myocardial mass at ED"].cells == ("126", "", "65", "")
    assert [row.short for row in rows.values() if row.strong] == ["EF"]


def test_what_is_not_known_is_a_dash():
    bare = replace(LV, ef_percent=None, edv_ml_per_m2=None, output_l_per_min=None)
    rows = {row.short: row for row in list_rows(make_measurement(lv=bare))}
    assert (rows["EF"].lv, rows["EDV"].lv_indexed, rows["CO"].lv) == (UNKNOWN,) * 3


def test_a_ventricle_that_is_nowhere_in_the_mask_has_dashes_not_zeros():
    nothing = Ventricle(0.0, 0.0, 0.0, None, 0.0, 0.0, 0.0, 0.0, 0.0)
    rows = list_rows(make_measurement(rv=nothing))
    assert {cell for row in rows[:5] for cell in (row.rv, row.rv_indexed)} <= {UNKNOWN, ""}
    assert rows[0].lv == "130"


def test_notes_come_after_what_was_odd_in_the_scan(scan):
    content = make_content(replace(scan.cine, header=SimpleNamespace(warnings=("Odd.",))), make_measurement(), ORIGIN)
    assert [flag.code for flag in content.flags] == ["touches_border", "scan", "base_cut"]


def facts_of(scan, **changes) -> dict[str, str]:
    return dict(list_facts(scan.cine, make_measurement(**changes)))


def test_facts_tell_scan_phases_and_body(scan):
    assert facts_of(scan) == {
        "Scan": "6 slices every 8 mm, 8 phases of 40 ms",
        "Pixels": "64 × 64, 1.4 × 1.4 mm",
        "ED and ES": "phases 0 and 3, from the LV volumes",
        "Slices counted": "6 of 6 at ED, 5 of 6 at ES",
        "Heart rate": "67 beats/min",
        "Body": "178 cm, 75 kg, BSA 1.93 m²",
    }


@pytest.mark.parametrize(
    ("changes", "label", "told"),
    [
        ({"phases": Phases(0, 3, "chosen", "chosen")}, "ED and ES", "phases 0 and 3, chosen by hand"),
        ({"phases": Phases(0, 3, "Info.cfg", "chosen")}, "ED and ES", "phase 0 (from Info.cfg) and 3 (chosen by hand)"),
        ({"phases": Phases(0, 0)}, "ED and ES", "phase 0, the only one measured"),
        ({"phases": Phases(0, 0)}, "Slices counted", "6 of 6 at ED"),
        ({"heart_rate_bpm": None}, "Heart rate", UNKNOWN),
        ({"body": Body(None, 80.0)}, "Body", "80 kg, BSA unknown"),
        ({"body": Body()}, "Body", "BSA unknown"),
    ],
)
def test_facts_say_who_decided_and_what_is_unknown(scan, changes, label, told):
    assert facts_of(scan, **changes)[label] == told


def test_what_was_odd_in_the_scan_is_a_flag(scan):
    header = SimpleNamespace(warnings=("Slice 3 is missing.",))
    content = make_content(replace(scan.cine, header=header), make_measurement(flags=()), ORIGIN)
    assert [(flag.code, flag.text) for flag in content.flags] == [("scan", "Slice 3 is missing.")]


def test_a_prediction_is_told_with_its_weights():
    origin = describe_origin("prediction", weights=WEIGHTS, post=PostProcessing(holes=False, border=False))
    assert tell_origin(origin) == (
        "The mask was predicted by weights acdc_roi (sha256 1f2e3d4c5b6a) and put right (stray parts dropped and the "
        "myocardial ring closed). It was not looked at by a person."
    )
    assert "settings" not in origin["weights"]


def test_a_file_is_named_unless_names_are_unwanted():
    origin = describe_origin("file", file="heart_gt.nii.gz")
    assert tell_origin(origin) == "The mask was read from the file heart_gt.nii.gz."
    assert tell_origin(origin, anonymise=True) == "The mask was read from a file."
    assert "heart_gt" not in str(strip_origin(origin))


def test_the_window_tells_what_a_person_accepted():
    counts = {"from_mask": 12, "from_prediction": 188, "never_predicted": 0}
    told = tell_origin(describe_origin("window", weights=WEIGHTS, slices=counts))
    assert told.startswith("Of the slices of the mask 12 are accepted or drawn by a person and 188 are predicted.")
    assert "acdc_roi" in told
