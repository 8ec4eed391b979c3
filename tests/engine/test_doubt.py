from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from napari_scribbleseg.data import SampleStore
from napari_scribbleseg.engine import build_engine
from napari_scribbleseg.engine.doubt import SMOOTH_PX, ask, dice, doubt_slices
from napari_scribbleseg.labels import LV, RV
from napari_scribbleseg.methods import build_method
from napari_scribbleseg.nets import DualBranchUNet
from napari_scribbleseg.settings import TrainSettings
from napari_scribbleseg.types import FrameKey
from tests.synthetic import make_cine, make_edit

CPU = torch.device("cpu")
KEYS = [FrameKey("scan", 0, z) for z in range(3)]
SETTINGS = TrainSettings(batch_size=2, threads=1, steps=10, held_out=0.0)


class Encoder(torch.nn.Module):
    def forward(self, image):
        return image


class Decoder(torch.nn.Module):
    """Calls what is bright LV, with some certainty; slices numbered in `blind` look dark to it."""

    def __init__(self, sure: float = 8.0, code: int = LV, blind: tuple[int, ...] = ()) -> None:
        super().__init__()
        self.sure, self.code, self.blind = sure, code, blind

    def forward(self, image):
        bright = (image[:, 0] > 0.8).float()
        for z in self.blind:
            bright[z] = 0
        scores = torch.zeros(len(image), 4, *image.shape[2:])
        scores[:, 0], scores[:, self.code] = self.sure * (1 - bright), self.sure * bright
        return scores


def make_method(main: Decoder, auxiliary: Decoder | None = None):
    method = build_method("dmpls", {})
    method.net.encoder, method.net.main, method.net.auxiliary = Encoder(), main, auxiliary or main
    return method.eval()


def make_store(**more) -> SampleStore:
    store = SampleStore()
    store.add(make_cine(n_t=1, **more))
    return store


def doubts_of(method, store=None):
    return dict(doubt_slices(method, store or make_store(), KEYS, CPU))


def test_decoders_that_agree_and_are_sure_leave_no_doubt():
    for doubt in doubts_of(make_method(Decoder(sure=20.0))).values():
        assert doubt.score < 0.01
        assert doubt.disagreement == 0
        assert doubt.map.max() < 3


def test_the_less_sure_they_are_the_greater_the_doubt():
    scores = [doubts_of(make_method(Decoder(sure)))[KEYS[0]].score for sure in (8.0, 3.0, 1.0)]
    assert scores == sorted(scores)
    assert scores[-1] > scores[0] + 0.3


def test_the_slice_on_which_the_decoders_contradict_each_other_ranks_first_and_says_what_about():
    doubts = doubts_of(make_method(Decoder(), Decoder(blind=(1,))))
    assert max(doubts, key=lambda key: doubts[key].score) == KEYS[1]
    assert doubts[KEYS[1]].disagreement > 0.2
    assert doubts[KEYS[1]].label == LV
    assert doubts[KEYS[0]].disagreement == 0


def test_the_map_lies_on_the_scans_own_pixels_where_the_doubt_is():
    store = make_store()
    doubt = doubts_of(make_method(Decoder(), Decoder(blind=(1,))), store)[KEYS[1]]
    bright = make_cine(n_t=1).data[0, 1] > 850
    assert doubt.map.shape == (64, 64)
    assert doubt.map.dtype == np.uint8
    assert doubt.map[bright].mean() > 100
    assert doubt.map[:8].max() < 5


def test_outside_of_the_field_of_a_drawn_heart_nothing_is_doubted():
    cine = make_cine(n_t=1, side=160)
    data = cine.data.copy()
    data[..., :8, :8] = 1000
    store = SampleStore()
    store.add(dataclasses.replace(cine, data=data))
    store.apply(make_edit(KEYS[1], side=160))
    unsure = make_method(Decoder(sure=1.0))
    assert store.grid("scan").field is not None
    top, left, *_ = store.grid("scan").field
    assert min(top, left) > 9
    assert doubts_of(unsure, store)[KEYS[0]].map[:8, :8].max() == 0


def test_a_network_with_one_decoder_answers_for_itself():
    method = build_method("pce", {}).eval()
    assert len(ask(method, torch.rand(1, 1, 32, 32))) == 1
    assert all(doubt.disagreement == 0 for doubt in doubts_of(method).values())


@pytest.mark.parametrize("decoder", ["main", "auxiliary"])
def test_the_decoder_that_predicts_is_asked_first(decoder):
    method = build_method("dmpls", {"decoder": decoder}).eval()
    image = torch.rand(1, 1, 32, 32)
    with torch.inference_mode():
        answers = ask(method, image)
        torch.testing.assert_close(answers[0], method.predict(image))
    assert isinstance(method.net, DualBranchUNet)
    assert not torch.allclose(answers[0], answers[1])


def test_dice_is_the_equation_worked_by_hand():
    answer, other = torch.zeros(1, 4, 4, 10), torch.zeros(1, 4, 4, 10)
    answer[:, RV, 0] = 1  # 10 pixels
    other[:, RV, 0] = 0.5
    expected = (2 * 5 + SMOOTH_PX) / (10 + 5 + SMOOTH_PX)
    torch.testing.assert_close(dice(answer, other, SMOOTH_PX), torch.tensor([(expected + 1 + 1) / 3]))


def test_asking_for_doubt_changes_nothing_about_training():
    def train(asks: bool):
        store = make_store()
        store.apply(make_edit(KEYS[1]))
        engine = build_engine(SETTINGS, store)
        for _ in range(3):
            engine.step()
            if asks:
                assert set(engine.doubt(KEYS)) == set(KEYS)
        return engine.weights()

    left, right = train(asks=False), train(asks=True)
    assert all(torch.equal(left[name], right[name]) for name in left)
