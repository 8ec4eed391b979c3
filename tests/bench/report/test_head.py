from __future__ import annotations

import pytest

from napari_scribbleseg.bench.report.head import is_paper_protocol, tell_head, tell_standing, without_folders
from napari_scribbleseg.bench.report.reading import read_results
from tests.bench.report.maker import make_bench, make_cell

PAPER = {"steps": 60_000, "resolution": "protocol", "batch_size": 12, "schedule": "protocol", "learning_rate": 0.01}


def test_a_small_budget_is_said_to_be_another_experiment(tmp_path):
    results = read_results(make_bench(tmp_path))
    assert not is_paper_protocol(results)
    assert "300 of 60 000 steps" in tell_standing(results)
    assert "not the paper's experiment" in tell_standing(results)


def test_the_papers_protocol_is_recognised(tmp_path):
    assert is_paper_protocol(read_results(make_bench(tmp_path, **PAPER)))


def test_the_head_states_the_whole_budget(tmp_path):
    head = "\n".join(tell_head(read_results(make_bench(tmp_path, folds=(1, 2), seeds=(0, 1)))))
    for text in (
        "| steps | 300 (paper: 60 000) |",
        "| batch | 4 slices (paper: 12) |",
        "| folds scored | 1–2 (paper: 1–5) |",
        "| seeds | 0–1 |",
        "8 patients (4 DCM and 4 HCM), 16 volumes",
        "| patients trained on | 80 for each fold",
        "| cells | 8 done |",
        "| device | cpu |",
        "Made-up 2000",
        "torch 2.13",
        "2026-11-22T10:00:00+00:00",
        "`napari-scribbleseg bench run --acdc …/acdc --out small`",
    ):
        assert text in head


def test_what_does_not_fit_together_is_remarked(tmp_path):
    make_bench(tmp_path, folds=(1, 5))
    make_cell(tmp_path, "ustm", settings={"steps": 900})
    head = "\n".join(tell_head(read_results(tmp_path)))
    assert "**The budget is not equal for all methods**: steps is 300 and 900." in head
    assert "The masks of fold 5 are not here: trained, not scored." in head


def test_versions_and_machines_are_those_of_the_cells(tmp_path):
    make_bench(tmp_path)
    make_cell(tmp_path, "ustm", versions={"torch": "2.11"}, device="NVIDIA H100")
    head = "\n".join(tell_head(read_results(tmp_path)))
    assert "| versions | torch 2.11 |" in head
    assert "| device | cpu and NVIDIA H100 |" in head


def test_a_folder_of_baselines_alone_has_a_head(tmp_path):
    results = read_results(make_bench(tmp_path, ("baseline_grabcut",)))
    assert "No training in here is finished" in tell_standing(results)
    assert any("| steps |" in line for line in tell_head(results))


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("bench run --acdc /home/me/acdc --out a/b", "bench run --acdc …/acdc --out a/b"),
        ("bench run --pack=/data/acdc.h5", "bench run --pack=…/acdc.h5"),
        ("bench run --acdc '/my data/of mine'", "bench run --acdc '…/of mine'"),
        (r"bench run --acdc 'C:\data\acdc'", "bench run --acdc …/acdc"),
        ("bench run --scheduler tcp://10.0.0.1:8786", "bench run --scheduler tcp://10.0.0.1:8786"),
    ],
)
def test_folders_of_this_machine_are_left_out_of_the_command(command, shown):
    assert without_folders(command) == shown
