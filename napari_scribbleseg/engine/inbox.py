"""What the window has said since the last step."""

from __future__ import annotations

import dataclasses
import threading
from dataclasses import dataclass

from napari_scribbleseg.types import Cine, FrameKey, ScribbleEdit


@dataclass(frozen=True, eq=False)
class Mail:
    """Everything that came in at once: new scans first, then the latest edit of each slice."""

    cines: tuple[Cine, ...] = ()
    edits: tuple[ScribbleEdit, ...] = ()


class Inbox:
    """Thread-safe: the latest edit of each slice wins, an edit of another slice is never lost.

    A merged edit counts the strokes of those that it replaces. The condition is shared with the runner, which waits
    on it.
    """

    def __init__(self, condition: threading.Condition) -> None:
        self._condition = condition
        self._cines: list[Cine] = []
        self._edits: dict[FrameKey, ScribbleEdit] = {}

    def put_cine(self, cine: Cine) -> None:
        """Add a scan and wake the runner."""
        with self._condition:
            self._cines.append(cine)
            self._condition.notify_all()

    def put(self, edit: ScribbleEdit) -> None:
        """Add an edit and wake the runner."""
        with self._condition:
            waiting = self._edits.pop(edit.key, None)
            if waiting is not None:
                edit = dataclasses.replace(edit, strokes=edit.strokes + waiting.strokes)
            self._edits[edit.key] = edit
            self._condition.notify_all()

    def take(self) -> Mail:
        """Return and forget what waits, edits by rising revision."""
        with self._condition:
            mail = Mail(tuple(self._cines), tuple(sorted(self._edits.values(), key=lambda e: e.revision)))
            self._cines, self._edits = [], {}
            return mail

    def __bool__(self) -> bool:
        with self._condition:
            return bool(self._cines or self._edits)
