"""Patients compared by hand, without weights."""

from __future__ import annotations

from typing import Any

from napari_scribbleseg.bench.function.indices import INDICES, Compared

HEADER: dict[str, Any] = {
    "patients": [5, 10, 25],
    "weights": {"name": None, "sha256": "0123456789abcdef", "method": "dmpls", "resolution": "roi", "step": 9},
    "shipped": False,
    "post": True,
    "machine": {"processor": "a CPU", "cores": 2, "system": "a system"},
    "versions": {"torch": "2.13"},
}


def make_row(patient: int, group: str, off: float, base: float = 100.0, **changes: Any) -> Compared:
    """Return a patient all of whose indices are `base` in truth and `off` more in ours, unless changed by key."""
    truth = {index.key: base for index in INDICES}
    ours = {name: value + off for name, value in truth.items()} | changes
    return Compared(patient, group, ours, truth, ("few_slices",) if off > 5 else (), 1.5)


def make_rows() -> list[Compared]:
    return [make_row(5, "DCM", -2.0, 50.0), make_row(10, "DCM", 1.0, 60.0), make_row(25, "HCM", 7.0, 40.0)]
