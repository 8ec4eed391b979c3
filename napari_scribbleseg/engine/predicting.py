"""As much of an engine as a run of no steps needs: trained weights that answer, without optimisers or averages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from napari_scribbleseg.clock import Clock
from napari_scribbleseg.data.store import SampleStore, StoreError
from napari_scribbleseg.engine.device import resolve_device, use_threads
from napari_scribbleseg.engine.doubt import doubt_slices
from napari_scribbleseg.engine.inference import centre_window, predict_slices
from napari_scribbleseg.engine.weights import build_trained
from napari_scribbleseg.settings import TrainSettings
from napari_scribbleseg.types import Cine, FrameKey, Notice, Prediction, ScribbleEdit, SliceDoubt

if TYPE_CHECKING:
    from torch import Tensor


class Predicting:
    """Drives nothing and learns nothing; a :class:`Runner` takes it for an engine whose steps are all done.

    An :class:`Engine` would import and make optimisers first, which takes longer than a whole frame.

    Parameters
    ----------
    settings : TrainSettings
        Method, options and resolution as the weights were trained with.
    store : SampleStore
    weights : tensors by name
    step : steps behind the weights

    Attributes
    ----------
    notify : callable (Notice)

    Raises
    ------
    WeightsError
        Where the weights belong to another method.
    DeviceError
        Where the device is not there.
    """

    def __init__(
        self, settings: TrainSettings, store: SampleStore, weights: Mapping[str, Tensor], step: int = 0
    ) -> None:
        use_threads(settings.threads)
        self.settings = replace(settings, steps=0)
        self.store = store
        self.clock = Clock(step, step)
        self.device = resolve_device(settings.device)
        self.notify: Callable[[Notice], None] = lambda notice: None
        self._located: set[str] = set()
        self._method, _ = build_trained(weights, {"settings": settings.to_json()}, self.device)

    def add(self, cine: Cine) -> None:
        """Take a scan in."""
        self.store.add(cine)
        self._located.discard(cine.case)

    def apply(self, edits: Iterable[ScribbleEdit]) -> bool:
        """Take edits in, which say where a heart is; always False, since nothing is learned from them."""
        for edit in edits:
            try:
                self.store.apply(edit)
            except StoreError as error:
                self.notify(Notice(str(error), "warning"))
        return False

    def predict(self, keys: Sequence[FrameKey]) -> list[Prediction]:
        """Predict slices of one scan; where nothing is drawn on it, its heart is looked for first."""
        case = keys[0].case
        if case not in self._located:
            self._located.add(case)
            centre_window(self._method, self.store, case, self.device)
        answers = predict_slices(self._method, self.store, keys, self.device)
        return [Prediction(key, m, c, self.clock.step, self.store.revision) for key, m, c in answers]

    def doubt(self, keys: Sequence[FrameKey]) -> dict[FrameKey, SliceDoubt]:
        """Return where the weights doubt themselves on slices of one scan that were predicted before."""
        return dict(doubt_slices(self._method, self.store, keys, self.device))
