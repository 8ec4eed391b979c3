from __future__ import annotations

import pytest

from napari_scribbleseg.bench.errors import BenchError
from napari_scribbleseg.bench.rows import BY_KEY, ROWS, SECTIONS, Row, choose_rows, lambda_rows

TABLE_1 = (
    "pce random_walker ustm s2l mumford_shah entropy_min rloss dmpls "
    "partial_sup dan advent mean_teacher uamt full_sup"
).split()  # fmt: skip


def keys(rows: tuple[Row, ...]) -> list[str]:
    return [row.key for row in rows]


def test_rows_stand_in_the_order_of_the_tables() -> None:
    assert keys(ROWS)[:18] == [*TABLE_1, "dual_cr", "dual_cps", "dmpls_alpha_half", "dmpls_auxiliary"]
    assert keys(choose_rows("table1")) == TABLE_1
    assert list(dict.fromkeys(row.section for row in ROWS)) == list(SECTIONS)


def test_keys_and_titles_are_unique() -> None:
    assert len(BY_KEY) == len(ROWS)
    assert len({(row.section, row.title) for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.key)
def test_every_row_names_something_that_can_be_run(row: Row) -> None:
    if row.is_classical:
        from napari_scribbleseg.baselines import BASELINES, build_baseline

        assert row.method in BASELINES
        assert build_baseline(row.method, row.options) is not None
    else:
        from napari_scribbleseg.methods import METHODS

        assert row.method in METHODS
        assert METHODS[row.method].Options(**row.options) is not None


def test_every_method_and_baseline_has_a_row() -> None:
    from napari_scribbleseg.baselines import BASELINES
    from napari_scribbleseg.methods import METHODS

    assert set(METHODS) <= {row.method for row in ROWS if not row.is_classical}
    assert set(BASELINES) == {row.method for row in ROWS if row.is_classical}


def test_all_means_all() -> None:
    assert choose_rows("all") == ROWS


def test_names_and_groups_mix_and_come_in_the_order_of_the_tables() -> None:
    assert keys(choose_rows("dual_cps, dmpls,pce")) == ["pce", "dmpls", "dual_cps"]
    assert keys(choose_rows("full,pce,pce")) == ["pce", "full_sup"]
    assert keys(choose_rows("classical"))[0] == "baseline_random_walker"


def test_table_2_and_the_lambda_curve_hold_the_method_itself() -> None:
    assert keys(choose_rows("table2")) == ["dmpls", "dual_cr", "dual_cps", "dmpls_alpha_half", "dmpls_auxiliary"]
    assert keys(choose_rows("lambda")) == ["dmpls", *(f"dmpls_lambda_{w}" for w in ("0.01", "0.1", "0.2", "0.3", "1"))]


def test_a_readout_brings_the_row_along_that_it_reads() -> None:
    assert keys(choose_rows("dmpls_auxiliary")) == ["dmpls", "dmpls_auxiliary"]
    assert not BY_KEY["dmpls_auxiliary"].is_trained


@pytest.mark.parametrize("text", ["", "dmps", "pce,,dmpls", "Table1"])
def test_an_unknown_name_is_refused_with_the_known_ones(text: str) -> None:
    with pytest.raises(BenchError, match=r"known are all, table1, table2.*dmpls"):
        choose_rows(text)


def test_lambda_rows_carry_their_weight_and_half_is_the_method_itself() -> None:
    rows = lambda_rows([0.25, 0.5, 0.25, 2])
    assert keys(rows) == ["dmpls_lambda_0.25", "dmpls", "dmpls_lambda_2"]
    assert rows[0].options == {"pseudo_weight": 0.25}
    assert rows[1] is BY_KEY["dmpls"]


@pytest.mark.parametrize("weight", [-0.1, float("nan"), float("inf")])
def test_a_weight_that_is_none_is_refused(weight: float) -> None:
    with pytest.raises(BenchError, match="must be 0 or more"):
        lambda_rows([weight])


def test_options_of_a_row_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        BY_KEY["dmpls_alpha_half"].options["alpha"] = 1  # type: ignore[index]
