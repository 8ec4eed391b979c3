"""A small challenge folder: real files, made-up hearts."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from napari_scribbleseg.bench.patients import Patient, read_patients
from napari_scribbleseg.labels import scribbles_to_file
from tests.bench.orders import folder_of, order, undisturbed  # noqa: F401 - fixtures
from tests.synthetic import make_cine, make_strokes, make_truth

SIDE = 64
N_SLICES = 3
ZOOMS = (1.5, 1.5, 8.0)


def write_patient(folder: Path, number: int, *, masks: bool = True, group: str = "DCM", side: int = SIDE) -> Path:
    """Write a patient in ACDC's layout, ES at frame 8, and return the patient's folder."""
    own = folder / f"patient{number:03d}"
    own.mkdir(parents=True)
    (own / "Info.cfg").write_text(f"ED: 1\nES: 8\nGroup: {group}\nHeight: 170.0\nNbFrame: 20\nWeight: 70.0\n")
    cine, truth = make_cine(n_t=2, n_z=N_SLICES, side=side), make_truth(2, N_SLICES, side)
    strokes = np.stack([make_strokes(side)] * N_SLICES)
    for t, frame in enumerate((1, 8)):
        stem = own / f"patient{number:03d}_frame{frame:02d}"
        image = np.asarray(cine.data[t]) + number
        write_nifti(f"{stem}.nii.gz", image.astype(np.int16))
        write_nifti(f"{stem}_scribble.nii.gz", scribbles_to_file(strokes, "acdc"))
        if masks:
            write_nifti(f"{stem}_gt.nii.gz", truth[t])
    return own


def write_nifti(path: str | Path, volume: np.ndarray, zooms: tuple[float, float, float] = ZOOMS) -> None:
    """Write `(z, y, x)` as ACDC does: (x, y, z) with an affine that knows no spacing."""
    image = nib.Nifti1Image(volume.transpose(2, 1, 0), np.diag([-1.0, -1.0, 1.0, 1.0]))
    image.header.set_zooms(zooms)
    nib.save(image, path)


@pytest.fixture(scope="session")
def acdc(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Patients of three folds; the last has no masks. Not to be changed."""
    folder = tmp_path_factory.mktemp("acdc")
    for number, group in ((1, "DCM"), (10, "DCM"), (21, "HCM"), (30, "HCM"), (85, "RV")):
        write_patient(folder, number, masks=number < 81, group=group)
    return folder


@pytest.fixture(scope="session")
def patients(acdc: Path) -> list[Patient]:
    """The patients of the folder."""
    return read_patients(acdc)
