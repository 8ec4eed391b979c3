"""`napari-scribbleseg info`: what a file holds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from napari_scribbleseg.cli import output
from napari_scribbleseg.cli.arguments import Json


def info(file: Path, /, *more: Path, json: Json = False) -> int:
    """Say what files hold: scans, DICOM series, weights, checkpoints and session folders.

    Parameters
    ----------
    file
        A scan (.nii, .nii.gz, .h5), a weights file or checkpoint (.safetensors), or the folder of a session or of
        DICOM series.
    more
        More of them.
    """
    found: list[dict[str, Any]] = []
    problems: list[str] = []
    for path in (file, *more):
        try:
            found.append({"file": str(path), **describe(path)})
        except (ValueError, OSError) as error:
            problems.append(output.sentence_of(error))
    if json:
        output.print_json({"files": found, "failed": problems})
    else:
        output.say("\n\n".join(_in_words(entry) for entry in found))
    if problems:
        count = f"{len(problems)} of {len(problems) + len(found)} files could not be read:"
        output.complain(count, problems, as_json=json, code=output.BAD_INPUT)
    return output.BAD_INPUT if problems else output.OK


def describe(path: Path) -> dict[str, Any]:
    """Return JSON values that describe a file or folder.

    Raises
    ------
    ScanError, WeightsError, SessionError, ManifestError, OSError
        Where it cannot be read.
    """
    if path.is_dir():
        return _describe_folder(path)
    return _describe_weights(path) if path.suffix.lower() == ".safetensors" else _describe_scan(path)


def _describe_scan(path: Path) -> dict[str, Any]:
    from napari_scribbleseg.io import load_cine

    cine = load_cine(path)
    volumes = (cine.volume(t) for t in range(cine.shape[0]))
    ranges = np.array([(volume.min(), volume.max()) for volume in volumes])
    return {
        "kind": "scan",
        "shape_tzyx": list(cine.shape),
        "spacing_mm_zyx": [round(float(mm), 4) for mm in cine.spacing_mm],
        "phases": cine.shape[0],
        "frame_ms": cine.frame_ms,
        "orientation": _orientation(cine.affine) if cine.header is not None else None,
        "intensity_range": [float(ranges[:, 0].min()), float(ranges[:, 1].max())],
        "case": cine.case,
        **_source(cine.header),
    }


def _source(header: Any) -> dict[str, Any]:
    """Return what there is to say of a scan from DICOM."""
    from napari_scribbleseg.io.dicom import DicomSource

    if not isinstance(header, DicomSource):
        return {}
    rate = header.heart_rate_bpm
    return {"heart_rate_bpm": None if rate is None else round(rate, 1), "warnings": list(header.warnings)}


def _orientation(affine: np.ndarray[Any, Any]) -> str:
    """Return the letters that the file's axes point to, such as "LPS"; "?" for one that the affine leaves open."""
    from nibabel.orientations import aff2axcodes

    return "".join(code or "?" for code in aff2axcodes(affine))


def _describe_weights(path: Path) -> dict[str, Any]:
    from napari_scribbleseg.api import Model
    from napari_scribbleseg.engine.weights import load_weights

    _, meta = load_weights(path)
    model = Model.load(path)
    settings = model.settings
    return {
        "kind": "checkpoint" if "checkpoint" in meta else "weights",
        "method": settings.method,
        "resolution": settings.resolution,
        "step": model.step,
        "version": meta.get("version"),
        "values": sum(tensor.numel() for tensor in model.tensors.values()),
        "scans": len(model.meta.get("windows", {})),
        "settings": settings.to_json(),
    }


def _describe_folder(path: Path) -> dict[str, Any]:
    from napari_scribbleseg.io.dicom import holds_dicom
    from napari_scribbleseg.session.locations import is_session

    return _describe_series(path) if not is_session(path) and holds_dicom(path) else _describe_session(path)


def _describe_series(path: Path) -> dict[str, Any]:
    from napari_scribbleseg.io.dicom import list_series

    series = [
        {
            "number": found.number,
            "description": found.description,
            "phases": found.n_phases,
            "slices": found.n_slices,
            "images": found.n_images,
            "uid": found.uid,
            **({"problem": found.problem} if found.problem else {}),
            **({"warnings": list(found.warnings)} if found.warnings else {}),
        }
        for found in list_series(path)
    ]
    return {"kind": "DICOM series", "series": series}


def _describe_session(path: Path) -> dict[str, Any]:
    from napari_scribbleseg.session import SessionError
    from napari_scribbleseg.session.locations import MANIFEST_NAME
    from napari_scribbleseg.session.manifest import VERSION, manifest_from_bytes

    if not (path / MANIFEST_NAME).is_file():
        raise SessionError(f"{path.name} is a folder but no session: it holds no {MANIFEST_NAME}.")
    manifest = manifest_from_bytes((path / MANIFEST_NAME).read_bytes())
    return {
        "kind": "session",
        "version": VERSION,
        "created": manifest.created,
        "method": manifest.settings.method,
        "resolution": manifest.settings.resolution,
        "scans": [{"case": scan.case, "shape_tzyx": list(scan.shape), **scan.counts} for scan in manifest.scans],
        "settings": manifest.settings.to_json(),
    }


def _in_words(entry: Mapping[str, Any]) -> str:
    lines = [str(entry["file"])]
    for key, value in entry.items():
        if key != "file":
            lines.append(f"  {key.replace('_', ' '):<18} {_value_in_words(value)}")
    return "\n".join(lines)


def _value_in_words(value: Any) -> str:
    if value is None:
        return "not stated"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_value_in_words(item)}" for key, item in value.items()) or "none"
    if isinstance(value, list):
        return ("; " if value and isinstance(value[0], Mapping) else ", ").join(map(_value_in_words, value)) or "none"
    return str(value)
