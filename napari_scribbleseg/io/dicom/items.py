"""Small pieces that DICOM objects are made of. pydicom is loaded by the functions that need it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def decimals(values: Sequence[float]) -> list[str]:
    """Return numbers as DICOM writes them in decimal strings of at most 16 characters."""
    from pydicom.valuerep import format_number_as_ds

    return [format_number_as_ds(float(value)) for value in values]


def code_items(value: str, scheme: str, meaning: str) -> Any:
    """Return a sequence of one code."""
    return items([{"CodeValue": value, "CodingSchemeDesignator": scheme, "CodeMeaning": meaning}])


def items(values: Iterable[Mapping[str, Any]]) -> Any:
    """Return a sequence of items, each from the names and values of its elements."""
    from pydicom.sequence import Sequence as DicomSequence

    return DicomSequence(item(value) for value in values)


def item(values: Mapping[str, Any]) -> Any:
    """Return a dataset with these elements."""
    from pydicom.dataset import Dataset

    made = Dataset()
    for name, value in values.items():
        setattr(made, name, value)
    return made
