"""The masks of a cell's test scans: by the network that it trained, or by a baseline from their own scribbles."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from napari_scribbleseg.bench.cells import Cell
from napari_scribbleseg.bench.patients import Patient, require_whole_slices
from napari_scribbleseg.data import SampleStore
from napari_scribbleseg.engine.device import move
from napari_scribbleseg.engine.engine import Engine
from napari_scribbleseg.engine.inference import segment
from napari_scribbleseg.labels import LabelMap
from napari_scribbleseg.methods import Method, build_method

Segment = Callable[[Patient], LabelMap]
"""From a patient to a mask, uint8 (t, z, y, x), training codes."""


def network_segments(cell: Cell, engine: Engine, store: SampleStore) -> Mapping[str, Segment]:
    """Return how to predict each row of the tables that a training fills: its own, and other readouts of its weights.

    Parameters
    ----------
    store : SampleStore
        Holds the test scans.
    """
    methods = {cell.row.key: engine.predictor}
    for row in cell.readouts:
        methods[row.key] = _read_out(cell, engine, row.options)
    return {key: _predict_with(method, store, engine) for key, method in methods.items()}


def _read_out(cell: Cell, engine: Engine, options: Mapping[str, object]) -> Method:
    method = build_method(cell.settings.method, {**cell.settings.options, **options})
    method.load_state_dict(engine.predictor.state_dict())
    move(method, engine.device)
    return method.eval()


def _predict_with(method: Method, store: SampleStore, engine: Engine) -> Segment:
    return lambda patient: segment(method, store, patient.case, engine.device)


def baseline_segments(cell: Cell) -> Mapping[str, Segment]:
    """Return how a classical baseline segments: each phase from its own scribbles, on the native grid.

    Raises
    ------
    BenchError
        When it is asked for a patient from a pack that kept too little.
    """
    from napari_scribbleseg.baselines import build_baseline

    baseline = build_baseline(cell.row.method, cell.settings.options)

    def run(patient: Patient) -> LabelMap:
        require_whole_slices([patient], "A system without training")
        cine = patient.cine
        volumes = [baseline.segment(cine.volume(t), s, cine.spacing_mm) for t, s in enumerate(patient.scribbles)]
        return np.stack(volumes).astype(np.uint8)

    return {cell.row.key: run}
