"""Segmenting scans with what was learned."""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_scribbleseg.api.model import Model
from napari_scribbleseg.api.provenance import Provenance, describe_weights, save_mask_and_note
from napari_scribbleseg.api.recipes import all_cores
from napari_scribbleseg.labels import LabelMap
from napari_scribbleseg.types import Cine

if TYPE_CHECKING:
    from napari_scribbleseg.data import SampleStore
    from napari_scribbleseg.engine.postprocess import PostProcessing


def predict(
    model: Model,
    cine: Cine,
    *,
    largest_component: bool = False,
    post: PostProcessing | None = None,
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
    post : what to put right in the mask afterwards; by default nothing
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
    from napari_scribbleseg.engine.inference import centre_window, segment
    from napari_scribbleseg.engine.postprocess import keep_largest_component, postprocess
    from napari_scribbleseg.engine.weights import build_trained

    use_threads(threads or all_cores())
    where = resolve_device(device)
    method, settings = build_trained(model.tensors, model.meta, where)
    store = SampleStore(settings.resolution)
    store.add(cine)
    if not _find_again(model, store, cine.case):
        centre_window(method, store, cine.case, where)
    mask = segment(method, store, cine.case, where, progress or (lambda done, total: None))
    if largest_component:
        mask = keep_largest_component(mask)
    return postprocess(mask, cine.spacing_mm, post, image=cine.volume) if post is not None else mask


@dataclass(frozen=True)
class SegmentedFile:
    """A scan's mask on the disk, and the JSON file beside it that says how it came to be."""

    scan: Path
    mask: Path
    note: Path


def predict_file(
    model: Model,
    scan: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    largest_component: bool = False,
    post: PostProcessing | None = None,
    device: str = "auto",
    threads: int = 0,
    progress: Callable[[int, int], None] | None = None,
    weights: Mapping[str, Any] | None = None,
) -> SegmentedFile:
    """Segment the scan of a file; write its mask, named like it plus `_seg.nii.gz`, and the JSON that belongs to it.

    A whole folder is this for each of `io.find_scans`. What `progress` raises ends the work and comes out, before
    anything is written.

    Parameters
    ----------
    model : Model
    scan : `.nii`, `.nii.gz` or `.h5`
    out : an existing folder; a mask that is there already is replaced
    largest_component, post, device, threads, progress : as for :func:`predict`
    weights : what `describe_weights` says of the model, where it is known already

    Raises
    ------
    ScanError
        Where the scan cannot be read, or the mask cannot be written.
    WeightsError, DeviceError
        As for :func:`predict`.
    """
    from napari_scribbleseg.io import load_cine
    from napari_scribbleseg.io.names import file_stem

    path, began_s = Path(scan), time.monotonic()
    cine = load_cine(path)
    mask = predict(
        model,
        cine,
        largest_component=largest_component,
        post=post,
        device=device,
        threads=threads,
        progress=progress,
    )
    provenance = Provenance(
        weights or describe_weights(model),
        predict_s=time.monotonic() - began_s,
        post=_told(post, largest_component),
    )
    target = Path(out) / f"{file_stem(path)}_seg.nii.gz"
    return SegmentedFile(path, target, save_mask_and_note(target, mask, cine, provenance))


def _told(post: PostProcessing | None, largest_component: bool) -> dict[str, bool] | None:
    if post is None and not largest_component:
        return None
    return {**(dataclasses.asdict(post) if post else {}), "largest_component": largest_component}


def _find_again(model: Model, store: SampleStore, case: str) -> bool:
    """Put the window where training had it; False for a scan that was not trained on."""
    window = model.meta.get("windows", {}).get(case)
    canvas = list(store.grid(case).canvas)
    if window is None or model.meta.get("canvases", {}).get(case, canvas) != canvas:
        return False
    store.put_window(case, window)
    return True
