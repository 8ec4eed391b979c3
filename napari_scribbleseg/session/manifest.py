"""`session.json`: what a session holds, versioned and readable by people."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

import numpy as np

import napari_scribbleseg
from napari_scribbleseg.cardiac.measurement import Choices
from napari_scribbleseg.engine.postprocess import PostProcessing
from napari_scribbleseg.io.fingerprint import fingerprint
from napari_scribbleseg.session.choices import choices_from_json, choices_to_json
from napari_scribbleseg.session.cleaning import cleaning_from_json, cleaning_to_json
from napari_scribbleseg.session.errors import SessionError
from napari_scribbleseg.settings import SettingsError, TrainSettings
from napari_scribbleseg.types import Cine

FORMAT = "napari-scribbleseg-session"
VERSION = 1
_NO_COUNTS: Mapping[str, int] = MappingProxyType({})


class ManifestError(ValueError):
    """The text is not a manifest that this version can read."""


class NewerVersionError(SessionError):
    """The session was written by a newer version of the program."""


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass(frozen=True)
class View:
    """Where the person was looking; `zoom` and `centre` (y, x) in canvas units, None where unknown."""

    case: str
    t: int = 0
    z: int = 0
    zoom: float | None = None
    centre: tuple[float, float] | None = None


@dataclass(frozen=True)
class ScanRecord:
    """One scan of the worklist, without its pixels.

    Attributes
    ----------
    case : str
    shape : (t, z, y, x)
    spacing_mm : (z, y, x)
    affine : 4 rows of 4, voxel → world of the source file
    axes : file axes of (z, y, x)
    ndim : dimensions of the source file
    fingerprint : str
        Hash of grid and first phase, by which the scan is known again wherever its file lies now.
    frame_ms : float or None
    path : str or None
        Only where the person agreed.
    strokes : int
        Strokes drawn so far.
    counts : Mapping[str, int]
        Slices "scribbled", "accepted" and "edited", for the worklist.
    choices : Choices
        What the person decided about measuring it.
    """

    case: str
    shape: tuple[int, int, int, int]
    spacing_mm: tuple[float, float, float]
    affine: tuple[tuple[float, ...], ...]
    axes: tuple[int, int, int]
    ndim: int
    fingerprint: str
    frame_ms: float | None = None
    path: str | None = None
    strokes: int = 0
    counts: Mapping[str, int] = field(default_factory=lambda: _NO_COUNTS)
    choices: Choices = field(default_factory=Choices)

    @property
    def stem(self) -> str:
        """Return a file name made of the case, safe on every system."""
        name = quote(self.case, safe="")
        return f"%2E{name[1:]}" if name.startswith(".") else name


@dataclass(frozen=True)
class Manifest:
    """The content of `session.json`.

    Attributes
    ----------
    settings : TrainSettings
    scans : tuple of ScanRecord, in the order of the worklist
    view : View or None
    next_revision : int
        Number of the next edit.
    remember_paths : bool
        Whether the person agreed to keep the paths of scans.
    started_from : str
        Weights that the training of the session began with, by the key of their origin; "" for from scratch.
    trained_s : float
        Seconds of training since then.
    post : PostProcessing
        What is put right in predictions before they are shown.
    created : str
        ISO time, UTC.
    problems : tuple of str
        What could not be read; not saved.
    """

    settings: TrainSettings = field(default_factory=TrainSettings)
    scans: tuple[ScanRecord, ...] = ()
    view: View | None = None
    next_revision: int = 1
    remember_paths: bool = False
    started_from: str = ""
    trained_s: float = 0.0
    post: PostProcessing = PostProcessing()
    created: str = field(default_factory=_now)
    problems: tuple[str, ...] = ()

    def scan(self, case: str) -> ScanRecord | None:
        """Return the record of a case, or None."""
        return next((record for record in self.scans if record.case == case), None)

    def with_scan(self, record: ScanRecord) -> Manifest:
        """Return a manifest with this record in place of the one of its case, or at the end."""
        if self.scan(record.case) is None:
            return replace(self, scans=(*self.scans, record))
        return replace(self, scans=tuple(record if old.case == record.case else old for old in self.scans))


def record_of(cine: Cine) -> ScanRecord:
    """Describe a scan without path, title or header."""
    z, y, x = (float(v) for v in cine.spacing_mm)
    i, j, k = (int(v) for v in cine.axes)
    return ScanRecord(
        case=cine.case,
        shape=cine.shape,
        spacing_mm=(z, y, x),
        affine=tuple(tuple(float(v) for v in row) for row in np.asarray(cine.affine)),
        axes=(i, j, k),
        ndim=int(cine.ndim),
        fingerprint=fingerprint(cine),
        frame_ms=None if cine.frame_ms is None else float(cine.frame_ms),
    )


def stand_in(record: ScanRecord, header: Any = None) -> Cine:
    """Return a scan with the geometry of a record and no pixels (all 0, taking no memory)."""
    return Cine(
        case=record.case,
        data=np.broadcast_to(np.uint8(0), record.shape),
        spacing_mm=record.spacing_mm,
        frame_ms=record.frame_ms,
        affine=np.array(record.affine, dtype=np.float64),
        axes=record.axes,
        ndim=record.ndim,
        header=header,
    )


def manifest_to_bytes(manifest: Manifest) -> bytes:
    """Return `session.json`, stamped with the time and the version of the program."""
    view = manifest.view
    values = {
        "format": FORMAT,
        "version": VERSION,
        "app_version": napari_scribbleseg.__version__,
        "created": manifest.created,
        "modified": _now(),
        "remember_paths": manifest.remember_paths,
        "settings": manifest.settings.to_json(),
        "started_from": manifest.started_from,
        "trained_s": round(manifest.trained_s, 2),
        "cleaning": cleaning_to_json(manifest.post),
        "scans": [_scan_to_json(record, manifest.remember_paths) for record in manifest.scans],
        "view": None if view is None else vars(view),
        "next_revision": manifest.next_revision,
    }
    return json.dumps(values, indent=1).encode() + b"\n"


def _scan_to_json(record: ScanRecord, with_path: bool) -> dict[str, Any]:
    values = {**vars(record), "counts": dict(record.counts), "choices": choices_to_json(record.choices)}
    if record.choices == Choices():
        del values["choices"]
    if not with_path or record.path is None:
        del values["path"]
    return values


def manifest_from_bytes(content: bytes) -> Manifest:
    """Read `session.json`.

    Raises
    ------
    NewerVersionError
        For a session of a newer version.
    ManifestError
        For anything else that is not a manifest.
    """
    try:
        values = json.loads(content)
    except ValueError as error:
        raise ManifestError("it is not JSON") from error
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        raise ManifestError("it does not describe a session")
    if not isinstance(values.get("version"), int):
        raise ManifestError("it has no version")
    if values["version"] > VERSION:
        raise NewerVersionError(
            f"This session has format version {values['version']}, written by napari-scribbleseg "
            f"{values.get('app_version', 'of a newer date')}; this is {napari_scribbleseg.__version__}, which reads "
            f"version {VERSION}. Update the program to open it; nothing was changed."
        )
    try:
        return _parse(values)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ManifestError(f"it lacks or garbles {error}") from error


def _parse(values: Mapping[str, Any]) -> Manifest:
    settings, problems = _parse_settings(values["settings"])
    post, post_problems = _parse_cleaning(values)
    view = values.get("view")
    scans = [_parse_scan(scan) for scan in values["scans"]]
    return Manifest(
        settings=settings,
        scans=tuple(scan for scan, _ in scans),
        view=None if view is None else _parse_view(view),
        next_revision=int(values["next_revision"]),
        remember_paths=bool(values["remember_paths"]),
        started_from=str(values.get("started_from", "")),
        trained_s=float(values.get("trained_s", 0.0)),
        post=post,
        created=str(values["created"]),
        problems=(*problems, *post_problems, *(problem for _, problem in scans if problem)),
    )


def _parse_settings(values: Mapping[str, Any]) -> tuple[TrainSettings, tuple[str, ...]]:
    try:
        return TrainSettings.from_json(values), ()
    except (SettingsError, TypeError) as error:
        return TrainSettings(), (f"The settings of the session could not be read, defaults are used: {error}",)


def _parse_cleaning(values: Mapping[str, Any]) -> tuple[PostProcessing, tuple[str, ...]]:
    try:
        return cleaning_from_json(values.get("cleaning", {})), ()
    except (ValueError, TypeError, AttributeError):
        sentence = "How predictions were cleaned up in this session could not be read; choose it again under Advanced."
        return PostProcessing(), (sentence,)


def _parse_view(values: Mapping[str, Any]) -> View:
    zoom, centre = values.get("zoom"), values.get("centre")
    return View(
        case=str(values["case"]),
        t=int(values["t"]),
        z=int(values["z"]),
        zoom=None if zoom is None else float(zoom),
        centre=None if centre is None else (float(centre[0]), float(centre[1])),
    )


def _parse_scan(values: Mapping[str, Any]) -> tuple[ScanRecord, str]:
    """Return a scan, and a sentence where a part of it that others do not need could not be read."""
    t, z, y, x = (int(v) for v in values["shape"])
    dz, dy, dx = (float(v) for v in values["spacing_mm"])
    i, j, k = (int(v) for v in values["axes"])
    if min(t, z, y, x) < 1 or sorted((i, j, k)) != [0, 1, 2]:
        raise ManifestError("the grid of a scan")
    frame_ms, path = values.get("frame_ms"), values.get("path")
    choices, problem = _parse_choices(values, (t, z, y, x))
    record = ScanRecord(
        case=str(values["case"]),
        shape=(t, z, y, x),
        spacing_mm=(dz, dy, dx),
        affine=tuple(tuple(float(v) for v in row) for row in np.reshape(values["affine"], (4, 4))),
        axes=(i, j, k),
        ndim=int(values["ndim"]),
        fingerprint=str(values["fingerprint"]),
        frame_ms=None if frame_ms is None else float(frame_ms),
        path=None if path is None else str(path),
        strokes=int(values.get("strokes", 0)),
        counts={str(key): int(count) for key, count in dict(values.get("counts", {})).items()},
        choices=choices,
    )
    return record, problem


def _parse_choices(values: Mapping[str, Any], shape: tuple[int, int, int, int]) -> tuple[Choices, str]:
    try:
        return choices_from_json(values.get("choices", {}), shape), ""
    except (ValueError, TypeError, AttributeError):
        return (
            Choices(),
            f"What was chosen for the results of {values['case']} could not be read; choose ED and ES again.",
        )
