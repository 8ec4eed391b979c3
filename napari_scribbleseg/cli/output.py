"""What a command says: JSON or text on stdout, progress and complaints on stderr, and an exit code."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import napari_scribbleseg

if TYPE_CHECKING:
    from rich.table import Table

OK, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130

PLAIN_EVERY_S = 10.0
"""Without a terminal, progress is a plain line this often, so that a log file stays short."""

Advance = Callable[[float, str], None]
"""Takes how much is done, and a note."""

SlicesDone = Callable[[int, int], None]
"""Takes the number of slices done, and of all."""


def say(text: str) -> None:
    """Write a line for a person on stdout."""
    print(text)


def remark(text: str) -> None:
    """Write a line for a person on stderr."""
    print(text, file=sys.stderr, flush=True)


def print_json(value: dict[str, Any]) -> None:
    """Write one JSON object on stdout."""
    print(json.dumps(value, indent=2))


def print_table(table: Table) -> None:
    """Write a table for a person on stdout; into a file or a pipe it goes in full width."""
    from rich.console import Console

    Console(width=None if sys.stdout.isatty() else 120).print(table)


def complain(sentence: str, problems: Sequence[str] = (), *, as_json: bool = False, code: int = FAILED) -> None:
    """Say on stderr what went wrong, a line for each problem, or as one JSON object."""
    if as_json:
        remark(json.dumps({"error": sentence, "problems": list(problems), "exit_code": code}, indent=2))
    else:
        remark("\n".join((sentence, *(f"  {problem}" for problem in problems))))


def is_told(error: BaseException) -> bool:
    """Tell whether an error's own text is a sentence for a person: ours, the system's, or torch's."""
    ours = type(error).__module__.split(".")[0] == napari_scribbleseg.__name__
    return ours or isinstance(error, OSError | ImportError | MemoryError | RuntimeError)


def sentence_of(error: BaseException) -> str:
    """Return one sentence for an error."""
    if isinstance(error, MemoryError):
        return "This computer has too little free memory for that; close other programs or take fewer scans."
    if isinstance(error, ImportError):
        first = next(iter(str(error).splitlines()), type(error).__name__)
        return f'A library does not load ({first}); `pip install "napari-scribbleseg[all]"` brings all of them.'
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or 'The system'}: {error.strerror}."
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def complain_of(error: Exception, as_json: bool) -> int:
    """Say on stderr what went wrong and return the exit code."""
    code = BAD_INPUT if isinstance(error, ValueError) else FAILED
    complain(sentence_of(error), getattr(error, "problems", ()), as_json=as_json, code=code)
    return code


@contextmanager
def progress(title: str, total: float) -> Iterator[Advance]:
    """Show progress on stderr: a bar on a terminal, else a plain line now and then.

    Parameters
    ----------
    title : what is being done
    total : how much there is to do
    """
    if not sys.stderr.isatty():
        yield _PlainProgress(title, total)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn()
    with Progress(*columns, TextColumn("{task.fields[note]}"), console=Console(stderr=True)) as bars:
        task = bars.add_task(title, total=total, note="")
        yield lambda done, note: bars.update(task, completed=done, note=note)


@contextmanager
def silence() -> Iterator[Advance]:
    """Show no progress."""
    yield lambda done, note: None


class _PlainProgress:
    def __init__(self, title: str, total: float) -> None:
        self._title, self._total = title, total
        self._last_s = time.monotonic()

    def __call__(self, done: float, note: str) -> None:
        now_s = time.monotonic()
        if now_s - self._last_s >= PLAIN_EVERY_S:
            self._last_s = now_s
            share = done / self._total if self._total else 1.0
            remark(f"{self._title} {share:.0%} {note}".rstrip())
