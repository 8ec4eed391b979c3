"""DICOM in: series listed, put in order and read as scans. pydicom is loaded by the functions that need it."""

from __future__ import annotations

from napari_scribbleseg.io.dicom.address import join_address, split_address
from napari_scribbleseg.io.dicom.files import dicom_folders, holds_dicom, is_dicom_file
from napari_scribbleseg.io.dicom.loading import list_series, load_path, load_series
from napari_scribbleseg.io.dicom.series import SeriesSummary
from napari_scribbleseg.io.dicom.source import DicomSource, FrameRef

__all__ = [
    "DicomSource",
    "FrameRef",
    "SeriesSummary",
    "dicom_folders",
    "holds_dicom",
    "is_dicom_file",
    "join_address",
    "list_series",
    "load_path",
    "load_series",
    "split_address",
]
