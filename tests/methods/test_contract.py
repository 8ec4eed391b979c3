"""Every method keeps the same promises; discovery brings new ones in."""

from __future__ import annotations

import pytest
import torch

from napari_scribbleseg.clock import Clock
from napari_scribbleseg.labels import IGNORE
from napari_scribbleseg.methods import METHODS, MethodError, build_method
from napari_scribbleseg.types import Batch

every_method = pytest.mark.parametrize("key", list(METHODS))


@pytest.fixture
def batch() -> Batch:
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(2, 1, 32, 32, generator=generator)
    labels = torch.full((2, 32, 32), IGNORE)
    for code in range(4):
        labels[:, 8 * code : 8 * code + 3, 4:20] = code
    return Batch(image, labels)


@every_method
def test_steps_are_finite_and_lower_the_loss(key, batch):
    torch.manual_seed(0)
    method = build_method(key).train()
    optimiser = torch.optim.SGD(method.parameters(), 0.05, momentum=0.9)
    losses = []
    for step in range(12):
        optimiser.zero_grad()
        loss = torch.stack(list(method.loss(batch, Clock(step, 12)).values())).sum()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert all(torch.isfinite(torch.tensor(losses)))
    assert losses[-1] < losses[0]


@every_method
def test_predictions_are_probabilities_and_repeatable(key, batch):
    method = build_method(key).eval()
    p = method.predict(batch.image)
    assert p.shape == (2, 4, 32, 32)
    assert torch.allclose(p.sum(1), torch.ones(2, 32, 32), atol=1e-5)
    assert torch.equal(p, method.predict(batch.image))


@every_method
def test_every_term_has_a_gradient(key, batch):
    for name, term in build_method(key).train().loss(batch, Clock(500, 1000)).items():
        method = build_method(key).train()
        term = method.loss(batch, Clock(500, 1000))[name]
        gradients = torch.autograd.grad(term, list(method.parameters()), allow_unused=True)
        assert any(g is not None and g.abs().sum() > 0 for g in gradients), name


@every_method
def test_a_slice_without_scribbles_matters_just_where_the_method_says_so(key, batch):
    method = build_method(key).train()
    bare = Batch(batch.image, torch.full_like(batch.labels, IGNORE))
    total = torch.stack(list(method.loss(bare, Clock(1, 10)).values())).sum()
    gradients = torch.autograd.grad(total, list(method.parameters()), allow_unused=True)
    assert any(g is not None and g.abs().sum() > 0 for g in gradients) == method.learns_from_unlabelled


@every_method
def test_objectives_cover_the_parameters(key):
    method = build_method(key)
    covered = {id(p) for objective in method.objectives() for p in objective.parameters}
    assert covered == {id(p) for p in method.parameters()}


def test_unknown_methods_and_options_are_refused_by_name():
    with pytest.raises(MethodError, match="no method 'magic'"):
        build_method("magic")
    with pytest.raises(MethodError, match="wand"):
        build_method("pce", {"wand": 1})
