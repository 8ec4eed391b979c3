"""All GPU work of the project, most valuable first, within a wall-clock budget; a later run goes on where it stopped.

    PYTHONPATH=.:benchmarks python benchmarks/gpu/gpu_work.py --pack acdc.h5 --work work --out out --budget-s 540
    …                                                   [--stages smoke,step_time,dmpls,groups,rest,lambda] [--past DIR]

The pack comes from `napari-scribbleseg bench pack`. Nothing is needed beyond torch, numpy, scipy, scikit-image, h5py,
safetensors and pandas. What a run leaves is put into --out as archive pieces of 15 MiB at most; give the folder that
holds them as --past to go on on a fresh machine.

Stages:
  smoke      every method for 20 steps on fold 1 at tiny size: does all of it run on this card?
  step_time  plain loop against the accelerated path (benchmarks/gpu/step_time.py)
  dmpls      DMPLS by the paper's protocol, fold 5's training set (patients 1-80) first, then folds 1-4
  groups     pCE, FullSup, RLoss, Dual+CPS, Dual+CR, alpha = .5 on fold 1
  rest       the remaining rows of tables 1 and 2 on fold 1
  lambda     the sweep of λ on fold 1
"""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from napari_scribbleseg.bench.request import Request
from napari_scribbleseg.bench.run import run_bench

PIECE_BYTES = 15 * 2**20
LEAST_S = 20.0
"""A stage that has less time than this is left for the next run."""
GROUPS = "pce,full_sup,rloss,dual_cps,dual_cr,dmpls_alpha_half"
LEFT_BEHIND = {"masks.h5", "parts", ".lock", "lock"}
"""Not archived: masks are made again from the weights."""


class Queue:
    """The stages of one run.

    Parameters
    ----------
    pack, work : Path
    steps : planned steps of every training; the paper's 60 000 for results that count
    deadline : monotonic seconds
    """

    def __init__(self, pack: Path, work: Path, steps: int, deadline: float) -> None:
        self._pack, self._work, self._steps, self._deadline = pack, work, steps, deadline

    def left_s(self) -> float:
        """Return the seconds that are left."""
        return self._deadline - time.monotonic()

    def smoke(self) -> dict[str, Any]:
        """Run every row for 20 steps with the patients 1, 2, 21, 22 and 90, on fold 1."""
        return self._bench("smoke", "all", "1", steps=20, patients="1,2,10,20,21,22,25,30,90", batch_size=4)

    def step_time(self) -> dict[str, Any]:
        """Measure step times."""
        out = self._work / "step_time.json"
        script = Path(__file__).with_name("step_time.py")
        command = [sys.executable, str(script), "--out", str(out)]
        done = subprocess.run(command, timeout=max(self.left_s(), 1), capture_output=True, text=True)
        return {"rc": done.returncode, "said": (done.stderr if done.returncode else done.stdout)[-2000:]}

    def dmpls(self) -> dict[str, Any]:
        """Train DMPLS on all folds at once, the fifth first: they share the card."""
        return self._bench("protocol", "dmpls", "1-5", workers=5)

    def groups(self) -> dict[str, Any]:
        """Train one or two methods of each group on fold 1."""
        return self._bench("protocol", GROUPS, "1")

    def rest(self) -> dict[str, Any]:
        """Train what is left of both tables on fold 1."""
        return self._bench("protocol", "table1,table2", "1")

    def lambdas(self) -> dict[str, Any]:
        """Sweep λ on fold 1."""
        return self._bench("protocol", "lambda", "1")

    def _bench(self, name: str, methods: str, folds: str, steps: int | None = None, **more: Any) -> dict[str, Any]:
        request = Request(
            out=self._work / name,
            pack=self._pack,
            methods=methods,
            folds=folds,
            steps=steps or self._steps,
            resolution="protocol",
            budget_s=self.left_s(),
            **more,
        )
        return run_bench(request, lambda progress: None)


def archive(work: Path, out: Path) -> list[str]:
    """Put what a run left into pieces of 15 MiB, and return their names."""
    out.mkdir(parents=True, exist_ok=True)
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w:gz") as tar:
        for path in sorted(work.rglob("*")):
            if path.is_file() and not LEFT_BEHIND & {path.name, path.parent.name}:
                tar.add(path, path.relative_to(work))
    content = whole.getvalue()
    names = []
    for i, start in enumerate(range(0, len(content), PIECE_BYTES)):
        names.append(f"work.tar.gz.{i:02d}")
        (out / names[-1]).write_bytes(content[start : start + PIECE_BYTES])
    return names


def unpack(past: Path, work: Path) -> None:
    """Bring back what an earlier run left."""
    content = b"".join(piece.read_bytes() for piece in sorted(past.glob("work.tar.gz.*")))
    if content:
        with tarfile.open(fileobj=io.BytesIO(content)) as tar:
            tar.extractall(work, filter="data")


def main() -> None:
    """Work through the stages that were asked for, as far as the time reaches."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pack", type=Path, required=True)
    parser.add_argument("--work", type=Path, default=Path("gpu_work"))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--past", type=Path)
    parser.add_argument("--budget-s", type=float, default=540)
    parser.add_argument("--steps", type=int, default=60_000)
    parser.add_argument("--stages", default="smoke,step_time,dmpls,groups,rest,lambda")
    a = parser.parse_args()
    a.work.mkdir(parents=True, exist_ok=True)
    if a.past:
        unpack(a.past, a.work)
    queue = Queue(a.pack, a.work, a.steps, time.monotonic() + a.budget_s)
    stages: dict[str, Callable[[], dict[str, Any]]] = {
        "smoke": queue.smoke,
        "step_time": queue.step_time,
        "dmpls": queue.dmpls,
        "groups": queue.groups,
        "rest": queue.rest,
        "lambda": queue.lambdas,
    }
    said = {}
    for name in a.stages.split(","):
        if queue.left_s() < LEAST_S:
            said[name] = {"reason": "no time left"}
            continue
        start = time.monotonic()
        try:
            said[name] = {**stages[name](), "seconds": round(time.monotonic() - start, 1)}
        except Exception as error:  # the next stage may still go well
            said[name] = {"error": f"{type(error).__name__}: {error}"}
        print(name, json.dumps(said[name]), flush=True)
    (a.work / "gpu_work.json").write_text(json.dumps(said, indent=2))
    print(json.dumps({"pieces": archive(a.work, a.out)}))


if __name__ == "__main__":
    main()
