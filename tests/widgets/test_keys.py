from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Labels
from napari.utils.key_bindings import KeymapHandler, coerce_keybinding
from napari.utils.shortcuts import default_shortcuts

from napari_scribbleseg.types import RunState
from napari_scribbleseg.widgets.keys import NAPARI_KEYS, SHORTCUTS
from tests.widgets.fake_workbench import SHAPE, FakeWorkbench

OTHER_LAYERS = ("points", "shapes", "vectors", "tracks", "surface", "vertex", "finish_drawing", "paste_shape")


@pytest.fixture
def keyboard(dock, workbench):
    """Keys go to the active layer first and to the viewer then, as in a window."""
    workbench.put_scan("scan-1", "sample")
    handler = KeymapHandler()

    def press(key: str, release: bool = True) -> None:
        handler.keymap_providers = [workbench.viewer.layers.selection.active, workbench.viewer]
        handler.press_key(key)
        if release:
            handler.release_key(key)

    press.handler = handler
    return press


def native_keys() -> set[str]:
    """Keys of napari's viewer, Labels and Image layers."""
    from_settings = {
        str(binding)
        for action, bindings in default_shortcuts.items()
        for binding in bindings
        if not any(other in action for other in OTHER_LAYERS) and not action.endswith(("_mode", "_slice", "_shapes"))
    } | {
        str(binding)
        for action, bindings in default_shortcuts.items()
        for binding in bindings
        if "labels" in action or "image" in action
    }
    from_classes = {str(key) for cls in (ViewerModel, Labels, Image) for key in cls.class_keymap}
    return from_settings | from_classes


def test_no_key_is_taken_from_napari():
    ours = {str(coerce_keybinding(shortcut.key)) for shortcut in SHORTCUTS}
    assert {"E", "P", "[", "Space"} <= native_keys()
    assert not ours & native_keys()


def test_no_key_means_two_things():
    assert len({coerce_keybinding(shortcut.key) for shortcut in SHORTCUTS}) == len(SHORTCUTS)


def test_napari_keys_in_the_cheat_sheet_are_not_ours():
    named = {key for keys, _ in NAPARI_KEYS for key in keys.replace(",", " ").replace(" or ", " ").split()}
    assert not named & {shortcut.shown for shortcut in SHORTCUTS}


@pytest.mark.parametrize("active", ["scribbles", "mask", "image"])
@pytest.mark.parametrize(("key", "label"), [("A", 1), ("S", 2), ("D", 3), ("W", 4), ("Q", 0)])
def test_class_keys_choose_the_class_whichever_of_our_layers_is_active(keyboard, workbench, active, key, label):
    workbench.viewer.layers.selection.active = workbench.viewer.layers[active]
    keyboard(key)
    assert workbench.calls[-1] == ("select_label", label)


def test_brush_keys_change_the_size_and_stop_at_one(keyboard, workbench):
    workbench.brush_size = 2
    keyboard("Shift-N")
    assert workbench.brush_size == 3
    for _ in range(5):
        keyboard("N")
    assert workbench.brush_size == 1


def test_train_key_trains_pauses_and_resumes(keyboard, workbench, dock):
    keyboard("T")
    assert workbench.calls[-1][0] == "train"
    workbench.enter(RunState.RUNNING)
    keyboard("T")
    assert workbench.calls[-1] == ("pause",)
    workbench.enter(RunState.PAUSED)
    keyboard("T")
    assert workbench.calls[-1] == ("resume",)


def test_preview_key_asks_for_a_preview_and_leaves_the_refusal_to_the_workbench(keyboard, workbench):
    workbench.viewer.layers.selection.active = workbench.viewer.layers["scribbles"]
    keyboard("I")
    assert workbench.calls[-1] == ("preview", "random_walker")


def test_accept_and_undo_keys(keyboard, workbench):
    keyboard("G")
    keyboard("U")
    assert workbench.calls[-2:] == [("accept", "slice"), ("undo_accept",)]


def test_overlays_are_hidden_while_the_key_is_held_and_come_back_as_they_were(keyboard, workbench):
    workbench.set_visible("mask", False)
    keyboard("H", release=False)
    assert not any(workbench.visible(kind) for kind in ("prediction", "mask", "scribbles"))
    assert workbench.visible("image")
    keyboard.handler.release_key("H")
    assert workbench.visible("prediction")
    assert workbench.visible("scribbles")
    assert not workbench.visible("mask")


def test_play_key_starts_and_stops(keyboard, workbench):
    keyboard("K")
    assert workbench.playing
    keyboard("K")
    assert not workbench.playing


def test_phase_and_slice_keys_move_and_wrap(keyboard, workbench):
    dims = workbench.viewer.dims
    dims.set_current_step((0, 1), (0, 0))
    keyboard(".")
    keyboard("Up")
    assert dims.current_step[:2] == (1, 1)
    for key in (",", ",", "Down", "Down"):
        keyboard(key)
    assert dims.current_step[:2] == (SHAPE[0] - 1, SHAPE[1] - 1)


def test_phase_keys_do_nothing_in_a_volume(qtbot):
    from napari_scribbleseg.widgets.keys import step_axis

    viewer = ViewerModel()
    viewer.add_image(np.zeros((5, 8, 8)))
    before = viewer.dims.current_step
    step_axis(viewer, 4, 1)
    assert viewer.dims.current_step == before
    step_axis(viewer, 3, 1)
    assert viewer.dims.current_step[0] == (before[0] + 1) % 5


def test_help_key_opens_the_cheat_sheet(keyboard, dock):
    keyboard("F1")
    assert dock._dialog.isVisible()


def test_keys_are_let_go_with_the_dock(qtbot):
    from napari_scribbleseg.widgets.dock import ScribbleDock

    bench = FakeWorkbench()
    before = set(bench.viewer.keymap)
    dock = ScribbleDock(bench)
    assert set(bench.viewer.keymap) != before
    with qtbot.waitSignal(dock.destroyed):
        dock.deleteLater()
    assert set(bench.viewer.keymap) == before


def test_keys_lead_to_doubtful_slices_and_handle_suggestions(keyboard, workbench):
    for key, call in (
        ("J", ("go_next",)),
        ("Shift-J", ("overlay", True)),
        ("R", ("suggest", 2)),
        ("Shift-G", ("take", "slice")),
    ):
        keyboard(key)
        assert workbench.calls[-1] == call
    keyboard("Shift-J")
    assert workbench.calls[-1] == ("overlay", False)


def test_glow_and_suggestion_hide_with_the_other_overlays(keyboard, workbench):
    keyboard("H", release=False)
    assert ("next_hidden", True) in workbench.calls
    keyboard.handler.release_key("H")
    assert workbench.calls[-1] == ("next_hidden", False)


def test_keys_choose_ed_and_es_and_leave_slices_out(keyboard, workbench):
    for key, call in (
        ("Shift-D", ("choose_phase", "ed")),
        ("Shift-S", ("choose_phase", "es")),
        ("Shift-C", ("toggle_slice",)),
    ):
        keyboard(key)
        assert workbench.calls[-1] == call
