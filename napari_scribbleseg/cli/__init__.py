"""The command line: the same engine as the window's, for scripts and servers. One file per command."""

from __future__ import annotations

from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code: 0 done, 1 failed, 2 bad usage or input, 130 interrupted.

    Parameters
    ----------
    argv : arguments after the program's name; by default those of this process
    """
    from napari_scribbleseg.cli.app import run

    return run(argv)
