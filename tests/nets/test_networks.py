from __future__ import annotations

import pytest
import torch
from torch import nn

from napari_scribbleseg.nets import DualBranchUNet, UNet, unet
from napari_scribbleseg.nets.unet import ConvBlock, UpStage


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


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_inference_folds_batch_norm_and_answers_the_same(layout):
    torch.manual_seed(0)
    block = ConvBlock(3, 8, 0.5)
    for norm in (block[1], block[5]):
        for values in (norm.weight.data, norm.running_var):
            values.uniform_(0.5, 2)
        for values in (norm.bias.data, norm.running_mean):
            values.normal_()
    block.eval().to(memory_format=layout)
    image = torch.randn(2, 3, 16, 16).contiguous(memory_format=layout)
    with torch.no_grad():
        plain = block(image)
    with torch.inference_mode():
        folded = block(image)
    torch.testing.assert_close(folded, plain, rtol=1e-4, atol=1e-5)


def test_folding_follows_weights_that_change_and_never_happens_while_training():
    block = ConvBlock(1, 4, 0.0).eval()
    image = torch.randn(1, 1, 16, 16)
    with torch.inference_mode():
        before = block(image)
    block[1].weight.data.mul_(3)
    with torch.inference_mode():
        assert not torch.allclose(block(image), before)
        counted = int(block[1].num_batches_tracked)
        block.train()(image)
    assert int(block[1].num_batches_tracked) == counted + 1


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_laying_out_a_gradient_changes_none(monkeypatch, layout):
    torch.manual_seed(0)
    stage = UpStage(8, 4, 0.0).to(memory_format=layout)
    coarse, fine = torch.randn(2, 8, 8, 8), torch.randn(2, 4, 16, 16)

    def gradients():
        stage.zero_grad()
        stage(coarse.contiguous(memory_format=layout), fine.contiguous(memory_format=layout)).square().sum().backward()
        return [p.grad.clone() for p in stage.parameters()]

    laid_out = gradients()
    monkeypatch.setattr(unet, "_laid_out", lambda features: features)
    for ours, plain in zip(laid_out, gradients(), strict=True):
        torch.testing.assert_close(ours, plain, rtol=1e-4, atol=1e-4)
