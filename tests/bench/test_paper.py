from __future__ import annotations

import pytest

from napari_scribbleseg.bench.paper import CLASSES, LAMBDA_CURVE, PAPER, RERUNS, RERUNS_LARGEST
from napari_scribbleseg.bench.rows import BY_KEY, choose_rows

PER_CLASS = [key for key, row in PAPER.items() if row.class_dice]


def mean(values: dict[str, float]) -> float:
    return sum(values[name] for name in CLASSES) / len(CLASSES)


@pytest.mark.parametrize("key", PER_CLASS)
def test_the_mean_of_the_classes_is_the_printed_mean(key: str) -> None:
    row = PAPER[key]
    assert mean(row.class_dice) == pytest.approx(row.dice, abs=0.00101), "each number is rounded to .001"
    assert row.hd95_mm is not None
    assert mean(row.class_hd95_mm) == pytest.approx(row.hd95_mm, abs=0.101), "each number is rounded to .1"


@pytest.mark.parametrize("key", [key for key in PER_CLASS if PAPER[key].dice_sd is not None])
def test_the_printed_spread_is_about_that_of_the_classes(key: str) -> None:
    assert mean(PAPER[key].class_dice_sd) == pytest.approx(PAPER[key].dice_sd, abs=0.003)


def test_every_row_of_both_tables_has_numbers_and_no_other_key_does() -> None:
    tables = {row.key for row in choose_rows("table1,table2")}
    assert tables | {"dmpls_lambda_1"} == set(PAPER)
    assert set(PER_CLASS) == tables
    assert set(RERUNS_LARGEST) <= set(RERUNS) <= set(BY_KEY)


def test_the_method_of_the_paper_is_best_among_those_from_scribbles() -> None:
    rows = [row.key for row in choose_rows("scribbles")]
    assert max(rows, key=lambda key: PAPER[key].dice) == "dmpls"
    assert LAMBDA_CURVE[0.5] > LAMBDA_CURVE[1.0]
