"""What an export tells of the network: which weights, what they began with, on which strokes and for how long."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_scribbleseg.api.provenance import describe_weights
from napari_scribbleseg.qt.trained import History, load_model

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_scribbleseg.qt.run_desk import RunDesk
    from napari_scribbleseg.qt.scan_desk import ScanDesk
    from napari_scribbleseg.qt.start_desk import StartDesk

log = logging.getLogger(__name__)


class Sources:
    """Knows where the masks on screen come from; no Qt in here.

    Parameters
    ----------
    scans : ScanDesk
    runs : RunDesk
    starts : StartDesk
    """

    def __init__(self, scans: ScanDesk, runs: RunDesk, starts: StartDesk) -> None:
        self._scans, self._runs, self._starts = scans, runs, starts
        self._known: tuple[object, Mapping[str, Any]] | None = None

    def history(self) -> History:
        """Return what this session did to come to its weights, as private copies."""
        records = self._scans.worklist.with_strokes()
        return History(
            drawn=tuple((record.cine, record.strokes.copy()) for record in records),
            seconds=self._runs.trained_s,
            origin=self._runs.started_from,
            base=self._base(),
            settings=self._runs.settings,
        )

    @property
    def train_s(self) -> float | None:
        """Return the seconds of training behind the predictions; None where this session has trained nothing."""
        return self._runs.trained_s if self._runs.training.start_point or self._runs.model_step else None

    @property
    def method(self) -> str:
        """Return what the newest weights were trained with, "" where there are none."""
        entry = self._starts.predictor().entry
        return self._runs.trained_method or (entry.settings.method if entry is not None else "")

    @property
    def post(self) -> object:
        """Return what was put right in predictions."""
        return self._runs.post

    def weights(self) -> Mapping[str, Any] | None:
        """Return what there is to say of the newest weights; None where there are none, or they cannot be read."""
        start = self._starts.predictor()
        source: object = start.checkpoint or start.weights or (start.entry.path if start.entry is not None else None)
        if source is None:
            return None
        if self._known is None or self._known[0] is not source or start.goes_on:
            try:
                model = load_model(start, self.history())
            except (ValueError, KeyError, OSError, ImportError):
                log.warning("The weights could not be described", exc_info=True)
                return None
            self._known = (source, describe_weights(model)) if model is not None else None
        return self._known[1] if self._known is not None else None

    def _base(self) -> Path | None:
        origin = self._runs.started_from
        entry = self._starts.find(origin) if origin is not None else None
        return entry.path if entry is not None else None
