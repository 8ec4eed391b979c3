"""From prediction to mask: accept, take back, correct by hand, lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QCheckBox, QWidget

from napari_scribbleseg.widgets.keys import key_of
from napari_scribbleseg.widgets.parts import button, column, label, line, row
from napari_scribbleseg.widgets.sentences import mask_sentence

if TYPE_CHECKING:
    from napari_scribbleseg.qt.workbench import Workbench

REFRESH_MS = 250


class AcceptPanel(QWidget):
    """Copy predictions into the mask, and govern who may change it."""

    def __init__(self, workbench: Workbench, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workbench = workbench
        self.accept_buttons = {
            "slice": button(
                "Slice", f"Accept the prediction of this slice  ({key_of('accept_slice')})", self._accept_slice
            ),
            "frame": button("Frame", "Accept all slices of this phase", self._accept_frame),
            "cine": button("Cine", "Accept all slices of all phases", self._accept_cine),
        }
        for scope, made in self.accept_buttons.items():
            made.setAccessibleName(f"Accept {scope}")
        self.undo_button = button("Undo", f"Take the last accept back  ({key_of('undo_accept')})", self._undo)
        self.undo_button.setAccessibleName("Undo accept")
        self.correct_button = button(
            "Correct by hand", "Paint on the mask itself, with the chosen class; the model does not learn from it"
        )
        self.correct_button.clicked.connect(lambda _checked=False: workbench.correct_mask_by_hand())
        self.lock_box = QCheckBox("Lock")
        self.lock_box.setToolTip("Protect the mask against accepts and hand edits")
        self.lock_box.toggled.connect(workbench.set_mask_locked)
        self.state_label = line()
        column(
            self,
            row(label("Accept"), *self.accept_buttons.values(), self.undo_button),
            row(self.correct_button, self.lock_box, stretch=0),
            self.state_label,
        )
        workbench.masks_changed.connect(self.refresh)
        # A sweep over the cine reports many slices a second; the panel follows at reading speed.
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(REFRESH_MS)
        self._timer.timeout.connect(self.refresh)
        workbench.prediction_changed.connect(self._refresh_soon)
        workbench.scan_shown.connect(self._on_scan)
        workbench.viewer.dims.events.current_step.connect(self._on_step)
        dims = workbench.viewer.dims.events.current_step
        self.destroyed.connect(lambda: dims.disconnect(on_step))
        on_step = self._on_step
        self.refresh()

    def refresh(self) -> None:
        """Show the state of the mask."""
        self._refresh_buttons()
        self.lock_box.blockSignals(True)
        self.lock_box.setChecked(self._workbench.mask_locked)
        self.lock_box.blockSignals(False)
        self._show_slice()

    def _refresh_soon(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def _refresh_buttons(self) -> None:
        locked = self._workbench.mask_locked
        ready = self._workbench.predicted_counts()[0] > 0 and not locked
        for made in self.accept_buttons.values():
            made.setEnabled(ready)
        self.undo_button.setEnabled(self._workbench.can_undo_accept and not locked)
        shown = bool(self._workbench.shown_case)
        self.correct_button.setEnabled(shown and not locked)
        self.lock_box.setEnabled(shown)

    def _show_slice(self) -> None:
        workbench = self._workbench
        scan = next((s for s in workbench.scans() if s.case == workbench.shown_case), None)
        n_slices = scan.shape[0] * scan.shape[1] if scan else 0
        accepted = scan.n_accepted if scan else 0
        self.state_label.setText(mask_sentence(workbench.mask_state(), accepted, n_slices, workbench.mask_locked))

    def _on_scan(self, _case: str) -> None:
        self.refresh()

    def _on_step(self, _event: object = None) -> None:
        if self.isVisible() and not self._workbench.playing:
            self._show_slice()

    def _accept_slice(self) -> None:
        self._workbench.accept("slice")

    def _accept_frame(self) -> None:
        self._workbench.accept("frame")

    def _accept_cine(self) -> None:
        self._workbench.accept("cine")

    def _undo(self) -> None:
        self._workbench.undo_accept()
