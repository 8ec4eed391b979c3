"""`napari-scribbleseg convert`: a DICOM series as one NIfTI file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from napari_scribbleseg.cli import output
from napari_scribbleseg.cli.arguments import Json
from napari_scribbleseg.cli.targets import TargetError, require_file_target

if TYPE_CHECKING:
    from napari_scribbleseg.types import Cine


def convert(source: Path, target: Path, /, *, series: str = "", json: Json = False) -> int:
    """Write a DICOM series as NIfTI: one 4D cine (x, y, z, time) with its true place in the body.

    Slices are ordered by where they lie, phases by their trigger times; what is missing or doubled is said. No name
    and no identifier of a patient goes into the file.

    Parameters
    ----------
    source
        Folder of the series, or one of its files.
    target
        OUT.nii.gz or OUT.nii; replaced if it exists.
    series
        Number or UID of the series, where the folder holds several; `info FOLDER` lists them.
    """
    from napari_scribbleseg.io import save_cine
    from napari_scribbleseg.io.names import is_nifti

    if not is_nifti(target):
        raise TargetError(f"{target.name} does not end in .nii or .nii.gz; choose a name that does.")
    require_file_target(target)
    cine = load_source(source, series)
    warnings = tell_warnings(cine.header)
    save_cine(target, cine)
    if json:
        output.print_json(
            {
                "written": str(target),
                "shape_tzyx": list(cine.shape),
                "spacing_mm_zyx": [round(float(mm), 4) for mm in cine.spacing_mm],
                "frame_ms": cine.frame_ms,
                "case": cine.case,
                "warnings": warnings,
            }
        )
    else:
        output.say(str(target))
    return output.OK


def load_source(source: Path, series: str) -> Cine:
    """Load a scan, or one series of a folder where one is named.

    Raises
    ------
    ScanError
        Where it cannot be read, or a series is named of what is no folder.
    """
    from napari_scribbleseg.io import load_cine
    from napari_scribbleseg.io.dicom import load_series

    return load_series(source, series) if series else load_cine(source)


def tell_warnings(header: object) -> list[str]:
    """Say on stderr what was odd in a DICOM series, and return it."""
    warnings = list(getattr(header, "warnings", ()))
    for sentence in warnings:
        output.remark(sentence)
    return warnings
