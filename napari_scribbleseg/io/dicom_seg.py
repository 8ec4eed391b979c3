"""Masks of a cine as DICOM Segmentation objects (SEG) that refer to the images they were drawn on.

highdicom writes the head of the object. Its frames are laid out here, since highdicom takes each place in space once
and a cine holds it in every phase: every frame has its phase as a dimension (Temporal Position Index).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_scribbleseg.atomic import write_atomically
from napari_scribbleseg.io.dicom.files import quietly, read_dataset
from napari_scribbleseg.io.dicom.seg_frames import Placed, lay_frames
from napari_scribbleseg.io.dicom.seg_head import SEGMENTS, make_head
from napari_scribbleseg.io.dicom.source import DicomSource, FrameRef
from napari_scribbleseg.io.errors import ScanError, writing
from napari_scribbleseg.labels import LV, MYO, RV, LabelMap

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from napari_scribbleseg.types import Cine

SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"

_CODES_OF_OTHERS = {"53085002": RV, "74281007": MYO, "87878005": LV, "T-32500": RV, "T-32600": LV}
"""SNOMED CT, and the older SNOMED RT codes of other programs."""


def save_dicom_seg(
    path: str | os.PathLike[str],
    mask: LabelMap,
    cine: Cine,
    source: DicomSource | None = None,
    frames: Sequence[int] | None = None,
    anonymise: bool = False,
    algorithm: str = "SEMIAUTOMATIC",
) -> tuple[tuple[int, int], ...]:
    """Write a mask as a DICOM SEG with three binary segments: RV, myocardium and LV.

    Parameters
    ----------
    path : replaced if it exists
    mask : uint8 (t, z, y, x), training codes
    cine : the scan
    source : the series that it came from; by default the scan's own header
    frames : phases to write, counted from 0; by default all of them
    anonymise : leave out names, identifiers, dates and what else describes the patient; the UIDs of study, frame of
        reference and images stay, without which a mask would belong to no image
    algorithm : "AUTOMATIC" for a network's answer, "SEMIAUTOMATIC" where a person accepted or corrected it, "MANUAL"

    Returns
    -------
    Slices (t, z) of the mask that were left out because the series has no image there.

    Raises
    ------
    ScanError
        When the scan is not from DICOM, the mask does not fit it or is empty, a phase does not exist, the source
        files are gone, or the target cannot be written; what was there before is left as it was.
    """
    path, source = Path(path), _require_source(cine, source)
    if path.resolve() in {image.resolve() for image in source.paths}:
        raise ScanError(f"{path.name} is an image of the series itself; choose another name.")
    phases = _require_mask(mask, cine, frames)
    placed, left_out = _place(mask, source, phases)
    if not placed:
        raise ScanError(f"The mask is empty, so {path.name} was not written; segment the scan first.")
    dataset = make_head(source, anonymise, algorithm)
    with quietly():
        lay_frames(dataset, mask, placed)
    with writing(path), quietly():
        write_atomically(path, lambda target: dataset.save_as(target, enforce_file_format=True))
    return left_out


def load_dicom_seg(path: str | os.PathLike[str], cine: Cine) -> LabelMap:
    """Read the DICOM SEG of a scan; what it does not mention is background.

    Frames find their slices by the images that they refer to. Segments are known by the codes of their structures,
    whatever their numbers. Where segments overlap, LV comes before myocardium before RV.

    Returns
    -------
    uint8 (t, z, y, x), training codes

    Raises
    ------
    ScanError
        When the file is no binary SEG, belongs to other images, or holds segments that are not of the heart.
    """
    path, source = Path(path), _require_source(cine, None)
    with quietly():
        return _read_seg(path, read_dataset(path), source, cine)


def _read_seg(path: Path, dataset: Any, source: DicomSource, cine: Cine) -> LabelMap:
    if dataset.get("SOPClassUID") != SEGMENTATION or dataset.get("SegmentationType") != "BINARY":
        raise ScanError(f"{path.name} is not a binary DICOM segmentation; choose one that holds RV, Myo and LV.")
    classes = _classes(dataset, path.name)
    planes = _planes(path, dataset, cine)
    where = {(ref.sop_uid, ref.number or 1): (t, z) for t, z, ref in _enumerate(source)}
    mask = np.zeros(cine.shape, np.uint8)
    for plane, item in sorted(
        zip(planes, dataset.PerFrameFunctionalGroupsSequence, strict=True), key=lambda pair: classes[_segment(pair[1])]
    ):
        at = where.get(_referred(item))
        if at is None:
            raise ScanError(f"{path.name} belongs to other images than this scan; open the series that it was made on.")
        mask[at][plane] = classes[_segment(item)]
    return mask


def _require_source(cine: Cine, source: DicomSource | None) -> DicomSource:
    found = source if source is not None else cine.header
    if not isinstance(found, DicomSource):
        raise ScanError("Only a scan that was opened from DICOM can have a DICOM SEG; open its series instead.")
    if (len(found.frames), len(found.frames[0])) != cine.shape[:2]:
        raise ScanError("The DICOM series holds other phases or slices than the scan; open the series itself.")
    refs = found.refs()
    if len({(ref.sop_uid, ref.number) for ref in refs} - {("", None)}) < len(refs):
        raise ScanError(
            "Images of this series share identifiers (SOPInstanceUID) or lack them, so no DICOM SEG can tell which it "
            "belongs to; use NIfTI, or export the series from its source again."
        )
    return found


def _require_mask(mask: LabelMap, cine: Cine, frames: Sequence[int] | None) -> list[int]:
    n_t = cine.shape[0]
    if mask.shape != cine.shape:
        raise ScanError(f"A mask of shape {mask.shape} does not fit a scan of {cine.shape} (t, z, y, x).")
    if mask.dtype.kind not in "iub" or int(mask.min()) < 0 or int(mask.max()) > LV:
        raise ScanError("A mask must hold whole numbers from 0 to 3 only, so nothing was written.")
    if frames is not None and (not frames or not all(0 <= t < n_t for t in frames)):
        raise ScanError(f"The phases {list(frames)} are not all in the scan; choose some from 0 to {n_t - 1}.")
    return sorted(set(range(n_t) if frames is None else frames))


def _enumerate(source: DicomSource) -> list[tuple[int, int, FrameRef]]:
    return [(t, z, ref) for t, phase in enumerate(source.frames) for z, ref in enumerate(phase) if ref is not None]


def _place(
    mask: LabelMap, source: DicomSource, phases: Sequence[int]
) -> tuple[list[Placed], tuple[tuple[int, int], ...]]:
    """Return the frames to write, in the order of segments, phases and slices, and the slices that have no image."""
    drawn = [(t, z) for t in phases for z in range(mask.shape[1]) if mask[t, z].any()]
    placed = [
        (label, t, z, ref)
        for label in SEGMENTS
        for t, z in drawn
        if (ref := source.frames[t][z]) is not None and (mask[t, z] == label).any()
    ]
    return placed, tuple((t, z) for t, z in drawn if source.frames[t][z] is None)


def _classes(dataset: Any, name: str) -> dict[int, int]:
    """Return segment number → training code."""
    found = {}
    for item in dataset.SegmentSequence:
        code = str(item.SegmentedPropertyTypeCodeSequence[0].CodeValue)
        if code not in _CODES_OF_OTHERS:
            label = " ".join(str(item.get("SegmentLabel", "")).split())
            raise ScanError(f"{name} holds a segment '{label}' that is neither RV, myocardium nor LV; choose another.")
        found[int(item.SegmentNumber)] = _CODES_OF_OTHERS[code]
    return found


def _planes(path: Path, dataset: Any, cine: Cine) -> list[Any]:
    full = read_dataset(path, ["PixelData"])
    n, (rows, columns) = int(dataset.NumberOfFrames), cine.shape[2:]
    bits = np.unpackbits(np.frombuffer(full.get("PixelData", b""), np.uint8), bitorder="little")
    if (int(dataset.Rows), int(dataset.Columns)) != (rows, columns) or bits.size < n * rows * columns:
        raise ScanError(f"{path.name} does not have the size of this scan, or is cut short; choose another file.")
    return list(bits[: n * rows * columns].reshape(n, rows, columns).astype(bool))


def _segment(item: Any) -> int:
    return int(item.SegmentIdentificationSequence[0].ReferencedSegmentNumber)


def _referred(item: Any) -> tuple[str, int]:
    for derivation in item.get("DerivationImageSequence") or ():
        for image in derivation.get("SourceImageSequence") or ():
            return str(image.ReferencedSOPInstanceUID), int(image.get("ReferencedFrameNumber") or 1)
    return "", 0
