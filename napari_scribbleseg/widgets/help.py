"""The cheat-sheet and the About box."""

from __future__ import annotations

from itertools import groupby

from qtpy.QtCore import Qt
from qtpy.QtGui import QIcon
from qtpy.QtWidgets import QDialog, QDialogButtonBox, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from napari_scribbleseg import __version__
from napari_scribbleseg.widgets.keys import NAPARI_KEYS, SHORTCUTS
from napari_scribbleseg.widgets.parts import label

RESEARCH_USE = "Research use, not a medical device."
_LEFT = ("Draw", "Train", "Next", "Results")
"""Groups of keys in the left half of the cheat-sheet."""
_ABOUT = f"""
<h3>napari-scribbleseg {__version__}</h3>
<p>Scribble-supervised segmentation of short-axis cardiac cine-MRI: draw a few strokes, watch the masks appear.</p>
<p><b>{RESEARCH_USE}</b> It has no regulatory clearance; do not base the care of a patient on it.</p>
<p>Method: X. Luo, M. Hu, W. Liao, S. Zhai, T. Song, G. Wang, S. Zhang,
<i>Scribble-Supervised Medical Image Segmentation via Dual-Branch Network and Dynamically Mixed Pseudo Labels
Supervision</i>, MICCAI 2022,
<a style="color: {{link}}" href="https://arxiv.org/abs/2203.02106">arXiv:2203.02106</a>. Please cite it when you publish
results.</p>
<p>BSD-3-Clause licence; the weights that come with it are under CC BY-NC-SA 4.0. It stands on napari, PyTorch, NumPy,
SciPy, scikit-image, nibabel, pydicom, highdicom, superqt, magicgui and pyqtgraph, under their own permissive licences.
The optional PyQt5 and PyQt6 are under the GPL v3.</p>
"""


class CheatSheet(QDialog):
    """All keys, ours and napari's that matter here."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys")
        # Side by side: one column is higher than a laptop's screen.
        columns = QHBoxLayout()
        columns.setSpacing(32)
        left, right = _make_grid(columns), _make_grid(columns)
        for group, shortcuts in groupby(SHORTCUTS, key=lambda shortcut: shortcut.group):
            lines = [(shortcut.shown, shortcut.title) for shortcut in shortcuts]
            _add_group(left if group in _LEFT else right, group, lines)
        _add_group(right, "napari's own, on a labels layer", list(NAPARI_KEYS))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 14, 18, 12)
        layout.addLayout(columns)
        layout.addWidget(_close_box(self))


class AboutBox(QDialog):
    """What this is, whose method it is, and what it is not; `link` is the colour of links."""

    def __init__(self, link: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("About napari-scribbleseg")
        text = QLabel(_ABOUT.format(link=link))
        text.setWordWrap(True)
        text.setOpenExternalLinks(True)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextBrowserInteraction)
        text.setMinimumWidth(440)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 8, 18, 12)
        layout.addWidget(text)
        layout.addWidget(_close_box(self))


def _make_grid(columns: QHBoxLayout) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(18)
    grid.setVerticalSpacing(3)
    half = QVBoxLayout()
    half.addLayout(grid)
    half.addStretch(1)
    columns.addLayout(half)
    return grid


def _add_group(grid: QGridLayout, title: str, lines: list[tuple[str, str]]) -> None:
    heading = label(title)
    heading.setStyleSheet("font-weight: 600; padding-top: 8px;")
    grid.addWidget(heading, grid.rowCount(), 0, 1, 2)
    for key, meaning in lines:
        line = grid.rowCount()
        grid.addWidget(label(key), line, 0)
        grid.addWidget(label(meaning), line, 1)


def _close_box(dialog: QDialog) -> QDialogButtonBox:
    box = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    # The icon of some styles is black whatever the theme.
    box.button(QDialogButtonBox.StandardButton.Close).setIcon(QIcon())
    box.rejected.connect(dialog.reject)
    return box
