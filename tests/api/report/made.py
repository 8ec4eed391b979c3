"""A heart with a measurement made by hand, so that every number on a page is known."""

from __future__ import annotations

import math
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_scribbleseg.api.report.origin import describe_origin
from napari_scribbleseg.cardiac.measurement import (
    Body,
    BullsEye,
    Flag,
    Measurement,
    Phases,
    Ventricle,
    VolumeCurves,
)
from tests.synthetic import make_cine, make_truth

N_T, N_Z = 8, 6
WEIGHTS = {"name": "acdc_roi", "sha256": "1f2e3d4c5b6a" * 5 + "7788", "settings": {"lr": 1}, "licence": "CC"}
ORIGIN = describe_origin("prediction", weights=WEIGHTS, post={"largest": True, "holes": False, "ring": True})
LV = Ventricle(130.4, 52.2, 78.2, 59.97, 67.6, 27.1, 40.5, 5.24, 2.72)
RV = Ventricle(140.0, 63.0, 77.0, 55.0, 72.6, 32.7, 39.9, 5.16, 2.68)
CURVE = (130.4, 110.0, 80.0, 52.2, 60.0, 90.0, 110.0, 125.0)
FLAGS = (
    Flag("touches_border", "The mask reaches the border of the image in slice 2 at ES.", "warning"),
    Flag("base_cut", "At ED, LV reaches the last slice at the base.", "note"),
)
METHODS = (
    "Volumes are sums over slices: pixels × pixel area × distance from slice to slice.",
    "EF = 100 · (EDV − ESV) / EDV.",
    "Papillary muscles belong to the cavity, as in ACDC.",
)


def make_eye(**changes) -> BullsEye:
    nan = math.nan
    eye = BullsEye(
        ed_mm=(*(6.0 + 0.25 * i for i in range(16)), nan),
        es_mm=(*(10.0 + 0.4 * i for i in range(15)), nan, nan),
        thickening_percent=(*(40.0 + i for i in range(14)), -22.0, nan, nan),
        levels=((0, "basal"), (1, "basal"), (2, "mid"), (3, "mid"), (4, "apical"), (5, "apical")),
    )
    return replace(eye, **changes)


def make_measurement(**changes) -> Measurement:
    curve = np.array(CURVE)
    found = Measurement(
        curves=VolumeCurves(curve * 1.05, np.full(N_T, 120.0), curve, 40.0),
        phases=Phases(0, 3),
        lv=LV,
        rv=RV,
        lv_mass_g=126.0,
        lv_mass_g_per_m2=65.3,
        heart_rate_bpm=67.0,
        body=Body(178.0, 75.0),
        bulls_eye=make_eye(),
        flags=FLAGS,
        slices=tuple((t, z, (t, z) != (3, 0)) for t in (0, 3) for z in range(N_Z)),
        conventions=METHODS,
    )
    return replace(found, **changes)


def make_scan(**changes):
    """Return a cine and its mask."""
    cine = make_cine("scan-0a1b2c", n_t=N_T, n_z=N_Z)
    return replace(cine, title="MUSTERMANN_cine", **changes), make_truth(N_T, N_Z)


def read_pdf(path: Path) -> str:
    """Return the text of a PDF as poppler, another reader, finds it."""
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler-utils) is not installed")
    done = subprocess.run(["pdftotext", "-raw", str(path), "-"], capture_output=True, check=True, timeout=60)
    return " ".join(done.stdout.decode().split())
