"""The sample store: all scans and strokes a trainer knows, and the only place that knows working grids."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_scribbleseg.data.grid import Grid
from napari_scribbleseg.data.held_out import choose_held_out
from napari_scribbleseg.data.intensity import normalise
from napari_scribbleseg.data.locate import MIN_PHASES, find_by_difference, find_by_motion
from napari_scribbleseg.data.maps import MapBook, Origin, fill_of
from napari_scribbleseg.labels import BACKGROUND_SCRIBBLE, FOREGROUND, IGNORE, LabelMap, layer_to_training
from napari_scribbleseg.types import Cine, FrameKey, Sample, ScribbleEdit

RECENT_REVISIONS = 3
"""Strokes of the latest so many revisions are the latest burst: drawn more often, never held out."""

Bounds = tuple[tuple[int, int], tuple[int, int]]


class StoreError(ValueError):
    """An edit does not fit the scan that it names."""


@dataclass(eq=False)
class _Scan:
    cine: Cine
    grid: Grid
    centred: bool = False
    canvases: dict[int, npt.NDArray[np.float32]] = field(default_factory=dict)


@dataclass(eq=False)
class _Strokes:
    layer: LabelMap
    training: LabelMap
    revision: int
    unseen: int
    held_out: npt.NDArray[np.bool_] | None = None
    canvas: LabelMap | None = None


class SampleStore:
    """Scans, strokes and what has become of them.

    Parameters
    ----------
    resolution : "roi" or "protocol"
    held_out : float
        Share of the scribbled pixels to keep out of training.
    seed : int
        Decides which strokes are held out.
    """

    def __init__(self, resolution: str = "roi", held_out: float = 0.0, seed: int = 0) -> None:
        self.resolution = resolution
        self.held_out_share = held_out
        self.seed = seed
        self._limits_heart = True
        self.revision = 0
        self.strokes_total = 0
        self.version = 0
        self._maps = MapBook()
        self._lists: dict[str, tuple[int, list[FrameKey]]] = {}
        self._scans: dict[str, _Scan] = {}
        self._strokes: dict[FrameKey, _Strokes] = {}

    # scans ------------------------------------------------------------------------------------------------------

    def add(self, cine: Cine) -> None:
        """Take a scan in. A scan with the same case name is replaced; its strokes stay."""
        _, _, height, width = cine.shape
        grid = Grid.make(self.resolution, (height, width), cine.spacing_mm[1:])
        self._scans[cine.case] = _Scan(cine, grid)
        self.version += 1
        self._recentre(cine.case)

    @property
    def cases(self) -> list[str]:
        """Names of the scans, in the order of their arrival."""
        return list(self._scans)

    def cine(self, case: str) -> Cine:
        """Return the scan of a case."""
        return self._scans[case].cine

    def grid(self, case: str) -> Grid:
        """Return the working grid of a case."""
        return self._scans[case].grid

    def centre_on(self, case: str, canvas_position: tuple[float, float]) -> None:
        """Put the window of a case around a canvas position (y, x)."""
        scan = self._scans[case]
        scan.grid = scan.grid.centred(canvas_position)

    def window(self, case: str) -> dict[str, Any]:
        """Return where the window of a case lies, as JSON that :meth:`put_window` reads."""
        grid = self._scans[case].grid
        return {"offset": list(grid.offset), "field": list(grid.field) if grid.field else None}

    def put_window(self, case: str, window: Mapping[str, Any]) -> None:
        """Put the window of a case where another store had it."""
        scan = self._scans[case]
        half = (scan.grid.size - 1) / 2
        y, x = window["offset"]
        scan.grid = scan.grid.centred((y + half, x + half))
        if window["field"] is not None:
            top, left, bottom, right = window["field"]
            scan.grid = replace(scan.grid, field=(top, left, bottom, right))

    def locate_by_motion(self, case: str) -> bool:
        """Centre the window on what moves or differs between phases; False where that cannot be told."""
        cine = self._scans[case].cine
        position = find_by_motion(cine) if cine.shape[0] >= MIN_PHASES else find_by_difference(cine)
        if position is None:
            return False
        grid = self._scans[case].grid
        scale = [c / n for c, n in zip(grid.canvas, grid.native, strict=True)]
        self.centre_on(case, ((position[0] + 0.5) * scale[0] - 0.5, (position[1] + 0.5) * scale[1] - 0.5))
        return True

    def forgo_fields(self) -> None:
        """Let a heart be anywhere in the window, also where strokes would tell otherwise.

        For weights that know hearts already: on four patients with strokes in one slice, fields cost them .003 of Dice.
        """
        self._limits_heart = False
        for scan in self._scans.values():
            scan.grid = replace(scan.grid, field=None)

    def has_strokes(self, case: str) -> bool:
        """Tell whether anything is drawn on a case."""
        return any(key.case == case for key in self._strokes)

    # strokes ----------------------------------------------------------------------------------------------------

    def apply(self, edit: ScribbleEdit) -> bool:
        """Take the strokes of a slice as they are now; False where nothing changed.

        Raises
        ------
        StoreError
            For a slice that the scan does not have, or labels of another shape.
        """
        self._check(edit)
        old = self._strokes.get(edit.key)
        if np.array_equal(edit.labels, old.layer) if old else not edit.labels.any():
            return False
        self.revision = max(self.revision, edit.revision)
        self.strokes_total += edit.strokes
        if edit.labels.any():
            self._strokes[edit.key] = self._renewed(edit, old)
        else:
            del self._strokes[edit.key]
            self._maps.forget([edit.key])
        self.version += 1
        self._recentre(edit.key.case)
        return True

    def _check(self, edit: ScribbleEdit) -> None:
        case, t, z = edit.key
        if case not in self._scans:
            raise StoreError(f"There is no scan {case!r} to draw on.")
        n_t, n_z, *plane = self._scans[case].cine.shape
        if not (0 <= t < n_t and 0 <= z < n_z) or edit.labels.shape != tuple(plane):
            raise StoreError(f"Strokes {edit.labels.shape} on phase {t}, slice {z} do not fit the scan {case!r}.")
        if int(edit.labels.max(initial=0)) > BACKGROUND_SCRIBBLE:
            raise StoreError(f"Strokes hold a label above {BACKGROUND_SCRIBBLE}.")

    @staticmethod
    def _renewed(edit: ScribbleEdit, old: _Strokes | None) -> _Strokes:
        held_out = None
        if old is not None and old.held_out is not None:
            held_out = old.held_out & (edit.labels == old.layer)
        unseen = edit.strokes + (old.unseen if old else 0)
        return _Strokes(edit.labels, layer_to_training(edit.labels), edit.revision, unseen, held_out)

    def hold_out(self) -> None:
        """Hold out more of the older strokes, up to the share; those of the latest burst never are."""
        if self.held_out_share <= 0:
            return
        older = {k: s for k, s in self._strokes.items() if s.revision <= self.revision - RECENT_REVISIONS}
        kept = {k: s.held_out for k, s in older.items() if s.held_out is not None}
        chosen = choose_held_out({k: s.training for k, s in older.items()}, self.held_out_share, self.seed, kept)
        for key, mask in chosen.items():
            self._strokes[key].held_out, self._strokes[key].canvas = mask, None
        self.version += bool(chosen)

    def held_out(self) -> dict[FrameKey, LabelMap]:
        """Return the held-out strokes as training codes `(y, x)` on the native grid."""
        return {
            key: np.where(s.held_out, s.training, IGNORE).astype(np.uint8)
            for key, s in self._strokes.items()
            if s.held_out is not None and s.held_out.any()
        }

    @property
    def strokes_seen(self) -> int:
        """Number of strokes that a training step has used, or that were erased again."""
        return self.strokes_total - sum(s.unseen for s in self._strokes.values())

    def is_drawn_on(self, key: FrameKey) -> bool:
        """Tell whether a slice carries strokes."""
        return key in self._strokes

    def drawn(self, case: str, t: int) -> LabelMap:
        """Return all strokes of a phase, uint8 `(z, y, x)` on the native grid, training codes with IGNORE."""
        strokes = np.full(self._scans[case].cine.shape[1:], IGNORE, np.uint8)
        for key, s in self._strokes.items():
            if key[:2] == (case, t):
                strokes[key.z] = s.training
        return strokes

    def mark_seen(self, keys: Iterable[FrameKey]) -> None:
        """Count the strokes of these slices as trained on."""
        for key in keys:
            if key in self._strokes:
                self._strokes[key].unseen = 0

    def scribbled(self) -> list[FrameKey]:
        """Return the slices that carry strokes, sorted; the same list until something changes."""
        return self._listed("scribbled", lambda: sorted(self._strokes))

    def recent(self) -> set[FrameKey]:
        """Return the slices of the latest burst of edits."""
        return {k for k, s in self._strokes.items() if s.revision > self.revision - RECENT_REVISIONS}

    def bare(self) -> list[FrameKey]:
        """Return the slices without strokes, of scans that have some, sorted."""
        cases = {key.case for key in self._strokes}
        return [k for c in sorted(cases) for k in self._scans[c].cine.keys() if k not in self._strokes]

    def unlabelled(self) -> list[FrameKey]:
        """Return the slices without strokes, of all scans, sorted; the same list until something changes."""
        return self._listed("unlabelled", self._list_unlabelled)

    def _list_unlabelled(self) -> list[FrameKey]:
        return sorted(k for scan in self._scans.values() for k in scan.cine.keys() if k not in self._strokes)

    def _listed(self, name: str, make: Callable[[], list[FrameKey]]) -> list[FrameKey]:
        """Remember a list of slices for as long as the store stays as it is: training asks at every step."""
        version, keys = self._lists.get(name, (-1, []))
        if version != self.version:
            keys = make()
            self._lists[name] = self.version, keys
        return keys

    # samples ----------------------------------------------------------------------------------------------------

    def sample(self, key: FrameKey, shift: tuple[int, int] = (0, 0)) -> Sample:
        """Return a slice with the strokes to train on, through the window moved by `shift` canvas pixels."""
        grid = self._scans[key.case].grid
        image = grid.crop(self.canvas(key), 0, shift)
        labels = grid.crop(self.canvas_labels(key), IGNORE, shift)
        return Sample(key, image, labels, self._maps_through(key, grid, shift))

    def canvas(self, key: FrameKey) -> npt.NDArray[np.float32]:
        """Return the whole slice on the working grid, float32 `(h, w)` in [0, 1]."""
        scan = self._scans[key.case]
        if key.t not in scan.canvases:
            scan.canvases[key.t] = scan.grid.image_to_canvas(normalise(scan.cine.volume(key.t)))
        plane: npt.NDArray[np.float32] = scan.canvases[key.t][key.z]
        return plane

    def canvas_labels(self, key: FrameKey) -> LabelMap:
        """Return the strokes to train on, on the working grid, uint8 `(h, w)`, training codes with IGNORE."""
        grid = self._scans[key.case].grid
        strokes = self._strokes.get(key)
        if strokes is None:
            return np.full(grid.canvas, IGNORE, np.uint8)
        if strokes.canvas is None:
            kept = strokes.training
            if strokes.held_out is not None:
                kept = np.where(strokes.held_out, np.uint8(IGNORE), kept)
            strokes.canvas = grid.labels_to_canvas(kept)
        return strokes.canvas

    def _maps_through(self, key: FrameKey, grid: Grid, shift: tuple[int, int]) -> Mapping[str, npt.NDArray[Any]]:
        maps = self._maps.of(key)
        if maps is None:
            return {}
        if maps.origin.offset == grid.offset and shift == (0, 0):
            return maps.windows
        made_in = replace(grid, offset=maps.origin.offset)
        fills = {name: fill_of(values) for name, values in maps.windows.items()}
        return {n: grid.crop(made_in.paste(v, fills[n]), fills[n], shift) for n, v in maps.windows.items()}

    @property
    def maps_version(self) -> int:
        """Counts how often a map was put."""
        return self._maps.version

    def put_maps(self, key: FrameKey, windows: Mapping[str, npt.NDArray[Any]], turn: int) -> None:
        """Keep what a method has worked out for a labelled slice in its window, in round `turn`."""
        self._maps.put(key, windows, self._origin(key, turn))

    def stale_maps(self, turn: int) -> list[FrameKey]:
        """Return the labelled slices whose maps are missing, of an earlier round, of other strokes or windows."""
        return self._maps.stale({key: self._origin(key, turn) for key in self.scribbled()})

    def _origin(self, key: FrameKey, turn: int) -> Origin:
        return Origin(self._strokes[key].revision, self._scans[key.case].grid.offset, turn)

    def _recentre(self, case: str) -> None:
        """Put the window around the strokes of the heart, when one falls outside, and its field where they are."""
        scan = self._scans[case]
        bounds, of_heart = self._bounds(case)
        whole = self._limits_heart and bounds is not None and self._draws_whole_heart(case)
        scan.grid = scan.grid.with_field(*bounds) if bounds and whole else replace(scan.grid, field=None)
        if bounds is None or (scan.centred and scan.grid.holds(*bounds[0]) and scan.grid.holds(*bounds[1])):
            return
        (top, left), (bottom, right) = bounds
        scan.grid = scan.grid.centred(((top + bottom) / 2, (left + right) / 2))
        scan.centred = of_heart

    def _draws_whole_heart(self, case: str) -> bool:
        layers = [s.layer for k, s in self._strokes.items() if k.case == case]
        return all(any(bool((layer == code).any()) for layer in layers) for code in FOREGROUND)

    def _bounds(self, case: str) -> tuple[Bounds | None, bool]:
        """Return the canvas bounding box of the heart's strokes, or of all where there are only others."""
        layers = [s.layer for k, s in self._strokes.items() if k.case == case]
        if not layers:
            return None, False
        drawn = np.maximum.reduce([np.where(m == BACKGROUND_SCRIBBLE, 0, m) for m in layers])
        of_heart = bool(drawn.any())
        y, x = np.nonzero(drawn if of_heart else np.maximum.reduce(layers))
        grid = self._scans[case].grid
        rows, columns = grid.to_canvas(y), grid.to_canvas(x, 1)
        return ((int(rows.min()), int(columns.min())), (int(rows.max()), int(columns.max()))), of_heart

    # bookkeeping for checkpoints ---------------------------------------------------------------------------------

    def state(self) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
        """Return the bookkeeping of the strokes: sparse arrays by name, and JSON values."""
        arrays: dict[str, npt.NDArray[Any]] = {}
        slices = []
        for i, (key, s) in enumerate(sorted(self._strokes.items())):
            at = np.flatnonzero(s.layer)
            arrays[f"{i}.at"], arrays[f"{i}.layer"] = at.astype(np.int32), s.layer.ravel()[at]
            if s.held_out is not None:
                arrays[f"{i}.held_out"] = np.flatnonzero(s.held_out).astype(np.int32)
            slices.append({"key": list(key), "revision": s.revision, "unseen": s.unseen})
        windows = {case: self.window(case) for case in self._scans}
        maps, map_entries = self._maps.state()
        meta = {"slices": slices, "windows": windows, "revision": self.revision, "total": self.strokes_total}
        return arrays | maps, meta | {"maps": map_entries}

    def restore(self, arrays: Mapping[str, npt.NDArray[Any]], meta: Mapping[str, Any]) -> None:
        """Take over the bookkeeping of a checkpoint for every slice whose strokes are still the same.

        Strokes drawn or changed since stay as they are and count as unseen.
        """
        for case, window in meta["windows"].items():
            if case in self._scans:
                self.put_window(case, window)
                self._recentre(case)
        changed = set(self._strokes)
        for i, entry in enumerate(meta["slices"]):
            key = FrameKey(*entry["key"])
            if self._same_strokes(key, arrays[f"{i}.at"], arrays[f"{i}.layer"]):
                self._restore_slice(self._strokes[key], entry, arrays.get(f"{i}.held_out"))
                changed.discard(key)
        self._maps.restore(arrays, meta.get("maps", ()))
        self._maps.forget(changed)
        self.version += 1
        self.revision = max([meta["revision"], *(self._strokes[k].revision for k in changed)])
        self.strokes_total = meta["total"] + sum(self._strokes[k].unseen for k in changed)

    def _same_strokes(self, key: FrameKey, at: npt.NDArray[Any], layer: npt.NDArray[Any]) -> bool:
        strokes = self._strokes.get(key)
        return (
            strokes is not None
            and np.array_equal(np.flatnonzero(strokes.layer), at)
            and np.array_equal(strokes.layer.ravel()[at], layer)
        )

    @staticmethod
    def _restore_slice(strokes: _Strokes, entry: Mapping[str, Any], held_out: npt.NDArray[Any] | None) -> None:
        strokes.revision, strokes.unseen, strokes.canvas = entry["revision"], entry["unseen"], None
        if held_out is not None:
            mask = np.zeros(strokes.layer.size, bool)
            mask[held_out] = True
            strokes.held_out = mask.reshape(strokes.layer.shape)
        else:
            strokes.held_out = None
