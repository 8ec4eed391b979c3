"""Small DICOM series as scanners write them, with the faults that scanners and copies bring."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

PATIENT = "DOE^JANE"
STUDY, REFERENCE = "1.2.826.0.1.3680043.8.498.1", "1.2.826.0.1.3680043.8.498.2"
SERIES = "1.2.826.0.1.3680043.8.498.3"
MR = "1.2.840.10008.5.1.4.1.1.4"
ENHANCED_MR = "1.2.840.10008.5.1.4.1.1.4.1"
SPACING = (8.0, 1.5, 1.25)  # z, y, x
ROWS, COLUMNS = 20, 24


def directions() -> np.ndarray:
    """Row, column and normal of oblique images, LPS, as rows of a matrix."""
    row = np.array([0.9, -0.3, np.sqrt(1 - 0.81 - 0.09)])
    column = np.cross([0.2, 0.1, 0.97], row)
    column /= np.linalg.norm(column)
    return np.array([row, column, np.cross(row, column)])


ORIGIN = np.array([-80.0, -60.0, 40.0])


def values(n_t: int, n_z: int, seed: int = 0) -> np.ndarray:
    """Intensities `(t, z, y, x)`, int16, different in every slice."""
    return np.random.default_rng(seed).integers(1, 900, (n_t, n_z, ROWS, COLUMNS)).astype(np.int16)


def position(z: float) -> list[float]:
    return [round(float(v), 6) for v in ORIGIN + directions()[2] * SPACING[0] * z]


def trigger_ms(t: int, z: int) -> float:
    """Breath-holds differ a little, and times are rounded to whole ms."""
    return float(round(12 + t * 31.6 + 0.2 * z))


def image(t: int, z: int, pixels: np.ndarray, series: str = SERIES, number: int = 5) -> Any:
    """Return a classic MR image, names and identifiers included."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian

    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    _put_patient(made)
    made.SOPClassUID, made.SOPInstanceUID = MR, f"{series}.{t + 1}.{z + 1}"
    made.StudyInstanceUID, made.SeriesInstanceUID, made.FrameOfReferenceUID = STUDY, series, REFERENCE
    made.SeriesNumber, made.SeriesDescription, made.InstanceNumber = number, "SSFP SAX", 100 * z + t + 1
    made.ImageType = ["ORIGINAL", "PRIMARY", "M", "ND"]
    made.ImagePositionPatient = position(z)
    made.ImageOrientationPatient = [round(float(v), 8) for v in directions()[:2].ravel()]
    made.PixelSpacing = list(SPACING[1:])
    made.SliceThickness, made.SpacingBetweenSlices, made.SliceLocation = 6, SPACING[0], -3.3 * z
    made.TriggerTime, made.NominalInterval = trigger_ms(t, z), 800
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.Rows, made.Columns = pixels.shape
    made.BitsAllocated = made.BitsStored = 16
    made.HighBit, made.PixelRepresentation = 15, 1
    made.PixelData = pixels.astype("<i2").tobytes()
    return made


def _put_patient(made: Any) -> None:
    made.Modality = "MR"
    made.PatientName, made.PatientID = PATIENT, "DOE-4711"
    made.PatientBirthDate, made.PatientSex = "19500102", "F"
    made.PatientSize, made.PatientWeight = 1.7, 70
    made.StudyDate, made.StudyTime, made.StudyID, made.AccessionNumber = "20250103", "101112", "S1", "DOE-ACC"
    made.ReferringPhysicianName, made.InstitutionName = "DOE^DOCTOR", "DOE HOSPITAL"


Change = Callable[[Any, int, int], Any]
"""Takes an image, its phase and its slice; returns it, or None to leave it out."""


def write_series(
    folder: Path,
    n_t: int = 4,
    n_z: int = 3,
    change: Change = lambda made, t, z: made,
    seed: int = 0,
    **kwargs: Any,
) -> np.ndarray:
    """Write a series under names in no useful order; return its intensities `(t, z, y, x)`."""
    folder.mkdir(parents=True, exist_ok=True)
    data = values(n_t, n_z, seed)
    names = np.random.default_rng(1).permutation(n_t * n_z)
    tag = kwargs.get("number", 5)
    for t in range(n_t):
        for z in range(n_z):
            made = change(image(t, z, data[t, z], **kwargs), t, z)
            if made is not None:
                save(made, folder / f"I{tag}_{names[t * n_z + z]:04d}.dcm")
    return data


def changed(made: Any, **elements: Any) -> Any:
    """Set elements of an image; None takes one away."""
    for name, value in elements.items():
        if value is not None:
            setattr(made, name, value)
        elif name in made:
            delattr(made, name)
    return made


def recompress(source: Path, target: Path, syntax: str) -> Path:
    """Write a file again in another transfer syntax, by GDCM.

    Parameters
    ----------
    source, target : classic images
    syntax : a member of `gdcm.TransferSyntax`
    """
    import gdcm

    reader, change, writer = gdcm.ImageReader(), gdcm.ImageChangeTransferSyntax(), gdcm.ImageWriter()
    reader.SetFileName(str(source))
    assert reader.Read()
    change.SetTransferSyntax(gdcm.TransferSyntax(getattr(gdcm.TransferSyntax, syntax)))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer.SetFileName(str(target))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write()
    return target


def save(made: Any, path: Path) -> Path:
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    made.save_as(path, enforce_file_format=True)
    return path


def write_enhanced(path: Path, n_t: int = 4, n_z: int = 3, slopes: bool = False) -> np.ndarray:
    """Write an Enhanced MR file whose frames lie in no useful order; return its intensities `(t, z, y, x)`."""
    from pydicom.dataset import Dataset

    data = values(n_t, n_z)
    order = np.random.default_rng(2).permutation(n_t * n_z)
    made = image(0, 0, data[0, 0])
    for name in "ImagePositionPatient ImageOrientationPatient PixelSpacing TriggerTime SliceLocation".split():
        delattr(made, name)
    made.SOPClassUID = ENHANCED_MR
    made.NumberOfFrames = len(order)
    made.PixelData = b"".join(data[divmod(int(i), n_z)].astype("<i2").tobytes() for i in order)
    shared = Dataset()
    shared.PlaneOrientationSequence = [
        _with(ImageOrientationPatient=[round(float(v), 8) for v in directions()[:2].ravel()])
    ]
    shared.PixelMeasuresSequence = [_with(PixelSpacing=list(SPACING[1:]), SliceThickness=6)]
    made.SharedFunctionalGroupsSequence = [shared]
    made.PerFrameFunctionalGroupsSequence = [_frame(*divmod(int(i), n_z), slopes) for i in order]
    save(made, path)
    return data


def _frame(t: int, z: int, slopes: bool) -> Any:
    frame = _with(
        PlanePositionSequence=[_with(ImagePositionPatient=position(z))],
        FrameContentSequence=[_with(TemporalPositionIndex=t + 1, InStackPositionNumber=z + 1, StackID="1")],
        CardiacSynchronizationSequence=[
            _with(NominalCardiacTriggerDelayTime=trigger_ms(t, z), RRIntervalTimeNominal=800.0)
        ],
    )
    if slopes:
        frame.PixelValueTransformationSequence = [_with(RescaleSlope=z + 1, RescaleIntercept=-10)]
    return frame


def _with(**elements: Any) -> Any:
    from pydicom.dataset import Dataset

    made = Dataset()
    for name, value in elements.items():
        setattr(made, name, value)
    return made


def beating_mask(shape: tuple[int, int, int, int]) -> np.ndarray:
    """A mask that differs in every slice and phase, training codes; the last slice is empty."""
    n_t, n_z, rows, columns = shape
    mask = np.zeros(shape, np.uint8)
    for t in range(n_t):
        for z in range(n_z - 1):
            top, left = rows // 4 + z, columns // 4
            mask[t, z, top : top + 4, left : left + 2 + t % 3] = 1
            mask[t, z, top : top + 6, left + 6 : left + 12] = 2
            mask[t, z, top + 1 : top + 4 + t % 2, left + 7 : left + 10] = 3
    return mask
