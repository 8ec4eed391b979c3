"""The paper's printed numbers, looked up as the report's tables need them."""

from __future__ import annotations

from napari_scribbleseg.bench.paper import PAPER


def paper_numbers(key: str, measure: str, column: str) -> tuple[float | None, float | None]:
    """Return what the paper prints for a row: mean and standard deviation, None for what it does not print.

    Parameters
    ----------
    key : row of the tables
    measure : "dice" or "hd95_mm"
    column : "RV", "Myo", "LV" or "mean"
    """
    row = PAPER.get(key)
    if row is None:
        return None, None
    if measure == "dice":
        whole, classes, spreads = (row.dice, row.dice_sd), row.class_dice, row.class_dice_sd
        return whole if column == "mean" else (classes.get(column), spreads.get(column))
    return (row.hd95_mm if column == "mean" else row.class_hd95_mm.get(column)), None
