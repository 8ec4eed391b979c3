"""A background thread that writes the latest version of each thing, and keeps trying when the disk refuses."""

from __future__ import annotations

import errno
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from napari_scribbleseg.types import Notice

_REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EACCES: "the folder is not writable",
    errno.EPERM: "the folder is not writable",
    errno.EROFS: "the disk is read-only",
    errno.ENOENT: "the folder is gone",
    errno.ENOTDIR: "the folder is gone",
}
# safetensors is written in Rust and raises an error of its own where Python would raise an OSError.
_RUST_ERROR = re.compile(r"\(os error (\d+)\)")


def explain(error: Exception) -> str:
    """Say in a few words why writing failed, without any path."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError):
            return _REASONS.get(cause.errno or 0, cause.strerror or "the disk refused")
        if found := _RUST_ERROR.search(str(cause)):
            return _REASONS.get(int(found[1]), "the disk refused")
        cause = cause.__cause__
    return str(error).rstrip(".") or type(error).__name__


@dataclass
class _Task:
    what: str
    job: Callable[[], None]
    due: float
    failed_at: float = 0.0


class Lane:
    """One daemon thread and the jobs that wait for it, at most one for each target.

    A job that raises is reported once, stays, and is tried again every `retry_s` until it works or a newer job for
    the same target takes its place.

    Parameters
    ----------
    name : name of the thread
    report : receives a `Notice` when a target starts to fail and when it works again; called on the lane's thread
    retry_s : pause after a failure in seconds
    """

    def __init__(self, name: str, report: Callable[[Notice], None], retry_s: float = 1.0) -> None:
        self._report = report
        self._retry_s = retry_s
        self._tasks: dict[str, _Task] = {}
        self._failing: set[str] = set()
        self._busy = False
        self._closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def put(self, target: str, what: str, job: Callable[[], None], delay_s: float = 0.0) -> None:
        """Run `job` after at most `delay_s`; it replaces one that still waits for the same target.

        Never blocks on the disk. `what` names the thing in sentences ("the strokes").
        """
        with self._changed:
            due = time.monotonic() + delay_s
            waiting = self._tasks.get(target)
            if waiting is not None:
                # The first of a burst sets the time: a person who never stops drawing is saved all the same.
                due = waiting.due if waiting.failed_at else min(due, waiting.due)
            self._tasks[target] = _Task(what, job, due, waiting.failed_at if waiting else 0.0)
            self._changed.notify_all()

    def flush(self, timeout_s: float) -> bool:
        """Run all that waits now; return whether everything was written within `timeout_s`."""
        start = time.monotonic()
        with self._changed:
            for task in self._tasks.values():
                task.due = start
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._settled(start), timeout_s)
            return not self._tasks and not self._busy

    def close(self, timeout_s: float) -> bool:
        """Flush, then end the thread; return whether everything was written. Safe to call twice."""
        done = self.flush(timeout_s)
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join(timeout_s)
        return done

    def _settled(self, since: float) -> bool:
        return self._closed or (not self._busy and all(task.failed_at > since for task in self._tasks.values()))

    def _work(self) -> None:
        while (taken := self._next()) is not None:
            target, task = taken
            try:
                task.job()
            except Exception as error:
                self._keep(target, task, error)
            else:
                self._succeed(target, task)

    def _next(self) -> tuple[str, _Task] | None:
        with self._changed:
            while not self._closed:
                target = min(self._tasks, key=lambda name: self._tasks[name].due, default=None)
                wait_s = None if target is None else self._tasks[target].due - time.monotonic()
                if target is not None and wait_s is not None and wait_s <= 0:
                    self._busy = True
                    return target, self._tasks.pop(target)
                self._changed.wait(wait_s)
            return None

    def _keep(self, target: str, task: _Task, error: Exception) -> None:
        first = target not in self._failing
        self._failing.add(target)
        if first:
            text = f"Could not save {task.what}: {explain(error)}. It is kept in memory and tried again."
            self._report(Notice(text, "warning"))
        with self._changed:
            now = time.monotonic()
            kept = self._tasks.setdefault(target, task)
            kept.failed_at, kept.due = now, now + self._retry_s
            self._busy = False
            self._changed.notify_all()

    def _succeed(self, target: str, task: _Task) -> None:
        if target in self._failing:
            self._failing.discard(target)
            self._report(Notice(f"Saved {task.what}; writing works again."))
        with self._changed:
            self._busy = False
            self._changed.notify_all()
