"""The scans and scribbles that `train` is pointed at."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Group, Parameter

from napari_scribbleseg.api import StrokesError, read_scribbles
from napari_scribbleseg.cli import output

if TYPE_CHECKING:
    from napari_scribbleseg.labels import LabelMap
    from napari_scribbleseg.types import Cine

Files = list[tuple[Path, Path]]

_REPEATED = Parameter(negative="", show_default=False)


@Parameter(name="*", group=Group("What to learn from", sort_key=1))
@dataclass(frozen=True)
class TrainingSet:
    """Scans and scribbles: pairs of files, or a folder of the ACDC challenge.

    Parameters
    ----------
    scan
        A scan (.nii, .nii.gz or .h5). Repeat --scan and --scribbles for every scan.
    scribbles
        The scribbles of the scan at the same place in the order.
    acdc
        Folder with patient001, patient002 and so on; every labelled frame that has scribbles is taken.
    patients
        Which patients of --acdc, such as 1-80 or 1-5,8; by default all.
    scribble_codes
        How scribble files number pixels. acdc: 0 background, 1 RV, 2 Myo, 3 LV, 4 not drawn.
        layer: 0 not drawn, 1 RV, 2 Myo, 3 LV, 4 background.
    """

    scan: Annotated[tuple[Path, ...], _REPEATED] = ()
    scribbles: Annotated[tuple[Path, ...], _REPEATED] = ()
    acdc: Path | None = None
    patients: str | None = None
    scribble_codes: Literal["acdc", "layer"] = "acdc"

    def files(self) -> Files:
        """Return scan and scribble files in pairs.

        Raises
        ------
        StrokesError, ScanError
            Where the arguments contradict each other, or files are missing.
        """
        if self.acdc is None:
            if self.patients is not None:
                raise StrokesError("--patients chooses among the patients of --acdc DIR, which is missing.")
            return self._named()
        if self.scan or self.scribbles:
            raise StrokesError("Give either --acdc DIR or pairs of --scan and --scribbles, not both.")
        return self._of_acdc(self.acdc)

    def _named(self) -> Files:
        if not self.scan and not self.scribbles:
            raise StrokesError("There is nothing to train on: give --scan FILE --scribbles FILE, or --acdc DIR.")
        if len(self.scan) != len(self.scribbles):
            raise StrokesError(
                f"There are {len(self.scan)} --scan and {len(self.scribbles)} --scribbles; "
                "give one of each for every scan, in the same order."
            )
        return list(zip(self.scan, self.scribbles, strict=True))

    def _of_acdc(self, folder: Path) -> Files:
        from napari_scribbleseg.io.acdc import list_frames, parse_patients

        frames = list_frames(folder, None if self.patients is None else parse_patients(self.patients))
        files = [(frame.scan, frame.scribbles) for frame in frames if frame.scribbles is not None]
        if not files:
            raise StrokesError(f"No frame in {folder.name} has scribbles (…_scribble.nii.gz) beside it.")
        if len(files) < len(frames):
            output.remark(f"{len(frames) - len(files)} of {len(frames)} frames have no scribbles and are left out.")
        return files

    def read(self, files: Files) -> list[tuple[Cine, LabelMap]]:
        """Read all pairs, with progress.

        Raises
        ------
        ScanError, StrokesError, LabelCodeError
            For the first file that does not do.
        """
        from napari_scribbleseg.io import load_cine

        pairs = []
        with output.progress("Reading scans", len(files)) as advance:
            for done, (scan, scribbles) in enumerate(files, start=1):
                cine = load_cine(scan)
                pairs.append((cine, read_scribbles(cine, scribbles, self.scribble_codes)))
                advance(done, scan.name)
        return pairs
