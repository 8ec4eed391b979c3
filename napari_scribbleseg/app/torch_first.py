"""Loading torch before the window needs it, and saying what to do where it does not load."""

from __future__ import annotations

import sys

_ON_WINDOWS = (
    "PyTorch did not load. On Windows this is usually the missing Microsoft Visual C++ runtime "
    "(https://aka.ms/vs/17/release/vc_redist.x64.exe): install it, then start napari again. If it stays, start with "
    "“napari-scribbleseg demo”, which loads PyTorch before Qt."
)
_ELSEWHERE = "PyTorch did not load, so nothing can be trained: reinstall it with “pip install --force-reinstall torch”."


def load_torch() -> str:
    """Import torch; return "" or, where that fails, one sentence on what to do.

    Drawing, opening and exporting work without torch, so a failure is not an error of the window.
    """
    try:
        import torch  # noqa: F401
    except (ImportError, OSError) as error:
        advice = _ON_WINDOWS if sys.platform == "win32" else _ELSEWHERE
        return f"{advice} ({error})"
    return ""
