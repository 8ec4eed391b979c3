"""The one error of measuring."""

from __future__ import annotations


class MeasurementError(ValueError):
    """A heart cannot be measured as asked; the message is one sentence for a person."""
