"""GrowCut: strokes as bacteria that spread over the image and fight for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from napari_scribbleseg.baselines.appearance import estimate_posteriors
from napari_scribbleseg.baselines.base import FloatMap, Scene, check_range, smooth
from napari_scribbleseg.baselines.grid import OFFSETS, Window, pair
from napari_scribbleseg.baselines.slices import Plane, SliceBaseline
from napari_scribbleseg.labels import BG, IGNORE, LabelMap


@dataclass(frozen=True)
class GrowCutOptions:
    """Options of GrowCut.

    Attributes
    ----------
    reach_mm : float
        Distance over which an attack falls to 1/e of its strength where the image is flat; inf leaves distance out.
    appearance : float
        Weight of the classes' posteriors beside the intensity in the difference of two cells.
    blur_mm : float
        Gaussian blur of the image beforehand.
    max_rounds : int
        Rounds of the automaton at most; it ends earlier when nobody gains ground.
    """

    reach_mm: float = 100.0
    appearance: float = 0.5
    blur_mm: float = 0.7
    max_rounds: int = 500

    def __post_init__(self) -> None:
        check_range("reach_mm", self.reach_mm, 0.1, float("inf"))
        check_range("appearance", self.appearance, 0, 10)
        check_range("blur_mm", self.blur_mm, 0, 10)
        check_range("max_rounds", self.max_rounds, 1, 100_000)


class GrowCut(SliceBaseline):
    """Vezhnevets and Konouchine, GraphiCon 2005: a cellular automaton whose cells conquer their neighbours.

    A cell of strength θ_q attacks its neighbour p and takes it where g(‖C_p - C_q‖) · θ_q > θ_p, with
    g(d) = 1 - d / max d; strokes start at strength 1, all else at 0, and it ends when nobody gains ground. Cells are
    updated in place, one of the eight directions at a time, instead of all at once: the strengths that this ends at,
    the best product of g over any path from a stroke, are the same. Ours: the posteriors of stroke histograms beside
    the intensity as C, a blur, and the faint cost of distance exp(-mm / reach), which also settles draws.
    `appearance=0, blur_mm=0, reach_mm=inf` is the plain method. One slice at a time.
    """

    key: ClassVar[str] = "growcut"
    title: ClassVar[str] = "GrowCut"
    reference: ClassVar[str] = "Vezhnevets and Konouchine, GraphiCon 2005"
    Options: ClassVar[type[GrowCutOptions]] = GrowCutOptions

    def gather(self, scene: Scene) -> FloatMap:
        """Return the blurred image and the weighted posteriors, float32 `(1 + C, z, y, x)`."""
        blurred = smooth(scene.image, self.options.blur_mm, scene.spacing_mm)
        return np.concatenate([blurred[None], self.options.appearance * estimate_posteriors(scene)])

    def label_slice(self, plane: Plane) -> LabelMap:
        """Return the owner of each cell when the fight is over, `(y, x)`."""
        owner = np.where(plane.seeds == IGNORE, BG, plane.seeds).astype(np.uint8)
        strength = (plane.seeds != IGNORE).astype(np.float32)
        fronts = [(*pair(owner.shape, *offset), self._passage(plane, offset)) for offset in OFFSETS]
        for _ in range(self.options.max_rounds):
            gains = [
                attack(owner, strength, *sides, passage)
                for here, there, passage in fronts
                for sides in ((here, there), (there, here))
            ]
            if not any(gains):
                break
        return owner

    def _passage(self, plane: Plane, offset: tuple[int, int]) -> FloatMap:
        """Return the share of its strength that an attack keeps between each pixel and its neighbour at `offset`."""
        options: GrowCutOptions = self.options
        here, there = pair(plane.image.shape, *offset)
        step = np.linalg.norm(plane.evidence[:, *here] - plane.evidence[:, *there], axis=0)
        # Intensities differ by 1 at most, two distributions over the classes by √2.
        largest = np.sqrt(1 + 2 * options.appearance**2)
        way_mm = np.hypot(offset[0] * plane.spacing_mm[1], offset[1] * plane.spacing_mm[2])
        kept: FloatMap = (np.maximum(1 - step / largest, 0) * np.exp(-way_mm / options.reach_mm)).astype(np.float32)
        return kept


def attack(owner: LabelMap, strength: FloatMap, attacker: Window, defender: Window, passage: FloatMap) -> bool:
    """Let the cells of one window attack those of another, in place; tell whether any was taken.

    Parameters
    ----------
    owner, strength : uint8 and float32 (y, x); changed
    passage : float32, the windows' shape
    """
    force = passage * strength[attacker]
    wins = force > strength[defender]
    strength[defender][wins] = force[wins]
    owner[defender][wins] = owner[attacker][wins]
    return bool(wins.any())
