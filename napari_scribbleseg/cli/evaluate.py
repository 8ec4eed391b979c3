"""`napari-scribbleseg evaluate`: how good masks are."""

from __future__ import annotations

import json as jsons
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from napari_scribbleseg.cli import output
from napari_scribbleseg.cli.arguments import Json
from napari_scribbleseg.cli.targets import TargetError, require_file_target

if TYPE_CHECKING:
    from rich.table import Table

    from napari_scribbleseg.metrics import Evaluation

ENDINGS = (".csv", ".json")


def evaluate(*, pred: Path, truth: Path, out: Path | None = None, json: Json = False) -> int:
    """Score masks against the truth: Dice and 95 % Hausdorff distance in mm, by case and class.

    Masks are paired by file stem less a trailing _seg, _gt or _mask, in all subfolders; where a folder holds _gt files
    only those are truth. A mask without a partner or of another shape is an error: exit code 2 and a list. A class that
    is missing on one side scores the diagonal of the volume, and such cases are counted.

    Parameters
    ----------
    pred
        Folder with predicted masks.
    truth
        Folder with true masks (0 background, 1 RV, 2 Myo, 3 LV).
    out
        File for the scores: .csv or .json; without an ending both are written.
    """
    from napari_scribbleseg import metrics

    targets = _targets(out)
    scores = metrics.evaluate(pred, truth)
    for target in targets:
        _write(target, scores)
    if json:
        output.print_json(scores.to_json())
    else:
        output.print_table(_table(scores))
        for line in (*_empties(scores), *scores.notes, *(f"{target} written." for target in targets)):
            output.say(line)
    return output.OK


def _targets(out: Path | None) -> list[Path]:
    if out is None:
        return []
    if out.suffix and out.suffix.lower() not in ENDINGS:
        raise TargetError(f"{out.name} ends in neither .csv nor .json; choose one of them, or no ending for both.")
    targets = [out] if out.suffix else [out.with_name(out.name + ending) for ending in ENDINGS]
    for target in targets:
        require_file_target(target)
    return targets


def _write(target: Path, scores: Evaluation) -> None:
    from napari_scribbleseg.io import write_atomically

    as_csv = target.suffix.lower() == ".csv"
    text = scores.to_csv() if as_csv else jsons.dumps(scores.to_json(), indent=2) + "\n"
    write_atomically(target, text.encode("utf-8"))


def _table(scores: Evaluation) -> Table:
    from rich.table import Table

    table = Table("case")
    for measure in ("DSC", "HD95 mm"):
        for part in scores.classes:
            table.add_column(f"{measure}\n{part.name}", justify="right")
    for case, rows in groupby(scores.rows, key=lambda row: row.case):
        found = list(rows)
        table.add_row(case, *(f"{row.dice:.3f}" for row in found), *(f"{row.hd95_mm:.1f}" for row in found))
    table.add_section()
    classes = scores.classes
    table.add_row("mean", *(f"{c.dice_mean:.3f}" for c in classes), *(f"{c.hd95_mean_mm:.1f}" for c in classes))
    table.add_row("sd", *(f"{c.dice_sd:.3f}" for c in classes), *(f"{c.hd95_sd_mm:.1f}" for c in classes))
    return table


def _empties(scores: Evaluation) -> Iterator[str]:
    overall = scores.overall
    yield (
        f"Over all classes: DSC {overall.dice_mean:.3f} ({overall.dice_sd:.3f}), "
        f"HD95 {overall.hd95_mean_mm:.1f} ({overall.hd95_sd_mm:.1f}) mm, {overall.n} volumes."
    )
    for count, what in ((overall.empty_predictions, "not found"), (overall.empty_truths, "found but not there")):
        if count:
            yield f"{count} times a class was {what}; HD95 is then the diagonal of the volume."
