"""The head of a DICOM SEG, written by highdicom: patient and study as in the source, segments, algorithm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

import napari_scribbleseg
from napari_scribbleseg.io.dicom.files import quietly, read_dataset
from napari_scribbleseg.io.dicom.items import decimals
from napari_scribbleseg.labels import LAYER_COLOURS, LV, MYO, RV

if TYPE_CHECKING:
    from napari_scribbleseg.io.dicom.source import DicomSource


@dataclass(frozen=True)
class Segment:
    """How a class is named in DICOM: the code of its structure (SNOMED CT), and words for a person."""

    label: str
    code: str
    meaning: str
    description: str


SEGMENTS = {
    RV: Segment("RV", "53085002", "Right ventricle", "Cavity of the right ventricle"),
    MYO: Segment("Myo", "74281007", "Myocardium", "Myocardium of the left ventricle"),
    LV: Segment("LV", "87878005", "Left ventricle", "Cavity of the left ventricle, papillary muscles included"),
}
"""Segment numbers are training codes."""

_SINGLE_MR = "1.2.840.10008.5.1.4.1.1.4"
_NEVER_MISSING = (
    "AccessionNumber PatientBirthDate PatientID PatientName PatientSex PositionReferenceIndicator "
    "ReferringPhysicianName StudyDate StudyID StudyTime"
).split()
HEAD_FIELDS = (
    *_NEVER_MISSING,
    *"IssuerOfPatientID Modality PatientAge PatientSize PatientWeight SpecificCharacterSet StudyDescription".split(),
)
"""What a SEG takes over from its source so that a PACS files it with the study."""

_KEPT_WHEN_ANONYMOUS = {"SpecificCharacterSet", "Modality"}


def make_head(source: DicomSource, anonymise: bool, algorithm: str) -> Any:
    """Return a SEG of one empty frame; :func:`lay_frames` puts others in its place.

    Parameters
    ----------
    source : the series
    anonymise : leave out what describes the patient and the study
    algorithm : "AUTOMATIC", "SEMIAUTOMATIC" or "MANUAL"

    Raises
    ------
    ScanError
        When the first file of the source cannot be read.
    """
    from highdicom import UID
    from highdicom.seg import Segmentation

    stand_in = _stand_in(source, anonymise)
    blank = np.zeros((1, stand_in.Rows, stand_in.Columns), np.uint8)
    with quietly():
        dataset = Segmentation(
            source_images=[stand_in],
            pixel_array=blank,
            segmentation_type="BINARY",
            segment_descriptions=_descriptions(algorithm),
            series_instance_uid=UID(),
            series_number=min(100 * (source.series_number or 0) + 1, 2**31 - 1),
            sop_instance_uid=UID(),
            instance_number=1,
            manufacturer="napari-scribbleseg",
            manufacturer_model_name="napari-scribbleseg",
            software_versions=napari_scribbleseg.__version__,
            device_serial_number="none",
            content_label="HEART",
            content_description="RV, myocardium and LV. Research use only.",
            series_description="RV, myocardium and LV (napari-scribbleseg)",
            omit_empty_frames=False,
        )
    if anonymise:
        dataset.PatientIdentityRemoved = "YES"
        dataset.DeidentificationMethod = "Texts and dates on patient and study left out, UIDs kept"
    return dataset


def _stand_in(source: DicomSource, anonymise: bool) -> Any:
    """Return a single image with the patient and study of the source, its size and its place, and nothing else."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian

    first = source.refs()[0]
    full = read_dataset(first.path, [*HEAD_FIELDS, "Rows", "Columns"])
    made = Dataset()
    with quietly():
        for name in HEAD_FIELDS:
            if name in full and (not anonymise or name in _KEPT_WHEN_ANONYMOUS):
                made[name] = full[name]
    for name in _NEVER_MISSING:
        made.setdefault(name, "")
    made.FrameOfReferenceUID, made.StudyInstanceUID = source.reference_uid, source.study_uid
    # A single image even for a multi-frame source: the references to it are replaced with the frames.
    made.SOPClassUID, made.SOPInstanceUID, made.SeriesInstanceUID = _SINGLE_MR, first.sop_uid, first.series_uid
    made.Rows, made.Columns = int(full.Rows), int(full.Columns)
    made.ImagePositionPatient = decimals(first.position_mm)
    made.ImageOrientationPatient = decimals(source.orientation)
    made.PixelSpacing = decimals(source.spacing_mm)
    made.SliceThickness = made.SpacingBetweenSlices = decimals([source.thickness_mm])[0]
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return made


def _descriptions(algorithm: str) -> list[Any]:
    from highdicom import AlgorithmIdentificationSequence
    from highdicom.color import CIELabColor
    from highdicom.seg import SegmentDescription
    from highdicom.sr import CodedConcept

    by_hand = algorithm == "MANUAL"
    family = CodedConcept("123110", "DCM", "Artificial Intelligence")
    known = AlgorithmIdentificationSequence("napari-scribbleseg", family, napari_scribbleseg.__version__)
    described = []
    for number, segment in SEGMENTS.items():
        made = SegmentDescription(
            segment_number=number,
            segment_label=segment.label,
            segmented_property_category=CodedConcept("91723000", "SCT", "Anatomical Structure"),
            segmented_property_type=CodedConcept(segment.code, "SCT", segment.meaning),
            algorithm_type=algorithm,
            algorithm_identification=None if by_hand else known,
            display_color=CIELabColor.from_rgb(*bytes.fromhex(LAYER_COLOURS[number][1:])),
        )
        made.SegmentDescription = segment.description
        described.append(made)
    return described
