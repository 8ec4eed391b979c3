"""NIfTI files as they lie on the disk: opened, checked and read in file order."""

from __future__ import annotations

import gzip
import math
from typing import TYPE_CHECKING, Any

import nibabel as nib
import numpy as np
import numpy.typing as npt
from nibabel.arrayproxy import ArrayProxy

from napari_scribbleseg.io.errors import ScanError, reading
from napari_scribbleseg.io.names import is_nifti

if TYPE_CHECKING:
    from pathlib import Path

_GZIP_MAGIC = b"\x1f\x8b"
_HEADER_BYTES = 348


def open_image(path: Path, keep_open: bool = False) -> Any:
    """Open a NIfTI-1 or NIfTI-2 file without reading its voxels.

    Parameters
    ----------
    path : `.nii` or `.nii.gz`
    keep_open : hold on to the file, so that reading a compressed one goes on from where it was, not from its start

    Returns
    -------
    nibabel image; its `dataobj` never maps the file into memory, so the file may be replaced later.

    Raises
    ------
    ScanError
        When the file is missing, unreadable, cut short or not a NIfTI file.
    """
    with reading(path):
        if path.is_dir():
            raise ScanError(f"{path.name} is a folder; choose a .nii or .nii.gz file in it.")
        if not is_nifti(path) and path.exists():
            raise ScanError(f"{path.name} is not a NIfTI file; choose one that ends in .nii or .nii.gz.")
        return _image_class(path).from_filename(path, mmap=False, keep_file_open=keep_open)


def _image_class(path: Path) -> Any:
    with path.open("rb") as file:
        start = file.read(2)
    if not start:
        raise ScanError(f"{path.name} is empty (0 bytes); copy or download it again.")
    compressed = is_compressed(path)
    if compressed != (start == _GZIP_MAGIC):
        state, ending = ("not compressed", ".nii") if compressed else ("compressed", ".nii.gz")
        raise ScanError(f"{path.name} is {state}, unlike its name; check that it is a NIfTI file ending in {ending}.")
    with gzip.open(path) if compressed else path.open("rb") as stream:
        return _class_of_header(stream.read(_HEADER_BYTES), path.name)


def _class_of_header(header: bytes, name: str) -> Any:
    if header[344:348] == b"n+1\x00":
        return nib.Nifti1Image
    if header[4:8] == b"n+2\x00":
        return nib.Nifti2Image
    if header[344:348] == b"ni1\x00":
        raise ScanError(f"{name} is one half of a .hdr/.img pair; convert the pair to one .nii.gz file first.")
    raise ScanError(f"{name} is not a NIfTI file, whatever its name says; export the scan as NIfTI again.")


def squeezed_shape(image: Any, name: str) -> tuple[int, ...]:
    """Return the file's shape with three or four axes; a trailing fifth axis of length 1 is dropped.

    Raises
    ------
    ScanError
        For a file without voxels, with colours or complex values, or with fewer than three or more than four axes.
    """
    shape = tuple(int(n) for n in image.shape)
    _refuse_special_values(image.get_data_dtype(), name)
    if not shape or min(shape) < 1:
        raise ScanError(f"{name} holds no voxels (shape {shape}); export it from its source again.")
    while len(shape) > 4 and shape[-1] == 1:
        shape = shape[:-1]
    if len(shape) < 3:
        raise ScanError(f"{name} holds one {len(shape)}D image of shape {shape}; a 3D stack or a 4D cine is needed.")
    if len(shape) > 4:
        raise ScanError(f"{name} is {len(shape)}D with shape {shape}; split it into 3D stacks or 4D cines first.")
    return shape


def _refuse_special_values(dtype: np.dtype[Any], name: str) -> None:
    if dtype.kind == "c":
        raise ScanError(f"{name} holds complex values; export the magnitude instead.")
    if dtype.kind not in "iuf":
        raise ScanError(f"{name} holds colours (RGB); export the scan in grey values instead.")


def value_type(image: Any) -> np.dtype[Any]:
    """Return the type that values are read as: the file's own, float32 where scl_slope or scl_inter scale them."""
    if (image.dataobj.slope, image.dataobj.inter) != (1, 0):
        return np.dtype(np.float32)
    native: np.dtype[Any] = image.get_data_dtype().newbyteorder("=")
    return native if native.itemsize <= 8 else np.dtype(np.float64)


def read_values(image: Any, path: Path) -> npt.NDArray[Any]:
    """Read all voxels in file order, scaled as the header says.

    Raises
    ------
    ScanError
        When the file is cut short, damaged or gone.
    """
    if not is_compressed(path):
        require_whole_file(image, path)
        return _values(image.dataobj, image, path)
    with reading(path), gzip.open(path) as stream:
        proxy = image.dataobj
        spec = (proxy.shape, proxy.dtype, proxy.offset, proxy.slope, proxy.inter)
        values = _values(ArrayProxy(stream, spec, mmap=False), image, path)
        while stream.read(1 << 20):
            pass  # the checksum is compared only at the end of the stream
        return values


def read_part(image: Any, path: Path, item: Any) -> npt.NDArray[Any]:
    """Read the voxels that `item` picks along the file's own axes; like :func:`read_values` otherwise."""
    with reading(path):
        return np.asarray(image.dataobj[item], dtype=value_type(image))


def _values(proxy: Any, image: Any, path: Path) -> npt.NDArray[Any]:
    with reading(path):
        dtype = value_type(image)
        scaled = dtype == np.float32 and (proxy.slope, proxy.inter) != (1, 0)
        # Asked for float32, nibabel scales in float32; without a type it would fill memory with float64.
        values = np.asarray(proxy, dtype=dtype) if scaled else proxy.get_unscaled()
        return np.asarray(values, dtype=dtype)


def is_compressed(path: Path) -> bool:
    """Tell whether the name ends like a gzip file."""
    return path.name.lower().endswith(".gz")


def uncompressed_bytes(image: Any) -> int:
    """Return the size of the voxels in memory, in their own type."""
    return math.prod(int(n) for n in image.shape) * int(image.get_data_dtype().itemsize)


def require_whole_file(image: Any, path: Path) -> None:
    """Check that a file is as long as its header says, without keeping its voxels.

    Raises
    ------
    ScanError
        When it is shorter.
    """
    expected = int(image.dataobj.offset) + uncompressed_bytes(image)
    with reading(path):
        if not is_compressed(path):
            held = path.stat().st_size
        elif _stated_length(path) == expected % 2**32:
            return
        else:
            # Some writers chain several gzip members, and then only the whole stream tells its length.
            held = _stream_length(path)
        if held < expected:
            raise EOFError


def _stated_length(path: Path) -> int:
    with path.open("rb") as file:
        file.seek(-4, 2)
        return int.from_bytes(file.read(4), "little")


def _stream_length(path: Path) -> int:
    length = 0
    with gzip.open(path) as stream:
        while block := stream.read(1 << 22):
            length += len(block)
    return length
