"""`napari-scribbleseg predict`: a mask for every scan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter, validators

from napari_scribbleseg import api
from napari_scribbleseg.api.prediction import SegmentedFile, predict_file
from napari_scribbleseg.api.provenance import describe_weights
from napari_scribbleseg.api.shipped import locate_weights
from napari_scribbleseg.cli import output
from napari_scribbleseg.cli.arguments import FLAG, Json
from napari_scribbleseg.cli.targets import require_folder_target
from napari_scribbleseg.cli.weights import tell_licence_once


@Parameter(name="*")
@dataclass(frozen=True)
class Segmenting:
    """How to segment.

    Parameters
    ----------
    post
        Put masks right: small islands go, holes are filled, the ring of myocardium is closed around LV.
    largest_component
        Keep only the largest part of each class in each phase, however large the others are.
    device
        auto (CUDA, else MPS, else CPU), cpu, cuda, cuda:1 or mps.
    threads
        Torch threads on the CPU; 0 takes all cores.
    """

    post: bool = True
    largest_component: Annotated[bool, FLAG] = False
    device: str = "auto"
    threads: Annotated[int, Parameter(validator=validators.Number(gte=0))] = 0


def predict(
    scan: Path,
    /,
    *more: Path,
    weights: Annotated[str, Parameter(show_default=False)] = "",
    out: Path,
    how: Segmenting = Segmenting(),  # noqa: B008 - frozen
    json: Json = False,
) -> int:
    """Segment scans with trained weights: a mask per scan, named like it plus _seg.nii.gz.

    A mask lies exactly on its scan (0 background, 1 RV, 2 myocardium, 3 LV) and holds every phase of a cine. Beside it
    lies a JSON file of the same name that says how it came to be. Files that are there already are replaced. A scan
    that cannot be read is reported; the others are segmented all the same.

    Parameters
    ----------
    scan
        A scan (.nii, .nii.gz, .h5), a DICOM series (its folder, or FOLDER#NUMBER for one of several), or a folder to
        search for scans; masks and scribbles in it are passed over.
    more
        More scans or folders.
    weights
        Weights file of `train` or `finetune`, one that the window saved, or a name of `weights list`; by default the
        weights that come with the program.
    out
        Folder for the masks; made if it does not exist.
    """
    from napari_scribbleseg.engine.device import resolve_device
    from napari_scribbleseg.io import find_scans

    scans = find_scans((scan, *more))
    located = locate_weights(weights)
    model = located.load()
    tell_licence_once(located)
    described = describe_weights(model)
    resolve_device(how.device)
    require_folder_target(out)
    masks: dict[str, str] = {}
    notes: dict[str, str] = {}
    failed: dict[str, str] = {}
    with output.progress("Segmenting", len(scans)) as advance:
        for index, path in enumerate(scans):
            try:
                made = _segment(model, described, path, out, how, _share(advance, index, path.name))
                masks[str(path)], notes[str(path)] = str(made.mask), str(made.note)
            except (ValueError, RuntimeError, OSError, MemoryError) as error:
                failed[str(path)] = output.sentence_of(error)
    return _report(masks, notes, failed, json)


def _share(advance: output.Advance, index: int, name: str) -> output.SlicesDone:
    """Show the slices of one scan as a share of all scans."""
    return lambda done, total: advance(index + done / total, name)


def _segment(
    model: api.Model, described: Mapping[str, Any], path: Path, out: Path, how: Segmenting, progress: output.SlicesDone
) -> SegmentedFile:
    from napari_scribbleseg.engine.postprocess import PostProcessing

    return predict_file(
        model,
        path,
        out,
        largest_component=how.largest_component,
        post=PostProcessing() if how.post else None,
        device=how.device,
        threads=how.threads,
        progress=progress,
        weights=described,
    )


def _report(masks: dict[str, str], notes: dict[str, str], failed: dict[str, str], as_json: bool) -> int:
    if as_json:
        output.print_json({"masks": masks, "notes": notes, "failed": failed})
    else:
        for target in masks.values():
            output.say(target)
    if failed:
        sentence = f"{len(failed)} of {len(masks) + len(failed)} scans could not be segmented:"
        output.complain(sentence, list(failed.values()), as_json=as_json, code=output.FAILED)
    return output.FAILED if failed else output.OK
