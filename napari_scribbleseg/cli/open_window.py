"""`napari-scribbleseg open`: the window with scans in it."""

from __future__ import annotations

from pathlib import Path

from napari_scribbleseg.cli import output


def open_scans(*scans: Path) -> int:
    """Open the napari window with scans, ready to draw and train.

    Parameters
    ----------
    scans
        NIfTI scans, 3D or 4D, or folders of a DICOM series; without any, the window opens empty.
    """
    from napari_scribbleseg.app.window import launch
    from napari_scribbleseg.io import load_cine

    for scan in scans:
        load_cine(scan)  # a bad one is told here, before a window is up
    launch(scans)
    return output.OK
