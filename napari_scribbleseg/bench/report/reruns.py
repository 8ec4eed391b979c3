"""Fold 1 beside the predictions that a third party has published of its own re-runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from napari_scribbleseg.bench.paper import RERUNS, RERUNS_LARGEST, Printed
from napari_scribbleseg.bench.report.head import is_paper_protocol
from napari_scribbleseg.bench.report.markdown import make_table
from napari_scribbleseg.bench.report.reading import POSTS, Results, Score
from napari_scribbleseg.bench.report.statistics import summarise
from napari_scribbleseg.bench.report.tables import row_of
from napari_scribbleseg.bench.report.wording import EMPTY, tell_dice, tell_mm

FOLD = 1
_THEIRS: Mapping[str, Mapping[str, Printed]] = {"none": RERUNS, "largest": RERUNS_LARGEST}


def rerun_section(results: Results) -> Iterator[str]:
    """Yield the section; nothing but for trainings at the paper's protocol, since only those can be compared."""
    keys = [key for key in RERUNS if summarise(_scores(results, key, "none"))]
    if not keys or not is_paper_protocol(results):
        return
    yield from ("## Fold 1 beside a third party's re-runs", "")
    yield "Their published predictions, scored again in true mm; means of RV, Myo and LV, as DSC / HD95 in mm."
    yield ""
    head = ("method", "ours", "theirs", "ours<br>*largest*", "theirs<br>*largest*")
    yield from make_table(head, (_cells(results, key) for key in keys))
    yield ""


def _scores(results: Results, key: str, post: str) -> list[Score]:
    return [score for score in results.scores_of(key, post) if score.fold == FOLD]


def _cells(results: Results, key: str) -> Iterator[str]:
    yield row_of(key).title
    for post in POSTS:
        summary = summarise(_scores(results, key, post))
        yield _tell(summary.dice["mean"].mean, summary.hd95_mm["mean"].mean) if summary else EMPTY
        theirs = _THEIRS[post].get(key)
        yield f"<sub>theirs: {_tell(theirs.dice, theirs.hd95_mm)}</sub>" if theirs else EMPTY


def _tell(dice: float, hd95_mm: float | None) -> str:
    return f"{tell_dice(dice)} / {tell_mm(hd95_mm)}"
