"""What happened in a session, one JSON object a line, only ever appended to."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from napari_scribbleseg.types import Event, HeldOutReport, Notice, StateChanged, StepReport

_TAIL_BYTES = 1 << 20


def history_line(kind: str, values: Mapping[str, Any]) -> bytes:
    """Return one line: the time, the kind of event and its JSON values."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    line = {"time": now, "kind": kind, **{name: _finite(value) for name, value in values.items()}}
    return json.dumps(line, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def _finite(value: Any) -> Any:
    # JSON has no NaN, and a run that diverged is just what one wants to read about later.
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return {name: _finite(item) for name, item in value.items()} if isinstance(value, dict) else value


def describe_event(event: Event) -> tuple[str, dict[str, Any]] | None:
    """Return kind and JSON values of a trainer's event, or None for one that is not history (pictures, weights)."""
    match event:
        case StepReport():
            return "step", {
                "step": event.step,
                "terms": dict(event.terms),
                "learning_rate": event.learning_rate,
                "step_s": round(event.step_s, 4),
                "strokes_seen": event.strokes_seen,
                "strokes_total": event.strokes_total,
                "device": event.device,
            }
        case HeldOutReport():
            return "held_out", {"step": event.step, "accuracy": event.accuracy, "n_pixels": event.n_pixels}
        case StateChanged():
            reason = event.reason.value if event.reason else None
            return "state", {"state": event.state.value, "reason": reason, "message": event.message}
        case Notice():
            return "notice", {"level": event.level, "text": event.text}
    return None


def append_history(path: Path, lines: Iterable[bytes]) -> None:
    """Append lines; what a crash left of an unfinished one is closed off first.

    Raises
    ------
    OSError
        When the file cannot be written; a part of the lines may have been.
    """
    with path.open("ab+") as file:
        if file.seek(0, os.SEEK_END):
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                file.write(b"\n")
        file.write(b"".join(lines))


def read_history(path: Path, limit: int = 5000) -> tuple[Mapping[str, Any], ...]:
    """Return the last `limit` events that are whole; lines that are not JSON objects are passed over."""
    try:
        with path.open("rb") as file:
            start = max(file.seek(0, os.SEEK_END) - _TAIL_BYTES, 0)
            file.seek(start)
            lines = file.read().splitlines()[1 if start else 0 :]
    except OSError:
        return ()
    parsed = (_parse(line) for line in lines[-limit:])
    return tuple(event for event in parsed if event is not None)


def _parse(line: bytes) -> dict[str, Any] | None:
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) else None
