from __future__ import annotations

import dataclasses
import json

import pytest

from napari_scribbleseg.bench.cells import Cell, Order, base_settings, differences, make_grid
from napari_scribbleseg.bench.errors import BenchError
from napari_scribbleseg.bench.rows import BY_KEY, choose_rows
from napari_scribbleseg.settings import SettingsError


def grid(methods: str, folds=(1,), seeds=(0,), **changes) -> list[Cell]:
    return make_grid(choose_rows(methods), folds, seeds, base_settings("roi", **changes))


def test_a_cell_is_named_after_row_fold_and_seed():
    assert [cell.name for cell in grid("dmpls", (3,), (7,))] == ["dmpls-fold3-seed7"]


def test_a_grid_goes_fold_by_fold_so_that_a_cut_leaves_whole_folds():
    names = [cell.name for cell in grid("pce,dmpls", (1, 2), (0, 1))]
    assert names[:4] == ["pce-fold1-seed0", "dmpls-fold1-seed0", "pce-fold2-seed0", "dmpls-fold2-seed0"]
    assert names[4] == "pce-fold1-seed1"


def test_a_readout_is_filled_by_the_cell_whose_weights_it_reads():
    (cell,) = grid("dmpls_auxiliary")
    assert cell.name == "dmpls-fold1-seed0"
    assert [row.key for row in cell.readouts] == ["dmpls_auxiliary"]


def test_all_cells_share_everything_but_method_options_and_seed():
    cells = grid("table1", seeds=(0, 1), steps=11)
    shared = {
        json.dumps({**c.settings.to_json(), "method": 0, "options": 0, "seed": 0}) for c in cells if c.is_training
    }
    assert len(shared) == 1
    assert {cell.settings.seed for cell in cells} == {0, 1}
    assert all(cell.settings.steps == 11 for cell in cells)


def test_the_protocol_is_the_papers():
    settings = base_settings("protocol")
    assert (settings.steps, settings.batch_size, settings.learning_rate) == (60_000, 12, 0.01)
    assert (settings.schedule, settings.ema_decay, settings.held_out) == ("protocol", 0.0, 0.0)


def test_roi_is_the_same_schedule_at_a_small_budget():
    settings = base_settings("roi")
    assert (settings.steps, settings.batch_size, settings.learning_rate) == (200, 4, 0.03)
    assert (settings.schedule, settings.ema_decay, settings.held_out) == ("protocol", 0.0, 0.0)


def test_options_of_a_row_reach_the_settings():
    (cell,) = grid("dmpls_alpha_half")
    assert (cell.settings.method, cell.settings.options) == ("dmpls", {"alpha": 0.5})


def test_a_baseline_does_not_depend_on_how_long_the_others_train():
    short, long = grid("baseline_growcut", steps=5)[0], grid("baseline_growcut", steps=50)[0]
    assert not short.is_training
    assert short.settings == long.settings
    assert short.settings.steps == 0


def test_an_order_survives_its_journey_as_json():
    cell = make_grid([BY_KEY["dmpls_lambda_0.1"]], (2,), (1,), base_settings("roi"))[0]
    order = Order(cell, "pack.h5", "out", "abc", (1, 2, 21), 12.5, 3.0, half_weights=True, parent=9)
    assert Order.from_json(json.loads(json.dumps(order.to_json()))) == order


def test_differences_name_what_would_compute_something_else():
    before = base_settings("roi", 200).to_json()
    after = dataclasses.replace(base_settings("roi", 300), device="cpu", threads=3).to_json()
    assert differences(before, after) == ["steps 200, now 300"]


@pytest.mark.parametrize(
    ("values", "sentence"), [(("half",), "Resolution"), (("roi", -1), "Steps"), (("roi", 1, 0), "Batch")]
)
def test_values_out_of_range_are_refused(values, sentence):
    with pytest.raises((BenchError, SettingsError), match=sentence):
        base_settings(*values)
