"""What a run trains on: which slices are drawn, and by whom batches are made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_scribbleseg.data.sampler import EpochSampler, HalfSampler, LiveSampler, Sampler
from napari_scribbleseg.engine.batches import BatchMaker
from napari_scribbleseg.engine.optimisation import needs_scaling
from napari_scribbleseg.engine.resident import ResidentBatches

if TYPE_CHECKING:
    import torch

    from napari_scribbleseg.data.augment import Augmentation
    from napari_scribbleseg.data.store import SampleStore
    from napari_scribbleseg.engine.world import World
    from napari_scribbleseg.methods import Method
    from napari_scribbleseg.settings import TrainSettings


def make_batches(
    settings: TrainSettings,
    method: Method,
    augmentation: Augmentation,
    store: SampleStore,
    device: torch.device,
    world: World,
) -> BatchMaker | ResidentBatches:
    """Make what draws the batches of a run: from tensors on the device where its steps are not to wait."""
    around_heart, sampler, seed = (
        settings.resolution == "roi",
        _make_sampler(settings, method, store),
        settings.seed + 1,
    )
    roam, view_px = settings.locate and around_heart, settings.view_px if around_heart else 0
    if _is_accelerated(settings, device):
        return ResidentBatches(
            store, sampler, augmentation, seed, roam=roam, view_px=view_px, device=device, world=world
        )
    return BatchMaker(store, sampler, augmentation, seed, roam=roam, view_px=view_px, world=world)


def trains_on_bare_scans(settings: TrainSettings, method: Method) -> bool:
    """Tell whether scans without any stroke take part in training."""
    return settings.schedule == "protocol" and method.supervision.mixes_unlabelled


def _make_sampler(settings: TrainSettings, method: Method, store: SampleStore) -> Sampler:
    if settings.schedule != "protocol":
        return LiveSampler(store, use_bare=method.learns_from_unlabelled)
    return HalfSampler(store) if trains_on_bare_scans(settings, method) else EpochSampler(store.scribbled)


def _is_accelerated(settings: TrainSettings, device: torch.device) -> bool:
    wanted = {"auto": device.type == "cuda", "on": True, "off": False}[settings.acceleration]
    scaled = needs_scaling(device, settings.precision)  # which looks at every step on the CPU
    return wanted and settings.schedule == "protocol" and not scaled
