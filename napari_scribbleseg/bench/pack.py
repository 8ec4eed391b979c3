"""ACDC in one small file that a machine with little more than torch can read.

A pack is an HDF5 file with a group for each patient. Strokes and masks are kept as they are; intensities as the
benchmark sees them, clipped at the volume's 99 % quantile and scaled, in few bits, on the scan's own grid. A pack for
`roi` keeps of the intensities only what lies around the window that every method looks through; the rest is blank.

All 100 patients take 36.5 MiB with 6 bits and 55.2 MiB with 8; for `roi` 15.6 and 22.8 MiB.

Packs hold patients' images: they follow ACDC's terms and stay out of a repository.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from napari_scribbleseg.atomic import write_atomically
from napari_scribbleseg.bench.codec import compress, decode_slices, decompress, encode_slices
from napari_scribbleseg.bench.errors import BenchError
from napari_scribbleseg.bench.patients import PHASES, Patient, case_name, iterate_patients, require_whole_slices
from napari_scribbleseg.bench.window import Box, locate, window_box
from napari_scribbleseg.data.intensity import normalise
from napari_scribbleseg.settings import RESOLUTIONS
from napari_scribbleseg.types import Cine

FORMAT = "napari-scribbleseg bench pack"
VERSION = 1
MIN_BITS, MAX_BITS = 4, 8

Codes = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class PackReport:
    """What a written pack holds, and its size on the disk."""

    n_patients: int
    size_bytes: int


def write_pack(
    source: Path,
    path: Path,
    numbers: Iterable[int] | None = None,
    bits: int = 6,
    resolution: str = "protocol",
    progress: Callable[[int], None] = lambda number: None,
) -> PackReport:
    """Write patients into a pack.

    Parameters
    ----------
    source : ACDC's folder, or a pack
    path : the file to write, ending in .h5; only a whole file ever appears there
    numbers : patients to take; by default all that are there
    bits : 4 to 8
        Of each intensity. The error is at most half of 1 / (2^bits - 1) of the scale.
    resolution : "protocol" or "roi"
        What the pack is for. One for `protocol` serves `roi` too; one for `roi` is several times smaller.
    progress : called with the number of each patient that is done

    Raises
    ------
    BenchError
        When the source cannot be read, the file not be written, or a choice is out of range.
    """
    path = Path(path)
    _check(path, bits, resolution)
    written: list[int] = []

    def write(temporary: Path) -> None:
        with h5py.File(temporary, "w") as file:
            file.attrs.update(format=FORMAT, version=VERSION, bits=bits, resolution=resolution)
            for patient in iterate_patients(source, numbers):
                require_whole_slices([patient], "A pack")
                _write_patient(file.create_group(patient.case), patient, bits, resolution)
                written.append(patient.number)
                progress(patient.number)

    try:
        write_atomically(path, write)
    except OSError as error:
        raise BenchError(f"{path.name} was not written ({error}); choose a folder that you may write to.") from error
    return PackReport(len(written), path.stat().st_size)


def _check(path: Path, bits: int, resolution: str) -> None:
    if path.suffix != ".h5":
        raise BenchError(f"A pack's name must end in .h5, not {path.suffix or 'nothing'!r}.")
    if not MIN_BITS <= bits <= MAX_BITS:
        raise BenchError(f"A pack takes {MIN_BITS} to {MAX_BITS} bits for an intensity, not {bits}.")
    if resolution not in RESOLUTIONS:
        raise BenchError(f"The resolution must be one of {', '.join(RESOLUTIONS)}, not {resolution!r}.")


def _write_patient(group: Any, patient: Patient, bits: int, resolution: str) -> None:
    centre = patient.centre or locate(patient.cine)
    codes = quantise(patient.cine, bits)
    box = window_box(patient.cine, centre) if resolution == "roi" else (0, 0, *patient.cine.shape[2:])
    top, left, bottom, right = box
    blobs = {
        "image": encode_slices(_stack(codes[:, :, top:bottom, left:right]), bits),
        "scribbles": compress(patient.scribbles),
    }
    if patient.truth is not None:
        blobs["truth"] = compress(patient.truth)
    facts = {
        "number": patient.number,
        "group": patient.group,
        "fold": patient.fold,
        "phases": list(PHASES),
        "shape": list(patient.cine.shape),
        "spacing_mm": list(patient.cine.spacing_mm),
        "centre": list(centre),
        "box": list(box),
        "saturated": _saturated_outside(codes, box, bits),
    }
    for name, blob in blobs.items():
        group.create_dataset(name, data=np.frombuffer(blob, np.uint8))
    group.attrs.update(facts, sha256=_digest(facts, blobs))


def quantise(cine: Cine, bits: int) -> Codes:
    """Return the intensities of a scan as uint8 `(t, z, y, x)` from 0 to 2^bits - 1.

    Each phase is normalised as training does it, so normalising the codes again gives the same within rounding.
    """
    top = (1 << bits) - 1
    return np.stack([np.rint(normalise(cine.volume(t)) * top).astype(np.uint8) for t in range(cine.shape[0])])


def _stack(codes: Codes) -> Codes:
    return codes.reshape(-1, *codes.shape[2:])


def _saturated_outside(codes: Codes, box: Box, bits: int) -> list[int]:
    """Count per phase the brightest voxels that the box leaves out; the 99 % quantile of the volume rests on them."""
    top, left, bottom, right = box
    bright = codes == (1 << bits) - 1
    return [int(v.sum() - v[:, top:bottom, left:right].sum()) for v in bright]


def read_packs(paths: Sequence[Path], numbers: Sequence[int] | None = None) -> Iterator[Patient]:
    """Yield the patients of one or more packs, by number.

    Parameters
    ----------
    paths : files that :func:`write_pack` wrote
    numbers : patients to take; by default all that are there

    Raises
    ------
    BenchError
        When a file is no pack, damaged, or of a newer version, or when a wanted patient is in none of them.
    """
    where = {number: path for path in reversed(paths) for number in _numbers_in(path)}
    wanted = sorted(where) if numbers is None else list(numbers)
    missing = [number for number in wanted if number not in where]
    if missing:
        shown = ", ".join(map(str, missing[:8])) + (" …" if len(missing) > 8 else "")
        raise BenchError(f"{paths[0].name} holds no patient {shown}; leave the number out or bring another pack.")
    for number in wanted:
        with _opened(where[number]) as file:
            yield _read_patient(file, number)


def _numbers_in(path: Path) -> list[int]:
    with _opened(path) as file:
        return [int(group.attrs["number"]) for group in file.values()]


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Any]:
    try:
        with h5py.File(path, "r") as file:
            _require_our_format(path, file.attrs)
            yield file
    except (OSError, KeyError, ValueError, TypeError) as error:
        if isinstance(error, BenchError):
            raise
        if isinstance(error, OSError) and not h5py.is_hdf5(path):
            raise BenchError(f"{path.name} is no pack, or is cut short; make one with bench pack.") from error
        raise BenchError(f"{path.name} is damaged ({_one_line(error)}); copy it or make it again.") from error


def _require_our_format(path: Path, attrs: Mapping[str, Any]) -> None:
    if attrs.get("format") != FORMAT:
        raise BenchError(f"{path.name} is an HDF5 file but no pack; make one with bench pack.")
    if int(attrs["version"]) > VERSION:
        raise BenchError(f"{path.name} was written by a newer version; update napari-scribbleseg to read it.")


def _read_patient(file: Any, number: int) -> Patient:
    group = file[case_name(number)]
    facts = {name: np.asarray(value).tolist() for name, value in group.attrs.items()}
    blobs = {name: np.asarray(dataset[()]).tobytes() for name, dataset in group.items()}
    if facts.pop("sha256") != _digest(facts, blobs):
        raise ValueError(f"patient {number} does not match its checksum")
    shape = tuple(facts["shape"])
    return Patient(
        number=number,
        group=facts["group"],
        cine=Cine(
            case=case_name(number),
            data=_intensities(blobs["image"], facts, int(file.attrs["bits"])),
            spacing_mm=tuple(facts["spacing_mm"]),
            title=case_name(number),
        ),
        scribbles=decompress(blobs["scribbles"], shape),
        truth=decompress(blobs["truth"], shape) if "truth" in blobs else None,
        centre=tuple(facts["centre"]),
        roi_only=file.attrs["resolution"] == "roi",
    )


def _intensities(blob: bytes, facts: Mapping[str, Any], bits: int) -> Codes:
    """Return the whole slices; as many of the left out voxels are bright as were, so that the quantile stays."""
    n_t, n_z, height, width = facts["shape"]
    top, left, bottom, right = facts["box"]
    inside = decode_slices(blob, (n_t * n_z, bottom - top, right - left), bits)
    if (bottom - top, right - left) == (height, width):
        return inside.reshape(n_t, n_z, height, width)
    codes = np.zeros((n_t, n_z, height, width), np.uint8)
    outside = np.ones((n_z, height, width), bool)
    outside[:, top:bottom, left:right] = False
    left_out = np.flatnonzero(outside)
    for volume, count in zip(codes, facts["saturated"], strict=True):
        volume.ravel()[left_out[:count]] = (1 << bits) - 1
    codes[:, :, top:bottom, left:right] = inside.reshape(n_t, n_z, bottom - top, right - left)
    return codes


def _digest(facts: Mapping[str, Any], blobs: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
    for name in sorted(blobs):
        digest.update(name.encode() + blobs[name])
    return digest.hexdigest()


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()).strip("'\".")
