"""The book of accepted and corrected masks: what an accept changes, what it must leave alone, and how it is undone.

Knows no Qt: plans are computed here and carried out on a layer by whoever asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from napari_scribbleseg.labels import LabelMap
from napari_scribbleseg.qt.record import NEVER, ScanRecord, SliceIndex, note
from napari_scribbleseg.qt.values import Maker
from napari_scribbleseg.session.slices import SliceState

UNDO_DEPTH = 50


@dataclass(frozen=True, eq=False)
class SliceChange:
    """One slice of the mask before and after an accept.

    Attributes
    ----------
    before, after : uint8 (y, x)
    state_before : SliceState or None
        None where nothing was accepted.
    maker_before, maker_after : Maker or None
        What made the slice, where that is told of it.
    """

    index: SliceIndex
    before: LabelMap
    after: LabelMap
    state_before: SliceState | None
    maker_before: Maker | None = None
    maker_after: Maker | None = None


@dataclass(frozen=True, eq=False)
class AcceptPlan:
    """What an accept would do.

    Attributes
    ----------
    changes : sequence of SliceChange
    kept : int
        Slices left alone because a person corrected them.
    unpredicted : int
        Slices that have no prediction yet.
    """

    changes: Sequence[SliceChange]
    kept: int
    unpredicted: int


class MaskBook:
    """Accepts of one scan and the way back.

    Parameters
    ----------
    record : ScanRecord
        Its mask and mask states are kept here.
    """

    def __init__(self, record: ScanRecord) -> None:
        self._record = record
        self._accepts: list[tuple[SliceChange, ...]] = []

    @property
    def can_undo(self) -> bool:
        """Return whether there is an accept to take back."""
        return bool(self._accepts) and not self._record.locked

    def plan_accept(self, indices: Iterable[SliceIndex]) -> AcceptPlan:
        """Return what accepting the predictions of some slices changes; edited slices are left alone."""
        changes: list[SliceChange] = []
        kept = unpredicted = 0
        for index in indices:
            if self._record.steps[index] == NEVER:
                unpredicted += 1
            elif self._record.mask_states.get(index) is SliceState.EDITED:
                kept += 1
            else:
                changes.append(self._change(index))
        return AcceptPlan(tuple(changes), kept, unpredicted)

    def plan_take(self, suggestions: Mapping[SliceIndex, tuple[LabelMap, Maker]]) -> AcceptPlan:
        """Return what taking suggestions for some slices changes; those that are in the mask already are left alone."""
        changes, record = [], self._record
        free = {i: found for i, found in suggestions.items() if i not in record.mask_states}
        for index, (labels, maker) in free.items():
            before = record.mask[index].copy()
            changes.append(SliceChange(index, before, labels, None, record.mask_makers.get(index), maker))
        return AcceptPlan(tuple(changes), len(suggestions) - len(free), 0)

    def commit(self, plan: AcceptPlan) -> None:
        """Enter an accept into the record; what is on the layer must be the same."""
        for change in plan.changes:
            self._set(change.index, change.after, SliceState.ACCEPTED, change.maker_after)
        if plan.changes:
            self._accepts = [*self._accepts, tuple(plan.changes)][-UNDO_DEPTH:]

    def undo(self) -> tuple[SliceChange, ...]:
        """Take the last accept back in the record; return the changes whose `before` belongs on the layer again.

        Slices that were corrected by hand since then are not among them.
        """
        if not self.can_undo:
            return ()
        undone = tuple(c for c in self._accepts.pop() if self._is_as_accepted(c))
        for change in undone:
            self._set(change.index, change.before, change.state_before, change.maker_before)
        return undone

    def take_from_layer(self, index: SliceIndex, labels: LabelMap) -> bool:
        """Enter a slice that a person changed on the layer; return whether it is news.

        Undoing or redoing an accept with the layer's own Ctrl+Z is told from a correction by hand.
        """
        if np.array_equal(labels, self._record.mask[index]):
            return False
        self._set(index, labels, *self._state_of(index, labels))
        return True

    def _change(self, index: SliceIndex) -> SliceChange:
        record = self._record
        before, after = record.mask[index].copy(), record.prediction[index].copy()
        makers = record.mask_makers.get(index), record.maker(index)
        return SliceChange(index, before, after, record.mask_states.get(index), *makers)

    def _is_as_accepted(self, change: SliceChange) -> bool:
        accepted = self._record.mask_states.get(change.index) is SliceState.ACCEPTED
        return accepted and np.array_equal(self._record.mask[change.index], change.after)

    def _state_of(self, index: SliceIndex, labels: LabelMap) -> tuple[SliceState | None, Maker | None]:
        for changes in reversed(self._accepts):
            for change in changes:
                if change.index == index and np.array_equal(labels, change.before):
                    return change.state_before, change.maker_before
                if change.index == index and np.array_equal(labels, change.after):
                    return SliceState.ACCEPTED, change.maker_after
        if labels.any() or index in self._record.mask_states:
            return SliceState.EDITED, self._record.mask_makers.get(index)
        return None, None

    def _set(self, index: SliceIndex, labels: LabelMap, state: SliceState | None, maker: Maker | None) -> None:
        self._record.mask[index] = labels
        note(self._record.mask_makers, index, maker)
        if state is None:
            self._record.mask_states.pop(index, None)
        else:
            self._record.mask_states[index] = state


def changed_pixels(
    layer_data: LabelMap, slices: Iterable[tuple[SliceIndex, LabelMap]]
) -> tuple[tuple[np.ndarray, ...], LabelMap]:
    """Return where and to what a layer's array has to change: indices and values for `Labels.data_setitem`.

    Parameters
    ----------
    layer_data : uint8 (t, z, y, x) or (z, y, x)
    slices : (t, z) and the wanted labels `(y, x)` of each slice
    """
    parts: list[tuple[np.ndarray, ...]] = []
    values: list[LabelMap] = []
    for (t, z), wanted in slices:
        at = (t, z) if layer_data.ndim == 4 else (z,)
        y, x = np.nonzero(layer_data[at] != wanted)
        parts.append((*(np.full(y.shape, i) for i in at), y, x))
        values.append(wanted[y, x])
    if not parts:
        return tuple(np.empty(0, int) for _ in range(layer_data.ndim)), np.empty(0, np.uint8)
    return tuple(np.concatenate(axis) for axis in zip(*parts, strict=True)), np.concatenate(values)
