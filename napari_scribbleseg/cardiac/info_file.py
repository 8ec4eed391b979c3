"""What ACDC's Info.cfg says about how to measure."""

from __future__ import annotations

import os
from pathlib import Path

from napari_scribbleseg.cardiac.measurement import Body, Choices
from napari_scribbleseg.io.acdc import AcdcInfo, read_info

INFO_NAME = "Info.cfg"


def read_choices(path: str | os.PathLike[str], n_phases: int) -> Choices:
    """Read what an Info.cfg decides for a scan with so many phases; see :func:`choose_by_info`.

    Raises
    ------
    ScanError
        When the file cannot be read.
    """
    return choose_by_info(read_info(Path(path)), n_phases)


def choose_by_info(info: AcdcInfo, n_phases: int) -> Choices:
    """Return body size and phases as an Info.cfg gives them.

    ED and ES are counted from 1 there, in the whole cine. A scan of two phases holds ED and ES alone, in the order of
    their numbers. For a scan of another length than NbFrame says the numbers mean nothing, and the phases are found
    from the volumes.

    Parameters
    ----------
    info : what the file says
    n_phases : phases of the scan
    """
    body = Body(_positive(info.height_cm), _positive(info.weight_kg))
    ed, es = info.ed, info.es
    if ed is None or es is None or ed == es or n_phases < 2:
        return Choices(body=body)
    if n_phases == 2:
        return Choices(ed=int(ed > es), es=int(es > ed), source="Info.cfg", body=body)
    fits = info.n_frames in (None, n_phases) and 1 <= min(ed, es) and max(ed, es) <= n_phases
    return Choices(ed=ed - 1, es=es - 1, source="Info.cfg", body=body) if fits else Choices(body=body)


def _positive(value: float | None) -> float | None:
    return value if value and value > 0 else None
