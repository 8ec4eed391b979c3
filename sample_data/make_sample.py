"""Make the sample: a synthetic 4D short-axis cine with truth and strokes.

Run `python sample_data/make_sample.py [--out DIR]`. It needs numpy, scipy and nibabel and takes a few minutes.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from phantom.cine import make_phase, still_planes
from phantom.files import save_json, save_nifti, summarise
from phantom.geometry import N_PHASES
from phantom.hand import draw_strokes
from phantom.strokes import rasterise

SEED = 2022


def make_sample(out: Path, seed: int = SEED) -> None:
    """Write cine, truth, scribbles, strokes and volumes into the folder `out`."""
    still = still_planes(seed)
    phases = [make_phase(phase, seed, still) for phase in range(N_PHASES)]
    cine, truth = (np.stack([pair[i] for pair in phases]) for i in range(2))
    strokes = [stroke.to_json() for stroke in draw_strokes(truth, seed)]
    out.mkdir(parents=True, exist_ok=True)
    save_nifti(out / "sample_cine.nii.gz", cine, "image")
    save_nifti(out / "sample_truth.nii.gz", truth, "truth")
    save_nifti(out / "sample_scribbles.nii.gz", rasterise(strokes, cine.shape), "scribbles")
    save_json(out / "sample_strokes.json", strokes)
    save_json(out / "sample_truth.json", summarise(truth))


def main() -> None:
    """Read the command line and make the sample."""
    parser = argparse.ArgumentParser(description="Make the synthetic cine with truth and strokes.")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder to write into")
    make_sample(parser.parse_args().out)


if __name__ == "__main__":
    main()
