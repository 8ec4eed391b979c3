"""What of the workbench is about predictions and masks: how old, how sure, accepted, locked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from napari_scribbleseg.engine.postprocess import PostProcessing
from napari_scribbleseg.qt.export import mean_confidence
from napari_scribbleseg.qt.workbench_view import WorkbenchView
from napari_scribbleseg.types import FrameKey

if TYPE_CHECKING:
    from napari_scribbleseg.qt.first_mask import FirstMaskDesk
    from napari_scribbleseg.qt.mask_desk import MaskDesk
    from napari_scribbleseg.qt.run_desk import RunDesk
    from napari_scribbleseg.qt.saving import Saving

Scope = Literal["slice", "frame", "cine"]


class WorkbenchMasks(WorkbenchView):
    """Predictions and masks of the scan on screen; a part of :class:`Workbench`."""

    first_mask: FirstMaskDesk
    _runs: RunDesk
    _masks: MaskDesk
    _saving: Saving

    def current_key(self) -> FrameKey | None:
        """Return the slice on screen, or None when no scan is shown."""
        return self._scans.current_key()

    def prediction_age(self) -> tuple[int, float] | None:
        """Return how old the prediction on screen is: (steps, seconds), or None where nothing was predicted."""
        return self._runs.predictions.age(self.current_key())

    def predicted_counts(self) -> tuple[int, int]:
        """Return (predicted slices, slices) of the shown scan."""
        record = self._scans.record
        return (record.n_predicted, record.steps.size) if record is not None else (0, 0)

    def confidence(self) -> float | None:
        """Return the mean confidence over the foreground of the shown slice, 0–1, or None."""
        key, record = self.current_key(), self._scans.record
        return mean_confidence(record, (key.t, key.z)) if key is not None and record is not None else None

    @property
    def post(self) -> PostProcessing:
        """Return what is put right in predictions before they are shown."""
        return self._runs.post

    def set_post(self, post: PostProcessing) -> None:
        """Put other things right; what was predicted before follows."""
        if post != self._runs.post:
            self._runs.set_post(post)
            self._saving.put_post(post)
            self.first_mask.renew()

    def accept(self, scope: Scope) -> int:
        """Copy the prediction of the slice, frame or cine on screen to the mask; return the number of slices.

        Slices that were corrected by hand, and all slices of a locked mask, stay as they are and a notice says so.
        """
        return self._masks.accept(scope, self.current_key())

    def undo_accept(self) -> bool:
        """Take the last accept back; corrections made by hand since then stay."""
        return self._masks.undo_accept()

    @property
    def can_undo_accept(self) -> bool:
        """Return whether there is an accept to take back on the shown scan."""
        return self._masks.can_undo

    @property
    def mask_locked(self) -> bool:
        """Return whether the shown scan's mask is locked."""
        record = self._scans.record
        return record is not None and record.locked

    def set_mask_locked(self, locked: bool) -> None:
        """Lock the shown scan's mask against accepts and hand edits, or unlock it."""
        record = self._scans.record
        if record is not None and record.locked != locked:
            self._masks.set_locked(locked)
            self._saving.put_locked(record)

    def mask_state(self, key: FrameKey | None = None) -> str:
        """Return "", "preview", "predicted", "accepted" or "edited" for a slice; the one on screen by default."""
        key = key or self.current_key()
        record = self._scans.worklist.get(key.case) if key is not None else None
        return "" if key is None or record is None else record.mask_word((key.t, key.z))

    def correct_mask_by_hand(self) -> None:
        """Make the mask layer active with a brush of the chosen label."""
        if self.mask_locked:
            self._warn("The mask is locked; unlock it to correct it.")
        elif (layer := self.layer("mask")) is not None:
            self._scans.brush.draw_on(layer)
