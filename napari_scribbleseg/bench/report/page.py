"""The report's page: sections in the order in which a reader asks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from napari_scribbleseg.bench.report.coverage import find_gaps, tell_gaps
from napari_scribbleseg.bench.report.head import tell_head
from napari_scribbleseg.bench.report.markdown import (
    classical_table,
    difference_table,
    lambda_table,
    make_table,
    method_table,
    tell_gain,
)
from napari_scribbleseg.bench.report.ranking import check_order, tell_step
from napari_scribbleseg.bench.report.reading import Results
from napari_scribbleseg.bench.report.reruns import rerun_section
from napari_scribbleseg.bench.report.statistics import BOOTSTRAPS, MEASURES
from napari_scribbleseg.bench.report.tables import (
    DMPLS,
    Difference,
    Line,
    Point,
    compare_rows,
    difference_from,
    lambda_points,
    make_differences,
    make_lines,
    present,
    row_of,
    runner_up,
    section_rows,
    uneven_folds,
)
from napari_scribbleseg.bench.report.wording import (
    tell_difference,
    tell_duration,
    tell_range,
    tell_test,
)
from napari_scribbleseg.bench.rows import ROWS, Row

TABLE1_SECTIONS = ("scribbles", "semi", "full")
BASE = "pce"
"""The row that DMPLS is compared with patient by patient."""


@dataclass(frozen=True)
class Picture:
    """A figure of the report.

    Attributes
    ----------
    name : str
        Of its files, without ending.
    caption : str
        One or more sentences; shown below it.
    """

    name: str
    caption: str


@dataclass(frozen=True)
class Content:
    """All that a page and its files show, worked out once.

    Attributes
    ----------
    results : Results
    table1, table2, loop, classical : list of Line
        The latter two hold only rows that were run.
    points : list of Point
    differences : list of Difference
    """

    results: Results
    table1: list[Line]
    table2: list[Line]
    loop: list[Line]
    classical: list[Line]
    points: list[Point]
    differences: list[Difference]


def make_content(results: Results) -> Content:
    """Work out everything that a report shows."""
    table1 = [row for section in TABLE1_SECTIONS for row in section_rows(section)]
    compared = present(results, [row for row in ROWS if row.section not in ("lambda", "classical")])
    return Content(
        results=results,
        table1=make_lines(results, table1),
        table2=make_lines(results, [*section_rows("ablation"), row_of(DMPLS)]),
        loop=make_lines(results, _run(results, "loop")),
        classical=make_lines(results, _run(results, "classical")),
        points=lambda_points(results),
        differences=make_differences(results, compared),
    )


def _run(results: Results, section: str) -> list[Row]:
    planned = set(results.bench.get("rows", ()))
    return [row for row in section_rows(section) if row.key in planned or results.scores_of(row.key)]


def write_page(content: Content, pictures: Sequence[Picture], remarks: Iterable[str]) -> str:
    """Return the page.

    Parameters
    ----------
    pictures : those that were drawn, by `Picture.name` beside the page
    remarks : why others were not
    """
    shown = {picture.name: picture for picture in pictures}
    lines = ["# Benchmark: scribble-supervised segmentation on ACDC", "", *tell_head(content.results)]
    lines += ["", "## In short", "", *_in_short(content.results), ""]
    lines += [*_pictures(shown, "volumes", "differences"), *_tables(content), *_lambda(content, shown)]
    lines += [*_others(content), *_differences(content), *_pictures(shown, "case", title="Pictures")]
    lines += [*_missing(content.results, remarks), *_reading()]
    return "\n".join(lines).rstrip() + "\n"


def tell_findings(results: Results) -> Iterator[str]:
    """Yield what a reader wants first: the gain over pCE, and the test against the second best method."""
    gain = difference_from(results, row_of(BASE))
    yield tell_gain(gain) if gain else "**DMPLS − pCE** cannot be given: one of the two has no scores."
    second = runner_up(results)
    test = compare_rows(results, DMPLS, second) if second else None
    if second and test:
        title, difference = row_of(second).title, tell_difference("dice", test.difference)
        yield (
            f"The best other method of scribbles is {title}: **DMPLS − {title} = {difference} DSC** per volume "
            f"({tell_test(test.p)}, paired t-test over {test.n} volumes)."
        )


def tell_order(results: Results) -> Iterator[str]:
    """Yield a sentence for each step of the paper's order of the groups: where it holds, and where not."""
    return (tell_step(step) for step in check_order(results))


def _in_short(results: Results) -> Iterator[str]:
    yield from (f"- {sentence}" for sentence in tell_findings(results))
    yield "- The paper's order of the groups, by mean DSC over the volumes that two methods share:"
    yield from (f"  - {sentence}" for sentence in tell_order(results))


def _tables(content: Content) -> Iterator[str]:
    yield from _methods("Table 1: scribbles, a few masks, all masks", content.table1)
    yield from _methods("Table 2: ablation of the dual branch", content.table2)
    yield from rerun_section(content.results)


def _methods(title: str, lines: Sequence[Line]) -> Iterator[str]:
    yield from (f"## {title}", "")
    for measure in MEASURES:
        yield from method_table(lines, measure)
        yield ""


def _lambda(content: Content, shown: dict[str, Picture]) -> Iterator[str]:
    if not content.points:
        return
    yield from ("## Weight of the pseudo labels, λ", "")
    yield from lambda_table(content.points)
    yield ""
    yield from _pictures(shown, "lambda")


def _others(content: Content) -> Iterator[str]:
    if content.loop:
        yield from _methods("Training in rounds, from before the paper", content.loop)
        yield from ("The paper has no numbers for these.", "")
    if content.classical:
        yield from ("## Systems without training", "")
        yield (
            "They see the strokes of the very scan that they segment, which no row above does, and learn from no other "
            "patient: read them beside each other, not beside the trained methods. The paper has no numbers for them."
        )
        yield ""
        yield from classical_table(content.classical)
        yield ""


def _differences(content: Content) -> Iterator[str]:
    if not content.differences:
        return
    yield from ("## DMPLS against each method, patient by patient", "")
    yield from difference_table(content.differences)
    yield ""
    yield from _costs(content)


def _costs(content: Content) -> Iterator[str]:
    lines = [line for line in (*content.table1, *content.table2[:-1], *content.loop) if line.summary]
    told = [cells for line in lines if (cells := _cost(content.results, line))]
    if told:
        yield from ("## What it took", "")
        yield from make_table(("method", "training, a cell", "maps, a cell", "prediction, a volume"), told)
        yield ""


def _cost(results: Results, line: Line) -> tuple[str, ...] | None:
    cells = results.cells_of(line.row.key)
    if not cells:
        return None
    train_s, prepare_s = (sum(c.seconds(name) for c in cells) / len(cells) for name in ("train_s", "prepare_s"))
    predict = tell_duration(line.seconds_per_volume) if line.seconds_per_volume else "–"
    return line.row.title, tell_duration(train_s), tell_duration(prepare_s) if prepare_s else "–", predict


def _pictures(shown: dict[str, Picture], *names: str, title: str = "") -> Iterator[str]:
    chosen = [shown[name] for name in names if name in shown]
    if title and chosen:
        yield from (f"## {title}", "")
    for picture in chosen:
        yield from (f"![{picture.name}]({picture.name}.png)", "", f"*{picture.caption}*", "")


def _missing(results: Results, remarks: Iterable[str]) -> Iterator[str]:
    told = [*tell_gaps(find_gaps(results)), *remarks]
    told += _uneven(results)
    yield from ("## What is missing", "")
    yield from (f"- {sentence}" for sentence in told or ["Nothing: every planned cell is done."])
    yield ""


def _uneven(results: Results) -> Iterator[str]:
    common, others = uneven_folds(results, ROWS)
    if others:
        which = "; ".join(f"{row_of(key).title} on folds {tell_range(folds)}" for key, folds in others.items())
        yield (
            f"Means are not over the same folds for all rows: {which}; the rest on {tell_range(common)}. Tests and "
            "differences use shared volumes alone."
        )


def _reading() -> Iterator[str]:
    resamples = f"{BOOTSTRAPS:,}".replace(",", " ")
    yield from (
        "## How to read this",
        "",
        "- A volume is one phase (ED or ES) of one patient; scores are 3D, per class, HD95 in mm by the true spacing.",
        "- Mean (sd): over volumes, population standard deviation. In the column *mean* both are averaged over RV, Myo "
        "and LV, as in the paper's tables. Several seeds: taken within each seed, then averaged.",
        "- *largest*: only the largest 3D component of each class is kept, which the paper does not do.",
        "- *empty*: masks in which a class of the truth was not found at all, of all masks scored. Their HD95 is the "
        "diagonal of the volume, never 0 mm.",
        "- Δ to DMPLS (p): the row minus DMPLS, masks as predicted; two-sided paired t-test over the volumes that both "
        "have, each the mean over classes (and seeds). DMPLS itself stands against the best other method of scribbles. "
        "ED and ES of a patient count as two volumes, as in the paper, though they are not independent; p-values are "
        "not corrected for their number.",
        "- Intervals are over patients, each the mean over phases, classes and seeds: Student's t, and the percentiles "
        f"of {resamples} bootstrap resamples with a fixed seed.",
        "- The paper's numbers: Luo et al., MICCAI 2022, five folds, 60 000 steps.",
    )
