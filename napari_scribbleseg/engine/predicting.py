"""As much of an engine as a run of no steps needs: trained weights that answer, without optimisers or averages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from napari_scribbleseg.clock import Clock
from napari_scribbleseg.data.store import SampleStore, StoreError
from napari_scribbleseg.engine.adaptation import is_adapting
from napari_scribbleseg.engine.answering import Answering
from napari_scribbleseg.engine.device import resolve_device, use_threads
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
        if is_adapting(settings):
            store.forgo_fields()  # as the run that would go on from these weights does
        self._answering = Answering(store)
        self._method, _ = build_trained(weights, {"settings": settings.to_json()}, self.device)

    def add(self, cine: Cine) -> None:
        """Take a scan in."""
        self.store.add(cine)
        self._answering.forget(cine.case)

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
        return self._answering.predict(self._method, keys, self.device, self.clock.step)

    def doubt(self, keys: Sequence[FrameKey]) -> dict[FrameKey, SliceDoubt]:
        """Return where the weights doubt themselves on slices of one scan."""
        return self._answering.doubt(self._method, keys, self.device)
