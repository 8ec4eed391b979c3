"""`napari-scribbleseg predict`: a mask for every scan."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter, validators

from napari_scribbleseg import api
from napari_scribbleseg.cli import output
from napari_scribbleseg.cli.arguments import FLAG, Json
from napari_scribbleseg.cli.targets import require_folder_target


@Parameter(name="*")
@dataclass(frozen=True)
class Segmenting:
    """How to segment.

    Parameters
    ----------
    largest_component
        Keep only the largest part of each class in each phase.
    device
        auto (CUDA, else MPS, else CPU), cpu, cuda, cuda:1 or mps.
    threads
        Torch threads on the CPU; 0 takes all cores.
    """

    largest_component: Annotated[bool, FLAG] = False
    device: str = "auto"
    threads: Annotated[int, Parameter(validator=validators.Number(gte=0))] = 0


def predict(
    scan: Path,
    /,
    *more: Path,
    weights: Path,
    out: Path,
    how: Segmenting = Segmenting(),  # noqa: B008 - frozen
    json: Json = False,
) -> int:
    """Segment scans with trained weights: a mask per scan, named like it plus _seg.nii.gz.

    A mask lies exactly on its scan (0 background, 1 RV, 2 myocardium, 3 LV) and holds every phase of a cine. A mask
    that is there already is replaced. A scan that cannot be read is reported; the others are segmented all the same.

    Parameters
    ----------
    scan
        A scan (.nii, .nii.gz, .h5), or a folder to search for scans; masks and scribbles in it are passed over.
    more
        More scans or folders.
    weights
        Weights file of `train`, or one that the window saved.
    out
        Folder for the masks; made if it does not exist.
    """
    from napari_scribbleseg.engine.device import resolve_device
    from napari_scribbleseg.io import find_scans

    scans = find_scans((scan, *more))
    model = api.Model.load(weights)
    resolve_device(how.device)
    require_folder_target(out)
    masks: dict[str, str] = {}
    failed: dict[str, str] = {}
    with output.progress("Segmenting", len(scans)) as advance:
        for index, path in enumerate(scans):
            try:
                masks[str(path)] = str(_segment(model, path, out, how, _share(advance, index, path.name)))
            except (ValueError, RuntimeError, OSError, MemoryError) as error:
                failed[str(path)] = output.sentence_of(error)
    return _report(masks, failed, json)


def _share(advance: output.Advance, index: int, name: str) -> output.SlicesDone:
    """Show the slices of one scan as a share of all scans."""
    return lambda done, total: advance(index + done / total, name)


def _segment(model: api.Model, path: Path, out: Path, how: Segmenting, progress: output.SlicesDone) -> Path:
    from napari_scribbleseg.io import load_cine, save_mask
    from napari_scribbleseg.io.names import file_stem

    cine = load_cine(path)
    mask = api.predict(
        model,
        cine,
        largest_component=how.largest_component,
        device=how.device,
        threads=how.threads,
        progress=progress,
    )
    target = out / f"{file_stem(path)}_seg.nii.gz"
    save_mask(target, mask, cine)
    return target


def _report(masks: dict[str, str], failed: dict[str, str], as_json: bool) -> int:
    if as_json:
        output.print_json({"masks": masks, "failed": failed})
    else:
        for target in masks.values():
            output.say(target)
    if failed:
        sentence = f"{len(failed)} of {len(masks) + len(failed)} scans could not be segmented:"
        output.complain(sentence, list(failed.values()), as_json=as_json, code=output.FAILED)
    return output.FAILED if failed else output.OK
