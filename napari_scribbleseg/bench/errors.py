"""The one error of the benchmark."""

from __future__ import annotations


class BenchError(ValueError):
    """A benchmark cannot be run or reported as asked; the message is one sentence for a person."""
