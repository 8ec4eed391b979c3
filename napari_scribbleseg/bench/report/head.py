"""The head of a report: the budget, plainly, before any number."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PureWindowsPath
from typing import Any

from napari_scribbleseg.bench.report.coverage import find_gaps, tell_patients, unscored_folds
from napari_scribbleseg.bench.report.reading import CellRecord, Results
from napari_scribbleseg.bench.report.tables import budget_differs, row_of
from napari_scribbleseg.bench.report.wording import count, join, tell_duration, tell_range
from napari_scribbleseg.clock import PAPER_STEPS
from napari_scribbleseg.settings import protocol_settings

_SHOWN = ("steps", "resolution", "batch_size", "schedule", "learning_rate")
_RESOLUTIONS = {
    "protocol": "protocol: 256 × 256, whole slices",
    "roi": "roi: 128 × 128 at about 1.4 mm around the heart",
}


def tell_head(results: Results) -> Iterator[str]:
    """Yield the lines of the head: what the numbers are, the budget as a table, what to mind."""
    yield f"> {tell_standing(results)}"
    yield ""
    yield "| budget | |"
    yield "|---|---|"
    for name, text in _budget(results):
        yield f"| {name} | {text} |"
    if remarks := list(_remarks(results)):
        yield from ("", *(f"- {remark}" for remark in remarks))


def tell_standing(results: Results) -> str:
    """Return a sentence on how these numbers stand to the paper's."""
    if is_paper_protocol(results):
        return (
            "**These trainings follow the paper's protocol** (60 000 steps, batch 12, 256 × 256). Numbers of the paper "
            "are marked *paper:* and are never ours; what differs from the paper's experiment is listed below."
        )
    if not _trainings(results):
        return "**No training in here is finished**: only systems without training were scored."
    steps = f"{_tell_steps(_common(results, 'steps'))} of {_tell_steps([PAPER_STEPS])} steps"
    return (
        f"**A budget other than the paper's: {steps}.** These numbers compare the methods with one another under equal "
        "conditions. They are not the paper's experiment, and how far a row lies from the paper's number says nothing "
        "about the method. Numbers of the paper are marked *paper:* and are never ours."
    )


def is_paper_protocol(results: Results) -> bool:
    """Tell whether every finished training has the paper's steps, batch and resolution, on all patients."""
    wanted = protocol_settings()
    names = ("steps", "batch_size", "resolution", "schedule")
    same = all(_common(results, name) == [getattr(wanted, name)] for name in names)
    return same and not (results.bench.get("common") or {}).get("patients")


def _trainings(results: Results) -> list[CellRecord]:
    return [cell for cell in results.cells if cell.is_done and not row_of(cell.row).is_classical]


def _common(results: Results, name: str) -> list[Any]:
    """Return the different values of a setting in the finished trainings; those planned where there are none."""
    cells = _trainings(results)
    planned = (results.bench.get("settings") or {}).get(name)
    return list(dict.fromkeys(cell.settings.get(name) for cell in cells)) if cells else [planned]


def _tell_steps(values: Iterable[Any]) -> str:
    return join(f"{value:,}".replace(",", " ") if isinstance(value, int) else str(value) for value in values)


def _budget(results: Results) -> Iterator[tuple[str, str]]:
    paper = protocol_settings()
    bench, cells = results.bench, _trainings(results)
    yield "steps", f"{_tell_steps(_common(results, 'steps'))} (paper: {_tell_steps([PAPER_STEPS])})"
    yield "resolution", join(_RESOLUTIONS.get(value, str(value)) for value in _common(results, "resolution"))
    yield "batch", f"{join(_common(results, 'batch_size'))} slices (paper: {paper.batch_size})"
    yield "learning rate", f"{join(_common(results, 'learning_rate'))} (paper: {paper.learning_rate})"
    yield "folds scored", tell_range(score.fold for score in results.scores) + " (paper: 1–5)"
    yield "seeds", tell_range(cell.seed for cell in results.cells if cell.is_done)
    yield "patients scored", tell_patients(results) + " (paper: 100 patients, 200 volumes)"
    if cells:
        yield "patients trained on", f"{_tell_trained(cells)} for each fold (paper: 80)"
    yield "cells", _tell_cells(results)
    yield "device", _tell_devices(results)
    for name in ("machine", "versions"):
        yield name, _tell_alike(results, name)
    if cells:
        yield "time", _tell_time(cells)
    yield "date", _tell_dates(bench)
    for command in bench.get("commands") or [bench.get("command", "")]:
        yield "command", f"`{without_folders(str(command))}`".replace("|", r"\|")


def _tell_trained(cells: list[CellRecord]) -> str:
    # Methods that learn from masks alone have fewer; their rows say so.
    scribbles = [cell for cell in cells if row_of(cell.row).section in ("scribbles", "ablation", "lambda", "loop")]
    return tell_range({cell.patients("train_patients") for cell in scribbles or cells})


def _tell_cells(results: Results) -> str:
    done, gaps = sum(cell.is_done for cell in results.cells), find_gaps(results)
    states = [gap.state for gap in gaps]
    return ", ".join([f"{done} done", *(f"{states.count(state)} {state}" for state in dict.fromkeys(states))])


def _tell_devices(results: Results) -> str:
    told = dict.fromkeys(str(cell.facts["device"]) for cell in _trainings(results) if cell.facts.get("device"))
    return join(told) if told else "not told"


def _tell_alike(results: Results, name: str) -> str:
    """Tell what the finished cells say, each once: a cluster has several machines, a long run several versions."""
    told = [_tell_facts(cell.facts[name]) for cell in results.cells if cell.is_done and cell.facts.get(name)]
    return "; ".join(dict.fromkeys(told)) or _tell_facts(results.bench.get(name))


def _tell_facts(facts: Mapping[str, Any] | str | None) -> str:
    if isinstance(facts, Mapping):
        return ", ".join(f"{name} {value}" for name, value in facts.items() if value not in ("", None)) or "not told"
    return str(facts or "not told")


def _tell_time(cells: list[CellRecord]) -> str:
    total = sum(cell.seconds("train_s") + cell.seconds("prepare_s") for cell in cells)
    each = tell_duration(total / len(cells))
    return f"{tell_duration(total)} of training in {count(len(cells), 'cell')}, {each} each; cells may share a machine"


def _tell_dates(bench: Mapping[str, Any]) -> str:
    created, changed = (str(bench.get(name) or "") for name in ("created", "changed"))
    return f"{created} to {changed}" if changed and changed != created else created or "not told"


def without_folders(command: str) -> str:
    """Return a command with every absolute path cut down to its last part: a report is read on other machines."""
    return " ".join(_cut(word) for word in shlex.split(command))


def _cut(word: str) -> str:
    name, equals, value = word.partition("=") if word.startswith("--") else ("", "", word)
    path = PureWindowsPath(value)  # knows both kinds of slash
    shown = f"…/{path.name}" if path.root else value
    return f"{name}{equals}'{shown}'" if " " in shown else f"{name}{equals}{shown}"


def _remarks(results: Results) -> Iterator[str]:
    for name, values in budget_differs(results).items():
        yield f"**The budget is not equal for all methods**: {name.replace('_', ' ')} is {join(values)}."
    if folds := unscored_folds(results):
        noun = "fold" if len(folds) == 1 else "folds"
        yield f"The masks of {noun} {tell_range(folds)} are not here: trained, not scored."
    if empty_truths := sum(score.empty_truth for score in results.scores if score.post == "none"):
        times = count(empty_truths, "time")
        yield f"{times} a class was found that the truth does not have; HD95 is then the diagonal too."
