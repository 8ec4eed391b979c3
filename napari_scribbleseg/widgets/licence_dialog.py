"""The licence of the weights that come with the program, shown before their first use."""

from __future__ import annotations

from qtpy.QtGui import QIcon
from qtpy.QtWidgets import QDialog, QDialogButtonBox, QTextBrowser, QVBoxLayout, QWidget

from napari_scribbleseg.widgets.parts import button, label

INTRODUCTION = """
<h3>A mask before your first stroke</h3>
<p>This program brings weights that were trained on other people's hearts. With them, every scan that you open is
segmented at once, and a few strokes adapt them to it. They have a licence of their own, for research and teaching.</p>
"""
WITHOUT = "Without them all works as before: the model learns from your own strokes alone, from scratch."


class LicenceDialog(QDialog):
    """Ask whether the weights may be used under their licence; `accepted` and `rejected` are the answers.

    Parameters
    ----------
    summary, whole : str
        The licence in a few sentences, and its full text.
    """

    def __init__(self, summary: str, whole: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Pretrained weights")
        self._texts = (reflowed(summary), whole)
        introduction = label(INTRODUCTION, wrap=True)
        self.text = QTextBrowser()
        self.text.setAccessibleName("Licence of the weights")
        self.text.setOpenExternalLinks(True)
        self.text.setMinimumSize(520, 230)
        self.whole_button = button("Show the whole licence", "The legal text, which counts", self._toggle)
        self.whole_button.setCheckable(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 6, 18, 12)
        layout.setSpacing(8)
        for part in (introduction, self.text, label(WITHOUT, "dim", wrap=True), self._make_box()):
            layout.addWidget(part)
        self._toggle()

    def _make_box(self) -> QDialogButtonBox:
        box = QDialogButtonBox()
        self.accept_button = box.addButton("Accept", QDialogButtonBox.ButtonRole.AcceptRole)
        self.later_button = box.addButton("Not now", QDialogButtonBox.ButtonRole.RejectRole)
        box.addButton(self.whole_button, QDialogButtonBox.ButtonRole.HelpRole)
        for made in (self.accept_button, self.later_button):
            # The icons of some styles are black whatever the theme.
            made.setIcon(QIcon())
        self.accept_button.setProperty("role", "primary")
        self.accept_button.setToolTip("Use the weights under this licence")
        self.later_button.setToolTip("Work without the weights; they stay in the list “Start from”")
        box.accepted.connect(self.accept)
        box.rejected.connect(self.reject)
        return box

    def _toggle(self) -> None:
        self.text.setPlainText(self._texts[self.whole_button.isChecked()])


def reflowed(text: str) -> str:
    """Return text that was broken into lines of a fixed width with a line for each paragraph and item alone."""
    lines: list[str] = []
    for found in text.splitlines():
        new = not found.strip() or found.startswith(("- ", "http")) or not lines or not lines[-1]
        if new:
            lines.append(found.strip())
        else:
            lines[-1] += f" {found.strip()}"
    return "\n".join(f"• {line[2:]}" if line.startswith("- ") else line for line in lines)
