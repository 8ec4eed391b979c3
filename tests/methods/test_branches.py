from __future__ import annotations

import math

import pytest
import torch

from napari_scribbleseg.labels import IGNORE
from napari_scribbleseg.methods.branches import DECODERS, most_probable, predict_by, supervise_branches
from napari_scribbleseg.nets import DualBranchUNet
from tests.methods.fixed import scores_of


def test_strokes_teach_both_branches_in_equal_parts():
    main, auxiliary = scores_of([[[0.7, 0.1, 0.1, 0.1]] * 2]), scores_of([[[0.2, 0.6, 0.1, 0.1]] * 2])
    labels = torch.tensor([[[1, IGNORE]]])
    expected = 0.5 * (-math.log(0.1) - math.log(0.6))
    assert supervise_branches(main, auxiliary, labels).item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("decoder", DECODERS)
def test_only_the_predicting_decoder_is_run(decoder):
    network = DualBranchUNet().eval()
    idle = network.auxiliary if decoder == "main" else network.main
    idle.register_forward_pre_hook(lambda module, inputs: pytest.fail("the other decoder ran"))
    p = predict_by(decoder, network, torch.rand(1, 1, 32, 32))
    assert torch.allclose(p.sum(1), torch.ones(1, 32, 32), atol=1e-5)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_the_most_probable_class_is_argmax_and_the_first_of_equals(layout):
    torch.manual_seed(0)
    probabilities = (torch.rand(3, 4, 17, 19) * 5).round()  # many are equal
    answer = most_probable(probabilities.contiguous(memory_format=layout).requires_grad_())
    assert not answer.requires_grad
    assert torch.equal(answer, probabilities.argmax(1))
