"""What each of two processes does in `test_world.py`; started by torchrun."""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import torch
from safetensors.torch import save_file

from napari_scribbleseg.data import SampleStore
from napari_scribbleseg.data.augment import Augmentation
from napari_scribbleseg.engine import build_engine, engine
from napari_scribbleseg.engine.world import ALONE, World, join_world
from napari_scribbleseg.settings import TrainSettings
from napari_scribbleseg.types import FrameKey
from tests.synthetic import make_cine, make_edit

SETTINGS = TrainSettings(
    method="pce", batch_size=4, threads=1, steps=8, held_out=0.0, schedule="protocol", ema_decay=0.0
)


def build(acceleration: str, world: World = ALONE):
    """Return an engine over four different slices, without noise and dropout."""
    engine.AUGMENTATIONS = {**engine.AUGMENTATIONS, "live": Augmentation(rotation_deg=10, noise=0)}
    store = SampleStore()
    cine = make_cine(n_t=4)
    cine.data[:] *= torch.linspace(0.3, 1, 4).numpy()[:, None, None, None]
    store.add(cine)
    for t in range(4):
        store.apply(make_edit(FrameKey("scan", t, t % 3), t + 1))
    settings = TrainSettings.from_json({**SETTINGS.to_json(), "acceleration": acceleration})
    built = build_engine(settings, store, world=world)
    for module in built.method.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    return built


def gradients_of_halves(acceleration: str) -> dict[str, torch.Tensor]:
    """Return the mean of the gradients of both shares of the first batch, taken one after the other."""
    sums: dict[str, torch.Tensor] = {}
    for rank in range(2):
        alone = build(acceleration)
        alone._batches._world = World(rank, 2)
        batch, _ = alone._batches.draw(4, torch.device("cpu"))
        loss = torch.stack(list(alone.method.train().loss(batch, alone.clock).values())).sum()
        named = dict(alone.method.named_parameters())
        for name, gradient in zip(named, torch.autograd.grad(loss, list(named.values())), strict=True):
            sums[name] = sums.get(name, 0) + gradient / 2
    return sums


def train(world: World, acceleration: str) -> dict[str, torch.Tensor]:
    mine = build(acceleration, world)
    drawn = mine._batches._sampler.state()
    mine.step()
    gradients = {f"gradient.{n}": p.grad.clone() for n, p in mine.method.named_parameters()}
    mine.advance(3)
    weights = {f"weight.{n}": p.detach().clone() for n, p in mine.method.named_parameters()}
    seen = torch.tensor([s.unseen for s in mine.store._strokes.values()])
    assert drawn == {"left": []}
    return gradients | weights | {"seen": _slices_of(world, acceleration), "unseen": seen}


def _slices_of(world: World, acceleration: str) -> torch.Tensor:
    _, keys = build(acceleration, world)._batches.draw(4, torch.device("cpu"))
    return torch.tensor([key.t for key in keys])


def agree(world: World, acceleration: str = "off") -> dict[str, torch.Tensor]:
    mine = build(acceleration, world)
    with mine._randomness:
        random = torch.rand(4)
    name = next(iter(dict(mine.method.named_parameters())))
    before = mine.method.state_dict()[name].clone()
    if world.rank == 1:
        mine._batches._store.canvas(FrameKey("scan", 0, 0))[:] = torch.nan
        for t in range(4):
            mine._batches._store.canvas(FrameKey("scan", t, t % 3))[:] = torch.nan
    mine.step()
    after = mine.method.state_dict()[name].clone()
    if world.rank == 1:
        for buffer in mine.method.buffers():
            buffer.nan_to_num_() if buffer.is_floating_point() else None
    mine.agree_on_statistics()
    statistics = torch.cat([b.flatten() for b in mine.method.buffers() if b.is_floating_point()])
    return {"random": random, "before": before, "after": after, "statistics": statistics}


if __name__ == "__main__":
    what, out = sys.argv[1], Path(sys.argv[2])
    here = join_world()
    result = agree(here) if what == "agree" else train(here, what.removeprefix("train-"))
    save_file({n: t.contiguous() for n, t in result.items()}, out / f"{what}-{here.rank}.safetensors")
    here.leave()
    os._exit(0)  # as the command line does: torch's threads and Python's shutdown do not always agree
