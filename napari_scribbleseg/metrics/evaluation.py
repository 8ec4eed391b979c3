"""Whole folders of predicted masks against the truth."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from napari_scribbleseg.io.errors import ScanError
from napari_scribbleseg.io.header import zooms_mm
from napari_scribbleseg.io.nifti import read_codes
from napari_scribbleseg.io.source import open_image, squeezed_shape
from napari_scribbleseg.labels import LabelCodeError, LabelMap, mask_from_file
from napari_scribbleseg.metrics.errors import EvaluationError
from napari_scribbleseg.metrics.pairing import MaskPair, pair_masks
from napari_scribbleseg.metrics.scores import CaseScore, Evaluation, summarise
from napari_scribbleseg.metrics.volume import score_volume

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator


def evaluate(pred_dir: str | os.PathLike[str], truth_dir: str | os.PathLike[str]) -> Evaluation:
    """Score every predicted mask below a folder against its truth.

    Files are paired by stem less a trailing `_seg`, `_gt` or `_mask`, at any depth. Where the truth folder has `_gt`
    files only those are truth; where the prediction folder has `_seg` files only those are predictions. A 4D file gives
    a row per phase and class, none left out. Distances are in mm by the zooms of the truth.

    Parameters
    ----------
    pred_dir, truth_dir : folders of NIfTI masks with the codes 0 BG, 1 RV, 2 Myo, 3 LV

    Raises
    ------
    EvaluationError
        When masks have no partner, another shape, other codes, or cannot be read; `problems` lists them all.
    """
    pairs = pair_masks(Path(pred_dir), Path(truth_dir))
    problems = [problem for pair in pairs if (problem := _misfit(pair))]
    if problems:
        raise EvaluationError("Some masks do not fit their truth, so nothing was scored:", problems)
    rows: list[CaseScore] = []
    notes: list[str] = []
    for pair in pairs:
        try:
            _score_pair(pair, rows, notes)
        except (ScanError, LabelCodeError) as error:
            problems.append(str(error))
    if problems:
        raise EvaluationError("Some masks cannot be scored:", problems)
    return summarise(rows, notes)


def _misfit(pair: MaskPair) -> str | None:
    try:
        shapes = [squeezed_shape(open_image(path), path.name) for path in (pair.prediction, pair.truth)]
    except ScanError as error:
        return str(error)
    found, wanted = (shape[:3] if shape[3:] == (1,) else shape for shape in shapes)
    if found == wanted:
        return None
    return f"The prediction {pair.prediction.name} has the shape {found}, but the truth {pair.truth.name} has {wanted}."


def _score_pair(pair: MaskPair, rows: list[CaseScore], notes: list[str]) -> None:
    image = open_image(pair.truth)
    spacing_mm = zooms_mm(image.header, pair.truth.name)
    prediction, truth = _read_mask(pair.prediction), _read_mask(pair.truth)
    for case, t in _phases(pair.case, truth):
        rows.extend(score_volume(case, prediction[..., t], truth[..., t], spacing_mm))
    empty = [t for t in range(truth.shape[3]) if not truth[..., t].any()]
    if empty:
        notes.append(f"{pair.truth.name} is empty in {len(empty)} of {truth.shape[3]} phases; they are scored too.")


def _read_mask(path: Path) -> LabelMap:
    codes = read_codes(open_image(path), path)
    try:
        mask = mask_from_file(codes)
    except LabelCodeError as error:
        raise ScanError(f"{path.name}: {error}") from error
    return mask if mask.ndim == 4 else mask[..., None]


def _phases(case: str, truth: LabelMap) -> Iterator[tuple[str, int]]:
    n_t = truth.shape[3]
    for t in range(n_t):
        yield (f"{case}@t{t:02d}" if n_t > 1 else case), t
