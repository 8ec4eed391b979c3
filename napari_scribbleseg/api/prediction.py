"""Segmenting scans with what was learned."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from napari_scribbleseg.api.model import Model
from napari_scribbleseg.api.recipes import all_cores
from napari_scribbleseg.labels import LabelMap
from napari_scribbleseg.types import Cine

if TYPE_CHECKING:
    from napari_scribbleseg.data import SampleStore


def predict(
    model: Model,
    cine: Cine,
    *,
    largest_component: bool = False,
    device: str = "auto",
    threads: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> LabelMap:
    """Segment a scan, every phase of it.

    Parameters
    ----------
    model : Model
    cine : the scan
    largest_component : keep only the largest 3D part of each class in each phase
    device : "auto" or a torch device
    threads : torch threads on the CPU; 0 takes all cores
    progress : called with the number of slices done, and of all

    Returns
    -------
    uint8 `(t, z, y, x)`: 0 BG, 1 RV, 2 Myo, 3 LV.

    Raises
    ------
    WeightsError
        Where the model does not fit a method of this version.
    DeviceError
        Where the device is not there.
    """
    from napari_scribbleseg.data import SampleStore
    from napari_scribbleseg.engine.device import resolve_device, use_threads
    from napari_scribbleseg.engine.inference import centre_window, keep_largest_component, segment
    from napari_scribbleseg.engine.weights import build_trained

    use_threads(threads or all_cores())
    where = resolve_device(device)
    method, settings = build_trained(model.tensors, model.meta, where)
    store = SampleStore(settings.resolution)
    store.add(cine)
    if not _find_again(model, store, cine.case):
        centre_window(method, store, cine.case, where)
    mask = segment(method, store, cine.case, where, progress or (lambda done, total: None))
    return keep_largest_component(mask) if largest_component else mask


def _find_again(model: Model, store: SampleStore, case: str) -> bool:
    """Put the window where training had it; False for a scan that was not trained on."""
    window = model.meta.get("windows", {}).get(case)
    canvas = list(store.grid(case).canvas)
    if window is None or model.meta.get("canvases", {}).get(case, canvas) != canvas:
        return False
    store.put_window(case, window)
    return True
