"""The thread that segments a folder of scans with what was learned."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from napari_scribbleseg.engine.postprocess import PostProcessing
from napari_scribbleseg.qt.thread import PoliteThread
from napari_scribbleseg.qt.trained import History, load_model

if TYPE_CHECKING:
    from napari_scribbleseg.api.model import Model
    from napari_scribbleseg.qt.training import Start

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class FolderJob:
    """What to segment, with what, and where the masks go.

    Attributes
    ----------
    start : Start
    history : History
    source, target : Path
        Folders; the target is made if it does not exist.
    post : PostProcessing
    device : str
    threads : int
    """

    start: Start
    history: History
    source: Path
    target: Path
    post: PostProcessing
    device: str = "auto"
    threads: int = 0


@dataclass(frozen=True)
class Progress:
    """`done` of `total` scans, a part of the present one counted, and its name."""

    done: float
    total: int
    name: str = ""


class Cancelled(Exception):  # noqa: N818 - a person's wish is no error
    """Somebody asked to stop."""


class FolderThread(PoliteThread):
    """Segment one scan after another; afterwards `masks` and `failed` tell, or `problem` is a sentence."""

    progressed = Signal()

    def __init__(self, job: FolderJob, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.job = job
        self.progress = Progress(0, 0)
        self.masks: list[Path] = []
        self.failed: dict[str, str] = {}
        self.problem = ""
        self._stop = threading.Event()

    @property
    def cancelled(self) -> bool:
        """Return whether somebody asked to stop."""
        return self._stop.is_set()

    def cancel(self) -> None:
        """Stop within a few slices; masks that are written stay."""
        self._stop.set()

    def work(self) -> None:
        """Do the job."""
        try:
            self._segment_all()
        except Cancelled:
            pass
        except Exception as error:  # a dead window is worse than any error in here
            if not isinstance(error, ValueError | OSError | ImportError):
                log.error("Segmenting the folder stopped with an error", exc_info=error)
            self.problem = str(error) or type(error).__name__

    def _segment_all(self) -> None:
        from napari_scribbleseg.api.provenance import describe_weights
        from napari_scribbleseg.io import find_scans

        job = self.job
        scans = find_scans([job.source])
        model = load_model(job.start, job.history)
        if model is None:
            raise ValueError("there are no weights to segment with")
        job.target.mkdir(parents=True, exist_ok=True)
        weights = describe_weights(model)
        for index, path in enumerate(scans):
            self._tell(Progress(index, len(scans), path.name))
            try:
                self._segment(model, weights, path, index, len(scans))
            except (ValueError, RuntimeError, OSError, MemoryError) as error:
                self.failed[path.name] = str(error) or type(error).__name__
        self._tell(Progress(len(scans), len(scans)))

    def _segment(self, model: Model, weights: Mapping[str, Any], path: Path, index: int, n_scans: int) -> None:
        from napari_scribbleseg.api.prediction import predict_file

        def tell(done: int, total: int) -> None:
            self._tell(Progress(index + done / max(total, 1), n_scans, path.name))

        job = self.job
        made = predict_file(
            model,
            path,
            job.target,
            post=job.post,
            device=job.device,
            threads=job.threads,
            progress=tell,
            weights=weights,
        )
        self.masks.append(made.mask)

    def _tell(self, progress: Progress) -> None:
        if self.cancelled:
            raise Cancelled
        self.progress = progress
        self.progressed.emit()
