"""Label maps of a session on disk: NIfTI files on their scan's grid, and what a person did with each mask slice."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import nibabel as nib
import numpy as np

from napari_scribbleseg.atomic import write_atomically
from napari_scribbleseg.io.geometry import file_shape
from napari_scribbleseg.io.nifti import save_mask, save_scribbles
from napari_scribbleseg.labels import BACKGROUND_SCRIBBLE, LV, LabelMap
from napari_scribbleseg.session.manifest import ScanRecord, stand_in
from napari_scribbleseg.session.privacy import strip_header
from napari_scribbleseg.session.slices import MapKind, SliceState
from napari_scribbleseg.types import Cine

_HIGHEST = {MapKind.SCRIBBLES: BACKGROUND_SCRIBBLE, MapKind.MASKS: LV}
_CHUNK = 1 << 16
_NO_SLICES: Mapping[tuple[int, int], SliceState] = MappingProxyType({})
_NO_ORIGINS: Mapping[tuple[int, int], str] = MappingProxyType({})


@dataclass(frozen=True)
class MaskStates:
    """What a person did with the mask of one scan.

    Attributes
    ----------
    slices : Mapping[(t, z), SliceState]
        Accepted and edited slices; all others are predicted.
    locked : bool
        Whether the mask is closed to accepts and hand edits.
    origins : Mapping[(t, z), str]
        Of those slices that a system without training made: its key, known to this version or not.
    """

    slices: Mapping[tuple[int, int], SliceState] = field(default_factory=lambda: _NO_SLICES)
    locked: bool = False
    origins: Mapping[tuple[int, int], str] = field(default_factory=lambda: _NO_ORIGINS)

    def count(self, state: SliceState) -> int:
        """Return the number of slices in a state other than PREDICTED."""
        return sum(found is state for found in self.slices.values())


def map_path(folder: Path, kind: MapKind, record: ScanRecord) -> Path:
    """Return the file of a scan's scribbles or mask."""
    return folder / kind.value / f"{record.stem}.nii.gz"


def states_path(folder: Path, record: ScanRecord) -> Path:
    """Return the file that holds the state of a scan's mask slices."""
    return folder / MapKind.MASKS.value / f"{record.stem}.json"


def write_map(path: Path, kind: MapKind, labels: LabelMap, geometry: Cine) -> None:
    """Write a map `(t, z, y, x)` atomically, without any free text of the header.

    Raises
    ------
    OSError, ScanError
        When the target cannot be written; the old file is then as it was.
    """
    path.parent.mkdir(exist_ok=True)
    save = save_scribbles if kind is MapKind.SCRIBBLES else save_mask
    save(path, labels, geometry)


def read_map(path: Path, kind: MapKind, record: ScanRecord) -> tuple[LabelMap, str]:
    """Read a map as uint8 `(t, z, y, x)`, and a sentence where it is damaged, else "".

    Of a damaged file the part before the damage is read; the rest is 0. A missing file is all 0 and no damage.
    """
    shape = file_shape(stand_in(record))
    where = f"{kind.value}/{path.name}"
    try:
        content, whole = _decompress(path)
        header = _parse_header(content)
    except FileNotFoundError:
        return np.zeros(record.shape, np.uint8), ""
    except (OSError, ValueError, zlib.error, nib.spatialimages.HeaderDataError):
        return np.zeros(record.shape, np.uint8), f"{where} is damaged and none of it could be read."
    flat, n_read = _values(content, header, int(np.prod(shape)))
    fits = int(np.prod(header.get_data_shape())) == flat.size and header.get_data_dtype() == np.uint8
    if not fits:
        return np.zeros(record.shape, np.uint8), f"{where} is not the map of this scan and was not read."
    strange = flat > _HIGHEST[kind]
    flat[strange] = 0
    labels = _to_phases(flat.reshape(shape, order="F"), record)
    if whole and n_read == flat.size and not strange.any():
        return labels, ""
    return labels, f"{where} is damaged; about {n_read / flat.size:.0%} of it could be read."


def read_geometry(folder: Path, record: ScanRecord) -> Cine:
    """Return a stand-in for the scan, with the header of its saved scribbles where there are any."""
    try:
        header: Any = nib.load(map_path(folder, MapKind.SCRIBBLES, record)).header
        fits = int(np.prod(header.get_data_shape())) == int(np.prod(record.shape))
    except Exception:  # a missing or damaged file: nibabel raises many kinds, and the record is enough
        return stand_in(record)
    return stand_in(record, strip_header(header) if fits else None)


def write_states(path: Path, states: MaskStates) -> None:
    """Write the states of a mask's slices atomically.

    Raises
    ------
    OSError
        When the target cannot be written.
    """
    path.parent.mkdir(exist_ok=True)
    slices: list[dict[str, Any]] = []
    for (t, z), state in sorted(states.slices.items()):
        slices.append({"t": t, "z": z, "state": state.value})
        if origin := states.origins.get((t, z)):
            slices[-1]["origin"] = origin
    write_atomically(path, json.dumps({"locked": states.locked, "slices": slices}).encode() + b"\n")


def read_states(path: Path) -> tuple[MaskStates, str]:
    """Read the states of a mask's slices, and a sentence where they are damaged, else ""."""
    try:
        values = json.loads(path.read_bytes())
        items = {(int(item["t"]), int(item["z"])): item for item in values["slices"]}
        slices = {index: SliceState(item["state"]) for index, item in items.items()}
        origins = {index: str(item["origin"]) for index, item in items.items() if item.get("origin")}
        return MaskStates(slices, bool(values["locked"]), origins), ""
    except FileNotFoundError:
        return MaskStates(), ""
    except (OSError, ValueError, KeyError, TypeError):
        return MaskStates(), f"masks/{path.name} is damaged: which mask slices were accepted is not known."


def _decompress(path: Path) -> tuple[bytes, bool]:
    """Return what can be decompressed, and whether the stream came to its proper end."""
    packed = memoryview(path.read_bytes())
    stream = zlib.decompressobj(wbits=31)
    parts = []
    try:
        for start in range(0, len(packed), _CHUNK):
            parts.append(stream.decompress(packed[start : start + _CHUNK]))
    except zlib.error:
        return b"".join(parts), False
    return b"".join(parts), stream.eof


def _parse_header(content: bytes) -> Any:
    if len(content) < 348:
        raise ValueError("no header")
    second_version = content[:4] in ((540).to_bytes(4, "little"), (540).to_bytes(4, "big"))
    kind = nib.Nifti2Header if second_version else nib.Nifti1Header
    return kind(content[: kind.template_dtype.itemsize])


def _values(content: bytes, header: Any, size: int) -> tuple[LabelMap, int]:
    found = np.frombuffer(content, np.uint8)[int(header["vox_offset"]) :][:size]
    flat = np.zeros(size, np.uint8)
    flat[: found.size] = found
    return flat, int(found.size)


def _to_phases(values: LabelMap, record: ScanRecord) -> LabelMap:
    four = values if values.ndim == 4 else values[..., None]
    return np.ascontiguousarray(four.transpose(3, *record.axes))
