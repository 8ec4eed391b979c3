"""How far few strokes may lead weights that know hearts."""

from __future__ import annotations

import pytest

from napari_scribbleseg.data import SampleStore
from napari_scribbleseg.engine.adaptation import Adaptation, is_adapting
from napari_scribbleseg.settings import TrainSettings
from napari_scribbleseg.types import FrameKey
from tests.engine.engines import make_engine
from tests.synthetic import make_cine, make_edit


def drawn_on(n_slices: int) -> SampleStore:
    store = SampleStore("roi")
    store.add(make_cine(n_t=4, n_z=10))
    for i in range(n_slices):
        store.apply(make_edit(FrameKey("scan", i // 10, i % 10), i + 1))
    return store


@pytest.mark.parametrize(("n_slices", "caution", "trust"), [(0, 0, 0.5), (4, 0.25, 0.5), (8, 1, 0.5), (24, 1, 0.75)])
def test_more_slices_lead_faster_and_further(n_slices, caution, trust):
    adaptation = Adaptation(drawn_on(n_slices))
    assert (adaptation.caution, adaptation.trust) == (caution, trust)


def test_with_very_many_slices_they_lead_all_the_way():
    assert Adaptation(drawn_on(40)).trust == 1


def test_a_heart_may_be_anywhere_in_the_window():
    store = drawn_on(1)
    assert store.grid("scan").field is not None
    Adaptation(store)
    assert store.grid("scan").field is None


@pytest.mark.parametrize("schedule", ["protocol", "live", "finetune"])
def test_only_fine_tuning_adapts(schedule):
    assert is_adapting(TrainSettings(schedule=schedule)) == (schedule == "finetune")


def test_batch_statistics_of_adapted_weights_change_slowly_from_the_first_step_on():
    momenta = {}
    for schedule in ("live", "finetune"):
        engine = make_engine(schedule=schedule, method="pce")
        engine.step()
        momenta[schedule] = {m.momentum for m in engine.method.modules() if hasattr(m, "running_mean")}
    assert momenta == {"live": {1.0}, "finetune": {0.05}}
