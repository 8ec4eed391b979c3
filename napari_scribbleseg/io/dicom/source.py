"""What a scan keeps of the DICOM series that it came from, so that a mask can refer to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class FrameRef:
    """The image behind a slice: its file, its identifiers, and its number in a multi-frame file (from 1) or None.

    Attributes
    ----------
    position_mm : (x, y, z) of the centre of the first pixel, LPS
    """

    path: Path = field(repr=False)
    sop_uid: str = field(repr=False)
    sop_class: str
    series_uid: str = field(repr=False)
    number: int | None
    position_mm: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class DicomSource:
    """The `header` of a scan that was read from DICOM; it lives in memory alone and never goes into a session.

    Attributes
    ----------
    frames : tuple over t of tuples over z of FrameRef or None
        The image behind each slice; None where the series lacks it and the slice is black.
    study_uid, series_uid, reference_uid : str
        Study, (first) series and frame of reference.
    orientation : direction cosines of a row, then of a column, LPS
    spacing_mm : between rows, between columns
    thickness_mm : float
        From slice to slice.
    series_number : int or None
    heart_rate_bpm : float or None
        From the time between R waves, else as the scanner states it.
    height_cm, weight_kg : float or None
        Of the patient, where they are plausible.
    warnings : tuple of str
        A sentence for each thing that was odd in the series.
    """

    frames: tuple[tuple[FrameRef | None, ...], ...] = field(repr=False)
    study_uid: str = field(repr=False)
    series_uid: str = field(repr=False)
    reference_uid: str = field(repr=False)
    orientation: tuple[float, ...]
    spacing_mm: tuple[float, ...]
    thickness_mm: float
    series_number: int | None = None
    heart_rate_bpm: float | None = None
    height_cm: float | None = field(default=None, repr=False)
    weight_kg: float | None = field(default=None, repr=False)
    warnings: tuple[str, ...] = ()

    def refs(self) -> list[FrameRef]:
        """Return the images behind all slices, phase by phase."""
        return [ref for phase in self.frames for ref in phase if ref is not None]

    @property
    def paths(self) -> list[Path]:
        """Return the files, each once."""
        return list(dict.fromkeys(ref.path for ref in self.refs()))
