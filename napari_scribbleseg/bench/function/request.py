"""What a person asks of `bench function`, before anything is read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from napari_scribbleseg.bench.annotate.request import DEVELOPMENT
from napari_scribbleseg.bench.errors import BenchError
from napari_scribbleseg.bench.request import parse_numbers


@dataclass(frozen=True)
class FunctionRequest:
    """A comparison of ventricular function, as it was asked for.

    Parameters
    ----------
    acdc
        Folder of the ACDC challenge, with patient001, patient002 and so on, or a file that `bench pack` wrote.
    out
        Folder for the report; made if it does not exist.
    weights
        Weights file or a name; by default the weights that come with the program. They say nothing about patients that
        they were trained on.
    patients
        Patients with masks, such as 5,10 or 1-20; by default 5, 10 and so on to 80.
    no_post
        Take masks as the network makes them; by default they are put right as in the window.
    device
        auto (CUDA, else MPS, else CPU), cpu, cuda, cuda:1 or mps.
    threads
        Torch threads on the CPU; 0 takes all cores.
    """

    acdc: Path
    out: Path
    weights: str | None = None
    patients: str = DEVELOPMENT
    no_post: bool = False
    device: str = "auto"
    threads: int = 0

    def __post_init__(self) -> None:
        if self.threads < 0:
            raise BenchError("Threads must be 0 (all cores) or more.")

    def numbers(self) -> tuple[int, ...]:
        """Return the patients asked for.

        Raises
        ------
        BenchError
            For a list that cannot be read.
        """
        return parse_numbers(self.patients, "Patients")
