"""Writes the sample; the same arrays give the same bytes."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import numpy.typing as npt

from phantom.geometry import FRAME_S, PIXEL_MM, SLICE_STEP_MM, world_affine
from phantom.motion import ED_PHASE, ES_PHASE


def save_nifti(path: Path, data: npt.NDArray[np.uint8], intent: str) -> None:
    """Write a uint8 array (t, z, y, x) as gzipped NIfTI-1 in axis order (x, y, z, t), with qform and sform."""
    image = nib.Nifti1Image(np.ascontiguousarray(data.transpose(3, 2, 1, 0)), world_affine())
    header = image.header
    header.set_data_dtype(np.uint8)
    header.set_xyzt_units("mm", "sec")
    image.set_qform(world_affine(), code="scanner")
    image.set_sform(world_affine(), code="scanner")
    header["pixdim"][1:5] = (PIXEL_MM, PIXEL_MM, SLICE_STEP_MM, FRAME_S)
    header["descrip"] = f"synthetic short-axis cine, {intent}, CC0".encode()
    path.write_bytes(gzip.compress(image.to_bytes(), compresslevel=9, mtime=0))


def save_json(path: Path, value: Any) -> None:
    """Write JSON with a stroke or an entry a line."""
    if isinstance(value, list):
        text = "[\n" + ",\n".join(json.dumps(item) for item in value) + "\n]\n"
    else:
        text = json.dumps(value, indent=2) + "\n"
    path.write_text(text, encoding="utf-8")


def summarise(truth: npt.NDArray[np.uint8]) -> dict[str, Any]:
    """Return volumes, ejection fractions and mass of a truth map (t, z, y, x), by counting voxels."""
    voxel_ml = PIXEL_MM**2 * SLICE_STEP_MM / 1000.0
    summary: dict[str, Any] = {"ed_phase": ED_PHASE, "es_phase": ES_PHASE, "frame_ms": FRAME_S * 1000.0}
    for label, name in ((3, "lv"), (1, "rv")):
        curve = (truth == label).sum(axis=(1, 2, 3)) * voxel_ml
        summary[name] = {
            "edv_ml": round(float(curve[ED_PHASE]), 1),
            "esv_ml": round(float(curve[ES_PHASE]), 1),
            "ef_percent": round(float(100 * (1 - curve[ES_PHASE] / curve[ED_PHASE])), 1),
            "volumes_ml": [round(float(v), 1) for v in curve],
        }
    summary["myo_mass_ed_g"] = round(float((truth[ED_PHASE] == 2).sum() * voxel_ml * 1.05), 1)
    return summary
