"""Every method keeps the same promises; discovery brings new ones in."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

from napari_scribbleseg.clock import Clock
from napari_scribbleseg.labels import IGNORE
from napari_scribbleseg.methods import METHODS, MapKind, Method, MethodError, build_method
from napari_scribbleseg.types import Batch

TABLES = {
    *("pce", "random_walker", "ustm", "s2l", "mumford_shah", "entropy_min", "rloss", "dmpls"),
    *("partial_sup", "dan", "advent", "mean_teacher", "uamt", "full_sup", "dual_cr", "dual_cps"),
    *("can_crf", "scribblesup"),
}
LATE = Clock(900, 1000)
"""When every schedule has begun."""

every_method = pytest.mark.parametrize("key", list(METHODS))


def _labels(key: str) -> torch.Tensor:
    """Strokes, or whole masks where a method learns from those."""
    labels = torch.full((2, 32, 32), IGNORE)
    dense = METHODS[key].supervision.is_dense
    for code in range(4):
        labels[:, 8 * code : 8 * code + (8 if dense else 3), slice(None) if dense else slice(4, 20)] = code
    return labels


@pytest.fixture
def batch(key) -> Batch:
    """Two labelled slices; and two without labels where the method mixes them in."""
    labels = _labels(key)
    if METHODS[key].supervision.mixes_unlabelled:
        labels = torch.cat([labels, torch.full_like(labels, IGNORE)])
    image = torch.rand(len(labels), 1, 32, 32, generator=torch.Generator().manual_seed(0))
    for code in range(4):
        image[:, 0, 8 * code : 8 * code + 8] *= (code + 1) / 4
    return Batch(image, labels)


def _build(key: str) -> Method:
    torch.manual_seed(0)
    return build_method(key).train()


def _with_maps(method: Method, batch: Batch, clock: Clock) -> Batch:
    """Add the method's maps as the engine does before a step."""
    if method.map_round(clock) is None:
        return batch
    with torch.no_grad():
        made = method.eval().make_maps(batch, clock)
    method.train()
    return replace(batch, aux=made)


def _make_confident(method: Method, batch: Batch) -> None:
    """Open the gates that wait for a sure network, in training and in evaluation mode."""
    for name, module in method.named_modules():
        if name.endswith("head") and isinstance(module, nn.Conv2d):
            nn.init.normal_(module.weight, std=3.0)
    with torch.no_grad():
        for _ in range(20):
            method.net(batch.image)


def _gradients(method: Method, term: torch.Tensor) -> list[torch.Tensor]:
    wanted = [p for p in method.parameters() if p.requires_grad]
    found = torch.autograd.grad(term, wanted, allow_unused=True, retain_graph=True) if term.requires_grad else []
    return [g for g in found if g is not None]


def _moves(gradients: list[torch.Tensor]) -> bool:
    return any(bool(g.abs().sum() > 0) for g in gradients)


def test_all_methods_of_the_tables_are_there():
    assert set(METHODS) >= TABLES


@every_method
def test_it_says_what_it_is(key):
    cls = METHODS[key]
    assert cls.key == key
    assert cls.title
    assert cls.reference
    assert cls.__doc__
    assert all(isinstance(kind, MapKind) for kind in cls.aux.values())


@every_method
def test_steps_are_finite_and_lower_the_supervised_term(key, batch):
    method = _build(key)
    optimisers = [torch.optim.SGD(o.parameters, 0.02, momentum=0.9) for o in method.objectives()]
    supervised = []
    for step in range(12):
        clock = Clock(step, 12)
        seen = _with_maps(method, batch, clock)
        for objective, optimiser in zip(method.objectives(), optimisers, strict=True):
            optimiser.zero_grad()
            terms = objective.loss(seen, clock)
            assert all(torch.isfinite(term) for term in terms.values()), terms
            torch.stack(list(terms.values())).sum().backward()
            optimiser.step()
            if objective.name == method.objectives()[0].name:
                supervised.append(next(iter(terms.values())).item())
        method.after_step(clock)
    assert supervised[-1] < supervised[0]


@every_method
def test_predictions_are_probabilities_and_repeatable(key, batch):
    method = _build(key).eval()
    p = method.predict(batch.image)
    assert p.shape == (len(batch.image), 4, 32, 32)
    assert torch.allclose(p.sum(1), torch.ones(len(p), 32, 32), atol=1e-5)
    assert torch.equal(p, method.predict(batch.image))


@every_method
def test_every_term_has_a_gradient_for_its_own_objective(key, batch):
    method = _build(key)
    _make_confident(method, batch)
    seen = _with_maps(method, batch, LATE)
    for objective in method.objectives():
        for name, term in objective.loss(seen, LATE).items():
            found = torch.autograd.grad(term, objective.parameters, allow_unused=True, retain_graph=True)
            assert _moves([g for g in found if g is not None]), name


@every_method
def test_a_slice_without_labels_matters_just_where_the_method_says_so(key, batch):
    method = _build(key)
    _make_confident(method, batch)
    bare = Batch(batch.image, torch.full_like(batch.labels, IGNORE))
    total = torch.stack(list(method.loss(bare, LATE).values())).sum()
    assert _moves(_gradients(method, total)) == method.learns_from_unlabelled


@every_method
def test_objectives_share_out_all_that_is_learned(key):
    method = _build(key)
    owned = [id(p) for objective in method.objectives() for p in objective.parameters]
    assert len(owned) == len(set(owned))
    assert set(owned) == {id(p) for p in method.parameters() if p.requires_grad}


@every_method
def test_maps_are_whole_and_of_the_kind_that_was_said(key, batch):
    method = _build(key)
    if not method.aux:
        assert method.map_round(LATE) is None
        with pytest.raises(MethodError, match="keeps no maps"):
            method.make_maps(batch, LATE)
        return
    made = _with_maps(method, batch, LATE).aux
    again = _with_maps(method, replace(batch, aux=made), LATE).aux
    assert set(made) == set(again) == set(method.aux)
    for name, kind in method.aux.items():
        if kind is MapKind.LABELS:
            assert made[name].shape == batch.labels.shape
            assert set(made[name].unique().tolist()) <= {0, 1, 2, 3, IGNORE}
        else:
            assert made[name].shape == (len(batch.image), 4, 32, 32)
            assert made[name].sum(1).max() <= 1 + 1e-4


@every_method
def test_a_static_step_reads_no_clock(key, batch):
    method = _build(key)
    if not method.is_static:
        return
    seen = _with_maps(method, batch, LATE)
    for clock in (Clock(0, 1000), LATE):
        torch.manual_seed(1)
        terms = [term.item() for term in method.eval().loss(seen, clock).values()]
        assert terms == pytest.approx([t.item() for t in _terms_at(method, seen)])


def _terms_at(method: Method, batch: Batch) -> list[torch.Tensor]:
    torch.manual_seed(1)
    return list(method.loss(batch, Clock(500, 1000)).values())


def test_unknown_methods_and_options_are_refused_by_name():
    with pytest.raises(MethodError, match="no method 'magic'"):
        build_method("magic")
    with pytest.raises(MethodError, match="wand"):
        build_method("pce", {"wand": 1})
