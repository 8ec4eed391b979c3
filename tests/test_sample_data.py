"""The built-in sample is what its script makes, looks like a heart to a measuring eye, and its parts agree."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import numpy.typing as npt
import pytest
from scipy import ndimage

FOLDER = Path(__file__).parents[1] / "sample_data"
NAMES = ("cine", "truth", "scribbles")


def load(name: str) -> nib.Nifti1Image:
    return nib.load(FOLDER / f"sample_{name}.nii.gz")


def array(name: str) -> npt.NDArray[np.uint8]:
    """Return (t, z, y, x)."""
    return np.asarray(load(name).dataobj).transpose(3, 2, 1, 0)


@pytest.fixture(scope="module")
def truth() -> npt.NDArray[np.uint8]:
    return array("truth")


@pytest.fixture(scope="module")
def scribbles() -> npt.NDArray[np.uint8]:
    return array("scribbles")


@pytest.fixture(scope="module")
def strokes() -> list[dict[str, Any]]:
    return json.loads((FOLDER / "sample_strokes.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def make_sample() -> Any:
    """Import the script as it is run: with its own folder on the path, and without leaving a trace there."""
    patch = pytest.MonkeyPatch()
    patch.syspath_prepend(str(FOLDER))
    patch.setattr(sys, "dont_write_bytecode", True)
    yield importlib.import_module("make_sample")
    patch.undo()
    for name in [n for n in sys.modules if n == "make_sample" or n.split(".")[0] == "phantom"]:
        del sys.modules[name]


@pytest.mark.parametrize(("phase", "z"), [(7, 5)])
def test_making_a_slice_again_gives_the_committed_one(make_sample: Any, truth: Any, phase: int, z: int) -> None:
    cine = importlib.import_module("phantom.cine")
    image, labels = cine.make_slice(phase, z, make_sample.SEED, cine.still_slice(z, make_sample.SEED))
    difference = np.abs(image.astype(int) - array("cine")[phase, z])
    # Another processor's sine and FFT may round a pixel the other way, no more.
    assert difference.max() <= 1
    assert (difference > 0).mean() < 1e-3
    assert (labels != truth[phase, z]).mean() < 1e-4


def test_drawing_again_gives_the_committed_strokes(make_sample: Any, truth: Any, strokes: Any) -> None:
    hand = importlib.import_module("phantom.hand")
    again = [stroke.to_json() for stroke in hand.draw_strokes(truth, make_sample.SEED)]
    assert again == strokes


def test_saving_the_same_array_gives_the_committed_file(make_sample: Any, truth: Any, tmp_path: Path) -> None:
    files = importlib.import_module("phantom.files")
    files.save_nifti(tmp_path / "a.nii.gz", truth, "truth")
    again, committed = nib.load(tmp_path / "a.nii.gz"), load("truth")
    assert again.header == committed.header
    np.testing.assert_array_equal(np.asarray(again.dataobj), np.asarray(committed.dataobj))


def test_the_whole_sample_is_under_three_megabytes() -> None:
    assert sum(path.stat().st_size for path in FOLDER.glob("sample_*")) < 3e6


def test_the_three_files_share_one_oblique_geometry() -> None:
    headers = [load(name).header for name in NAMES]
    for header in headers:
        assert header.get_data_shape() == (160, 144, 10, 20)
        np.testing.assert_allclose(header.get_zooms(), (1.7, 1.7, 9.0, 0.045), rtol=1e-6)
        assert header.get_xyzt_units() == ("mm", "sec")
        assert (int(header["qform_code"]), int(header["sform_code"])) == (1, 1)
        np.testing.assert_allclose(header.get_qform(), header.get_sform(), atol=1e-3)
        np.testing.assert_array_equal(header.get_sform(), headers[0].get_sform())
    directions = headers[0].get_sform()[:3, :3] / (1.7, 1.7, 9.0)
    np.testing.assert_allclose(directions.T @ directions, np.eye(3), atol=1e-5)
    assert np.abs(directions).max(axis=0).max() < 0.95
    right, anterior, superior = directions[:, 2]
    assert right < 0 < anterior, "from base to apex is left and forward"
    assert superior < 0, "and down"


def test_the_left_ventricle_is_enclosed_by_muscle_in_the_middle_slices(truth: Any) -> None:
    for frame in truth[:, 2:8].reshape(-1, *truth.shape[2:]):
        rim = ndimage.binary_dilation(frame == 3) & (frame != 3)
        assert set(np.unique(frame[rim])) == {2}
        assert ndimage.label(frame == 3)[1] == 1


def test_the_right_ventricle_touches_the_muscle_and_is_gone_at_the_apex(truth: Any) -> None:
    for frame in truth[:, 2:6].reshape(-1, *truth.shape[2:]):
        assert (ndimage.binary_dilation(frame == 1) & (frame == 2)).sum() > 10
    assert not (truth[:, 9] == 1).any()
    assert (truth[0, 9] == 3).any()


def test_the_heart_beats_as_a_healthy_one(truth: Any) -> None:
    voxel_ml = 1.7 * 1.7 * 9.0 / 1000
    lv, rv, myo = ((truth == label).sum(axis=(1, 2, 3)) * voxel_ml for label in (3, 1, 2))
    assert (int(lv.argmax()), int(lv.argmin())) == (0, 7)
    assert 120 < lv[0] < 155
    assert 120 < rv[0] < 175
    assert 0.55 < 1 - lv[7] / lv[0] < 0.65
    assert 0.50 < 1 - rv[7] / rv[0] < 0.65
    assert abs((lv[0] - lv[7]) - (rv[0] - rv[7])) < 15, "both ventricles pump about as much"
    assert 0.9 < myo[7] / myo[0] < 1.1, "muscle keeps its volume"


def test_the_stated_volumes_are_those_of_the_truth(make_sample: Any, truth: Any) -> None:
    files = importlib.import_module("phantom.files")
    assert json.loads((FOLDER / "sample_truth.json").read_text(encoding="utf-8")) == files.summarise(truth)


def test_blood_is_bright_and_muscle_dark(truth: Any) -> None:
    cine = array("cine")
    rv, myo, lv = (cine[truth == label].mean() / np.percentile(cine, 99) for label in (1, 2, 3))
    assert 0.6 < rv <= lv < 1.0
    assert 0.2 < myo < 0.4


def test_scribbled_pixels_agree_with_the_truth_and_cover_every_class(truth: Any, scribbles: Any) -> None:
    drawn = scribbles > 0
    assert set(np.unique(scribbles)) == {0, 1, 2, 3, 4}
    assert drawn.mean() < 0.01
    assert (scribbles[drawn] % 4 == truth[drawn]).mean() > 0.99


def test_strokes_rasterise_to_the_scribbles_file(make_sample: Any, strokes: Any, scribbles: Any) -> None:
    module = importlib.import_module("phantom.strokes")
    np.testing.assert_array_equal(module.rasterise(strokes, scribbles.shape), scribbles)


def test_initial_strokes_come_first_and_show_every_class_in_both_phases(strokes: Any) -> None:
    corrective = [stroke["corrective"] for stroke in strokes]
    assert corrective == sorted(corrective)
    assert 0.5 < 1 - np.mean(corrective) < 0.7
    for phase in (0, 7):
        assert {s["label"] for s in strokes if s["t"] == phase and not s["corrective"]} == {1, 2, 3, 4}


def test_a_napari_brush_paints_the_same_pixels(strokes: Any, scribbles: Any) -> None:
    labels_module = pytest.importorskip("napari.layers")
    layer = labels_module.Labels(np.zeros(scribbles.shape[2:], np.uint8))
    layer.mode, layer.brush_size = "paint", 3
    chosen = [s for s in strokes if (s["t"], s["z"]) == (0, 4)]
    for stroke in chosen:
        layer.selected_label = stroke["label"]
        last = stroke["points"][0]
        for point in stroke["points"]:
            layer._draw(stroke["label"], last, point)
            last = point
    assert {s["radius_px"] for s in chosen} == {1.5}
    np.testing.assert_array_equal(layer.data, scribbles[0, 4])
