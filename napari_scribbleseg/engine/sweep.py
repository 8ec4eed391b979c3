"""Which slices to predict next, and for how long."""

from __future__ import annotations

from napari_scribbleseg.types import FrameKey

Shape = tuple[int, int, int, int]

TRAINING_SHARE = 0.5
"""Predicting may take this much of a step's time again, so at most a third of the whole."""
FOCUS_EVERY_S = 0.8


class Sweep:
    """Order of predictions: the slice on screen, its frame by distance, then the other phases by distance in time.

    A pass visits every slice of the shown scan once. The slice on screen comes back every `FOCUS_EVERY_S` seconds of
    work, but never twice in a row. While training goes on, a pass restarts when it is through; at rest it stops when
    every slice was predicted with the latest weights.

    Parameters
    ----------
    share : float
        How much of a step's time this work may take again.
    """

    def __init__(self, share: float = TRAINING_SHARE) -> None:
        self._share = share
        self._made_at: dict[FrameKey, int] = {}
        self._pass_start = 0
        self._credit_s = 0.0
        self._since_focus_s = FOCUS_EVERY_S
        self._focused_last = False

    def earn(self, step_s: float) -> None:
        """Account for a training step of `step_s` seconds."""
        self._credit_s = min(self._credit_s + self._share * step_s, 1.0)
        self._since_focus_s += step_s

    def spend(self, keys: list[FrameKey], step: int, seconds: float) -> None:
        """Account for predictions made with the weights of `step`."""
        self._credit_s -= seconds
        self.note(keys, step)

    def note(self, keys: list[FrameKey], step: int) -> None:
        """Note what was made with the weights of `step` while nobody trained, which costs training nothing."""
        for key in keys:
            self._made_at[key] = step

    def forget(self) -> None:
        """Take all predictions for outdated: other weights are in place."""
        self._made_at.clear()

    @property
    def affordable(self) -> bool:
        """Whether training leaves time for a prediction."""
        return self._credit_s > 0

    def due(self, focus: FrameKey, shape: Shape, step: int, count: int) -> list[FrameKey]:
        """Return up to `count` slices to predict during training, possibly none."""
        focus_is_due = self._since_focus_s >= FOCUS_EVERY_S and self._made_at.get(focus, -1) < step
        if focus_is_due and not self._focused_last:
            self._since_focus_s, self._focused_last = 0.0, True
            return [focus]
        self._focused_last = False
        return self.again(focus, shape, step, count)

    def again(self, focus: FrameKey, shape: Shape, step: int, count: int) -> list[FrameKey]:
        """Return up to `count` slices of the pass under way, or of the next one where that is through."""
        return self.stale(focus, shape, self._next_pass(focus, shape, step), count)

    def _next_pass(self, focus: FrameKey, shape: Shape, step: int) -> int:
        """Return the step that a prediction must have to count for this pass; start a new one when it is through."""
        if not self.stale(focus, shape, self._pass_start, 1):
            self._pass_start = step
        return self._pass_start

    def stale(self, focus: FrameKey, shape: Shape, step: int, count: int) -> list[FrameKey]:
        """Return up to `count` slices whose prediction is older than `step`, nearest to the focus first."""
        found: list[FrameKey] = []
        for key in order(focus, shape):
            if self._made_at.get(key, -1) < step:
                found.append(key)
                if len(found) == count:
                    break
        return found


def order(focus: FrameKey, shape: Shape) -> list[FrameKey]:
    """Return all slices of a scan, `(t, z, y, x)` = `shape`, by their distance from the one on screen."""
    n_t, n_z = shape[:2]

    def apart(t: int) -> int:
        return min((t - focus.t) % n_t, (focus.t - t) % n_t)

    phases = sorted(range(n_t), key=lambda t: (apart(t), t))
    slices = sorted(range(n_z), key=lambda z: (abs(z - focus.z), z))
    return [FrameKey(focus.case, t, z) for t in phases for z in slices]
