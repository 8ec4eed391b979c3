"""An annotator and a system in turns, with a system that learns by heart."""

from __future__ import annotations

import time

import numpy as np
import pytest

from napari_scribbleseg.baselines import build_baseline
from napari_scribbleseg.bench.annotate.annotator import Annotator
from napari_scribbleseg.bench.annotate.classical import Classical
from napari_scribbleseg.bench.annotate.request import Seconds
from napari_scribbleseg.bench.annotate.sitting import Sitting
from napari_scribbleseg.bench.annotate.system import System

SECONDS = Seconds(three=0.04, sparse=0.08, correction=0.02)


class Parrot(System):
    """Learns whole slices of the truth: those that have strokes. It was asked for so many seconds each time."""

    learns = True

    def __init__(self, truth: np.ndarray, shows_first: bool = True) -> None:
        super().__init__()
        self._truth, self.asked = truth, []
        self.mask = np.zeros_like(truth) if shows_first else None

    def _work(self, seconds: float, scribbles: np.ndarray) -> None:
        self.asked.append(round(seconds, 4))
        time.sleep(seconds)
        drawn = scribbles.any((2, 3), keepdims=True)
        self.mask = np.where(drawn, self._truth, 0).astype(np.uint8)


@pytest.fixture
def sitting(patient) -> Sitting:
    return Sitting(Parrot(patient.truth), Annotator(patient), patient, SECONDS)


def test_a_curve_goes_from_no_stroke_over_three_to_corrections(sitting):
    sitting.draw_curve(rounds=2, strokes=1)
    assert [(p["stage"], p["round"], p["strokes"], p["is_end"]) for p in sitting.points] == [
        ("none", 0, 0, True),
        ("three", 0, 3, False),
        ("three", 0, 3, False),
        ("three", 0, 3, True),
        ("corrected", 1, 4, True),
        ("corrected", 2, 5, True),
    ]
    for name in ("dice", "annotation_s", "compute_s"):
        values = [p[name] for p in sitting.points]
        assert values == sorted(values)
        assert values[-1] > values[0]


def test_looks_within_a_stage_share_its_seconds(sitting):
    sitting.draw_curve(rounds=1, strokes=1)
    assert sitting.system.asked == [0.01, 0.01, 0.02, 0.02]
    assert sum(sitting.system.asked[:3]) == pytest.approx(SECONDS.three)


def test_a_correction_tells_how_it_was_obeyed_and_what_it_cost(sitting):
    sitting.draw_curve(rounds=1, strokes=1)
    (correction,) = sitting.corrections
    assert correction["obeyed"] == correction["followed"] == 1
    assert correction["elsewhere"] == 0
    assert correction["here"] > 0
    assert correction["compute_s"] >= SECONDS.correction
    assert correction["stroke_pixels"] < correction["mistake_pixels"]


def test_several_strokes_a_round_go_to_several_slices(sitting):
    sitting.draw_curve(rounds=1, strokes=3)
    assert len({(c["phase"], c["z"]) for c in sitting.corrections}) == 3
    assert sitting.points[-1]["strokes"] == 6


def test_the_curve_ends_when_nothing_is_left_to_correct(sitting):
    sitting.draw_curve(rounds=50, strokes=3)
    assert sitting.points[-1]["round"] < 10
    assert sitting.points[-1]["dice"] == 1
    assert sitting.points[-1]["ef_error"] == 0


def test_who_shows_nothing_first_has_no_point_without_strokes(patient):
    sitting = Sitting(Parrot(patient.truth, shows_first=False), Annotator(patient), patient, SECONDS)
    sitting.draw_curve(rounds=0, strokes=1)
    assert {p["stage"] for p in sitting.points} == {"three"}


def test_sparse_strokes_are_one_stage(sitting):
    sitting.draw_sparse()
    assert [p["stage"] for p in sitting.points] == ["sparse"] * 3
    assert sum(sitting.system.asked) == pytest.approx(SECONDS.sparse)


def test_who_does_not_learn_is_given_whole_slices_and_scored_once_a_stage(patient):
    sitting = Sitting(Classical(build_baseline("growcut"), patient.cine), Annotator(patient), patient, SECONDS)
    sitting.draw_curve(rounds=2, strokes=1)
    assert [p["stage"] for p in sitting.points] == ["three", "corrected", "corrected"]
    assert [p["strokes"] for p in sitting.points[:2]] == [3, 7]
    assert sitting.corrections == []
    assert sitting.points[-1]["dice"] > 0.8
