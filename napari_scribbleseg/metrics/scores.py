"""Results of an evaluation as plain values, and as CSV and JSON."""

from __future__ import annotations

import csv
import dataclasses
import io
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_scribbleseg.labels import CLASS_NAMES, FOREGROUND

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class CaseScore:
    """How well one class of one volume was found.

    Attributes
    ----------
    case : str
        Stem of the file; for a phase of a 4D file with the phase, counted from 0, such as "cine@t07".
    label : int
        1 RV, 2 Myo, 3 LV.
    dice : float
    hd95_mm : float
        95 % Hausdorff distance; the diagonal of the volume where one of the two masks is empty.
    empty_prediction : bool
        The truth holds the class and the prediction does not.
    empty_truth : bool
        The prediction holds the class and the truth does not.
    """

    case: str
    label: int
    dice: float
    hd95_mm: float
    empty_prediction: bool = False
    empty_truth: bool = False


@dataclass(frozen=True)
class Summary:
    """Mean and standard deviation (of the population, as in the paper's tables) over `n` volumes.

    `empty_predictions` and `empty_truths` count the volumes whose `hd95_mm` is the diagonal.
    """

    name: str
    n: int
    dice_mean: float
    dice_sd: float
    hd95_mean_mm: float
    hd95_sd_mm: float
    empty_predictions: int
    empty_truths: int


@dataclass(frozen=True)
class Evaluation:
    """Scores of every volume and class.

    Attributes
    ----------
    rows : tuple of CaseScore
    classes : tuple of Summary
        RV, Myo and LV.
    overall : Summary
        Mean of the three classes' means and of their standard deviations, as the paper's tables give it.
    notes : tuple of str
        Sentences on what a reader of the numbers should know.
    """

    rows: tuple[CaseScore, ...]
    classes: tuple[Summary, ...]
    overall: Summary
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object with `rows`, `classes`, `overall` and `notes`."""
        rows = [{**dataclasses.asdict(row), "class": CLASS_NAMES[row.label]} for row in self.rows]
        classes = {summary.name: dataclasses.asdict(summary) for summary in self.classes}
        return {
            "rows": rows,
            "classes": classes,
            "overall": dataclasses.asdict(self.overall),
            "notes": list(self.notes),
        }

    def to_csv(self) -> str:
        """Return a table with a line per volume and class, then the means and standard deviations."""
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        table.writerow(("case", "class", "dice", "hd95_mm", "empty_prediction", "empty_truth"))
        for row in self.rows:
            scores = f"{row.dice:.6f}", f"{row.hd95_mm:.4f}"
            table.writerow((row.case, CLASS_NAMES[row.label], *scores, int(row.empty_prediction), int(row.empty_truth)))
        for part in (*self.classes, self.overall):
            empties = part.empty_predictions, part.empty_truths
            table.writerow(("mean", part.name, f"{part.dice_mean:.6f}", f"{part.hd95_mean_mm:.4f}", *empties))
            table.writerow(("sd", part.name, f"{part.dice_sd:.6f}", f"{part.hd95_sd_mm:.4f}", "", ""))
        return text.getvalue()


def summarise(rows: Sequence[CaseScore], notes: Sequence[str] = ()) -> Evaluation:
    """Return the rows with their means and standard deviations; there must be a row of each class."""
    classes = tuple(_of_class([row for row in rows if row.label == label]) for label in FOREGROUND)
    overall = Summary(
        name="mean",
        n=classes[0].n,
        dice_mean=statistics.fmean(part.dice_mean for part in classes),
        dice_sd=statistics.fmean(part.dice_sd for part in classes),
        hd95_mean_mm=statistics.fmean(part.hd95_mean_mm for part in classes),
        hd95_sd_mm=statistics.fmean(part.hd95_sd_mm for part in classes),
        empty_predictions=sum(part.empty_predictions for part in classes),
        empty_truths=sum(part.empty_truths for part in classes),
    )
    return Evaluation(tuple(rows), classes, overall, tuple(notes))


def _of_class(rows: Sequence[CaseScore]) -> Summary:
    dices, distances = [row.dice for row in rows], [row.hd95_mm for row in rows]
    return Summary(
        name=CLASS_NAMES[rows[0].label],
        n=len(rows),
        dice_mean=statistics.fmean(dices),
        dice_sd=statistics.pstdev(dices),
        hd95_mean_mm=statistics.fmean(distances),
        hd95_sd_mm=statistics.pstdev(distances),
        empty_predictions=sum(row.empty_prediction for row in rows),
        empty_truths=sum(row.empty_truth for row in rows),
    )
