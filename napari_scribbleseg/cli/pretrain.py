"""`napari-scribbleseg pretrain`: weights for scans that nobody has drawn on, from ACDC's scribbles."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from napari_scribbleseg.cli import output
from napari_scribbleseg.cli.arguments import Json
from napari_scribbleseg.cli.targets import require_folder_target
from napari_scribbleseg.settings import SettingsError, TrainSettings

if TYPE_CHECKING:
    from torch import Tensor

_OPTIONAL = Parameter(show_default=False)


def pretrain(
    *,
    acdc: Annotated[Path | None, _OPTIONAL] = None,
    pack: Annotated[Path | None, _OPTIONAL] = None,
    out: Path,
    patients: str = "shipped",
    steps: Annotated[int | None, _OPTIONAL] = None,
    init: Annotated[Path | None, _OPTIONAL] = None,
    widened_share: Annotated[float | None, _OPTIONAL] = None,
    learning_rate: Annotated[float | None, _OPTIONAL] = None,
    stroke_prior: Annotated[str | None, _OPTIONAL] = None,
    time_limit_s: Annotated[float | None, _OPTIONAL] = None,
    seed: int = 0,
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto",
    threads: int = 0,
    json: Json = False,
) -> int:
    """Pretrain on the scribbles of many ACDC patients: the recipe of the shipped weights.

    Learns at first from strokes that are widened to what three systems without training agree on, then from the strokes
    as drawn; no mask is read. The same command goes on where it stopped: after Ctrl-C, a power cut or the time limit.

    Parameters
    ----------
    acdc
        Folder with patient001, patient002 and so on.
    pack
        In place of --acdc, what `bench pack` wrote.
    out
        Folder of the run; the weights will be its weights.safetensors.
    patients
        shipped (1-80), study (those without 5, 10, ..., 80), or numbers such as 1-20,30.
    steps
        Training steps; by default those of the shipped weights.
    init
        Start from these weights; what they learned under another --stroke-prior is moved to the one given.
    widened_share
        Part of the steps that learn from widened strokes, 0 to 1.
    learning_rate
        Learning rate of the first step.
    stroke_prior
        Logarithms of how much oftener BG, RV, Myo and LV are drawn on than they are there, such as 0,1.5,2,0.9 (the
        recipe's), or none.
    time_limit_s
        Stop after so many seconds, with a checkpoint to go on from.
    seed
        The same seed, data, threads and machine give the same weights.
    device
        auto takes CUDA where it is there.
    threads
        Torch threads on the CPU; 0 takes all cores.
    """
    from napari_scribbleseg.bench.pretraining import WIDENED_SHARE, Pretraining, PretrainOrder, pretrain_settings

    source = acdc or pack
    if source is None or (acdc is not None and pack is not None):
        raise SettingsError("Give either --acdc DIR or --pack FILE.")
    share = WIDENED_SHARE if widened_share is None else widened_share
    if not 0 <= share <= 1:
        raise SettingsError(f"--widened-share must lie between 0 and 1, not {share:g}.")
    changes = {"steps": steps, "learning_rate": learning_rate, "seed": seed, "device": device, "threads": threads}
    options = {} if stroke_prior is None else {"options": _prior_options(stroke_prior)}
    settings = pretrain_settings(**{name: value for name, value in changes.items() if value is not None}, **options)
    require_folder_target(out)
    start = _start_of(init, settings) if init else None
    order = PretrainOrder(source, out, _patients(patients), settings, share, start)
    began_s = time.monotonic()
    with _stopping(time_limit_s) as should_stop, output.progress("Pretraining", 1.0) as advance:
        work = Pretraining(order, lambda phase, done, total: advance(*_share(phase, done, total)), should_stop)
        engine = work.run()
    return _tell(work.folder.read(), work.folder.weights, engine is not None, time.monotonic() - began_s, json)


def _prior_options(text: str) -> dict[str, Any]:
    if text == "none":
        return {}
    try:
        return {"stroke_prior": [float(part) for part in text.split(",")]}
    except ValueError as error:
        raise SettingsError(f"--stroke-prior takes four numbers such as 0,1.5,2,0.9, or none, not {text!r}.") from error


def _start_of(init: Path, settings: TrainSettings) -> dict[str, Tensor]:
    from napari_scribbleseg.api import Model
    from napari_scribbleseg.bench.pretraining import move_prior

    model = Model.load(init)
    before, after = (chosen.options.get("stroke_prior") for chosen in (model.settings, settings))
    return move_prior(model.tensors, before, after)


def _patients(text: str) -> tuple[int, ...]:
    from napari_scribbleseg.bench.pretraining import SHIPPED_PATIENTS, STUDY_PATIENTS
    from napari_scribbleseg.io.acdc import parse_patients

    named = {"shipped": SHIPPED_PATIENTS, "study": STUDY_PATIENTS}
    return named[text] if text in named else tuple(sorted(parse_patients(text)))


WIDENING_PART = 0.05
"""Share of the progress bar that widening the strokes takes."""


def _share(phase: str, done: int, total: int) -> tuple[float, str]:
    if phase == "widen":
        return WIDENING_PART * done / total, f"widening the strokes of patient {done} of {total}"
    return WIDENING_PART + (1 - WIDENING_PART) * done / total, f"step {done}/{total}"


def _tell(record: dict[str, Any], weights: Path, done: bool, seconds: float, as_json: bool) -> int:
    summary = {
        "done": done,
        "weights": str(weights) if done else None,
        "steps": record.get("steps_done", 0),
        "patients": len(record["patients"]),
        "train_s": round(record.get("train_s", 0.0), 1),
        "seconds": round(seconds, 1),
    }
    if as_json:
        output.print_json(summary)
    elif done:
        output.say(f"{weights} written after {summary['steps']} steps, {summary['train_s']} s of training.")
    else:
        output.say(f"Stopped after {summary['steps']} steps; the same command goes on.")
    return output.OK if done else output.INTERRUPTED


@contextmanager
def _stopping(time_limit_s: float | None) -> Iterator[Callable[[], bool]]:
    """Yield a question whether to stop: Ctrl-C, SIGTERM or the time limit; Ctrl-C pressed again ends at once."""
    deadline_s = None if time_limit_s is None else time.monotonic() + time_limit_s
    asked = threading.Event()

    def stop(number: int, frame: Any) -> None:
        asked.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    heeds = threading.current_thread() is threading.main_thread()
    before = [(number, signal.signal(number, stop)) for number in (signal.SIGINT, signal.SIGTERM) if heeds]
    try:
        yield lambda: asked.is_set() or (deadline_s is not None and time.monotonic() >= deadline_s)
    finally:
        for number, handler in before:
            signal.signal(number, handler)
