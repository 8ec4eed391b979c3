"""Segmenting patients without a stroke, and measuring what comes out beside the truth."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from napari_scribbleseg.bench.errors import BenchError
from napari_scribbleseg.bench.function.indices import Compared, pick_indices
from napari_scribbleseg.bench.function.request import FunctionRequest
from napari_scribbleseg.bench.machine import describe_machine, describe_versions
from napari_scribbleseg.bench.patients import Patient, read_patients, require_whole_slices
from napari_scribbleseg.cardiac import Choices, measure_heart

if TYPE_CHECKING:
    from napari_scribbleseg.api.model import Model
    from napari_scribbleseg.labels import LabelMap

ED_AND_ES = Choices(ed=0, es=1, source="Info.cfg")
"""A patient of the benchmark has two phases, ED first."""

Progress = Callable[[int, int, str], None]
"""Takes the number of patients done, of all, and the name of the one at hand."""


def run_function(
    request: FunctionRequest, progress: Progress = lambda done, total, name: None
) -> tuple[dict[str, Any], list[Compared]]:
    """Segment and measure all patients of a request.

    Returns
    -------
    What was done with what, as JSON, and a row for each patient.

    Raises
    ------
    BenchError
        When a patient is missing, damaged or has no mask.
    WeightsError, DeviceError
        Where the weights or the device do not do.
    """
    from napari_scribbleseg.api.provenance import describe_weights
    from napari_scribbleseg.api.shipped import locate_weights

    numbers = request.numbers()
    located = locate_weights(request.weights)
    model = located.load()
    patients = read_patients(request.acdc, numbers)
    require_whole_slices(patients, "bench function")
    without_mask = [patient.case for patient in patients if patient.truth is None]
    if without_mask:
        raise BenchError(f"{without_mask[0]} has no mask to compare with; leave it out.")
    rows = []
    for done, patient in enumerate(patients):
        progress(done, len(patients), patient.case)
        rows.append(compare_patient(patient, model, request))
    progress(len(patients), len(patients), "")
    weights = describe_weights(model)
    header = {
        "patients": [row.patient for row in rows],
        "weights": {name: weights[name] for name in ("name", "sha256", "method", "resolution", "step")},
        "shipped": located.origin == "shipped",
        "post": not request.no_post,
        "machine": describe_machine(),
        "versions": describe_versions(),
    }
    return header, rows


def compare_patient(patient: Patient, model: Model, request: FunctionRequest) -> Compared:
    """Segment one patient who has a mask, and measure both masks at the phases that Info.cfg names."""
    assert patient.truth is not None
    began_s = time.perf_counter()
    mask = _predict(patient, model, request)
    seconds = time.perf_counter() - began_s
    spacing_mm = patient.cine.spacing_mm
    measured = measure_heart(mask, spacing_mm, ED_AND_ES)
    return Compared(
        patient=patient.number,
        group=patient.group,
        ours=pick_indices(measured),
        truth=pick_indices(measure_heart(patient.truth, spacing_mm, ED_AND_ES)),
        flags=tuple(flag.code for flag in measured.flags),
        seconds=seconds,
    )


def _predict(patient: Patient, model: Model, request: FunctionRequest) -> LabelMap:
    from napari_scribbleseg.api.prediction import predict
    from napari_scribbleseg.engine.postprocess import PostProcessing

    post = None if request.no_post else PostProcessing()
    return predict(model, patient.cine, post=post, device=request.device, threads=request.threads)
