"""Scribble-supervised cardiac cine-MRI segmentation. Research use, not a medical device.

The public functions come from their floors when they are first asked for, so that importing the package is instant
and loads neither torch nor nibabel::

    cine = load_cine("scan.nii.gz")
    model = fit(cine, "scan_scribble.nii.gz")
    mask = predict(model, cine)
    save_mask("masks/scan_seg.nii.gz", mask, cine)
    print(evaluate("masks", "truth").overall)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari_scribbleseg.api import Model, fit, predict
    from napari_scribbleseg.io import load_cine, save_mask
    from napari_scribbleseg.metrics import evaluate

__version__ = "0.1.0"

__all__ = ["Model", "__version__", "evaluate", "fit", "load_cine", "predict", "save_mask"]

_HOMES = {"Model": "api", "evaluate": "metrics", "fit": "api", "load_cine": "io", "predict": "api", "save_mask": "io"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
