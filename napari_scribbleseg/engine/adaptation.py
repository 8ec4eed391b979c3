"""What is different where weights that know hearts are adapted to a few strokes."""

from __future__ import annotations

from napari_scribbleseg.data.store import SampleStore
from napari_scribbleseg.engine.keeper import Keeper
from napari_scribbleseg.settings import TrainSettings

BN_MOMENTUM = 0.05
"""Weights that are adapted take on the statistics of their new scan slowly (`docs/methods.md`, fine-tuning)."""
SLICES_TO_TRUST = 8
"""Strokes on so many slices may lead weights that are adapted as far as the learning rate does."""
LEAST_TRUST, SLICES_TO_LET_GO = 0.5, 32
"""Adapted weights go half the way from where they began, and the whole way with strokes on so many slices."""


def is_adapting(settings: TrainSettings) -> bool:
    """Tell whether a run adapts weights that know hearts."""
    return settings.schedule == "finetune"


class Adaptation:
    """Leads weights carefully from what they know to what the strokes say, and back where that did not help.

    Parameters
    ----------
    store : SampleStore
        Forgoes its fields.

    Attributes
    ----------
    keeper : Keeper
    """

    def __init__(self, store: SampleStore) -> None:
        store.forgo_fields()
        self._store = store
        self.keeper = Keeper()

    @property
    def caution(self) -> float:
        """Share of the learning rate that is due: strokes of few slices must not lead weights far that know hearts."""
        return min(1.0, len(self._store.scribbled()) / SLICES_TO_TRUST) ** 2

    @property
    def trust(self) -> float:
        """Share of the way from the weights it began with that the averages go."""
        return min(1.0, max(LEAST_TRUST, len(self._store.scribbled()) / SLICES_TO_LET_GO))
