"""Volumes of real hearts against a computation that shares nothing with ours."""

from __future__ import annotations

import re
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from napari_scribbleseg.cardiac import choose_by_info, measure_heart, read_choices
from napari_scribbleseg.io import load_cine, load_mask
from napari_scribbleseg.io.acdc import list_frames

PATIENTS = (1, 25, 37, 57, 80)


def independent(folder: Path) -> dict[str, float]:
    """Return volumes from the files by nibabel and a sum."""
    numbers = dict(re.findall(r"(\w+): (\S+)", (folder / "Info.cfg").read_text()))
    volumes = {}
    for moment in ("ED", "ES"):
        image = nib.load(folder / f"{folder.name}_frame{int(numbers[moment]):02d}_gt.nii.gz")
        labels = np.asanyarray(image.dataobj)
        voxel_ml = float(np.prod(np.asarray(image.header.get_zooms()[:3], np.float64))) / 1000
        for code, name in ((1, "rv"), (2, "myo"), (3, "lv")):
            volumes[f"{name}_{moment}"] = float((labels == code).sum()) * voxel_ml
    return volumes


@pytest.mark.parametrize("number", PATIENTS)
def test_volumes_ef_and_mass_of_dense_masks_equal_an_independent_computation(acdc_dir, number):
    frames = list_frames(acdc_dir, [number])
    if any(frame.truth is None for frame in frames):
        pytest.skip(f"the masks of patient {number} are not in SCRIBBLESEG_ACDC")
    cines = [load_cine(frame.scan) for frame in frames]
    mask = np.concatenate([load_mask(frame.truth, cine) for frame, cine in zip(frames, cines, strict=True)])
    folder = frames[0].scan.parent
    measured = measure_heart(mask, cines[0].spacing_mm, read_choices(folder / "Info.cfg", len(mask)))
    wanted = independent(folder)
    for name, ventricle in (("lv", measured.lv), ("rv", measured.rv)):
        edv, esv = wanted[f"{name}_ED"], wanted[f"{name}_ES"]
        assert (ventricle.edv_ml, ventricle.esv_ml) == pytest.approx((edv, esv), abs=0.01)
        assert ventricle.ef_percent == pytest.approx(100 * (edv - esv) / edv, abs=0.01)
    assert measured.lv_mass_g == pytest.approx(1.05 * wanted["myo_ED"], abs=0.01)
    assert measured.phases.ed_source == "Info.cfg"
    assert choose_by_info(frames[0].info, 2).ed == measured.phases.ed
    found = measure_heart(mask, cines[0].spacing_mm).phases
    assert (found.ed, found.es) == (measured.phases.ed, measured.phases.es)
