"""The one scan that a report draws, kept with the results: whoever writes the report may not have the others."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import h5py
import numpy as np

from napari_scribbleseg.atomic import write_atomically
from napari_scribbleseg.bench.errors import BenchError
from napari_scribbleseg.bench.patients import Patient, read_patients
from napari_scribbleseg.bench.report.cases import SCANS_NAME, median_patient
from napari_scribbleseg.bench.report.reading import read_results
from napari_scribbleseg.data.intensity import normalise
from napari_scribbleseg.labels import LabelMap


def keep_example(out: Path, source: Path) -> str | None:
    """Keep the scan of the patient in the middle by Dice, in 8 bits, as `test_scans.h5`.

    It is a patient's scan: it follows the terms of the data set, and must not be published with the results.

    Parameters
    ----------
    out : folder of the benchmark
    source : where its patients come from

    Returns
    -------
    The patient's name; None while nothing has scores, or where the scan cannot be read.
    """
    try:
        results = read_results(out)
        name = median_patient(results, {score.patient for score in results.scores})
        if name is None or _holds(out / SCANS_NAME, name):
            return name
        (patient,) = read_patients(source, [int(name.removeprefix("patient"))])
    except BenchError:
        return None
    _write(out / SCANS_NAME, [patient])
    return name


def _holds(path: Path, name: str) -> bool:
    if not path.exists():
        return False
    with h5py.File(path, "r") as file:
        return name in file


def _write(target: Path, patients: Iterable[Patient]) -> None:
    def write(path: Path) -> None:
        with h5py.File(path, "w") as file:
            for patient in patients:
                group = file.create_group(patient.case)
                group.attrs.update(spacing_mm=patient.cine.spacing_mm, group=patient.group)
                group.create_dataset("image", data=_in_8_bits(patient), compression="gzip")
                group.create_dataset("truth", data=patient.truth, compression="gzip")

    write_atomically(target, write)


def _in_8_bits(patient: Patient) -> LabelMap:
    volumes = [normalise(patient.cine.volume(t)) for t in range(len(patient.phases))]
    return np.round(np.stack(volumes) * 255).astype(np.uint8)
