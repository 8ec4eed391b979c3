from __future__ import annotations

import pytest
import torch
from torch import nn

from napari_scribbleseg.nets.critic import Critic


def _maps(side: int, batch: int = 2) -> torch.Tensor:
    return torch.rand(batch, 4, side, side)


@pytest.mark.parametrize("side", [32, 128, 256])
def test_it_judges_slices_of_any_size(side):
    assert Critic()(_maps(side), torch.rand(2, 1, side, side)).shape == (2, 2)


def test_its_layers_are_those_that_were_released():
    convs = [m for m in Critic().modules() if isinstance(m, nn.Conv2d)]
    assert [(c.in_channels, c.out_channels) for c in convs] == [(4, 64), (1, 64), (64, 128), (128, 256), (256, 512)]
    assert all(c.kernel_size == (4, 4) and c.stride == (2, 2) for c in convs)
    kinds = [type(m).__name__ for m in Critic().body]
    assert kinds == ["Conv2d", "LeakyReLU", "Dropout2d"] * 2 + ["Conv2d", "LeakyReLU"]
    assert {m.negative_slope for m in Critic().modules() if isinstance(m, nn.LeakyReLU)} == {0.2}
    assert {m.p for m in Critic().modules() if isinstance(m, nn.Dropout2d)} == {0.5}


def test_maps_and_image_are_summed_before_the_body():
    critic, maps, image = Critic().eval(), _maps(32), torch.rand(2, 1, 32, 32)
    seen = []
    critic.body.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    critic(maps, image)
    assert torch.allclose(seen[0], critic.read_maps(maps) + critic.read_image(image))


def test_only_training_drops_channels():
    critic, maps, image = Critic(), _maps(32), torch.rand(2, 1, 32, 32)
    assert not torch.equal(critic(maps, image), critic(maps, image))
    critic.eval()
    assert torch.equal(critic(maps, image), critic(maps, image))


def test_without_image_channels_it_sees_the_maps_alone():
    critic = Critic(image_channels=0)
    assert critic(_maps(32)).shape == (2, 2)
    with pytest.raises(ValueError, match="image"):
        critic(_maps(32), torch.rand(2, 1, 32, 32))
    with pytest.raises(ValueError, match="image"):
        Critic()(_maps(32))
