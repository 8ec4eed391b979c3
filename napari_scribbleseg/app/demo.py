"""The demo: on a desktop the window with the sample; without one the whole job by script."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from napari_scribbleseg.app.virtual_display import DisplayError, has_display, virtual_display

DEFAULT_STEPS = 300
DEFAULT_OUT = Path("scribbleseg-demo")


class DemoError(RuntimeError):
    """The demo could not run to its end; the text is one sentence."""


def run_demo(
    headless: bool = False,
    out: str | Path | None = None,
    steps: int = DEFAULT_STEPS,
    say: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Show the main job on the built-in sample.

    Parameters
    ----------
    headless : bool
        Run by script under a virtual display. Without any display this happens by itself.
    out : path, optional
        Folder for `mask.nii.gz`, `truth.nii.gz`, `scribbles.nii.gz`, `screenshot.png` and `summary.json`;
        `scribbleseg-demo` by default. Not used on a desktop.
    steps : int
        Training steps of the script.
    say : callable, optional
        Takes each line of progress.

    Returns
    -------
    dict
        The summary: steps, seconds, device, first_prediction_s, edits_seen, dice by class and more. Empty on a desktop.

    Raises
    ------
    DemoError
        With one sentence where the demo cannot run.
    """
    if not headless and has_display():
        from napari_scribbleseg.app.window import launch

        launch(sample=True)
        return {}
    folder = _make_folder(Path(out) if out is not None else DEFAULT_OUT)
    try:
        return _run_script(folder, steps, say or (lambda _line: None))
    except DisplayError as error:
        raise DemoError(str(error)) from error


def _make_folder(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise DemoError(f"The folder {folder} cannot be written: {error.strerror}.") from error
    return folder.resolve()


def _run_script(folder: Path, steps: int, say: Callable[[str], None]) -> dict[str, Any]:
    summary_file = folder / "summary.json"
    summary_file.unlink(missing_ok=True)
    with ExitStack() as stack:
        private = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="scribbleseg-demo-")))
        display = stack.enter_context(virtual_display()) if sys.platform.startswith("linux") else None
        command = [sys.executable, "-m", "napari_scribbleseg.app.demo_script", str(folder), str(steps), str(private)]
        child = subprocess.Popen(
            command,
            env=_environment(display, private),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        tail = _relay(child, say)
    if child.returncode != 0 or not summary_file.exists():
        raise DemoError(f"The demo ended early (code {child.returncode}): {tail or 'without a word'}")
    return dict(json.loads(summary_file.read_text(encoding="utf-8")))


def _relay(child: subprocess.Popen[str], say: Callable[[str], None]) -> str:
    """Hand on what the script says about its progress; return the last line of anything else."""
    other = ""
    try:
        with child:
            for line in child.stdout or ():
                text = line.rstrip()
                if text.startswith("demo: "):
                    say(text.removeprefix("demo: "))
                elif text:
                    other = text
    finally:
        if child.poll() is None:
            child.terminate()
            child.wait()
    return other


def _environment(display: str | None, private: Path) -> dict[str, str]:
    """Return an environment in which a person's napari settings and sessions are neither read nor changed."""
    environment = dict(os.environ)
    environment.pop("WAYLAND_DISPLAY", None)
    environment.pop("QT_QPA_PLATFORM", None)  # "offscreen" has no GL
    if display is not None:
        environment["DISPLAY"] = display
        environment["XDG_SESSION_TYPE"] = "x11"
        environment["XDG_RUNTIME_DIR"] = str(private)
    environment["NAPARI_CONFIG"] = str(private / "settings.yaml")
    environment["NAPARI_APPLICATION_GUI_NOTIFICATION_LEVEL"] = "error"
    environment["PYTHONUNBUFFERED"] = "1"
    environment["PYTHONIOENCODING"] = "utf-8"
    return environment
