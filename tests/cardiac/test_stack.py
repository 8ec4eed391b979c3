from __future__ import annotations

import nibabel as nib
import numpy as np
import pytest

from napari_scribbleseg.cardiac.counts import count_pixels
from napari_scribbleseg.cardiac.stack import is_apex_first, is_right_handed, split_levels
from napari_scribbleseg.io import load_cine
from napari_scribbleseg.types import Cine
from tests.cardiac.hearts import make_heart


def counts(lv=(0, 0, 0), rv=0) -> np.ndarray:
    found = np.zeros((len(lv), 4), np.int64)
    found[:, 3], found[:, 1] = lv, rv
    return found


def test_lv_narrows_towards_the_apex():
    heart = count_pixels(make_heart(1))[0]
    assert not is_apex_first(heart)
    assert is_apex_first(heart[::-1])


def test_slices_beyond_the_heart_do_not_matter():
    assert is_apex_first(counts([0, 0, 5, 50, 90, 100, 0]))
    assert not is_apex_first(counts([0, 100, 90, 50, 5, 0, 0]))


def test_where_lv_says_nothing_rv_which_ends_before_the_apex_decides():
    assert is_apex_first(counts([50, 50, 50], [0, 10, 90]))
    assert not is_apex_first(counts([50, 50, 50], [90, 10, 0]))


def test_where_nothing_says_anything_slice_0_is_the_base():
    assert not is_apex_first(counts())
    assert not is_apex_first(counts([50, 50, 50], [9, 9, 9]))
    assert not is_apex_first(counts([0, 50, 0], [0, 9, 0]))


@pytest.mark.parametrize(
    ("n", "basal", "mid", "apical"), [(3, 1, 1, 1), (7, 3, 2, 2), (8, 3, 3, 2), (9, 3, 3, 3), (10, 4, 3, 3)]
)
def test_levels_are_thirds_from_base_to_apex(n, basal, mid, apical):
    levels = split_levels(list(range(n)))
    assert list(levels.values()) == ["basal"] * basal + ["mid"] * mid + ["apical"] * apical


@pytest.mark.parametrize("n", [0, 1, 2])
def test_fewer_than_three_slices_have_no_levels(n):
    assert split_levels(list(range(n))) == {}


def turned(flip: bool = False, tilt_deg: float = 30.0) -> np.ndarray:
    """Return the affine of (x, y, z) voxels of 1.5 × 1.5 × 8 mm, turned about two axes, and mirrored if asked."""
    a = np.radians(tilt_deg)
    about_x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    about_y = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    affine = np.eye(4)
    affine[:3, :3] = about_x @ about_y @ np.diag([1.5, 1.5, -8.0 if flip else 8.0])
    return affine


def make_cine(affine: np.ndarray, axes=(2, 1, 0)) -> Cine:
    return Cine("c", np.zeros((1, 2, 3, 4)), (8.0, 1.5, 1.5), affine=affine, axes=axes)


def test_an_oblique_affine_tells_the_hand():
    assert is_right_handed(make_cine(turned())) is True
    assert is_right_handed(make_cine(turned(flip=True))) is False


def test_the_files_own_order_of_axes_is_taken_into_account():
    affine = turned()[:, [1, 0, 2, 3]]  # columns and rows change places in the file
    assert is_right_handed(make_cine(affine, axes=(2, 0, 1))) is True
    assert is_right_handed(make_cine(affine, axes=(2, 1, 0))) is False


def test_an_affine_that_contradicts_the_spacing_or_knows_no_tilt_is_not_believed():
    assert is_right_handed(make_cine(np.diag([-1.0, -1.0, 1.0, 1.0]))) is None
    assert is_right_handed(make_cine(np.diag([-1.5, -1.5, 8.0, 1.0]))) is None
    assert is_right_handed(make_cine(np.full((4, 4), np.nan))) is None


def test_reading_a_file_keeps_the_hand(tmp_path):
    nib.save(nib.Nifti1Image(np.arange(192, dtype=np.int16).reshape(8, 6, 4), turned(flip=True)), tmp_path / "scan.nii")
    assert is_right_handed(load_cine(tmp_path / "scan.nii")) is False
