"""What leaves the house says where it came from."""

from __future__ import annotations

import json

import nibabel as nib
import numpy as np
import pytest

from napari_scribbleseg.labels import LV, MYO
from napari_scribbleseg.qt.preview_systems import DEFAULT_SYSTEM
from napari_scribbleseg.qt.values import Preview, PreviewSystem
from napari_scribbleseg.qt.weights_shelf import read_entry
from napari_scribbleseg.types import FrameKey
from tests.qt.stand_ins import SHAPE, StandInShelf, go_to, paint_two_classes
from tests.qt.weights_file import write_weights

WINDOW = False


@pytest.fixture
def mixed(bench, runners, qtbot):
    """Phase 0 predicted, of which slice 2 is accepted and slice 1 corrected by hand; the rest never predicted."""
    paint_two_classes(bench)
    bench.train()
    for z in range(4):
        runners[-1].predict(FrameKey(bench.shown_case, 0, z), LV, step=5 + z)
    qtbot.waitUntil(lambda: bench.predicted_counts()[0] == 4)
    bench.accept("slice")
    bench.layer("mask").paint((0, 1, 30, 30), MYO)
    return bench


def test_export_takes_the_mask_else_the_prediction_and_says_which(mixed, tmp_path):
    summary = mixed.export(tmp_path / "out.nii.gz")

    assert (summary.from_mask, summary.from_prediction, summary.never_predicted) == (2, 2, 8)
    assert summary.sentence == "12 slices: 2 from the mask, 2 from the prediction, 8 never predicted and empty."
    written = np.asarray(nib.load(tmp_path / "out.nii.gz").dataobj).transpose(3, 2, 1, 0)
    assert (written[0, 0] == mixed.layer("prediction").data[0, 0]).all()
    assert (written[0, 1] == mixed.layer("mask").data[0, 1]).all()
    assert not written[1:].any()
    note = json.loads((tmp_path / "out.json").read_text())
    assert note["slices"] == {
        "accepted": 1,
        "edited": 1,
        "from_mask": 2,
        "propagated": 0,
        "from_prediction": 2,
        "from_preview": 0,
        "never_predicted": 8,
    }
    assert note["prediction_steps"] == {"oldest": 5, "newest": 8}
    assert note["method"] == "dmpls"
    assert note["instant_previews"] == note["pretrained_weights"] == {}
    assert note["strokes"]["by_class"] == {"RV": 0, "Myo": 0, "LV": 1, "Background": 1}
    assert note["post_processing"] == {"largest": True, "holes": True, "ring": True, "border": True}
    assert note["source"]["fingerprint"]
    assert "not a medical device" in note["notice"]


def show_preview(bench, t: int, label: int = LV, system: PreviewSystem = DEFAULT_SYSTEM) -> None:
    """Put an instant preview on a phase."""
    labels, nothing = np.full(SHAPE[2:], label, np.uint8), np.zeros(SHAPE[2:], np.uint8)
    keys = [FrameKey(bench.shown_case, t, z) for z in range(SHAPE[1])]
    bench._runs.show_previews([Preview(key, labels, nothing, 0, 1, system) for key in keys])


def test_an_export_of_previews_names_their_systems_and_claims_no_training(bench, tmp_path):
    show_preview(bench, 0)
    show_preview(bench, 1, system=PreviewSystem("growcut", "GrowCut"))
    bench.accept("slice")
    bench.layer("mask").paint((0, 1, 5, 5), MYO)

    summary = bench.export(tmp_path / "out.nii.gz")

    assert (summary.from_mask, summary.from_prediction, summary.from_preview, summary.never_predicted) == (2, 0, 6, 4)
    assert "6 from an instant preview (Random Walker, GrowCut; not trained)" in summary.sentence
    note = json.loads((tmp_path / "out.json").read_text())
    assert note["method"] is None
    assert note["prediction_steps"] is None
    assert (note["slices"]["from_prediction"], note["slices"]["from_preview"]) == (0, 6)
    walker, growcut = note["instant_previews"]["random_walker"], note["instant_previews"]["growcut"]
    assert (walker["trained"], walker["title"]) == (False, "Random Walker")
    assert walker["slices"] == {"shown": 2, "accepted": 1, "edited": 0}
    assert growcut["slices"] == {"shown": 4, "accepted": 0, "edited": 0}


def test_an_export_of_what_pretrained_weights_made_names_them_and_their_hash(
    make_bench, runners, scan_path, tmp_path, qtbot
):
    entry = read_entry("acdc_roi", write_weights(tmp_path / "acdc_roi.safetensors"), licensed=True)
    bench = make_bench(shelf=StandInShelf(entry), first_masks=True)
    bench.open_scan(scan_path)
    for z in range(4):
        runners[-1].predict(FrameKey(bench.shown_case, 0, z), LV, step=0)
    qtbot.waitUntil(lambda: bench.predicted_counts()[0] == 4)
    bench.accept("slice")
    bench.layer("mask").paint((0, 1, 30, 30), MYO)

    bench.export(tmp_path / "out.nii.gz")

    note = json.loads((tmp_path / "out.json").read_text())
    assert note["method"] == "dmpls"
    assert note["weights"]["sha256"].startswith(entry.digest)
    assert len(entry.digest) == 12
    assert note["time_s"]["training"] is None
    assert note["strokes"]["count"] == 0
    (made,) = note["pretrained_weights"].values()
    assert (made["name"], made["sha256_starts"], made["fine_tuned"]) == ("acdc_roi", entry.digest, False)
    assert made["slices"] == {"shown": 2, "accepted": 1, "edited": 0}
    assert str(tmp_path) not in json.dumps(note)


def test_an_accepted_preview_that_is_corrected_by_hand_still_says_where_it_began(bench, tmp_path):
    show_preview(bench, 0)
    bench.accept("frame")
    bench.layer("mask").paint((0, 2, 5, 5), MYO)
    bench.export(tmp_path / "out.nii.gz")
    note = json.loads((tmp_path / "out.json").read_text())
    assert note["instant_previews"]["random_walker"]["slices"] == {"shown": 0, "accepted": 3, "edited": 1}
    assert note["method"] is None


def test_a_mask_accepted_from_the_network_over_a_preview_counts_as_trained(mixed, tmp_path):
    show_preview(mixed, 0)
    mixed.export(tmp_path / "out.nii.gz")
    note = json.loads((tmp_path / "out.json").read_text())
    assert note["method"] == "dmpls"  # the slice that was accepted before
    assert note["slices"]["from_preview"] == 2
    assert note["prediction_steps"] is None


@pytest.mark.parametrize(
    "system", [DEFAULT_SYSTEM, PreviewSystem("of_a_later_version", "of_a_later_version")], ids=lambda system: system.key
)
def test_a_reopened_session_that_has_weights_claims_no_training_for_an_accepted_preview(
    make_bench, mixed, runners, qtbot, tmp_path, system
):
    mixed.set_remember_paths(True)
    runners[-1].checkpoint()
    qtbot.waitUntil(lambda: mixed.can_continue)
    show_preview(mixed, 1, system=system)
    go_to(mixed, 1, 0)
    mixed.accept("frame")
    mixed.layer("mask").paint((1, 3, 5, 5), MYO)
    path = mixed.session_path
    mixed.close()

    again = make_bench()
    assert again.open_session(path)
    again._session.wait_for_weights()
    assert again._runs.trained_method == "dmpls"
    notes = []
    for frames in ([1], [0, 1]):
        assert again.export(tmp_path / "out.nii.gz", frames)
        notes.append(json.loads((tmp_path / "out.json").read_text()))

    assert [note["method"] for note in notes] == [None, "dmpls"]  # the network made the mask of phase 0
    for note in notes:
        assert list(note["instant_previews"]) == [system.key]
        made = note["instant_previews"][system.key]
        assert (made["title"], made["trained"]) == (system.title, False)
        assert made["slices"] == {"shown": 0, "accepted": 3, "edited": 1}


def test_export_of_the_current_frame_is_a_3d_file(mixed, tmp_path):
    go_to(mixed, 0, 3)
    summary = mixed.export(tmp_path / "frame.nii.gz", frames="current")

    assert (summary.from_mask, summary.from_prediction, summary.never_predicted) == (2, 2, 0)
    assert nib.load(tmp_path / "frame.nii.gz").shape == (40, 48, 4)


@pytest.mark.parametrize(
    ("name", "frames", "why"),
    [
        ("out.txt", None, ".nii"),
        ("missing/out.nii.gz", None, "folder does not exist"),
        ("out.nii.gz", [9], "phases [9]"),
    ],
)
def test_an_export_that_cannot_be_is_a_sentence(mixed, tmp_path, name, frames, why):
    assert mixed.export(tmp_path / name, frames) is None
    assert why in mixed.said[-1].text
    assert not (tmp_path / name).exists()


def test_without_a_scan_there_is_nothing_to_export(make_bench, tmp_path):
    bench = make_bench()
    assert bench.export(tmp_path / "out.nii.gz") is None
    assert bench.export_scribbles(tmp_path / "out.nii.gz") is None
    assert bench.said.text.count("Open a scan first") == 2
