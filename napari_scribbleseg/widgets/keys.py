"""The keys of the dock: one table for bindings, tooltips and the cheat-sheet.

Letters are chosen so that none is used by napari's viewer, Labels or Image layers. Where a Points or Shapes layer is
active, napari's own meaning of a letter wins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_scribbleseg.qt.workbench import Workbench


@dataclass(frozen=True)
class Shortcut:
    """One key.

    Attributes
    ----------
    name : str
        What the key does, as an identifier.
    key : str
        napari's notation.
    title : str
        What the cheat-sheet says.
    group : str
        Heading in the cheat-sheet.
    """

    name: str
    key: str
    title: str
    group: str

    @property
    def shown(self) -> str:
        """Return the key as a person reads it."""
        return self.key.replace("Shift-", "Shift+")


SHORTCUTS = (
    Shortcut("label_1", "A", "Draw RV, the right ventricle", "Draw"),
    Shortcut("label_2", "S", "Draw Myo, the myocardium", "Draw"),
    Shortcut("label_3", "D", "Draw LV, the left ventricle", "Draw"),
    Shortcut("label_4", "W", "Draw background", "Draw"),
    Shortcut("label_0", "Q", "Erase strokes", "Draw"),
    Shortcut("brush_smaller", "N", "Thinner brush", "Draw"),
    Shortcut("brush_larger", "Shift-N", "Thicker brush", "Draw"),
    Shortcut("preview", "I", "Instant preview of this phase, without training", "Train"),
    Shortcut("train", "T", "Train, pause or resume", "Train"),
    Shortcut("next_doubt", "J", "Show the next most doubtful slice", "Next"),
    Shortcut("doubt_overlay", "Shift-J", "Let doubt glow on the image, or not", "Next"),
    Shortcut("suggest", "R", "Suggest this phase's mask for its neighbours", "Next"),
    Shortcut("take_suggestion", "Shift-G", "Take the suggestion for this slice", "Next"),
    Shortcut("accept_slice", "G", "Accept the prediction of this slice", "Mask"),
    Shortcut("undo_accept", "U", "Undo the last accept", "Mask"),
    Shortcut("ed_here", "Shift-D", "This phase is end-diastole, or found again", "Results"),
    Shortcut("es_here", "Shift-S", "This phase is end-systole, or found again", "Results"),
    Shortcut("slice_counts", "Shift-C", "Leave this slice out of the volumes, or not", "Results"),
    Shortcut("hide", "H", "Hold: hide prediction, mask and strokes", "Look"),
    Shortcut("play", "K", "Play the cine, or stop", "Look"),
    Shortcut("previous_phase", ",", "Previous phase", "Look"),
    Shortcut("next_phase", ".", "Next phase", "Look"),
    Shortcut("previous_slice", "Down", "Previous slice", "Look"),
    Shortcut("next_slice", "Up", "Next slice", "Look"),
    Shortcut("help", "F1", "Show this list", "Help"),
)
NAPARI_KEYS = (
    ("Ctrl+Z, Ctrl+Shift+Z", "Undo, redo a stroke"),
    ("[ ]", "Thinner, thicker brush"),
    ("E or 1, P or 2", "Eraser, brush"),
    ("Space", "Hold: move and zoom the image"),
    ("Ctrl+R", "Whole image in view"),
)
"""napari's own keys worth knowing, for the cheat-sheet."""

_OVERLAYS = ("prediction", "mask", "scribbles")


def key_of(name: str) -> str:
    """Return the key that does `name`, as a person reads it."""
    return next(shortcut.shown for shortcut in SHORTCUTS if shortcut.name == name)


def step_axis(viewer: ViewerModel, axis_from_end: int, by: int) -> None:
    """Move along an axis, counted from the last, and wrap around; nothing where the axis is missing or shown."""
    axis = viewer.dims.ndim - axis_from_end
    if axis < 0 or axis in viewer.dims.displayed:
        return
    n_steps = viewer.dims.nsteps[axis]
    viewer.dims.set_current_step(axis, (viewer.dims.current_step[axis] + by) % max(n_steps, 1))


def hide_overlays(workbench: Workbench) -> Iterator[None]:
    """Hide what lies over the image until resumed; then show again what was visible."""
    shown = [kind for kind in _OVERLAYS if workbench.visible(kind)]
    for kind in shown:
        workbench.set_visible(kind, False)
    workbench.next.set_hidden(True)
    yield
    workbench.next.set_hidden(False)
    for kind in shown:
        workbench.set_visible(kind, True)


def bind_keys(
    viewer: ViewerModel, workbench: Workbench, panel_actions: Mapping[str, Callable[[], object]]
) -> Callable[[], None]:
    """Bind all keys to the viewer; return a function that lets go of them.

    `panel_actions` are those by name that need a panel: "preview", "train", "suggest" and "help".
    """
    actions = _actions(viewer, workbench) | dict(panel_actions)
    for shortcut in SHORTCUTS:
        if shortcut.name == "hide":
            viewer.bind_key(shortcut.key, lambda _viewer: (yield from hide_overlays(workbench)), overwrite=True)
        else:
            viewer.bind_key(shortcut.key, _as_binding(actions[shortcut.name]), overwrite=True)

    def unbind() -> None:
        for shortcut in SHORTCUTS:
            viewer.bind_key(shortcut.key, None)

    return unbind


def _as_binding(action: Callable[[], object]) -> Callable[[object], None]:
    def binding(_viewer: object) -> None:
        action()

    return binding


def _actions(viewer: ViewerModel, workbench: Workbench) -> dict[str, Callable[[], object]]:
    def resize_brush(by: int) -> None:
        workbench.brush_size = min(max(workbench.brush_size + by, 1), 40)

    labels: dict[str, Callable[[], object]] = {
        f"label_{code}": (lambda code=code: workbench.select_label(code)) for code in range(5)
    }
    return labels | {
        "brush_smaller": lambda: resize_brush(-1),
        "brush_larger": lambda: resize_brush(1),
        "next_doubt": workbench.next.go_next,
        "doubt_overlay": lambda: workbench.next.set_overlay(not workbench.next.overlay),
        "take_suggestion": lambda: workbench.next.suggestions.take("slice"),
        "accept_slice": lambda: workbench.accept("slice"),
        "undo_accept": workbench.undo_accept,
        "ed_here": lambda: workbench.results.choose_phase("ed"),
        "es_here": lambda: workbench.results.choose_phase("es"),
        "slice_counts": workbench.results.toggle_slice,
        "play": lambda: workbench.play(not workbench.playing),
        "previous_phase": lambda: step_axis(viewer, 4, -1),
        "next_phase": lambda: step_axis(viewer, 4, 1),
        "previous_slice": lambda: step_axis(viewer, 3, -1),
        "next_slice": lambda: step_axis(viewer, 3, 1),
    }
