"""`napari-scribbleseg demo`: the main job on the built-in sample."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from napari_scribbleseg.cli import output
from napari_scribbleseg.cli.arguments import FLAG, Json


def demo(
    *,
    headless: Annotated[bool, FLAG] = False,
    out: Path | None = None,
    steps: int | None = None,
    json: Json = False,
) -> int:
    """Show the main job on the built-in sample: draw, train, watch, export.

    On a desktop the window opens with the sample loaded. Without a display, or with --headless, a script draws the
    scribbles under a virtual display, trains, and leaves mask.nii.gz, truth.nii.gz, scribbles.nii.gz, screenshot.png
    and summary.json.

    Parameters
    ----------
    headless
        Run by script under a virtual display, even on a desktop.
    out
        Folder for the files of the script; ./scribbleseg-demo by default.
    steps
        Training steps of the script.
    """
    from napari_scribbleseg.app.demo import run_demo

    given = {} if steps is None else {"steps": steps}
    summary = run_demo(headless=headless, out=out, say=output.remark, **given)
    if json:
        output.print_json(summary)
    elif summary:
        output.say(_in_words(summary))
    return output.OK


def _in_words(summary: dict[str, Any]) -> str:
    dice = ", ".join(f"{name} {value:.2f}" for name, value in summary.get("dice", {}).items())
    return f"{summary.get('steps')} steps in {summary.get('seconds')} s on {summary.get('device')}; Dice {dice}."
