"""`napari-scribbleseg report`: ventricular function on one page, and its numbers for research."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Group, Parameter, validators

from napari_scribbleseg.cli import output
from napari_scribbleseg.cli.arguments import FLAG, Json
from napari_scribbleseg.cli.targets import require_folder_target

if TYPE_CHECKING:
    from napari_scribbleseg.api.report import Batch, ReportFiles, ReportTask, Study
    from napari_scribbleseg.cardiac.measurement import Choices

_PHASE = Parameter(validator=validators.Number(gte=0))
_HEIGHT = Parameter(validator=validators.Number(gte=20, lte=250))
_WEIGHT = Parameter(validator=validators.Number(gte=0.5, lte=400))
_RATE = Parameter(validator=validators.Number(gte=20, lte=300))


@Parameter(name="*", group=Group("What is known", sort_key=1))
@dataclass(frozen=True)
class Known:
    """What a person knows better than the files.

    Parameters
    ----------
    info
        ACDC's Info.cfg with phases, height and weight; by default the one beside the scan, if there is one.
    ed
        Phase of end-diastole, counted from 0; by default the one with the largest LV volume.
    es
        Phase of end-systole, counted from 0; by default the one with the smallest LV volume.
    height
        Of the patient, in cm; with the weight, volumes and mass are indexed to the body surface.
    weight
        Of the patient, in kg.
    heart_rate
        In beats per minute; by default from the timing of the cine, taken to cover one beat.
    """

    info: Path | None = None
    ed: Annotated[int | None, _PHASE] = None
    es: Annotated[int | None, _PHASE] = None
    height: Annotated[float | None, _HEIGHT] = None
    weight: Annotated[float | None, _WEIGHT] = None
    heart_rate: Annotated[float | None, _RATE] = None

    @property
    def of_one_patient(self) -> bool:
        """Whether something was given that cannot belong to several patients."""
        return any(value is not None for value in (self.info, self.height, self.weight, self.heart_rate))

    def choices(self) -> Choices:
        """Return what was given as a measurement takes it."""
        from napari_scribbleseg.cardiac.measurement import Body, Choices

        return Choices(ed=self.ed, es=self.es, body=Body(self.height, self.weight), heart_rate_bpm=self.heart_rate)


@Parameter(name="*", group=Group("Segmenting", sort_key=2))
@dataclass(frozen=True)
class Masks:
    """Where masks come from.

    Parameters
    ----------
    mask
        Mask of the scan (NIfTI, or a DICOM SEG), or a folder in which masks are called like their scans plus _seg, _gt
        or _mask; by default masks are predicted.
    mask_codes
        What the numbers in the mask mean: acdc is 1 RV, 2 myocardium, 3 LV; ukbb is 1 LV, 2 myocardium, 3 RV.
    weights
        Weights file of `train` or `finetune`, or a name of `weights list`; by default the weights that come with the
        program.
    post
        Put predicted masks right: small islands go, holes are filled, the ring of myocardium is closed around LV.
    device
        auto (CUDA, else MPS, else CPU), cpu, cuda, cuda:1 or mps.
    threads
        Torch threads on the CPU; 0 takes all cores.
    """

    mask: Path | None = None
    mask_codes: Literal["acdc", "ukbb"] = "acdc"
    weights: Annotated[str, Parameter(show_default=False)] = ""
    post: bool = True
    device: str = "auto"
    threads: Annotated[int, Parameter(validator=validators.Number(gte=0))] = 0


def report(
    scan: Path,
    /,
    *more: Path,
    out: Path,
    known: Known = Known(),  # noqa: B008 - frozen
    masks: Masks = Masks(),  # noqa: B008 - frozen
    anonymise: Annotated[bool, FLAG] = False,
    json: Json = False,
) -> int:
    """Measure ventricular function and write a page with it: volumes, EF, mass, wall thickness, and the contours.

    One scan gives report.html, report.pdf (one A4 page each), indices.json and indices.csv. A folder of scans gives a
    folder with these for each, and summary.csv with a line for each; a scan that fails is reported and the others are
    done all the same. Research use, not a medical device.

    Parameters
    ----------
    scan
        A scan (.nii, .nii.gz, .h5), a folder with a DICOM cine, an ACDC patient, or a folder of scans.
    more
        More of them.
    out
        Folder for the report; made if it does not exist. Files of the same names in it are replaced.
    anonymise
        Name no file: the scan is called by a code made from its content, on the page and in the names of folders.
    """
    from napari_scribbleseg.api.report import find_studies, report_batch, report_study

    studies, alone = find_studies((scan, *more), whole_cines=masks.mask is None)
    _require_one_patient(studies, known, masks)
    task = _task(known, masks, anonymise)
    require_folder_target(out)
    with output.progress("Reporting", len(studies)) as advance:
        if alone:
            made = report_study(studies[0], out, task, lambda done, total: advance(done / total, studies[0].name))
            return _say_one(studies[0], made.files, json)
        batch = report_batch(studies, out, task, lambda done, share, study: advance(done + share, study.name))
    return _say_all(batch, json)


def _require_one_patient(studies: list[Study], known: Known, masks: Masks) -> None:
    from napari_scribbleseg.io import ScanError

    if len(studies) > 1 and known.of_one_patient:
        raise ScanError(
            f"There are {len(studies)} scans, but --info, --height, --weight and --heart-rate are of one patient; "
            f"report the scans one by one, or lay an Info.cfg beside each."
        )
    if len(studies) > 1 and masks.mask is not None and not masks.mask.is_dir():
        raise ScanError(f"There are {len(studies)} scans, but {masks.mask.name} is one mask; name a folder of masks.")


def _task(known: Known, masks: Masks, anonymise: bool) -> ReportTask:
    from napari_scribbleseg.api.provenance import describe_weights
    from napari_scribbleseg.api.report import ReportTask
    from napari_scribbleseg.api.shipped import locate_weights
    from napari_scribbleseg.cli.weights import tell_licence_once
    from napari_scribbleseg.engine.device import resolve_device
    from napari_scribbleseg.engine.postprocess import PostProcessing

    rest: dict[str, Any] = {"info": known.info, "decided": known.choices(), "anonymise": anonymise}
    if masks.mask is not None:
        return ReportTask(mask=masks.mask, codes=masks.mask_codes, **rest)
    located = locate_weights(masks.weights)
    model = located.load()
    tell_licence_once(located)
    resolve_device(masks.device)
    return ReportTask(
        model=model,
        weights=describe_weights(model),
        post=PostProcessing() if masks.post else None,
        device=masks.device,
        threads=masks.threads,
        **rest,
    )


def _say_one(study: Study, files: ReportFiles, as_json: bool) -> int:
    if as_json:
        output.print_json({"reports": {_told(study): _paths(files)}, "summary": None, "failed": {}})
    else:
        for path in _paths(files).values():
            output.say(path)
    return output.OK


def _say_all(batch: Batch, as_json: bool) -> int:
    failed = {_told(study): output.sentence_of(error) for study, error in batch.failed.items()}
    if as_json:
        reports = {_told(study): _paths(files) for study, files in batch.reports.items()}
        summary = str(batch.summary) if batch.summary else None
        output.print_json({"reports": reports, "summary": summary, "failed": failed})
    else:
        for path in (*(files.pdf for files in batch.reports.values()), batch.summary):
            if path is not None:
                output.say(str(path))
    if failed:
        sentence = f"{len(failed)} of {len(failed) + len(batch.reports)} scans could not be reported:"
        problems = [f"{Path(scan).name}: {problem}" for scan, problem in failed.items()]
        output.complain(sentence, problems, as_json=as_json, code=output.FAILED)
    return output.FAILED if failed else output.OK


def _told(study: Study) -> str:
    return str(study.scans[0] if len(study.scans) == 1 else study.scans[0].parent)


def _paths(files: ReportFiles) -> dict[str, str]:
    return {"html": str(files.html), "pdf": str(files.pdf), "json": str(files.json), "csv": str(files.csv)}
