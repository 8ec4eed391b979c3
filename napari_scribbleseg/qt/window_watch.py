"""Notices when the window of a viewer closes, or the program ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QCoreApplication, QEvent, QObject, QTimer, Signal
from qtpy.QtWidgets import QWidget

if TYPE_CHECKING:
    from napari.viewer import Viewer


class WindowWatcher(QObject):
    """Emit `closed` once when the viewer's window has closed or the program is about to quit.

    Parameters
    ----------
    viewer : napari.Viewer
        One without a window is only watched for the program's end.
    """

    closed = Signal()

    def __init__(self, viewer: Viewer, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._window: QWidget | None = None
        application = QCoreApplication.instance()
        if application is not None:
            application.aboutToQuit.connect(self.closed)
        window = getattr(getattr(viewer, "window", None), "_qt_window", None)
        if isinstance(window, QWidget):
            self._window = window
            window.installEventFilter(self)

    def release(self) -> None:
        """Stop watching."""
        application = QCoreApplication.instance()
        if application is not None:
            application.aboutToQuit.disconnect(self.closed)
        if self._window is not None and _is_there(self._window):
            self._window.removeEventFilter(self)
        self._window = None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """See the close of the window coming, and its deletion while everything in it is still there."""
        if event.type() == QEvent.Type.DeferredDelete:
            self.closed.emit()
        elif event.type() == QEvent.Type.Close:
            # A dialog may still refuse it.
            QTimer.singleShot(0, self._look)
        return False

    def _look(self) -> None:
        if self._window is not None and not (_is_there(self._window) and self._window.isVisible()):
            self.closed.emit()


def _is_there(widget: QWidget) -> bool:
    try:
        widget.objectName()
    except RuntimeError:  # its C++ part is gone
        return False
    return True
