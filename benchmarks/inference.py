"""Time to segment a cine on the CPU: ours, against plain torch and other runtimes, in turns of one run.

    python benchmarks/inference.py [--phases 25] [--slices 10] [--threads 0] [--turns 5] [--weights FILE] [--clock wall]

The plain version is the same network in torch's default layout, its batch norms as layers of their own, and every whole
slice interpolated back. `first_frame` is all that lies between a scan in memory and the clean mask of its first phase.
ONNX Runtime and OpenVINO are timed where they are installed. Times are the best and the median of the turns. On a busy
machine take one thread and `--clock cpu`, which counts only while this process has a core.
"""

from __future__ import annotations

import argparse
import importlib.util
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from flop_limit import CLOCKS, Clock, count_gflop, measure_gflop_per_s
from record import median, write_result
from sample import load_sample
from scipy import ndimage
from torch.nn import functional

from napari_scribbleseg.api import Model
from napari_scribbleseg.data import SampleStore
from napari_scribbleseg.data.grid import Grid
from napari_scribbleseg.engine.inference import BATCH, centre_window, predict_slices, segment
from napari_scribbleseg.engine.postprocess import postprocess
from napari_scribbleseg.engine.weights import build_trained
from napari_scribbleseg.methods import Method, build_method
from napari_scribbleseg.settings import TrainSettings
from napari_scribbleseg.types import Cine, FrameKey

CASE = "cine"
SIDE = 224
SPACING_MM = (8.0, 1.5, 1.5)
CPU = torch.device("cpu")
Probabilities = Callable[[torch.Tensor], torch.Tensor]


def make_cine(n_t: int, n_z: int) -> Cine:
    """Return the built-in sample with as many phases and slices, in pixels of a usual scanner."""
    sample = load_sample().data
    phases, slices = (
        np.linspace(0, n - 1, m).round().astype(int) for n, m in zip(sample.shape, (n_t, n_z), strict=False)
    )
    chosen = np.asarray(sample, np.float32)[phases][:, slices]
    zoom = (1, 1, *(SIDE / n for n in chosen.shape[2:]))
    return Cine(CASE, ndimage.zoom(chosen, zoom, order=1), SPACING_MM)


def segment_plainly(method: Method, store: SampleStore, probabilities: Probabilities | None = None) -> np.ndarray:
    """Segment a cine as one would first write it; the probabilities may come from another runtime."""
    grid, keys = store.grid(CASE), store.cine(CASE).keys()
    mask = np.zeros(store.cine(CASE).shape, np.uint8)
    with torch.no_grad():
        for batch in _batches(keys):
            windows = torch.from_numpy(np.stack([grid.crop(store.canvas(key), 0) for key in batch]))[:, None]
            answer = (probabilities or method.predict)(windows)
            labels = functional.interpolate(_on_canvas(grid, answer), grid.native, mode="bilinear").max(1).indices
            for key, plane in zip(batch, labels.to(torch.uint8).numpy(), strict=True):
                mask[key.t, key.z] = plane
    return mask


def segment_elsewhere(store: SampleStore, probabilities: Probabilities) -> np.ndarray:
    """Segment a cine by another runtime's network and our way back to the scan."""
    grid, keys = store.grid(CASE), store.cine(CASE).keys()
    mask = np.zeros(store.cine(CASE).shape, np.uint8)
    for batch in _batches(keys):
        windows = torch.from_numpy(np.stack([grid.crop(store.canvas(key), 0) for key in batch]))[:, None]
        labels, _ = grid.to_native(probabilities(windows))
        for key, plane in zip(batch, labels, strict=True):
            mask[key.t, key.z] = plane
    return mask


def _batches(keys: list[FrameKey]) -> Iterator[list[FrameKey]]:
    for start in range(0, len(keys), BATCH):
        yield keys[start : start + BATCH]


def _on_canvas(grid: Grid, window: torch.Tensor) -> torch.Tensor:
    outside = torch.zeros(*window.shape[:2], *grid.canvas)
    outside[:, 0] = 1
    (y0, x0), (height, width) = grid.offset, grid.canvas
    top, left, bottom, right = max(y0, 0), max(x0, 0), min(y0 + grid.size, height), min(x0 + grid.size, width)
    outside[:, :, top:bottom, left:right] = window[:, :, top - y0 : bottom - y0, left - x0 : right - x0]
    return outside


def load_runtimes(model: Model, threads: int) -> dict[str, Probabilities]:
    """Return the network by each other runtime that is installed."""
    if not all(importlib.util.find_spec(name) for name in ("onnx", "onnxscript", "onnxruntime")):
        return {}
    from napari_scribbleseg.api.onnx_export import export_onnx

    with tempfile.TemporaryDirectory() as folder:
        content = export_onnx(model, Path(folder) / "network.onnx").path.read_bytes()
    runtimes = {"onnxruntime": _by_onnxruntime(content, threads)}
    if importlib.util.find_spec("openvino"):
        runtimes["openvino"] = _by_openvino(content, threads)
    return runtimes


def _by_onnxruntime(content: bytes, threads: int) -> Probabilities:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = threads, 3
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda windows: torch.from_numpy(session.run(None, {name: windows.numpy()})[0])


def _by_openvino(content: bytes, threads: int) -> Probabilities:
    import openvino

    core = openvino.Core()
    compiled = core.compile_model(core.read_model(content), "CPU", {"INFERENCE_NUM_THREADS": threads})
    request = compiled.create_infer_request()
    return lambda windows: torch.from_numpy(request.infer({0: windows.numpy()})[0])


def measure_first_frame(method: Method, cine: Cine, clock: Clock) -> dict[str, float]:
    """Return seconds of each part between a scan in memory and the clean mask of its first phase."""
    marks = [clock()]
    store = SampleStore("roi")
    store.add(cine)
    centre_window(method, store, CASE, CPU)
    marks.append(clock())
    keys = [FrameKey(CASE, 0, z) for z in range(cine.shape[1])]
    volume = np.stack([labels for _, labels, _ in predict_slices(method, store, keys, CPU)])
    marks.append(clock())
    postprocess(volume, cine.spacing_mm)
    marks.append(clock())
    found, predicted, cleaned = np.diff(marks).tolist()
    return {"find_heart": found, "predict": predicted, "put_right": cleaned, "all": marks[-1] - marks[0]}


def measure(model: Model | None, n_t: int, n_z: int, threads: int, turns: int, clock: Clock) -> dict[str, Any]:
    """Return all figures: seconds for the cine, ratios, the limit, and the way to the first frame."""
    threads = threads or torch.get_num_threads()
    torch.set_num_threads(threads)
    cine = make_cine(n_t, n_z)
    model = model or untrained()
    ours, _ = build_trained(model.tensors, model.meta, CPU)
    plain = build_trained(model.tensors, model.meta, CPU)[0].to(memory_format=torch.contiguous_format)
    store = SampleStore("roi")
    store.add(cine)
    centre_window(ours, store, CASE, CPU)
    for t in range(n_t):
        store.canvas(FrameKey(CASE, t, 0))
    ways: dict[str, Callable[[], np.ndarray]] = {
        "plain": lambda: segment_plainly(plain, store),
        "ours": lambda: segment(ours, store, CASE, CPU),
    }
    runtimes = load_runtimes(model, threads)
    ways |= {name: lambda p=p: segment_elsewhere(store, p) for name, p in runtimes.items()}
    return {
        **_time_in_turns(ways, turns, clock),
        **_limit(ours, n_t * n_z, clock),
        "first_frame_s": _best_first_frame(ours, cine, turns, clock),
        "cine": {"phases": n_t, "slices": n_z, "pixels": SIDE, "spacing_mm": SPACING_MM},
        "batch": BATCH,
        "threads": threads,
        "turns": turns,
    }


def untrained() -> Model:
    """Return random weights, which take as long as trained ones."""
    settings = TrainSettings(method="dmpls", resolution="roi")
    return Model(dict(build_method("dmpls").state_dict()), {"settings": settings.to_json(), "step": 0, "windows": {}})


def _time_in_turns(ways: dict[str, Callable[[], np.ndarray]], turns: int, clock: Clock) -> dict[str, Any]:
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    masks = {}
    for _ in range(turns):
        for name, way in ways.items():
            start = clock()
            masks[name] = way()
            seconds[name].append(clock() - start)
    best = {name: round(min(values), 3) for name, values in seconds.items()}
    return {
        "cine_s": best,
        "cine_median_s": {name: median(values) for name, values in seconds.items()},
        "ours_faster_than": {name: round(best[name] / best["ours"], 2) for name in ways if name != "ours"},
        "pixels_that_differ_from_plain": {name: int((m != masks["plain"]).sum()) for name, m in masks.items()},
    }


def _limit(method: Method, slices: int, clock: Clock) -> dict[str, Any]:
    rates = measure_gflop_per_s(clock)
    with torch.inference_mode():
        gflop = count_gflop(lambda: method.predict(torch.zeros(1, 1, 128, 128)))
    return {
        "gflop_per_slice": round(gflop, 3),
        "gflop_per_s_of_this_machine": rates,
        "flop_limit_cine_s": round(gflop * slices / max(rates.values()), 3),
    }


def _best_first_frame(method: Method, cine: Cine, turns: int, clock: Clock) -> dict[str, float]:
    runs = [measure_first_frame(method, cine, clock) for _ in range(turns)]
    return {name: round(value, 3) for name, value in min(runs, key=lambda run: run["all"]).items()}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--phases", type=int, default=25)
    parser.add_argument("--slices", type=int, default=10)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--weights")
    parser.add_argument("--clock", choices=CLOCKS, default="wall")
    parser.add_argument("--name", default="inference")
    a = parser.parse_args()
    chosen = Model.load(a.weights) if a.weights else None
    figures = measure(chosen, a.phases, a.slices, a.threads, a.turns, CLOCKS[a.clock])
    write_result(a.name, {**figures, "weights": "trained" if chosen else "random", "clock": a.clock})
