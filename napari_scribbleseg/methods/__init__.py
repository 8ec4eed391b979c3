"""Training methods, one file each, found by discovery.

A new method is a new module in this package with one concrete `Method` subclass; its `key` makes it known to the
command line, the widget's list and the contract test.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from napari_scribbleseg.methods.base import MapKind, Method, MethodError, Objective, Supervision
from napari_scribbleseg.nets import NETWORKS


def _discover() -> dict[str, type[Method]]:
    found: dict[str, type[Method]] = {}
    for info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{info.name}")
        for _, cls in inspect.getmembers(module, inspect.isclass):
            if issubclass(cls, Method) and not inspect.isabstract(cls) and cls.__module__ == module.__name__:
                found[cls.key] = cls
    return dict(sorted(found.items()))


METHODS: Mapping[str, type[Method]] = MappingProxyType(_discover())


def build_method(key: str, options: Mapping[str, Any] | None = None) -> Method:
    """Build a method with a freshly initialised network.

    Parameters
    ----------
    key : a key of `METHODS`
    options : values by the names of the method's `Options`

    Raises
    ------
    MethodError
        For an unknown method or option.
    """
    if key not in METHODS:
        raise MethodError(f"There is no method {key!r}; known are {', '.join(METHODS)}.")
    cls = METHODS[key]
    try:
        chosen = cls.Options(**(options or {}))
    except TypeError as error:
        raise MethodError(f"The method {key!r} does not take these options: {error}") from error
    return cls(NETWORKS[cls.network](), chosen)


__all__ = ["METHODS", "MapKind", "Method", "MethodError", "Objective", "Supervision", "build_method"]
