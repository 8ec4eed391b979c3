"""From files to reports: one scan, or many."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_scribbleseg.api.prediction import predict
from napari_scribbleseg.api.provenance import describe_weights
from napari_scribbleseg.api.report.files import make_line, to_csv
from napari_scribbleseg.api.report.origin import describe_origin
from napari_scribbleseg.api.report.studies import Study, find_masks
from napari_scribbleseg.api.report.task import ReportTask
from napari_scribbleseg.api.report.told import choose, info_beside, read_told
from napari_scribbleseg.api.report.writer import ReportFiles, write_report
from napari_scribbleseg.io import ScanError, write_atomically
from napari_scribbleseg.io.errors import writing

if TYPE_CHECKING:
    from napari_scribbleseg.labels import LabelMap
    from napari_scribbleseg.types import Cine

Progress = Callable[[int, int], None]
"""Takes the number of slices done, and of all."""

SUMMARY = "summary.csv"


@dataclass(frozen=True)
class Reported:
    """A report, and its line in the table of all.

    Attributes
    ----------
    files : ReportFiles
    line : Mapping[str, Any]
        Column → value, as in `indices.csv`.
    """

    files: ReportFiles
    line: Mapping[str, Any]


@dataclass(frozen=True)
class Batch:
    """What came of many scans.

    Attributes
    ----------
    reports : dict of Study to ReportFiles
    failed : dict of Study to the error
    summary : Path or None
        A CSV file with a line for each report; None where there is no report.
    """

    reports: dict[Study, ReportFiles] = field(default_factory=dict)
    failed: dict[Study, Exception] = field(default_factory=dict)
    summary: Path | None = None


def report_study(
    study: Study,
    out: str | os.PathLike[str],
    task: ReportTask,
    progress: Progress | None = None,
    *,
    folder_of_its_own: bool = False,
) -> Reported:
    """Report on one heart: load it, predict where there is no mask, measure, and write.

    Parameters
    ----------
    study : Study
    out : folder, made where it is missing
    task : ReportTask
    progress : called while slices are predicted; what it raises ends the work before anything is written
    folder_of_its_own : write to a folder in `out` that is called like the study, or by its content where it must not
        be named

    Raises
    ------
    ScanError, MeasurementError
        Where scan, mask or choices do not do, or the files cannot be written.
    WeightsError, DeviceError
        As for `predict`.
    """
    from napari_scribbleseg.cardiac import measure_heart
    from napari_scribbleseg.cardiac.stack import is_right_handed

    masks = find_masks(study, task.mask) if task.mask is not None else ()
    cine = study.load()
    choices = choose(read_told(cine, task.info or info_beside(study.scans[0])), task.decided)
    mask, origin = _mask_of(study, cine, masks, task, progress)
    measured = measure_heart(mask, cine.spacing_mm, choices, cine.frame_ms, is_right_handed(cine))
    name = (cine.case if task.anonymise else study.name) if folder_of_its_own else ""
    files = write_report(cine, mask, measured, Path(out) / name, origin=origin, anonymise=task.anonymise)
    return Reported(files, make_line(cine, measured, origin, anonymise=task.anonymise))


def report_batch(
    studies: Sequence[Study],
    out: str | os.PathLike[str],
    task: ReportTask,
    progress: Callable[[int, float, Study], None] | None = None,
) -> Batch:
    """Report on many hearts: a folder for each, and `summary.csv` with a line for each.

    One that fails is kept in `failed`; the others are done all the same.

    Parameters
    ----------
    studies : from `find_studies`
    out : folder, made where it is missing
    task : ReportTask
    progress : called with the number of studies done, how much of the next is (0 to 1), and which it is

    Raises
    ------
    ScanError
        Where `summary.csv` cannot be written.
    """
    say = progress or (lambda done, share, study: None)
    batch, lines = Batch(), []
    for index, study in enumerate(studies):
        say(index, 0.0, study)

        def advance(done: int, total: int, index: int = index, study: Study = study) -> None:
            say(index, done / total, study)

        try:
            made = report_study(study, out, task, advance, folder_of_its_own=True)
        except (ValueError, RuntimeError, OSError, MemoryError) as error:
            batch.failed[study] = error
            continue
        batch.reports[study] = made.files
        lines.append(made.line)
    return Batch(batch.reports, batch.failed, _write_summary(Path(out), lines))


def _write_summary(out: Path, lines: Sequence[Mapping[str, Any]]) -> Path | None:
    if not lines:
        return None
    target = out / SUMMARY
    with writing(target):
        write_atomically(target, to_csv(lines).encode())
    return target


def _mask_of(
    study: Study, cine: Cine, masks: Sequence[Path], task: ReportTask, progress: Progress | None
) -> tuple[LabelMap, dict[str, Any]]:
    if masks:
        names = ", ".join(path.name for path in masks)
        return study.load_mask(masks, cine, task.codes), describe_origin("file", file=names, codes=task.codes)
    if task.model is None:
        raise ScanError(f"There is neither a mask for {study.name} nor weights to predict one.")
    mask = predict(task.model, cine, post=task.post, device=task.device, threads=task.threads, progress=progress)
    weights = task.weights or describe_weights(task.model)
    return mask, describe_origin("prediction", weights=weights, post=task.post)
