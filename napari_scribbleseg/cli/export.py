"""`napari-scribbleseg export`: a mask as a DICOM SEG beside the images that it was made on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from napari_scribbleseg.cli import output
from napari_scribbleseg.cli.arguments import FLAG, Json
from napari_scribbleseg.cli.convert import load_source, tell_warnings
from napari_scribbleseg.cli.targets import require_file_target

Algorithm = Literal["automatic", "semiautomatic", "manual"]


def export(
    *,
    dicom_seg: Path,
    source: Path,
    out: Path,
    series: str = "",
    frames: str = "",
    codes: Literal["acdc", "ukbb"] = "acdc",
    made: Algorithm = "semiautomatic",
    anonymise: Annotated[bool, FLAG] = False,
    json: Json = False,
) -> int:
    """Write a NIfTI mask as a DICOM SEG (RV, myocardium, LV) that refers to each image of its series.

    The mask may come from any program: it is placed by what its header says of the body. Patient and study are those of
    the source, so that a PACS files the SEG with them.

    Parameters
    ----------
    dicom_seg
        The mask, .nii or .nii.gz.
    source
        Folder of the DICOM series that it was made on, or one of its files.
    out
        FILE.dcm; replaced if it exists.
    series
        Number or UID of the series, where the folder holds several.
    frames
        Phases to write, counted from 0, such as 0,9; by default all. A mask of fewer phases than the scan holds these.
    codes
        How the mask numbers its classes: acdc (1 RV, 2 Myo, 3 LV) or ukbb (1 LV, 2 Myo, 3 RV).
    made
        How the mask came to be: automatic, semiautomatic (corrected or accepted by a person) or manual.
    anonymise
        Leave out names, identifiers, dates and what else describes the patient; the UIDs of study and images stay,
        without which the mask would belong to no image.
    """
    from napari_scribbleseg.io.alignment import load_aligned_mask
    from napari_scribbleseg.io.dicom_seg import save_dicom_seg

    phases = parse_frames(frames)
    require_file_target(out, ".dcm")
    cine = load_source(source, series)
    warnings = tell_warnings(cine.header)
    mask = load_aligned_mask(dicom_seg, cine, codes, phases)
    left_out = save_dicom_seg(out, mask, cine, frames=phases, anonymise=anonymise, algorithm=made.upper())
    if left_out:
        output.remark(f"{len(left_out)} slices of the mask have no image in the series and were left out.")
    if json:
        written = {"written": str(out), "phases": phases if phases is not None else list(range(cine.shape[0]))}
        output.print_json({**written, "left_out": [list(index) for index in left_out], "warnings": warnings})
    else:
        output.say(str(out))
    return output.OK


def parse_frames(text: str) -> list[int] | None:
    """Read phases such as "0,9", counted from 0; None where there are none.

    Raises
    ------
    ScanError
        For anything else.
    """
    from napari_scribbleseg.io import ScanError

    if not text:
        return None
    parts = text.split(",")
    if not all(part.strip().isdigit() for part in parts):
        raise ScanError(f"Phases {text!r} cannot be read; write them like 0,9.")
    return [int(part) for part in parts]
