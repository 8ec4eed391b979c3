"""Scans, scribbles and masks on the disk."""

from __future__ import annotations

from napari_scribbleseg.atomic import write_atomically
from napari_scribbleseg.io.discovery import find_scans
from napari_scribbleseg.io.errors import ScanError
from napari_scribbleseg.io.export import save_cine, save_mask, save_scribbles
from napari_scribbleseg.io.fingerprint import fingerprint
from napari_scribbleseg.io.nifti import load_labels
from napari_scribbleseg.io.scans import load_cine, load_mask

__all__ = [
    "ScanError",
    "find_scans",
    "fingerprint",
    "load_cine",
    "load_labels",
    "load_mask",
    "save_cine",
    "save_mask",
    "save_scribbles",
    "write_atomically",
]
