from __future__ import annotations

import pytest
import torch
from torch import nn

from napari_scribbleseg.nets import DualBranchUNet, UNet
from napari_scribbleseg.nets.unet import UpStage


def _count(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


@pytest.mark.parametrize(("network", "parameters"), [(UNet, 1_813_764), (DualBranchUNet, 2_447_064)])
def test_the_parameter_counts_are_the_papers(network, parameters):
    assert _count(network()) == parameters


def test_the_unet_keeps_height_and_width():
    assert UNet().eval()(torch.rand(1, 1, 32, 48)).shape == (1, 4, 32, 48)


def test_in_training_only_the_auxiliary_branch_drops_whole_channels_before_each_block():
    network = DualBranchUNet()
    drops = [m for m in network.auxiliary.modules() if isinstance(m, nn.Dropout2d)]
    assert [d.p for d in drops] == [0.5] * 4
    assert not [m for m in network.main.modules() if isinstance(m, nn.Dropout2d)]


def test_channels_are_dropped_between_the_joined_features_and_the_conv_block():
    stage = UpStage(8, 4, channel_dropout=0.5).train()
    seen = []
    stage.block.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    stage(torch.rand(1, 8, 2, 2) + 1, torch.rand(1, 4, 4, 4) + 1)
    silent = (seen[0] == 0).all((2, 3))
    assert silent.any()
    assert torch.equal(silent, (seen[0] == 0).any(3).any(2))


def test_evaluation_is_deterministic_in_both_branches():
    network, image = DualBranchUNet().eval(), torch.rand(1, 1, 32, 32)
    first, second = network(image), network(image)
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
