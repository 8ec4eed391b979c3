"""Which prediction belongs to which truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_scribbleseg.io.names import LABEL_ROLES, MASK_ROLES, case_stem, has_role, is_nifti
from napari_scribbleseg.metrics.errors import EvaluationError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_ONLY_SCRIBBLES = tuple(role for role in LABEL_ROLES if role not in MASK_ROLES)


@dataclass(frozen=True)
class MaskPair:
    """A prediction and its truth, and the stem that they share."""

    case: str
    prediction: Path
    truth: Path


def pair_masks(pred_dir: Path, truth_dir: Path) -> list[MaskPair]:
    """Pair the masks below two folders by file stem less a trailing `_seg`, `_gt` or `_mask`.

    Where a folder holds `_gt` files only those are truth, and where one holds `_seg` files only those are predictions.

    Raises
    ------
    EvaluationError
        When a folder is missing or empty, a stem occurs twice, or a mask has no partner; it lists every such file.
    """
    predictions, truths = _masks_below(pred_dir, "_seg"), _masks_below(truth_dir, "_gt")
    problems = [*_repeated(predictions, "prediction"), *_repeated(truths, "truth")]
    by_case = {case_stem(path): path for path in predictions}
    truth_by_case = {case_stem(path): path for path in truths}
    problems += [f"{by_case[case].name} has no truth." for case in sorted(by_case.keys() - truth_by_case.keys())]
    alone = sorted(truth_by_case.keys() - by_case.keys())
    problems += [f"{truth_by_case[case].name} has no prediction." for case in alone]
    if problems:
        raise EvaluationError("The predictions and the truth cannot be paired, so nothing was scored:", problems)
    return [MaskPair(case, by_case[case], truth_by_case[case]) for case in sorted(by_case)]


def _masks_below(folder: Path, preferred: str) -> list[Path]:
    if not folder.is_dir():
        raise EvaluationError(f"{folder.name} is not a folder; choose one with masks in NIfTI format.")
    found = [path for path in sorted(folder.rglob("*")) if _may_be_mask(path.relative_to(folder), path)]
    masks = [path for path in found if has_role(path, preferred)] or found
    if not masks:
        raise EvaluationError(f"{folder.name} holds no masks; choose a folder with .nii or .nii.gz files.")
    return masks


def _may_be_mask(inside: Path, path: Path) -> bool:
    hidden = any(part.startswith(".") for part in inside.parts)
    return not hidden and is_nifti(path) and not has_role(path, *_ONLY_SCRIBBLES) and path.is_file()


def _repeated(masks: Sequence[Path], side: str) -> list[str]:
    seen: dict[str, Path] = {}
    problems = []
    for path in masks:
        first = seen.setdefault(case_stem(path), path)
        if first is not path:
            problems.append(f"{case_stem(path)} occurs twice as a {side}: {first} and {path}.")
    return problems
