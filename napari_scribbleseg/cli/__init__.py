"""The command line: the same engine as the window's, for scripts and servers. One file per command."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code: 0 done, 1 failed, 2 bad usage or input, 130 interrupted.

    Parameters
    ----------
    argv : arguments after the program's name; by default those of this process
    """
    from napari_scribbleseg.cli.app import run

    code = run(argv)
    if argv is None and "WORLD_SIZE" in os.environ:
        _end(code)
    return code


def _end(code: int) -> None:
    """End a process that torchrun started, without taking Python down.

    While Python shuts down, a thread of torch may still let go of a tensor, which aborts the process
    (pytorch/pytorch#190489); torchrun then stops the others, of which one may be writing the weights.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
