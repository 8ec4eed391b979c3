"""The frames of a DICOM SEG of a cine: each says its segment, its phase, its place and the image it belongs to."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_scribbleseg.io.dicom.items import code_items, decimals, item, items

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_scribbleseg.io.dicom.source import FrameRef
    from napari_scribbleseg.labels import LabelMap

_TEMPORAL_INDEX, _FRAME_CONTENT = 0x00209128, 0x00209111
_POSITION, _PLANE_POSITION = 0x00200032, 0x00209113
_SEGMENT_NUMBER, _SEGMENT_IDENTIFICATION = 0x0062000B, 0x0062000A

Placed = tuple[int, int, int, "FrameRef"]
"""Label, t, z, and the image behind the slice."""


def lay_frames(dataset: Any, mask: LabelMap, placed: Sequence[Placed]) -> None:
    """Put frames into a SEG in place of those that it has.

    Parameters
    ----------
    dataset : from :func:`make_head`
    mask : uint8 (t, z, y, x), training codes
    placed : what to write, in the order of segments, phases and slices
    """
    from pydicom.sequence import Sequence as DicomSequence

    dataset.DimensionIndexSequence = _dimensions(dataset)
    dataset.PerFrameFunctionalGroupsSequence = DicomSequence(_per_frame(*frame) for frame in placed)
    planes = np.stack([mask[t, z] == label for label, t, z, _ in placed])
    packed = np.packbits(planes.ravel(), bitorder="little").tobytes()
    dataset.PixelData = packed + b"\0" * (len(packed) % 2)
    dataset.NumberOfFrames = len(placed)
    dataset.SegmentsOverlap = "NO"
    dataset.ReferencedSeriesSequence = _referenced_series([ref for *_, ref in placed])


def _dimensions(dataset: Any) -> Any:
    organization = dataset.DimensionOrganizationSequence[0].DimensionOrganizationUID
    pointers = (
        (_SEGMENT_NUMBER, _SEGMENT_IDENTIFICATION, "Segment"),
        (_TEMPORAL_INDEX, _FRAME_CONTENT, "Phase"),
        (_POSITION, _PLANE_POSITION, "Slice"),
    )
    return items(
        {
            "DimensionOrganizationUID": organization,
            "DimensionIndexPointer": pointer,
            "FunctionalGroupPointer": group,
            "DimensionDescriptionLabel": label,
        }
        for pointer, group, label in pointers
    )


def _per_frame(label: int, t: int, z: int, ref: FrameRef) -> Any:
    image: dict[str, Any] = {
        "ReferencedSOPClassUID": ref.sop_class,
        "ReferencedSOPInstanceUID": ref.sop_uid,
        "PurposeOfReferenceCodeSequence": code_items("121322", "DCM", "Source image for image processing operation"),
    }
    if ref.number is not None:
        image["ReferencedFrameNumber"] = ref.number
    derivation = {
        "DerivationCodeSequence": code_items("113076", "DCM", "Segmentation"),
        "SourceImageSequence": items([image]),
    }
    return item(
        {
            "FrameContentSequence": items(
                [{"DimensionIndexValues": [label, t + 1, z + 1], "TemporalPositionIndex": t + 1}]
            ),
            "PlanePositionSequence": items([{"ImagePositionPatient": decimals(ref.position_mm)}]),
            "DerivationImageSequence": items([derivation]),
            "SegmentIdentificationSequence": items([{"ReferencedSegmentNumber": label}]),
        }
    )


def _referenced_series(refs: Sequence[FrameRef]) -> Any:
    by_series: dict[str, dict[str, str]] = defaultdict(dict)
    for ref in refs:
        by_series[ref.series_uid][ref.sop_uid] = ref.sop_class
    return items(
        {
            "SeriesInstanceUID": series,
            "ReferencedInstanceSequence": items(
                {"ReferencedSOPClassUID": sop_class, "ReferencedSOPInstanceUID": uid}
                for uid, sop_class in images.items()
            ),
        }
        for series, images in by_series.items()
    )
