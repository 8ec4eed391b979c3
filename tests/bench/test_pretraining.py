"""Pretraining: what it learns from, and that it goes on where it stopped."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from napari_scribbleseg.baselines.consensus import widen_strokes
from napari_scribbleseg.bench import pretraining
from napari_scribbleseg.bench.errors import BenchError
from napari_scribbleseg.bench.pretraining import (
    DEVELOPMENT_PATIENTS,
    SHIPPED_PATIENTS,
    STUDY_PATIENTS,
    Pretraining,
    PretrainOrder,
    make_store,
    pretrain_settings,
)
from napari_scribbleseg.engine.weights import load_weights
from napari_scribbleseg.labels import NOTHING
from napari_scribbleseg.types import FrameKey

STEPS = 4


def order(acdc, out, **changes):
    settings = pretrain_settings(steps=STEPS, batch_size=2, view_px=32, threads=1, device="cpu")
    return PretrainOrder(**{"source": acdc, "out": out, "patients": (1, 21), "settings": settings, **changes})


@pytest.fixture(scope="module")
def whole(acdc, tmp_path_factory):
    """A pretraining from its first to its last step."""
    work = Pretraining(order(acdc, tmp_path_factory.mktemp("whole")))
    assert work.run() is not None
    return work


def test_study_weights_never_see_a_development_patient_and_nobody_sees_the_test_set():
    assert len(DEVELOPMENT_PATIENTS) == 16
    assert not set(STUDY_PATIENTS) & set(DEVELOPMENT_PATIENTS)
    assert set(STUDY_PATIENTS) | set(DEVELOPMENT_PATIENTS) == set(SHIPPED_PATIENTS)
    assert max(SHIPPED_PATIENTS) == 80


def test_it_leaves_weights_that_name_no_scan(whole):
    tensors, meta = load_weights(whole.folder.weights)
    assert meta["step"] == STEPS
    assert meta["windows"] == {}
    assert all(torch.isfinite(tensor).all() for tensor in tensors.values())
    assert not whole.folder.checkpoint.exists()


def test_a_run_that_was_stopped_goes_on_to_the_same_weights(acdc, whole, tmp_path, monkeypatch):
    monkeypatch.setattr(pretraining, "_LOOK_UP_STEPS", 1)
    questions = itertools.count()
    stopped = Pretraining(order(acdc, tmp_path), should_stop=lambda: next(questions) >= 2 + 2)
    assert stopped.run() is None
    assert 0 < stopped.folder.read()["steps_done"] < STEPS
    again = Pretraining(order(acdc, tmp_path))
    assert again.run() is not None
    first, second = load_weights(whole.folder.weights)[0], load_weights(again.folder.weights)[0]
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_the_last_steps_learn_from_the_strokes_as_drawn(acdc, tmp_path, monkeypatch):
    labelled = []
    advance = pretraining.build_engine

    def spying(settings, store, *rest):
        engine = advance(settings, store, *rest)
        step = engine.advance

        def counted(count):
            labelled.append(sum(int((store.canvas_labels(key) != 255).sum()) for key in store.scribbled()))
            return step(count)

        engine.advance = counted
        return engine

    monkeypatch.setattr(pretraining, "build_engine", spying)
    monkeypatch.setattr(pretraining, "_LOOK_UP_STEPS", 1)
    Pretraining(order(acdc, tmp_path, widened_share=0.5)).run()
    assert labelled[0] == labelled[1] > 2 * labelled[2] == 2 * labelled[3]


def test_another_recipe_in_the_same_folder_is_refused(acdc, whole):
    with pytest.raises(BenchError, match="with other patients"):
        Pretraining(order(acdc, whole.folder.path.parents[1], patients=(1,)))


def test_a_patient_that_is_not_there_is_named(acdc, tmp_path):
    with pytest.raises(BenchError, match="2"):
        Pretraining(order(acdc, tmp_path, patients=(1, 2), widened_share=0.0)).run()


def test_the_store_holds_strokes_or_what_they_were_widened_to(patients):
    settings = pretrain_settings()
    widened = {patients[0].case: np.full_like(patients[0].scribbles, 3)}
    drawn, wide = make_store(patients[:1], None, settings), make_store(patients[:1], widened, settings)
    key = FrameKey(patients[0].case, 0, 1)
    assert (wide.canvas_labels(key) != 255).mean() > (drawn.canvas_labels(key) != 255).mean() > 0


def test_widened_strokes_keep_the_strokes_and_mostly_tell_the_truth(patients):
    patient = patients[0]
    widened = widen_strokes(patient.cine.volume(0), patient.scribbles[0], patient.cine.spacing_mm)
    drawn = patient.scribbles[0] != NOTHING
    assert np.array_equal(widened[drawn], patient.scribbles[0][drawn])
    assert (widened != NOTHING).mean() > 3 * drawn.mean()
    truth = np.where(patient.truth[0] == 0, 4, patient.truth[0])
    for code in (1, 2, 3, 4):
        labelled = widened == code
        assert (truth[labelled] == code).mean() > 0.85, code
