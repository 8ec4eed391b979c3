"""Volumes, EF and mass of experts' masks: ours against nibabel and a sum, and the time of measuring.

    SCRIBBLESEG_ACDC=… python benchmarks/indices.py [--patients 1-80]

The independent computation reads the files, the zooms of their headers and Info.cfg by itself.
"""

from __future__ import annotations

import argparse
import os
import re
import time
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from record import percentiles, write_result

from napari_scribbleseg.bench.patients import read_patients
from napari_scribbleseg.cardiac import Choices, HeartMeter, measure_heart
from napari_scribbleseg.io import load_cine, load_mask
from napari_scribbleseg.io.acdc import parse_patients
from napari_scribbleseg.resources import sample_path


def compare(folder: Path, patients: str) -> dict[str, Any]:
    """Return the largest differences over all patients."""
    gaps = {"volume_ml": 0.0, "ef_points": 0.0, "mass_g": 0.0}
    numbers = parse_patients(patients)
    phases_found = 0
    for patient in read_patients(folder, numbers):
        assert patient.truth is not None
        wanted = sum_independently(next(folder.rglob(patient.case)))
        measured = measure_heart(patient.truth, patient.cine.spacing_mm, Choices(ed=0, es=1, source="Info.cfg"))
        for name, ventricle in (("lv", measured.lv), ("rv", measured.rv)):
            edv, esv = wanted[name, "ED"], wanted[name, "ES"]
            gap = max(abs(ventricle.edv_ml - edv), abs(ventricle.esv_ml - esv))
            gaps["volume_ml"] = max(gaps["volume_ml"], gap)
            assert ventricle.ef_percent is not None
            gaps["ef_points"] = max(gaps["ef_points"], abs(ventricle.ef_percent - 100 * (edv - esv) / edv))
        gaps["mass_g"] = max(gaps["mass_g"], abs(measured.lv_mass_g - 1.05 * wanted["myo", "ED"]))
        found = measure_heart(patient.truth, patient.cine.spacing_mm).phases
        phases_found += (found.ed, found.es) == (0, 1)
    return {"patients": len(numbers), "largest_difference": gaps, "phases_found_without_info": phases_found}


def sum_independently(folder: Path) -> dict[tuple[str, str], float]:
    """Return mL by class and phase."""
    said = dict(re.findall(r"(\w+): (\S+)", (folder / "Info.cfg").read_text()))
    volumes = {}
    for phase in ("ED", "ES"):
        image = nib.load(folder / f"{folder.name}_frame{int(said[phase]):02d}_gt.nii.gz")
        voxel_ml = float(np.prod(np.asarray(image.header.get_zooms()[:3], np.float64))) / 1000
        for code, name in ((1, "rv"), (2, "myo"), (3, "lv")):
            volumes[name, phase] = float((np.asanyarray(image.dataobj) == code).sum()) * voxel_ml
    return volumes


def time_measuring(repeats: int = 20) -> dict[str, Any]:
    """Return milliseconds of CPU for a cine of 25 × 10 × 224 × 224.

    Counting its pixels, measuring for the first time, and taking in another slice at ED and measuring again.
    """
    cine = load_cine(sample_path("sample_cine.nii.gz"))
    sample = load_mask(sample_path("sample_truth.nii.gz"), cine)
    mask = np.zeros((25, 10, 224, 224), np.uint8)
    mask[:, :, :144, :160] = np.concatenate([sample, sample[:5]])
    times: dict[str, list[float]] = {"count": [], "measure_first": [], "measure_again": []}
    chosen = Choices(ed=0, es=7)
    for _ in range(repeats):
        start = time.process_time()
        meter = HeartMeter(mask, cine.spacing_mm, cine.frame_ms)
        counted = time.process_time()
        meter.measure(chosen)
        measured = time.process_time()
        meter.update(0, 4, mask[1, 4])
        meter.measure(chosen)
        ends = (start, counted, measured, time.process_time())
        for name, begin, end in zip(times, ends[:-1], ends[1:], strict=True):
            times[name].append(1000 * (end - begin))
    return {f"{name}_ms": percentiles(values) for name, values in times.items()}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", default="1-80")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    figures = time_measuring() | compare(Path(os.environ["SCRIBBLESEG_ACDC"]), arguments.patients)
    write_result("indices", figures, arguments.out)
