from __future__ import annotations

import csv
import io

import pytest

from napari_scribbleseg.bench.report.page import make_content
from napari_scribbleseg.bench.report.reading import read_results
from napari_scribbleseg.bench.report.sheets import differences_sheet, lambda_sheet, patients_sheet, table_sheet
from napari_scribbleseg.bench.report.tables import row_of
from tests.bench.report.maker import make_bench


@pytest.fixture
def content(tmp_path):
    def dice(row, patient, phase, label, seed):
        return {"dmpls": 0.7, "pce": 0.4 + 0.05 * patient}.get(row, 0.5)

    return make_content(read_results(make_bench(tmp_path, ("pce", "dmpls", "dmpls_lambda_1"), dice=dice)))


def parse(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_the_table_holds_ours_the_largest_component_and_the_papers_apart(content):
    lines = {line["row"]: line for line in parse(table_sheet(content.table1))}
    ours = lines["dmpls"]
    assert float(ours["dice_mean_mean"]) == pytest.approx(0.7)
    assert float(ours["largest_dice_mean_mean"]) == pytest.approx(0.71)
    assert float(ours["paper_dice_mean_mean"]) == 0.872
    assert float(ours["paper_hd95_mm_LV_mean"]) == 12.1
    assert (ours["volumes"], ours["empty_predictions"], ours["compared_with"]) == ("8", "0", "pce")
    assert lines["ustm"]["dice_mean_mean"] == ""
    assert lines["ustm"]["paper_dice_mean_mean"] == "0.786"


def test_differences_hold_both_intervals_and_the_test(content):
    first = parse(differences_sheet(content.differences))[0]
    assert (first["minuend"], first["subtrahend"], first["measure"]) == ("dmpls", "pce", "dice")
    assert float(first["mean"]) == pytest.approx(0.7 - 0.4 - 0.125)
    assert float(first["t_low"]) < float(first["bootstrap_low"]) < float(first["mean"])
    assert 0 < float(first["volume_p"]) < 0.05


def test_every_patient_has_a_line(content):
    lines = parse(patients_sheet(content.results, row_of("pce")))
    assert [line["patient"] for line in lines] == [f"patient{n:03d}" for n in (1, 2, 3, 4)]
    assert float(lines[1]["difference"]) == pytest.approx(0.2)


def test_the_lambda_curve_has_the_papers_mean_where_it_is_printed(content):
    lines = parse(lambda_sheet(content.points))
    assert [(line["lambda"], line["paper_dice_mean"]) for line in lines] == [("0.5", "0.872"), ("1.0", "0.87")]
