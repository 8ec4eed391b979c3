r"""Edits that are safe at once: each slice is appended to a small file before the large ones are written.

A 4D map takes long to compress, a slice takes a few kilobytes. So every changed slice goes into the newest *segment*
(`journal/000001.bin`, …) within milliseconds, and only now and then the maps themselves are written, after which older
segments are deleted. Opening a session reads the maps and replays what segments are left. A record holds a whole slice,
so replaying one twice does no harm.

A record is `magic, length, CRC-32` and a payload: one line of JSON, then the labels, zlib-compressed.
"""

from __future__ import annotations

import errno
import json
import os
import struct
import threading
import zlib
from collections.abc import Iterable
from io import FileIO
from pathlib import Path

import numpy as np

from napari_scribbleseg.session.slices import MapKind, SliceKey, SliceRecord, SliceState

_HEAD = struct.Struct("<4sII")
_MAGIC = b"SSJ1"


class Journal:
    """The segments of one folder; opening always starts a new one, for the last may end in half a record.

    Parameters
    ----------
    folder : made when the first record comes
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: FileIO | None = None
        self._number = max((_number(path) for path in _segments(folder)), default=0)
        self._lock = threading.Lock()

    def append(self, records: Iterable[SliceRecord]) -> None:
        """Write records so that they survive a power cut.

        Raises
        ------
        OSError
            When the disk refuses; write the same records again later.
        """
        content = b"".join(_to_bytes(record) for record in records)
        with self._lock:
            try:
                file = self._segment()
                if file.write(content) < len(content):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                os.fsync(file.fileno())
            except OSError:
                # Half a record may stand there now: what follows must not be written behind it.
                self._close()
                raise

    def rotate(self) -> int:
        """End the running segment; return its number, for :meth:`drop` once the maps hold all that it says."""
        with self._lock:
            self._close()
            return self._number

    def drop(self, number: int, keep: int = 0) -> None:
        """Delete the segments up to `number`, but not those up to `keep`."""
        for path in _segments(self._folder):
            if keep < _number(path) <= number:
                path.unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of the running segment."""
        self.rotate()

    def _segment(self) -> FileIO:
        if self._file is None:
            self._folder.mkdir(exist_ok=True)
            self._number += 1
            self._file = (self._folder / f"{self._number:06d}.bin").open("xb", buffering=0)
        return self._file

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def read_journal(folder: Path) -> tuple[list[SliceRecord], tuple[str, ...]]:
    """Return all records in the order of writing, and a sentence for each segment that is damaged.

    Half a record at the end of a segment is what a crash leaves and no damage: its edit had not been saved yet.
    """
    records: list[SliceRecord] = []
    problems = []
    for path in sorted(_segments(folder), key=_number):
        try:
            found, damaged = _parse_segment(path.read_bytes())
        except OSError:
            found, damaged = [], True
        records += found
        if damaged:
            problems.append(f"Some of the last strokes could not be read: journal/{path.name} is damaged.")
    return records, tuple(problems)


def _parse_segment(content: bytes) -> tuple[list[SliceRecord], bool]:
    records: list[SliceRecord] = []
    position, damaged = 0, False
    while position + _HEAD.size <= len(content):
        magic, length, checksum = _HEAD.unpack_from(content, position)
        if magic != _MAGIC:
            return records, True
        payload = content[position + _HEAD.size : position + _HEAD.size + length]
        if len(payload) < length:
            break
        record = _from_payload(payload) if zlib.crc32(payload) == checksum else None
        damaged |= record is None
        records += [] if record is None else [record]
        position += _HEAD.size + length
    return records, damaged


def _to_bytes(record: SliceRecord) -> bytes:
    key = record.key
    head = {
        "kind": key.kind.value,
        "case": key.case,
        "t": key.t,
        "z": key.z,
        "shape": record.labels.shape,
        "state": record.state.value,
        "revision": record.revision,
        "strokes": record.strokes,
        **({"origin": record.origin} if record.origin else {}),
    }
    payload = json.dumps(head).encode() + b"\n" + zlib.compress(record.labels.tobytes(), 1)
    return _HEAD.pack(_MAGIC, len(payload), zlib.crc32(payload)) + payload


def _from_payload(payload: bytes) -> SliceRecord | None:
    try:
        line, _, packed = payload.partition(b"\n")
        head = json.loads(line)
        labels = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(head["shape"])
        key = SliceKey(MapKind(head["kind"]), str(head["case"]), int(head["t"]), int(head["z"]))
        state, origin = SliceState(head["state"]), str(head.get("origin") or "")
        return SliceRecord(key, labels, state, int(head["revision"]), int(head["strokes"]), origin)
    except (ValueError, KeyError, TypeError, zlib.error):
        return None


def _segments(folder: Path) -> list[Path]:
    return [path for path in folder.glob("*.bin") if path.stem.isdigit()]


def _number(path: Path) -> int:
    return int(path.stem)
