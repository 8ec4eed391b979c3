"""A napari window with the dock, ready to work."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_scribbleseg.app.torch_first import load_torch

if TYPE_CHECKING:
    from napari.viewer import Viewer

    from napari_scribbleseg.widgets.dock import ScribbleDock

DOCK_TITLE = "Scribble segmentation"


def open_window(show: bool = True, **options: Any) -> tuple[Viewer, ScribbleDock]:
    """Open a napari window with the dock at its right.

    Parameters
    ----------
    show : bool
    **options
        Passed to the workbench.
    """
    # Torch first: on Windows some versions do not load after Qt. A failure is told by the dock.
    load_torch()
    import napari

    from napari_scribbleseg.app.dock import build_dock

    viewer = napari.Viewer(title="napari-scribbleseg", show=show)
    dock = build_dock(viewer, **options)
    viewer.window.add_dock_widget(dock, name=DOCK_TITLE, area="right")
    return viewer, dock


def launch(paths: Sequence[str | Path] = (), sample: bool = False) -> None:
    """Open the window with scans, or the sample, and stay until it is closed.

    Parameters
    ----------
    paths : sequence of paths
        NIfTI scans to open.
    sample : bool
        Open the built-in cine where no scan is given.
    """
    import napari

    _, dock = open_window()
    for path in paths:
        dock.workbench.open_scan(path)
    if sample and not paths:
        dock.workbench.open_sample()
    napari.run()
