"""One sentence at the foot of the dock; the newest replaces the one before."""

from __future__ import annotations

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QFrame, QHBoxLayout, QWidget

from napari_scribbleseg.types import Notice
from napari_scribbleseg.widgets.parts import button, label, restyle

INFO_MS = 12_000


class MessageStrip(QFrame):
    """Shows notices: information leaves by itself, a warning stays until dismissed or replaced."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("messages")
        self.text_label = label("", wrap=True)
        self.dismiss_button = button("✕", "Dismiss this message", self.dismiss, "flat")
        self.dismiss_button.setAccessibleName("Dismiss message")
        self.dismiss_button.setFixedWidth(28)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 4, 4, 4)
        layout.addWidget(self.text_label, 1)
        layout.addWidget(self.dismiss_button)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.dismiss)
        self.hide()

    def show_notice(self, notice: Notice) -> None:
        """Show a sentence."""
        self.text_label.setText(notice.text)
        self.setAccessibleDescription(notice.text)
        self.setProperty("level", notice.level)
        restyle(self)
        self.show()
        self._timer.stop()
        if notice.level == "info":
            self._timer.start(INFO_MS)

    def dismiss(self) -> None:
        """Hide the strip."""
        self._timer.stop()
        self.hide()
