from __future__ import annotations

from dataclasses import replace

from napari_scribbleseg.cardiac.measurement import Body, Flag, Phases
from napari_scribbleseg.qt.heart_mask import Coverage
from napari_scribbleseg.qt.measuring import Results
from napari_scribbleseg.qt.results_table import as_text, headline, phase_text
from tests.hearts import WHOLE, make_measurement


def test_the_headline_says_ef_and_edv_and_nothing_without_them():
    assert headline(Results("scan", WHOLE, make_measurement())) == "LV EF 57 %, EDV 140 mL"
    assert headline(Results("scan", WHOLE)) == ""


def test_no_ef_is_told_while_phases_are_missing_unless_somebody_chose_both():
    partly, measured = Coverage(prediction=20, never=40, phases=(0, 1), n_phases=6), make_measurement()
    assert headline(Results("scan", partly, measured)) == "2 of 6 phases so far"
    chosen = replace(measured, phases=Phases(0, 3, "chosen", "Info.cfg"))
    assert headline(Results("scan", partly, chosen)) == "LV EF 57 %, EDV 140 mL"
    half = replace(measured, phases=Phases(0, 3, "chosen", "volumes"))
    assert Results("scan", partly, half).certain is None


def test_a_phase_says_who_chose_it():
    assert phase_text("ED", 0, "volumes") == "ED t 0 (by volume)"
    assert phase_text("ES", 9, "Info.cfg") == "ES t 9 (Info.cfg)"


def test_the_clipboard_gets_a_table_and_what_it_stands_on():
    text = as_text(
        make_measurement(body=Body(180, 80), flags=(Flag("gap", "LV is missing in slice 3."),)), "From the mask"
    )
    lines = text.splitlines()
    table = {line.split("\t")[0]: line.split("\t")[1:] for line in lines if "\t" in line}
    assert table["EDV"] == ["mL", "140", "145", "70", "72"]
    assert table["EF"][:3] == ["%", "57", "48"]
    assert {len(cells) for cells in table.values()} == {5}
    for told in ("From the mask.", "As ACDC does.", "Check: LV is missing in slice 3."):
        assert told in lines
    assert lines[-1] == "Research use only; not a medical device."
