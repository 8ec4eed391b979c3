"""What the panels say, as pure functions of plain values."""

from __future__ import annotations

from napari_scribbleseg.types import FinishReason, RunState, StateChanged

_STATES = {
    RunState.IDLE: "Not training yet",
    RunState.STARTING: "Starting…",
    RunState.RUNNING: "Training",
    RunState.RESTING: "Resting until your next stroke",
    RunState.PAUSED: "Paused; strokes are still taken",
    RunState.FINISHING: "Finishing: predicting the last slices…",
}
STOPPING = "Stopping…"
FIRST_MASK = "Segmenting before any stroke…"
FIRST_MASK_READY = "Ready: draw where it is wrong"
OPEN_ENDED = 100_000
"""A run of so many steps goes on until a person stops it, or nothing is left to gain."""
_REASONS = {
    FinishReason.COMPLETED: "Done: all steps trained",
    FinishReason.TIME_LIMIT: "Stopped at the time limit",
    FinishReason.CANCELLED: "Stopped",
    FinishReason.DIVERGED: "Stopped: the loss was no longer finite",
    FinishReason.FAILED: "Stopped by an error",
}


def state_sentence(change: StateChanged) -> str:
    """Return what the trainer is doing, in a few words."""
    if change.state is RunState.FINISHED:
        return _REASONS[change.reason] if change.reason else "Stopped"
    return _STATES[change.state]


def clock_text(seconds: float) -> str:
    """Return `m:ss`, or `h:mm:ss` from an hour on."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def duration_text(seconds: float) -> str:
    """Return a short duration: `now`, `8 s`, `3 min`, `2 h`."""
    if seconds < 1:
        return "now"
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.0f} h"


def progress_sentence(step: int, total: int, steps_per_s: float, elapsed_s: float) -> str:
    """Return step of total, speed and elapsed time."""
    parts = [f"Step {step} of {total}" if 0 < total < OPEN_ENDED else f"Step {step}"]
    if steps_per_s > 0:
        parts.append(f"{steps_per_s:.1f} steps/s")
    parts.append(clock_text(elapsed_s))
    return "  ·  ".join(parts)


def first_mask_sentence(name: str) -> str:
    """Return what segments a scan before any stroke; `name` of weights that were brought here, else ""."""
    return f"By {name or 'what this session has learned'}; you can draw meanwhile"


def folder_sentence(done: int, total: int, name: str) -> str:
    """Return which scan of a folder is being segmented."""
    return f"{min(done + 1, total)} of {total}: {name}" if name else "Looking for scans…"


def preparation_sentence(done: int, total: int) -> str:
    """Return how far a method is with the labels that it works out before it trains on."""
    return f"Preparing pseudo labels: {done} of {total} slice{'s' if total != 1 else ''}"


def strokes_sentence(seen: int, total: int) -> str:
    """Return how many of the drawn strokes the model has been trained on."""
    if total == 0:
        return "No strokes yet: choose a class and draw"
    return f"The model has seen {seen} of {total} stroke{'s' if total != 1 else ''}"


def age_sentence(age: tuple[int, float] | None, preview: str = "", pretrained: str = "") -> str:
    """Return how old the prediction on screen is: by training steps since, and by the clock.

    A preview has no age: `preview` is the name of the system without training that made it. Nor has what weights that
    were brought here, by the name of `pretrained`, made of the slice before any stroke.
    """
    if preview:
        return f"This slice: instant preview ({preview})"
    if pretrained:
        return f"This slice: by {pretrained}, before any stroke"
    if age is None:
        return "This slice: no prediction yet"
    steps, seconds = age
    if steps == 0:
        return "This slice: predicted by the newest weights"
    when = duration_text(seconds)
    return f"This slice: {steps} step{'s' if steps != 1 else ''}{'' if when == 'now' else f' / {when}'} old"


def coverage_sentence(predicted: int, total: int, previewed: int = 0) -> str:
    """Return how many slices of the scan on screen have a prediction; `previewed` of them by no network."""
    if previewed and previewed == predicted:
        return f"{previewed} of {total} slices previewed, not trained"
    also = f", {previewed} of them only previewed" if previewed else ""
    return f"{predicted} of {total} slices predicted{also}" if total else ""


def scan_details(shape: tuple[int, int, int, int], n_strokes: int, n_accepted: int) -> str:
    """Return size and progress of a scan in one line."""
    n_t, n_z, n_y, n_x = shape
    phases = f" × {n_t} phases" if n_t > 1 else ""
    strokes = f"{n_strokes} stroke{'s' if n_strokes != 1 else ''}"
    return f"{n_z} slices{phases}, {n_y} × {n_x} pixels, {strokes}, {n_accepted} slices in the mask"


_MASK_WORDS = {
    "": "not in the mask",
    "preview": "preview only",
    "predicted": "predicted only",
    "accepted": "accepted",
    "edited": "corrected by hand",
}


def mask_sentence(state: str, n_accepted: int, n_slices: int, locked: bool) -> str:
    """Return the state of the slice on screen and how far the mask has come."""
    if n_slices == 0:
        return "Open a scan first"
    lock = "  ·  locked" if locked else ""
    return f"This slice: {_MASK_WORDS.get(state, state)}  ·  {n_accepted}/{n_slices} accepted{lock}"


def brush_sentence(pixels: int, spacing_mm: float | None) -> str:
    """Return the brush diameter in pixels and, where the spacing is known, in mm."""
    return f"{pixels} px" if spacing_mm is None else f"{pixels} px · {pixels * spacing_mm:.1f} mm"
