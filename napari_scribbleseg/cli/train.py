"""`napari-scribbleseg train`: weights from scans and scribbles."""

from __future__ import annotations

import math
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Group, Parameter

from napari_scribbleseg.api import Model, StrokesError, TrainingError, TrainingRun, gather
from napari_scribbleseg.cli import output
from napari_scribbleseg.cli.arguments import FLAG, Json
from napari_scribbleseg.cli.recipe import Recipe
from napari_scribbleseg.cli.targets import require_file_target
from napari_scribbleseg.cli.training_set import TrainingSet
from napari_scribbleseg.cli.watching import Watcher, stopping_on_interrupt

if TYPE_CHECKING:
    from napari_scribbleseg.data import SampleStore
    from napari_scribbleseg.settings import TrainSettings
    from napari_scribbleseg.types import Checkpoint

ENDING = ".safetensors"
CHECKPOINT_EVERY_S = 60.0

_RESULT = Parameter(group=Group("What comes out", sort_key=2))


def train(
    *,
    data: TrainingSet = TrainingSet(),  # noqa: B008 - frozen
    out: Annotated[Path, _RESULT],
    checkpoint: Annotated[bool, FLAG, _RESULT] = False,
    recipe: Recipe = Recipe(),  # noqa: B008 - frozen
    json: Annotated[Json, _RESULT] = False,
) -> int:
    """Train a network on scribbles and write its weights.

    Give scans and their scribbles pair by pair, or a folder in the layout of the ACDC challenge. Started by torchrun,
    the processes train together, each on its share of every batch.

    Parameters
    ----------
    out
        Weights file to write, ending in .safetensors.
    checkpoint
        Keep the state of the training beside --out, as NAME.checkpoint.safetensors, every minute: for --resume after
        a power cut, Ctrl-C or a time limit. It is removed when all steps are done.
    """
    require_file_target(out, ENDING)
    files = data.files()
    start, past = recipe.start()
    settings = recipe.settings(start, past, len(files))
    _require_strokes_do(settings)
    store = gather(data.read(files), settings)
    kept = checkpoint_path(out) if checkpoint else None
    summary = _train(store, settings, start, past, out, kept)
    if summary is None:
        return output.OK
    if json:
        output.print_json(summary)
    else:
        output.say(f"{summary['message']} {out} written after {summary['seconds']} s on {summary['device']}.")
    return output.OK


def _require_strokes_do(settings: TrainSettings) -> None:
    from napari_scribbleseg.methods import METHODS

    cls = METHODS.get(settings.method)
    if cls is not None and cls.supervision.is_dense:
        raise StrokesError(
            f"{settings.method} learns from {cls.supervision.value}, not from strokes; `bench run` trains it."
        )


def checkpoint_path(out: Path) -> Path:
    """Return where the checkpoint of a training lies: beside its weights."""
    return out.with_name(f"{out.name[: -len(ENDING)]}.checkpoint{ENDING}")


def _train(
    store: SampleStore,
    settings: TrainSettings,
    start: Model | None,
    past: Checkpoint | None,
    out: Path,
    kept: Path | None,
) -> dict[str, Any] | None:
    """Train and write; None in a process that only helps another one."""
    from napari_scribbleseg.engine.world import join_world

    began_s = time.monotonic()
    speaks = join_world().speaks
    with output.progress("Training", settings.steps) if speaks else output.silence() as advance:
        kept = kept if speaks else None
        watcher = Watcher(advance, kept)
        run = TrainingRun(store, settings, start, past, watcher, CHECKPOINT_EVERY_S if kept else math.inf)
        try:
            with stopping_on_interrupt(run):
                model = run.run()
        except KeyboardInterrupt:
            how = f"go on with --resume {kept}" if kept and kept.exists() else "no weights were written"
            raise KeyboardInterrupt(f"Interrupted; {how}.") from None
        finally:
            run.world.leave()
    if not speaks:
        return None
    _write(model, out)
    watcher.forget_checkpoint(run.end)
    return _summary(model, run, store, watcher, time.monotonic() - began_s, out)


def _write(model: Model, out: Path) -> None:
    """Write the weights; where that fails by now, keep them in the temporary folder: they took long to train."""
    try:
        model.save(out)
    except Exception as error:
        refuge = Path(tempfile.mkdtemp(prefix="scribbleseg-")) / out.name
        model.save(refuge)
        reason = output.sentence_of(error)
        raise TrainingError(f"The weights could not be written ({reason}) They are kept in {refuge}.") from error


def _summary(
    model: Model, run: TrainingRun, store: SampleStore, watcher: Watcher, seconds: float, out: Path
) -> dict[str, Any]:
    last, settings = watcher.last, model.settings
    return {
        "weights": str(out),
        "method": settings.method,
        "resolution": settings.resolution,
        "seed": settings.seed,
        "steps": model.step,
        "scans": len(store.cases),
        "scribbled_slices": len(store.scribbled()),
        "seconds": round(seconds, 1),
        "device": last.device if last else settings.device,
        "loss": sum(last.terms.values()) if last else None,
        "reason": run.end.reason.value if run.end.reason else None,
        "message": run.end.message,
    }
