"""What a workbench tells its panels."""

from __future__ import annotations

from qtpy.QtCore import QObject, Signal


class WorkbenchSignals(QObject):
    """Signals of the workbench; all are emitted on the GUI thread."""

    scans_changed = Signal()
    """The worklist changed: a scan came, or its strokes or accepted slices did."""
    scan_shown = Signal(str)
    """The case that is on screen now; "" when none is."""
    state_changed = Signal(object)
    """`types.StateChanged` of the trainer."""
    step_reported = Signal(object)
    """`types.StepReport`, at most about 20 a second."""
    held_out_reported = Signal(object)
    """`types.HeldOutReport`."""
    preparation_reported = Signal(object)
    """`types.PreparationReport`: the method works out pseudo labels before it trains on."""
    noticed = Signal(object)
    """`types.Notice`: a sentence for the person."""
    strokes_changed = Signal(int, int)
    """Strokes that the model has seen, strokes drawn in the session."""
    prediction_changed = Signal()
    """The age of what is on screen or the number of predicted slices changed."""
    masks_changed = Signal()
    """Accepted, edited or locked slices changed."""
    session_changed = Signal(str)
    """The folder of the session; "" when there is none yet."""
    label_changed = Signal(int)
    """The chosen layer code, 0 is the eraser."""
    brush_changed = Signal(int)
    """Brush size in pixels."""
    playing_changed = Signal(bool)
    run_started = Signal()
    """A run begins; emitted before its first event. Curves are cleared only if `continuing` is False."""
