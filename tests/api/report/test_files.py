"""JSON and CSV say the same as the measurement, in units that their names tell."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from dataclasses import replace
from pathlib import Path

import pytest

from napari_scribbleseg.api.report.files import describe_report, make_line, to_csv
from tests.api.report.made import CURVE, LV, ORIGIN, RV, make_measurement

DOCS = Path(__file__).parents[3] / "docs" / "report.md"


@pytest.fixture(scope="module")
def described(written) -> dict:
    return json.loads(written.json.read_text(), parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


@pytest.fixture(scope="module")
def row(written) -> dict:
    (only,) = csv.DictReader(io.StringIO(written.csv.read_text()))
    return only


def test_json_holds_the_measurement(described):
    found = described["measurement"]
    assert found["lv"]["edv_ml"] == LV.edv_ml
    assert found["curves"]["lv_ml"] == list(CURVE)
    assert found["phases"] == {"ed": 0, "es": 3, "ed_source": "volumes", "es_source": "volumes"}
    assert found["body_surface_m2"] == pytest.approx(math.sqrt(178 * 75 / 3600))
    assert found["bulls_eye"]["ed_mm"][16] is None
    assert [flag["code"] for flag in found["flags"]] == ["touches_border", "base_cut"]
    assert [3, 0, False] in found["slices"]


def test_json_tells_where_the_mask_comes_from(described):
    assert (described["format"], described["version"]) == ("napari-scribbleseg-report", 1)
    mask = described["mask"]
    assert mask["made_by"] == "prediction"
    assert mask["weights"] == {
        "name": "acdc_roi",
        "sha256": "1f2e3d4c5b6a" * 5 + "7788",
        "licence": "CC",
        "method": None,
        "resolution": None,
        "step": None,
    }
    assert mask["post_processing"] == {"largest": True, "holes": False, "ring": True}
    assert re.fullmatch("[0-9a-f]{64}", mask["sha256"])
    assert re.fullmatch("[0-9a-f]{64}", described["scan"]["fingerprint"])


def test_csv_is_one_line_with_units_in_its_names(row):
    assert float(row["lv_edv_ml"]) == LV.edv_ml
    assert float(row["rv_ef_percent"]) == RV.ef_percent
    assert float(row["wall_ed_mm_s02"]) == 6.25
    assert row["wall_es_mm_s16"] == ""
    assert float(row["wall_thickening_percent_s15"]) == -22.0
    assert row["flags"] == "touches_border;base_cut"
    assert (row["slices_counted_ed"], row["slices_counted_es"]) == ("6", "5")
    assert row["weights"] == "acdc_roi"


def test_csv_and_json_agree(row, described):
    found = described["measurement"]
    for side in ("lv", "rv"):
        for key, value in found[side].items():
            assert float(row[f"{side}_{key}"]) == pytest.approx(value, abs=6e-4)
    for column, values in ((key, found["bulls_eye"][key]) for key in ("ed_mm", "es_mm", "thickening_percent")):
        for segment, value in enumerate(values[:16], start=1):
            cell = row[f"wall_{column}_s{segment:02d}"]
            assert (float(cell) if cell else None) == (None if value is None else pytest.approx(value, abs=6e-4))


def test_unknown_numbers_are_empty_cells_and_null(scan):
    found = make_measurement(
        lv=replace(LV, esv_ml=math.nan, ef_percent=None), heart_rate_bpm=None, lv_mass_g_per_m2=None, bulls_eye=None
    )
    line = make_line(scan.cine, found, ORIGIN)
    (row,) = csv.DictReader(io.StringIO(to_csv([line])))
    assert [row[key] for key in ("lv_esv_ml", "lv_ef_percent", "heart_rate_bpm", "wall_ed_mm_s01")] == [""] * 4
    described = json.loads(json.dumps(describe_report(scan.cine, scan.mask, found, ORIGIN), allow_nan=False))
    assert described["measurement"]["lv"]["esv_ml"] is None
    assert described["measurement"]["bulls_eye"] is None


def test_a_scan_without_a_title_is_called_by_its_case(scan):
    assert make_line(replace(scan.cine, title=""), make_measurement(), ORIGIN)["scan"] == "scan-0a1b2c"


def test_all_lines_have_the_same_columns(scan):
    lines = [make_line(scan.cine, found, ORIGIN) for found in (make_measurement(), make_measurement(bulls_eye=None))]
    assert list(lines[0]) == list(lines[1])
    assert len(list(csv.DictReader(io.StringIO(to_csv(lines))))) == 2


@pytest.mark.parametrize("title", ["=1+1", "@cmd", "-2", "+1"])
def test_a_name_is_no_formula_for_a_spreadsheet(scan, title):
    line = make_line(replace(scan.cine, title=title), make_measurement(), ORIGIN)
    assert next(csv.DictReader(io.StringIO(to_csv([line]))))["scan"] == f"'{title}"


def test_the_docs_name_every_column_and_every_entry(scan, described, row):
    text = DOCS.read_text(encoding="utf-8")
    ventricle = [column for column in row if column.startswith(("lv_", "rv_"))]
    for column in row:
        general = re.sub(r"_s\d\d$", "_sNN", column)
        general = re.sub(r"^rv_", "lv_", general) if column in ventricle else general
        assert f"`{general}`" in text, column
    for name, part in (("", described), ("scan", described["scan"]), ("mask", described["mask"])):
        for key in part:
            assert f"`{key}`" in text, (name, key)
    for key in described["measurement"]:
        assert f"`{key}`" in text, key
