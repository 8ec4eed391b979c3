"""The dock widget that napari asks for, over the one workbench of its viewer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_scribbleseg.app.torch_first import load_torch
from napari_scribbleseg.qt.workbench import Workbench
from napari_scribbleseg.types import Notice
from napari_scribbleseg.widgets.dock import ScribbleDock

if TYPE_CHECKING:
    from napari.viewer import Viewer


def make_dock(napari_viewer: Viewer | None = None) -> ScribbleDock:
    """Build the dock for a viewer; napari calls this for “Plugins › Scribble segmentation”.

    Parameters
    ----------
    napari_viewer : napari.Viewer, optional
        The viewer in front by default: to a function, unlike to a class, napari passes none.

    Raises
    ------
    RuntimeError
        Where no viewer is open.
    """
    import napari

    viewer = napari_viewer if napari_viewer is not None else napari.current_viewer()
    if viewer is None:
        raise RuntimeError("Open a napari viewer first; the dock belongs to one.")
    # napari hands out a proxy that hides private names; all docks of a viewer must find the same window.
    return build_dock(getattr(viewer, "__wrapped__", viewer))


def build_dock(viewer: Viewer, **options: Any) -> ScribbleDock:
    """Build the dock over the viewer's workbench; `options` are those of a new :class:`Workbench`."""
    problem = load_torch()
    dock = ScribbleDock(workbench_of(viewer, **options))
    if problem:
        dock.messages.show_notice(Notice(problem, "warning"))
    return dock


def workbench_of(viewer: Viewer, **options: Any) -> Workbench:
    """Return the viewer's workbench, a new one on first sight.

    It belongs to the window, so that a dock closed and opened again finds the strokes, the training and the session
    as they were.
    """
    window = viewer.window._qt_window  # noqa: SLF001 - the only owner that lives as long as the viewer is on screen
    return window.findChild(Workbench) or Workbench(viewer, parent=window, **options)
