from __future__ import annotations

import torch


def test_gradients_lie_in_memory_as_their_parameters_do():
    from napari_scribbleseg.engine.optimisation import assign

    weight = torch.nn.Parameter(torch.randn(4, 3, 3, 3).to(memory_format=torch.channels_last))
    bias = torch.nn.Parameter(torch.randn(4))
    gradient = torch.randn(4, 3, 3, 3)
    assert gradient.stride() != weight.stride()
    assign([weight, bias], (gradient, None))
    assert weight.grad.stride() == weight.stride()
    assert torch.equal(weight.grad, gradient)
    assert bias.grad is None
