"""The public functions, as a script of five lines would use them."""

from __future__ import annotations

import subprocess
import sys

import nibabel as nib
import numpy as np
import pytest
import torch

import napari_scribbleseg
from napari_scribbleseg import api
from napari_scribbleseg.api import Model, StrokesError, TrainingError, default_settings, fit, predict
from napari_scribbleseg.engine import inference
from napari_scribbleseg.engine.device import DeviceError
from napari_scribbleseg.engine.engine import DivergedError, Engine
from napari_scribbleseg.engine.patience import Patience
from napari_scribbleseg.engine.postprocess import PostProcessing, keep_largest_component, postprocess
from napari_scribbleseg.engine.weights import WeightsError, save_weights
from napari_scribbleseg.io import ScanError
from napari_scribbleseg.labels import LV, LabelCodeError
from napari_scribbleseg.methods import MethodError
from napari_scribbleseg.settings import SettingsError, TrainSettings, protocol_settings
from napari_scribbleseg.types import Notice
from tests.synthetic import make_cine, make_strokes, make_truth

QUICK = {"method": "pce", "batch_size": 2, "threads": 1, "device": "cpu"}


def strokes_of(cine) -> np.ndarray:
    labels = np.zeros(cine.shape, np.uint8)
    labels[0] = make_strokes()
    return labels


@pytest.fixture(scope="module")
def cine():
    return make_cine(n_t=2)


@pytest.fixture(scope="module")
def model(cine) -> Model:
    return fit(cine, strokes_of(cine), steps=2, **QUICK)


# the five lines -----------------------------------------------------------------------------------------------------


def test_five_lines_go_from_files_to_scores(tmp_path):
    from napari_scribbleseg import evaluate, fit, load_cine, predict, save_mask

    made = make_cine()
    nib.save(nib.Nifti1Image(made.data[0].transpose(2, 1, 0), np.diag([1.4, 1.4, 8, 1])), tmp_path / "heart.nii.gz")
    for folder in ("masks", "truth"):
        (tmp_path / folder).mkdir()
    save_mask(tmp_path / "truth/heart_gt.nii.gz", make_truth(), made)

    cine = load_cine(tmp_path / "heart.nii.gz")
    model = fit(cine, strokes_of(cine), steps=1, **QUICK)
    mask = predict(model, cine, threads=1)
    save_mask(tmp_path / "masks/heart_seg.nii.gz", mask, cine)
    scores = evaluate(tmp_path / "masks", tmp_path / "truth")

    assert scores.overall.n == 1


def test_importing_the_package_loads_neither_torch_nor_nibabel():
    script = "import sys, napari_scribbleseg; print(sorted({'torch', 'nibabel', 'numpy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_the_package_offers_its_public_names_and_no_others():
    for name in napari_scribbleseg.__all__:
        assert getattr(napari_scribbleseg, name) is not None
        assert name in dir(napari_scribbleseg)
    with pytest.raises(AttributeError, match="no attribute 'train'"):
        _ = napari_scribbleseg.train


# fitting ------------------------------------------------------------------------------------------------------------


def test_the_loss_on_the_strokes_falls(cine):
    losses = []
    fit(cine, strokes_of(cine), steps=16, progress=lambda report: losses.append(sum(report.terms.values())), **QUICK)
    assert np.mean(losses[-4:]) < 0.8 * np.mean(losses[:2])


def test_the_same_seed_gives_the_same_weights(cine, model):
    again = fit(cine, strokes_of(cine), steps=2, **QUICK)
    other = fit(cine, strokes_of(cine), steps=2, seed=1, **QUICK)
    assert all(torch.equal(again.tensors[name], tensor) for name, tensor in model.tensors.items())
    assert any(not torch.equal(other.tensors[name], tensor) for name, tensor in model.tensors.items())


def test_progress_hears_every_step(cine):
    steps = []
    fit(cine, strokes_of(cine), steps=2, progress=lambda report: steps.append(report.step), **QUICK)
    assert steps == [1, 2]


def test_a_start_lends_its_weights_method_and_resolution(cine, model):
    begun = fit(cine, strokes_of(cine), start=model, steps=0, threads=1, device="cpu")
    assert (begun.settings.method, begun.settings.resolution) == ("pce", "roi")
    assert all(torch.equal(begun.tensors[name], tensor) for name, tensor in model.tensors.items())


def test_settings_of_ones_own_are_taken_with_changes(cine):
    own = TrainSettings(schedule="protocol", held_out=0.0, **QUICK)
    assert fit(cine, strokes_of(cine), own, steps=1).settings.schedule == "protocol"
    with pytest.raises(SettingsError, match="stepz"):
        fit(cine, strokes_of(cine), own, stepz=1)


def test_scribbles_come_from_files_too(cine, tmp_path, model):
    path = tmp_path / "scribbles.nii.gz"
    in_acdc_codes = np.array([4, 1, 2, 3, 0], np.uint8)[strokes_of(cine)]
    nib.save(nib.Nifti1Image(in_acdc_codes.transpose(3, 2, 1, 0), np.eye(4)), path)
    from_file = fit(cine, path, steps=2, **QUICK)
    assert all(torch.equal(from_file.tensors[name], tensor) for name, tensor in model.tensors.items())


def test_a_live_training_ends_where_a_window_would_rest(cine, monkeypatch):
    monkeypatch.setattr("napari_scribbleseg.engine.runner.Patience", lambda: Patience(blind_steps=2))
    live = TrainSettings(schedule="live", steps=50, held_out=0.0, **QUICK)
    assert fit(cine, strokes_of(cine), live).step == 2


def test_several_scans_train_one_model(cine):
    other = make_cine("other", n_z=2)
    model = fit([cine, other], [strokes_of(cine), strokes_of(other)[0]], steps=1, **QUICK)
    assert set(model.meta["windows"]) == {"scan", "other"}


def test_nothing_drawn_is_refused(cine):
    with pytest.raises(StrokesError, match="no strokes"):
        fit(cine, np.zeros(cine.shape, np.uint8))


def test_one_class_alone_is_refused(cine):
    labels = strokes_of(cine)
    with pytest.raises(StrokesError, match="only one class, LV"):
        fit(cine, np.where(labels == LV, labels, 0))


def test_scans_and_scribbles_must_match(cine):
    labels = strokes_of(cine)
    with pytest.raises(StrokesError, match="as many scribbles as scans"):
        fit([cine, cine], [labels])
    with pytest.raises(StrokesError, match="do not fit a scan"):
        fit(cine, labels[:, :2])
    with pytest.raises(StrokesError, match="Two scans are named scan"):
        fit([cine, cine], [labels, labels])
    with pytest.raises(ScanError, match="does not exist"):
        fit(cine, "nowhere.nii.gz")
    with pytest.raises(StrokesError, match="one of acdc, layer"):
        fit(cine, labels, scribble_codes="ukbb")


def test_arrays_in_acdc_codes_are_refused(cine):
    in_acdc_codes = np.array([4, 1, 2, 3, 0], np.uint8)[strokes_of(cine)]
    with pytest.raises(LabelCodeError, match="choose 'acdc'"):
        fit(cine, in_acdc_codes)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"method": "magic"}, MethodError),
        ({"device": "abacus"}, DeviceError),
        ({"steps": -1}, SettingsError),
        ({"options": {"alpha": 3}}, MethodError),
    ],
)
def test_settings_that_cannot_be_met_are_refused_in_their_own_words(cine, changes, error):
    with pytest.raises(error):
        fit(cine, strokes_of(cine), threads=1, **changes)


def test_weights_of_another_method_are_no_start(cine, model):
    with pytest.raises(WeightsError, match="another method"):
        fit(cine, strokes_of(cine), start=model, method="dmpls", threads=1)


def test_a_diverged_training_raises_its_sentence(cine, monkeypatch):
    def diverge(self):
        raise DivergedError("Training diverged: so it goes.")

    monkeypatch.setattr(Engine, "step", diverge)
    with pytest.raises(TrainingError, match="so it goes"):
        fit(cine, strokes_of(cine), steps=1, **QUICK)


def test_what_progress_raises_ends_the_training_and_comes_out(cine):
    steps = []

    def stop(report):
        steps.append(report.step)
        raise LookupError("enough")

    with pytest.raises(LookupError, match="enough"):
        fit(cine, strokes_of(cine), steps=50, progress=stop, **QUICK)
    assert steps == [1]


def test_a_compromise_of_the_engine_is_a_warning(cine, monkeypatch):
    step = Engine.step

    def warn(self):
        self.notify(Notice("Smaller batches now.", "warning"))
        return step(self)

    monkeypatch.setattr(Engine, "step", warn)
    with pytest.warns(UserWarning, match="Smaller batches"):
        fit(cine, strokes_of(cine), steps=1, **QUICK)


# models -------------------------------------------------------------------------------------------------------------


def test_a_saved_model_is_the_same_when_loaded(model, tmp_path):
    path = tmp_path / "weights.safetensors"
    model.save(path)
    loaded = Model.load(path)
    assert (loaded.settings, loaded.step) == (model.settings, 2)
    assert all(torch.equal(loaded.tensors[name], tensor) for name, tensor in model.tensors.items())


def test_a_file_that_does_not_say_its_settings_is_refused(model, tmp_path):
    path = tmp_path / "weights.safetensors"
    save_weights(path, model.tensors, {"step": 3})
    with pytest.raises(WeightsError, match="does not say"):
        Model.load(path)


# predicting ---------------------------------------------------------------------------------------------------------


def test_every_phase_is_predicted_with_progress(model, cine):
    done = []
    mask = predict(model, cine, threads=1, progress=lambda *counts: done.append(counts))
    assert (mask.shape, mask.dtype) == (cine.shape, np.uint8)
    assert int(mask.max()) <= LV
    assert done[-1] == (6, 6)


def test_largest_component_drops_the_others(model, cine):
    rough = predict(model, cine, threads=1)
    kept = predict(model, cine, threads=1, largest_component=True)
    np.testing.assert_array_equal(kept, keep_largest_component(rough))


def test_a_mask_is_put_right_where_asked_for_and_not_otherwise(model, cine):
    rough = predict(model, cine, threads=1)
    cleaned = predict(model, cine, threads=1, post=PostProcessing())
    np.testing.assert_array_equal(cleaned, postprocess(rough, cine.spacing_mm, image=cine.volume))
    np.testing.assert_array_equal(predict(model, cine, threads=1, post=PostProcessing.none()), rough)


def test_a_scan_that_was_trained_on_is_found_again_without_searching(monkeypatch):
    cine = make_cine("wide", side=160)
    labels = np.zeros(cine.shape, np.uint8)
    labels[0, :, 90:154, 90:154] = make_strokes()
    model = fit(cine, labels, steps=1, **QUICK)
    seen = []

    def spy(method, store, case, device, progress):
        seen.append(store.grid(case).offset)
        return np.zeros(cine.shape, np.uint8)

    monkeypatch.setattr(inference, "segment", spy)
    monkeypatch.setattr(inference, "centre_window", lambda *args: seen.append("searched"))
    predict(model, cine, threads=1)
    assert seen == [tuple(model.meta["windows"]["wide"]["offset"])]

    seen.clear()
    predict(model, make_cine("wide", side=150), threads=1)  # another scan that happens to have the name
    assert seen[0] == "searched"


def test_protocol_models_predict_whole_slices(cine):
    model = fit(cine, strokes_of(cine), steps=0, resolution="protocol", **QUICK)
    assert predict(model, cine, threads=1).shape == cine.shape


# settings -----------------------------------------------------------------------------------------------------------


def test_default_settings_know_both_resolutions():
    assert default_settings("protocol", seed=4) == protocol_settings(seed=4)
    assert default_settings(steps=7).steps == 7
    assert default_settings().schedule == "protocol"
    with pytest.raises(SettingsError, match="Resolution"):
        default_settings("fine")


def test_many_scans_teach_the_network_to_find_the_heart():
    assert not default_settings(n_scans=api.LOCATE_ABOVE_SCANS).locate
    assert default_settings(n_scans=api.LOCATE_ABOVE_SCANS + 1).locate
