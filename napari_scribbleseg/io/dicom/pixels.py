"""The pixels of the images of a stack, scaled to intensities."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_scribbleseg.io.dicom.files import quietly, read_dataset
from napari_scribbleseg.io.errors import ScanError, reading

if TYPE_CHECKING:
    from pathlib import Path

    from napari_scribbleseg.io.dicom.frames import Frame
    from napari_scribbleseg.io.dicom.stack import Stack

PIXEL_FIELDS = (
    "BitsAllocated BitsStored Columns HighBit NumberOfFrames PhotometricInterpretation PixelData PixelRepresentation "
    "PlanarConfiguration Rows SamplesPerPixel"
).split()

_HIGH_THROUGHPUT = "pylibjpeg pylibjpeg-openjpeg"
_DECODERS = {f"1.2.840.10008.1.2.4.20{n}": _HIGH_THROUGHPUT for n in (1, 2, 3)}
"""Packages for what python-gdcm cannot undo: High-Throughput JPEG 2000."""


def read_pixels(stack: Stack) -> npt.NDArray[Any]:
    """Read the images of a stack as `(t, z, y, x)`.

    Stored values stay in their own type where no image scales them, and are float32 otherwise. MONOCHROME1, in which
    small values are bright, is turned round. Images that the series lacks are 0.

    Raises
    ------
    ScanError
        When a file is damaged, or compressed in a way that no library at hand can undo.
    """
    wanted: dict[Path, list[tuple[int, int, Frame]]] = defaultdict(list)
    for t, phase in enumerate(stack.grid):
        for z, frame in enumerate(phase):
            if frame is not None:
                wanted[frame.path].append((t, z, frame))
    scaled = any((frame.slope, frame.intercept) != (1.0, 0.0) for frame in stack.frames)
    first = stack.frames[0]
    shape = (len(stack.grid), len(stack.grid[0]), first.rows, first.columns)
    data: npt.NDArray[Any] | None = None
    for path, places in wanted.items():
        values = _decode(path)
        dtype = np.dtype(np.float32) if scaled else values.dtype
        if data is None:
            data = np.zeros(shape, dtype)
        elif np.promote_types(data.dtype, dtype) != data.dtype:
            data = data.astype(np.promote_types(data.dtype, dtype))
        for t, z, frame in places:
            data[t, z] = _intensities(values, frame, path)
    assert data is not None  # noqa: S101 - a stack has images
    return data


def _decode(path: Path) -> npt.NDArray[Any]:
    dataset = read_dataset(path, PIXEL_FIELDS)
    with reading(path), quietly():
        _require_syntax(dataset)
        try:
            values: npt.NDArray[Any] = dataset.pixel_array
        except (RuntimeError, NotImplementedError, ImportError) as error:
            raise ScanError(_tell_compression(path, dataset.file_meta.TransferSyntaxUID)) from error
        except (AttributeError, KeyError, TypeError) as error:
            raise ScanError(f"{path.name} holds no image, or a damaged one; copy it again.") from error
        if dataset.PhotometricInterpretation == "MONOCHROME1":
            values = np.invert(values) if values.dtype.kind == "i" else (2**dataset.BitsStored - 1 - values)
        return values.astype(values.dtype.newbyteorder("="), copy=False)


def _require_syntax(dataset: Any) -> None:
    """Name how the pixels are stored in a file that does not, as very old ones and raw data sets do not."""
    from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

    if "TransferSyntaxUID" not in dataset.file_meta:
        implicit, little = dataset.original_encoding
        explicit = ExplicitVRLittleEndian if little else ExplicitVRBigEndian
        dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian if implicit else explicit


def _tell_compression(path: Path, syntax: Any) -> str:
    """Return why an image cannot be decompressed, and what to do about it."""
    from pydicom.pixels.decoders.base import get_decoder

    ask = "ask the PACS to send the series uncompressed (Explicit VR Little Endian)"
    try:
        known = get_decoder(syntax)
    except NotImplementedError:
        return f"{path.name} is compressed ({syntax.name}) in a way that no decoder here knows; {ask}."
    if known.is_available:
        return f"{path.name} is compressed ({syntax.name}), and its pixels are damaged; copy it again, or {ask}."
    packages = _DECODERS.get(str(syntax), "python-gdcm")
    return f"{path.name} is compressed ({syntax.name}), and its decoder is missing: `pip install {packages}`, or {ask}."


def _intensities(values: npt.NDArray[Any], frame: Frame, path: Path) -> npt.NDArray[Any]:
    image = values if frame.number is None or values.ndim == 2 else values[frame.number - 1]
    if image.shape != (frame.rows, frame.columns):
        raise ScanError(f"{path.name} is cut short or damaged; copy it again.")
    if (frame.slope, frame.intercept) == (1.0, 0.0):
        return image
    return (image * np.float32(frame.slope) + np.float32(frame.intercept)).astype(np.float32)
