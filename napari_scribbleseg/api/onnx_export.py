"""Weights as an ONNX file, for other programs: one network from a window of a slice to class probabilities."""

from __future__ import annotations

import json
import logging
import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import napari_scribbleseg
from napari_scribbleseg.api.model import Model
from napari_scribbleseg.api.provenance import values_sha256
from napari_scribbleseg.atomic import write_atomically
from napari_scribbleseg.labels import CLASS_NAMES

if TYPE_CHECKING:
    from torch import nn

    from napari_scribbleseg.methods import Method

OPSET = 18
INPUT, OUTPUT = "image", "probabilities"
TOLERANCE = 1e-4
_CHECKED_BATCH = 3


class OnnxError(RuntimeError):
    """Weights cannot become an ONNX file; the text is one sentence."""


@dataclass(frozen=True)
class OnnxFile:
    """An ONNX file that was written.

    Attributes
    ----------
    path : Path
    difference : float or None
        Largest difference of a probability between ONNX Runtime and torch on noise; None where ONNX Runtime is not
        installed and nothing was compared.
    """

    path: Path
    difference: float | None


def export_onnx(model: Model, path: str | os.PathLike[str]) -> OnnxFile:
    """Write what predicts (for DMPLS the encoder and the main decoder) with its softmax as ONNX.

    Input `image`, float32 `(batch, 1, side, side)` in [0, 1] as `data.intensity.normalise` makes it, the window of the
    working grid; output `probabilities`, float32 `(batch, 4, side, side)`: background, RV, Myo, LV. The batch is of any
    size. The file's metadata says grid, classes, licence and the hash of the weights.

    Parameters
    ----------
    model : Model
    path : file to write, atomically

    Raises
    ------
    OnnxError
        Where the extra `onnx` is not installed, the exporter refuses, or the file computes something else.
    WeightsError
        Where the model does not fit a method of this version.
    OSError
        Where the target cannot be written.
    """
    import torch

    from napari_scribbleseg.data.grid import PROTOCOL_SIZE, ROI_SIZE
    from napari_scribbleseg.engine.weights import build_trained

    _require_exporter()
    method, settings = build_trained(model.tensors, model.meta, torch.device("cpu"))
    side = PROTOCOL_SIZE if settings.resolution == "protocol" else ROI_SIZE
    content = _serialise(_predictor(method), side, _metadata(model, side))
    difference = _difference(content, method, side)
    if difference is not None and not difference < TOLERANCE:
        raise OnnxError(f"The ONNX file would differ from the weights by {difference:.1e}, so it was not written.")
    write_atomically(path, content)
    return OnnxFile(Path(path), difference)


def _predictor(method: Method) -> nn.Module:
    """Return a module whose `forward` is what the method predicts."""
    from torch import Tensor, nn

    class Predictor(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.method = method

        def forward(self, image: Tensor) -> Tensor:
            return self.method.predict(image)

    return Predictor().eval()


def _require_exporter() -> None:
    try:
        import onnx  # noqa: F401
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise OnnxError(
            f'ONNX files need further libraries ({error}); `pip install "napari-scribbleseg[onnx]"` brings them.'
        ) from error


def _serialise(predictor: nn.Module, side: int, metadata: Mapping[str, str]) -> bytes:
    import torch

    example = torch.zeros(2, 1, side, side)
    try:
        with _quietly():
            program = torch.onnx.export(
                predictor,
                (example,),
                dynamo=True,
                input_names=[INPUT],
                output_names=[OUTPUT],
                dynamic_shapes=({0: torch.export.Dim("batch")},),
                opset_version=OPSET,
                verbose=False,
            )
    except Exception as error:
        raise OnnxError(f"These weights cannot become ONNX: {str(error).splitlines()[0]}") from error
    assert program is not None  # what a call without a file name returns
    proto = program.model_proto
    for key, value in metadata.items():
        entry = proto.metadata_props.add()
        entry.key, entry.value = key, value
    content: bytes = proto.SerializeToString()
    return content


@contextmanager
def _quietly() -> Iterator[None]:
    """Keep torch's exporter from talking: about libraries that are not needed, and about its own deprecations."""
    logger = logging.getLogger("torch.onnx")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(before)


def _metadata(model: Model, side: int) -> dict[str, str]:
    from napari_scribbleseg.data.grid import ROI_SPACING_MM

    settings, meta = model.settings, model.meta
    told: dict[str, Any] = {
        "app_version": napari_scribbleseg.__version__,
        "name": meta.get("name"),
        "weights_sha256": values_sha256(model.tensors),
        "licence": meta.get("licence"),
        "attribution": meta.get("attribution"),
        "method": settings.method,
        "resolution": settings.resolution,
        "spacing_mm": ROI_SPACING_MM if settings.resolution == "roi" else None,
        "window_px": side,
        "classes": ["background", *CLASS_NAMES.values()],
        "notice": "Research use only; not a medical device.",
    }
    as_text = {key: value if isinstance(value, str) else json.dumps(value) for key, value in told.items()}
    return {f"scribbleseg.{key}": text for key, text in as_text.items() if told[key] is not None}


def _difference(content: bytes, method: Method, side: int) -> float | None:
    """Return the largest difference between the file and the weights on noise; None without ONNX Runtime."""
    try:
        import onnxruntime
    except ImportError:
        return None
    import torch

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    image = np.random.default_rng(0).random((_CHECKED_BATCH, 1, side, side), np.float32)
    with torch.inference_mode():
        ours = method.predict(torch.from_numpy(image)).numpy()
    return float(np.abs(session.run(None, {INPUT: image})[0] - ours).max())
