"""What every benchmark shares: a JSON file that says what was measured, where and how."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"


def write_result(name: str, figures: dict[str, Any], out: Path | None = None) -> Path:
    """Write the figures of a benchmark with machine, versions and command; return the file."""
    target = out or RESULTS / f"{name}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    content = {"benchmark": name, **figures, "command": _command(), "machine": _machine(), "versions": _versions()}
    target.write_text(json.dumps(content, indent=2) + "\n")
    print(json.dumps(figures, indent=2))
    return target


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """Return p50, p95, p99 and the maximum, rounded to 0.1."""
    ordered = sorted(values)

    def at(share: float) -> float:
        return round(ordered[min(int(share * len(ordered)), len(ordered) - 1)], 1)

    return {"p50": at(0.50), "p95": at(0.95), "p99": at(0.99), "max": round(ordered[-1], 1), "n": len(ordered)}


def median(values: Sequence[float]) -> float:
    """Return the median, rounded to 0.0001."""
    return round(statistics.median(values), 4)


def _command() -> str:
    return " ".join(["python", *(Path(a).name if i == 0 else a for i, a in enumerate(sys.argv))])


def _machine() -> dict[str, Any]:
    import torch

    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU"
    return {"cores": os.cpu_count(), "processor": _processor(), "device": device, "system": platform.platform()}


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()


def _versions() -> dict[str, str]:
    import torch

    from napari_scribbleseg import __version__

    here = Path(__file__).parent
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=here)
    return {
        "napari-scribbleseg": __version__,
        "commit": commit.stdout.strip(),
        "torch": torch.__version__,
        "python": platform.python_version(),
    }
