"""Systems without training: strokes on one scan in, a mask out; one file each, found by discovery.

A new baseline is a new module in this package with one concrete `Baseline` subclass; its `key` makes it known to the
window's instant preview and to the benchmark. Their libraries are imported when a baseline runs, never before.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from napari_scribbleseg.baselines.base import Baseline, BaselineError, build, segment_cine


def _discover() -> dict[str, type[Baseline]]:
    found: dict[str, type[Baseline]] = {}
    for info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{info.name}")
        for _, cls in inspect.getmembers(module, inspect.isclass):
            if issubclass(cls, Baseline) and not inspect.isabstract(cls) and cls.__module__ == module.__name__:
                found[cls.key] = cls
    return dict(sorted(found.items()))


BASELINES: Mapping[str, type[Baseline]] = MappingProxyType(_discover())


def build_baseline(key: str, options: Mapping[str, Any] | None = None) -> Baseline:
    """Build a baseline.

    Parameters
    ----------
    key : a key of `BASELINES`
    options : values by the names of the baseline's `Options`

    Raises
    ------
    BaselineError
        For an unknown baseline or option, or a value out of range.
    """
    if key not in BASELINES:
        raise BaselineError(f"There is no baseline {key!r}; known are {', '.join(BASELINES)}.")
    return build(BASELINES[key], options or {})


__all__ = ["BASELINES", "Baseline", "BaselineError", "build_baseline", "segment_cine"]
