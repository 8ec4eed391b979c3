"""The rows of the paper's tables, and those that we add: what to run, under which name."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from napari_scribbleseg.bench.errors import BenchError

SECTIONS: Mapping[str, str] = MappingProxyType(
    {
        "scribbles": "Learning from scribbles",
        "semi": "Learning from the masks of a few patients",
        "full": "Learning from the masks of all patients",
        "ablation": "Ablation of the dual branch",
        "lambda": "Weight of the pseudo labels, λ",
        "loop": "Training in rounds, from before the paper",
        "classical": "Without training",
    }
)
"""Section → heading, in the order of the report."""

LAMBDAS = (0.01, 0.1, 0.2, 0.3, 1.0)
"""The weights of the paper's figure, but for .5, which is `dmpls` itself."""

DEFAULT_LAMBDA = 0.5


@dataclass(frozen=True)
class Row:
    """One row of a table.

    Attributes
    ----------
    key : str
        Name in files and on the command line.
    title : str
        What the tables print.
    method : str
        A key of `methods.METHODS`; in the section "classical" one of `baselines.BASELINES`.
    options : Mapping[str, Any]
        Options of the method, by name.
    section : str
        A key of `SECTIONS`.
    readout_of : str or None
        The row whose weights this one reads out in another way; it trains nothing itself.
    """

    key: str
    title: str
    method: str
    section: str
    options: Mapping[str, Any] = field(default_factory=dict)
    readout_of: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "options", MappingProxyType(dict(self.options)))

    @property
    def is_classical(self) -> bool:
        """Whether the row is a baseline, which learns from no patient."""
        return self.section == "classical"

    @property
    def is_trained(self) -> bool:
        """Whether the row has a training of its own."""
        return not self.is_classical and self.readout_of is None


def lambda_rows(weights: Iterable[float] = LAMBDAS) -> tuple[Row, ...]:
    """Return a row of DMPLS for each weight λ of the pseudo labels; for .5 that is the row `dmpls`.

    Raises
    ------
    BenchError
        For a weight that is negative or no number.
    """
    rows = (_lambda_row(float(weight)) for weight in weights)
    return tuple({row.key: row for row in rows}.values())


def _lambda_row(weight: float) -> Row:
    if not 0 <= weight < float("inf"):
        raise BenchError(f"The weight λ must be 0 or more, not {weight:g}.")
    if weight == DEFAULT_LAMBDA:
        return _DMPLS
    return Row(f"dmpls_lambda_{weight:g}", f"DMPLS, λ = {weight:g}", "dmpls", "lambda", {"pseudo_weight": weight})


def _same(section: str, **titles: str) -> tuple[Row, ...]:
    return tuple(Row(key, title, key, section) for key, title in titles.items())


def _baselines(**titles: str) -> tuple[Row, ...]:
    return tuple(Row(f"baseline_{key}", title, key, "classical") for key, title in titles.items())


_DMPLS = Row("dmpls", "DMPLS", "dmpls", "scribbles")

ROWS: tuple[Row, ...] = (
    *_same(
        "scribbles",
        pce="pCE",
        random_walker="RW",
        ustm="USTM",
        s2l="S2L",
        mumford_shah="MLoss",
        entropy_min="EM",
        rloss="RLoss",
    ),
    _DMPLS,
    *_same("semi", partial_sup="PS", dan="DAN", advent="AdvEnt", mean_teacher="MT", uamt="UAMT"),
    *_same("full", full_sup="FullSup"),
    *_same("ablation", dual_cr="Dual-branch + CR", dual_cps="Dual-branch + CPS"),
    Row("dmpls_alpha_half", "DMPLS, α = 0.5", "dmpls", "ablation", {"alpha": 0.5}),
    Row("dmpls_auxiliary", "DMPLS, auxiliary decoder", "dmpls", "ablation", {"decoder": "auxiliary"}, "dmpls"),
    *lambda_rows(),
    *_same("loop", can_crf="Can et al. (CRF in the loop)", scribblesup="ScribbleSup"),
    *_baselines(
        random_walker="Random Walker",
        graph_cuts="Graph Cuts",
        grabcut="GrabCut",
        growcut="GrowCut",
        level_set="ITK-SNAP-like level set",
        slic_seg="Slic-Seg-like",
        random_forest="Random forest, ilastik-like",
    ),
)
"""All rows, in the order of the tables."""

BY_KEY: Mapping[str, Row] = MappingProxyType({row.key: row for row in ROWS})

GROUPS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "all": tuple(SECTIONS),
        "table1": ("scribbles", "semi", "full"),
        "table2": ("ablation",),
        **{section: (section,) for section in SECTIONS},
    }
)
"""Name of a group on the command line → its sections."""


def choose_rows(text: str, known: Sequence[Row] = ROWS) -> tuple[Row, ...]:
    """Read a choice of rows such as "all", "table1", "dmpls,pce" or "scribbles,dual_cps".

    Table 2 holds `dmpls` too. A read-out brings the row along whose weights it reads.

    Parameters
    ----------
    text : names of rows and groups, separated by commas
    known : the rows to choose from

    Returns
    -------
    Rows in the order of the tables, each once.

    Raises
    ------
    BenchError
        For an unknown name, or none; the sentence lists the known ones.
    """
    wanted: set[str] = set()
    for name in (part.strip() for part in text.split(",")):
        wanted |= _named(name, known)
    bases = {row.readout_of for row in known if row.key in wanted}
    return tuple(row for row in known if row.key in wanted | bases)


def _named(name: str, known: Sequence[Row]) -> set[str]:
    if any(row.key == name for row in known):
        return {name}
    if name in GROUPS:
        keys = {row.key for row in known if row.section in GROUPS[name]}
        return keys | {_DMPLS.key} if name in ("table2", "lambda") else keys
    choices = ", ".join([*GROUPS, *(row.key for row in known)])
    raise BenchError(f"There is no row or group {name!r}; known are {choices}.")


def with_options(row: Row, **options: Any) -> Row:
    """Return a row with some options set besides its own."""
    return dataclasses.replace(row, options={**row.options, **options})
