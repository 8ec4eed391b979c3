"""How the numbers came about, in words for the report."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from napari_scribbleseg.bench.annotate.annotator import AROUND_MM, EVERY
from napari_scribbleseg.bench.annotate.faults import NOTICE_MM
from napari_scribbleseg.bench.annotate.sitting import LOOKS
from napari_scribbleseg.bench.report.markdown import make_table
from napari_scribbleseg.bench.report.wording import count

_COSTS = {
    "think_s": ("M, to decide where and what to draw, once a stroke", "s"),
    "key_s": ("K, a key: another class, or one slice on", "s"),
    "point_s": ("P, to bring the pointer to the beginning", "s"),
    "button_s": ("2 B, to press and release the button", "s"),
    "line_s": ("D, drawing, for a straight line and for each quarter turn", "s"),
    "draw_s_per_cm": ("D, drawing, for each cm on the screen", "s"),
    "glance_s": ("to see whether a slice is right (mean eye movement)", "s"),
    "screen_cm_per_mm": ("size of a mm of the patient on the screen (assumed)", "cm"),
}


def explain(header: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of the section on the method.

    Parameters
    ----------
    header : what annotate.json says
    """
    hand, seconds = header["hand"], header["seconds"]
    yield "## How it was simulated"
    yield ""
    yield (
        "The annotator knows the expert's dense mask, as a reader knows what a heart looks like; no system sees it. "
        "The same seed, patient and mask give the same strokes."
    )
    yield ""
    yield (
        f"- **A stroke** runs along the middle line of a long or ring-shaped structure ({hand['reach']:.0%} of it), or "
        f"across a compact one; the hand wanders smoothly to the sides by {hand['wander']:.0%} of the half width (at "
        f"most 3 mm, standard deviation). The brush is {hand['brush_mm']:g} mm, thinner in thin structures. A slip out "
        "of the structure is undone."
    )
    yield (
        "- **Three strokes**: RV, Myo and LV on the slice with most wrong pixels among those that hold all three, "
        "where the class is missing, else along its middle. Systems that have no mask yet get the slice that "
        f"shows most of the heart. Then {seconds['three']:g} s of computing."
    )
    yield (
        f"- **Sparse**: all classes and the background ({AROUND_MM[0]:g}–{AROUND_MM[1]:g} mm around the heart) on "
        f"every {EVERY}th slice of both phases. Then {seconds['sparse']:g} s of computing."
    )
    yield (
        f"- **Corrections**: the annotator looks through all slices and draws {count(header['strokes'], 'stroke')} on "
        "the worst mistakes: connected voxels of one true class that show another, weighed by their distance to the "
        f"mistake's border in three dimensions and mm; what is thinner than {2 * NOTICE_MM:g} mm passes. Then at most "
        f"{seconds['correction']:g} s of computing. Systems without training take a slice with strokes to hold the "
        "drawn classes alone, so a single stroke harms them; in each round they are given the whole next slice "
        "instead, and a phase without strokes borrows those of the other."
    )
    yield (
        "- **Computing seconds** hold all that a person waits for: taking strokes, training, predicting both phases; "
        f"learning systems are also scored after {LOOKS[0]:.0%} and {LOOKS[1]:.0%} of the first budget's time."
    )
    yield (
        "- **DSC** is the mean of RV, Myo and LV and of both phases. **EF error** is |EF − true EF| of the left "
        "ventricle in points, volumes from voxels and true spacing; where no ventricle is found at ED, EF counts as 0."
    )
    yield (
        "- **Annotation seconds** follow the keystroke-level model (Card, Moran and Newell, Communications of the ACM "
        "23, 1980; the eye movement from their book of 1983), a practised person who makes no error:"
    )
    yield ""
    costs = header["costs"]
    yield from make_table(["", "each"], ([text, f"{costs[name]:.3g} {unit}"] for name, (text, unit) in _COSTS.items()))
