"""Patients on the disk, as ACDC lays them out and as others do."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np

from napari_scribbleseg.labels import LV, MYO, RV
from tests.synthetic import make_cine, make_truth

SPACING_MM = (1.5, 1.25, 9.0)
ML = 1.5 * 1.25 * 9.0 / 1000


def write(path: Path, phases: np.ndarray) -> Path:
    """Write `(t, z, y, x)`, one phase as a 3D file; x and y steps differ on purpose."""
    values = phases.transpose(3, 2, 1, 0)
    image = nib.Nifti1Image(values[..., 0] if values.shape[-1] == 1 else values, np.diag([*SPACING_MM, 1.0]))
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(image, path)
    return path


def images(n_t: int, n_z: int = 7) -> np.ndarray:
    return np.asarray(make_cine(n_t=n_t, n_z=n_z).data)


def write_patient(folder: Path, number: int, n_t: int = 10, es: int = 5, whole: bool = False) -> np.ndarray:
    """Write a patient of ACDC with ED in frame 1 and ES in frame `es`; return the truth of the whole cine."""
    name = f"patient{number:03d}"
    cine, truth = images(n_t), make_truth(n_t, 7)
    for frame in (1, es):
        write(folder / name / f"{name}_frame{frame:02d}.nii.gz", cine[[frame - 1]])
        write(folder / name / f"{name}_frame{frame:02d}_gt.nii.gz", truth[[frame - 1]])
    if whole:
        write(folder / name / f"{name}_4d.nii.gz", cine)
    lines = f"ED: 1\nES: {es}\nGroup: DCM\nHeight: 184.0\nNbFrame: {n_t}\nWeight: 95.0\n"
    (folder / name / "Info.cfg").write_text(lines)
    return truth


def volumes(mask: np.ndarray) -> dict[str, float]:
    """Return mL by class in one phase, by counting alone."""
    return {name: float(np.sum(mask == code)) * ML for name, code in (("rv", RV), ("myo", MYO), ("lv", LV))}
