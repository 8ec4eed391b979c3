"""`napari-scribbleseg finetune`: the window's button without a window."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from napari_scribbleseg.cli import output
from napari_scribbleseg.cli.arguments import Json
from napari_scribbleseg.cli.targets import require_file_target
from napari_scribbleseg.cli.training_set import TrainingSet

ENDING = ".safetensors"
SECONDS = 20.0


def finetune(
    *,
    data: TrainingSet = TrainingSet(),  # noqa: B008 - frozen
    weights: Annotated[str, Parameter(show_default=False)] = "",
    seconds: float = SECONDS,
    steps: Annotated[int | None, Parameter(show_default=False)] = None,
    seed: int = 0,
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto",
    threads: int = 0,
    out: Path,
    json: Json = False,
) -> int:
    """Adapt trained weights to a few strokes on a scan, or on several.

    Parameters
    ----------
    weights
        Weights to start from: a file, or the name of shipped ones; by default the shipped ones.
    seconds
        Training time.
    steps
        Training steps in place of a time.
    seed
        The same seed, strokes, threads and steps give the same weights.
    device
        auto takes CUDA where it is there.
    threads
        Torch threads on the CPU; 0 takes all cores.
    out
        Weights file to write, ending in .safetensors.
    """
    from napari_scribbleseg.api import finetune as adapt
    from napari_scribbleseg.api.provenance import with_training
    from napari_scribbleseg.api.recipes import finetune_settings
    from napari_scribbleseg.api.shipped import locate_weights
    from napari_scribbleseg.cli.weights import tell_licence_once

    require_file_target(out, ENDING)
    found = locate_weights(weights)
    tell_licence_once(found)
    start = found.load()
    settings = finetune_settings(start, seed=seed, device=device)
    pairs = data.read(data.files())
    began_s = time.monotonic()
    notices: list[str] = []
    total = seconds if steps is None else float(steps)
    with output.progress("Fine-tuning", total) as advance:

        def listen(report: Any) -> None:
            done = time.monotonic() - began_s if steps is None else report.step
            advance(min(done, total), f"step {report.step}, loss {sum(report.terms.values()):.4f}")

        model = adapt(
            start,
            [cine for cine, _ in pairs],
            {cine.case: drawn for cine, drawn in pairs},
            seconds=seconds if steps is None else float("inf"),
            steps=steps,
            settings=settings,
            threads=threads,
            progress=listen,
            notify=lambda notice: notices.append(notice.text),
        )
    with_training(model, start, pairs, time.monotonic() - began_s).save(out)
    for sentence in notices:
        output.remark(sentence)
    summary = {
        "weights": str(out),
        "steps": model.step,
        "scans": len(pairs),
        "seconds": round(time.monotonic() - began_s, 1),
        "notices": notices,
    }
    if json:
        output.print_json(summary)
    else:
        output.say(f"{out} written after {summary['steps']} steps, {summary['seconds']} s.")
    return output.OK
