from __future__ import annotations

import pytest

from napari_scribbleseg.bench.report.ranking import GROUPS, check_order, tell_step
from napari_scribbleseg.bench.report.reading import read_results
from tests.bench.report.maker import flat, make_bench

ALL = tuple(key for group in GROUPS for key in group)


def steps(folder, rows, dice=flat):
    return check_order(read_results(make_bench(folder, rows, dice=dice)))


def test_the_papers_order_is_found_where_it_holds(tmp_path):
    found = steps(tmp_path, ALL)
    assert [step.holds for step in found] == [True] * 4
    assert tell_step(found[0]).startswith("**pCE < {RW, USTM, S2L}**: holds; the smallest margin, ")
    assert tell_step(found[3]).startswith("**DMPLS < FullSup**: holds; the margin is .0")


def test_an_inversion_is_told_with_both_names(tmp_path):
    def dice(row, *place):
        return flat("pce" if row == "ustm" else "ustm" if row == "pce" else row, *place)

    first, second, *_ = steps(tmp_path, ALL, dice)
    assert first.holds is False
    assert "does not hold; pCE lies .1" in tell_step(first)
    assert "above USTM (p < .001)" in tell_step(first)
    assert second.holds is True


def test_a_margin_within_noise_is_called_so(tmp_path):
    def dice(row, patient, phase, label, seed):
        return 0.5 + (0.1 if row == "dmpls" and patient == 1 and phase == "ED" else 0)

    found = check_order(read_results(make_bench(tmp_path, ("pce", "dmpls"), dice=dice)), (("pce",), ("dmpls",)))
    assert tell_step(found[0]) == "**pCE < DMPLS**: holds; the margin is .012 (p = .351, not told apart by 8 volumes)."


def test_equal_rows_do_not_keep_the_order(tmp_path):
    results = read_results(make_bench(tmp_path, ("pce", "dmpls"), dice=lambda *place: 0.5))
    (found,) = check_order(results, (("pce",), ("dmpls",)))
    assert found.holds is False
    assert "pCE equals DMPLS (no test" in tell_step(found)


def test_missing_rows_are_named_and_the_rest_is_judged(tmp_path):
    found = steps(tmp_path, ("pce", "s2l", "dmpls"))
    assert found[0].holds is True
    assert tell_step(found[0]).endswith("Judged without RW, USTM.")
    assert found[2].holds is None
    assert tell_step(found[2]) == "**{MLoss, EM, RLoss} < DMPLS**: cannot be judged; MLoss, EM, RLoss missing."


@pytest.mark.parametrize("step", [0, 3])
def test_rows_are_compared_over_the_volumes_that_both_have(tmp_path, step):
    make_bench(tmp_path, ALL, (1, 2))
    for row in (*GROUPS[0], *GROUPS[4]):
        (tmp_path / "cells" / f"{row}-fold2-seed0" / "cell.json").unlink()
    assert {pair.n for _, _, pair in check_order(read_results(tmp_path))[step].pairs} == {8}
