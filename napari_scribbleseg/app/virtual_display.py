"""A display without a screen."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

APT_LINE = (
    "apt-get install -y xvfb libgl1 libegl1 libglib2.0-0 libfontconfig1 libdbus-1-3 libxkbcommon-x11-0 libxcb-cursor0 "
    "libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-render-util0 libxcb-shape0 libxcb-xinerama0"
)


class DisplayError(RuntimeError):
    """There is no display and none can be made; the text is one sentence."""


def has_display() -> bool:
    """Return whether windows can be shown here."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


@contextlib.contextmanager
def virtual_display(width: int = 1600, height: int = 1000) -> Iterator[str]:
    """Run Xvfb and yield the name of its display, such as `:1`; it ends with the block.

    Raises
    ------
    DisplayError
        Where Xvfb is missing or does not start.
    """
    program = shutil.which("Xvfb")
    if program is None:
        raise DisplayError(f"A virtual display needs Xvfb, which is not installed; on Debian or Ubuntu: {APT_LINE}")
    reading, writing = os.pipe()
    command = [program, "-displayfd", str(writing), "-screen", "0", f"{width}x{height}x24", "-nolisten", "tcp"]
    server = subprocess.Popen(
        command, pass_fds=[writing], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    os.close(writing)
    try:
        with os.fdopen(reading) as pipe:
            number = pipe.readline().strip()
        if not number:
            raise DisplayError("Xvfb did not start; try “xvfb-run -a” in front of the command.")
        yield f":{number}"
    finally:
        server.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(timeout=5)
        if server.poll() is None:
            server.kill()
