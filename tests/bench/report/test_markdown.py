from __future__ import annotations

import re

import pytest

from napari_scribbleseg.bench.paper import PAPER
from napari_scribbleseg.bench.report.markdown import classical_table, difference_table, lambda_table, method_table
from napari_scribbleseg.bench.report.page import make_content, write_page
from napari_scribbleseg.bench.report.reading import read_results
from napari_scribbleseg.bench.report.wording import drop_zero
from tests.bench.report.maker import make_bench


def content_of(folder, *rows, **changes):
    return make_content(read_results(make_bench(folder, rows, **changes)))


def cells(line):
    return [cell.strip() for cell in line.strip("|").split("|")]


def row_named(table, title):
    return cells(next(line for line in table if re.match(rf"\| (\*\*)?{re.escape(title)}\b", line)))


def test_our_number_stands_above_the_papers_which_is_marked(tmp_path):
    content = content_of(tmp_path, "dmpls", dice=lambda *place: 0.5)
    found = row_named(method_table(content.table1, "dice"), "DMPLS")
    assert found[1] == ".500 (.000)<br><sub>paper: .861 (.096)</sub>"
    assert found[4] == ".500 (.000)<br><sub>paper: .872 (.077)</sub>"
    assert found[5:9] == [".510 (.000)"] * 4
    assert found[9:] == ["0 of 24", "8", "–"]


def test_a_row_that_was_not_run_has_dashes_of_ours_beside_the_papers_numbers(tmp_path):
    found = row_named(method_table(content_of(tmp_path, "dmpls").table1, "hd95_mm"), "pCE")
    assert found[1:5] == [f"–<br><sub>paper: {mm}</sub>" for mm in ("187.2", "165.1", "167.7", "173.3")]
    assert found[5:] == ["–"] * 7


def test_no_number_of_the_paper_is_ever_printed_without_its_mark(tmp_path):
    page = write_page(content_of(tmp_path, "dmpls", dice=lambda *place: 0.5), (), ())
    unmarked = re.sub(r"<sub>paper: [^<]*</sub>|paper: [.\d]+", "", page)
    for row in PAPER.values():
        for value in (row.dice, *row.class_dice.values()):
            assert drop_zero(f"{value:.3f}") not in unmarked


def test_empties_are_counted_and_their_distance_is_not_zero(tmp_path):
    content = content_of(tmp_path, "pce", "dmpls", dice=lambda row, *place: 0.0 if row == "pce" else 0.5)
    found = row_named(method_table(content.table1, "hd95_mm"), "pCE")
    assert found[1].startswith("333.0 (0.0)")
    assert found[9] == "24 of 24"


def test_every_line_of_a_table_has_as_many_cells_as_its_head(tmp_path):
    content = content_of(tmp_path, "pce", "dmpls", "full_sup", "can_crf", "baseline_grabcut", "dmpls_lambda_1")
    for table in (
        *(method_table(content.table1, measure) for measure in ("dice", "hd95_mm")),
        classical_table(content.classical),
        difference_table(content.differences),
        lambda_table(content.points),
    ):
        assert len({line.count("|") for line in table}) == 1


def test_table_2_holds_the_ablation_and_dmpls(tmp_path):
    content = content_of(tmp_path, "dmpls")
    keys = ["dual_cr", "dual_cps", "dmpls_alpha_half", "dmpls_auxiliary", "dmpls"]
    assert [line.row.key for line in content.table2] == keys
    assert row_named(method_table(content.table2, "dice"), "DMPLS, auxiliary decoder")[1] != "–"


def test_systems_without_training_have_their_time_and_no_number_of_the_paper(tmp_path):
    table = list(classical_table(content_of(tmp_path, "baseline_growcut").classical))
    assert row_named(table, "GrowCut")[-1] == "0.5 s"
    assert "paper" not in "".join(table)


def test_the_page_says_what_is_missing_and_why(tmp_path):
    page = write_page(content_of(tmp_path, "pce"), (), ["The figure is left out."])
    assert "**DMPLS − pCE** cannot be given" in page
    assert "- The figure is left out." in page
    assert "## Systems without training" not in page


@pytest.mark.parametrize(("steps", "shown"), [(300, False), (60_000, True)])
def test_re_runs_by_others_stand_beside_trainings_of_the_papers_protocol_alone(tmp_path, steps, shown):
    content = content_of(tmp_path, "pce", "dmpls", steps=steps, resolution="protocol", batch_size=12)
    page = write_page(content, (), ())
    assert ("theirs: .884 / 13.0" in page) is shown
