"""Where a result was made: processor, device, versions."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import torch

import napari_scribbleseg

_ROOT = Path(napari_scribbleseg.__file__).parents[1]


def describe_machine() -> dict[str, Any]:
    """Return processor, cores and system as JSON; no name of a person or a computer."""
    return {"processor": _processor(), "cores": os.cpu_count(), "system": platform.platform()}


def describe_device(device: torch.device) -> str:
    """Return what a device is called: the name of the card, or its type."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def describe_versions() -> dict[str, str]:
    """Return the versions that decide about numbers; the commit is empty outside a checkout."""
    return {
        "napari-scribbleseg": napari_scribbleseg.__version__,
        "commit": _commit(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
    }


def own_cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()


def _commit() -> str:
    if not (_ROOT / ".git").exists():
        return ""
    try:
        command = ["git", "rev-parse", "--short", "HEAD"]
        done = subprocess.run(command, capture_output=True, text=True, cwd=_ROOT, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()
