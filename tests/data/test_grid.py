from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_scribbleseg.data.grid import Grid
from napari_scribbleseg.labels import IGNORE


def _probabilities(labels: np.ndarray) -> torch.Tensor:
    return torch.nn.functional.one_hot(torch.from_numpy(labels).long(), 4).movedim(-1, 0)[None].float()


def test_the_protocol_squashes_any_slice_to_256():
    grid = Grid.make("protocol", (154, 224), (1.5, 1.5))
    assert (grid.canvas, grid.size, grid.offset) == ((256, 256), 256, (0, 0))


def test_the_roi_has_a_fixed_spacing_and_a_window_in_the_middle():
    grid = Grid.make("roi", (300, 400), (0.7, 0.7))
    assert grid.canvas == (150, 200)
    assert grid.offset == (11, 36)


def test_a_window_stays_inside_the_canvas():
    grid = Grid.make("roi", (200, 200), (1.4, 1.4))
    assert grid.centred((0, 199)).offset == (0, 72)


def test_a_small_slice_is_padded_on_all_sides():
    grid = Grid.make("roi", (100, 110), (1.4, 1.4))
    window = grid.crop(np.ones((100, 110), np.float32), 0)
    assert window.shape == (128, 128)
    assert window.sum() == 100 * 110
    assert window[14:114, 9:119].all()


@pytest.mark.parametrize("spacing", [0.5, 0.7, 1.4, 1.9])
def test_no_stroke_is_lost_however_thin(spacing):
    grid = Grid.make("roi", (160, 160), (spacing, spacing))
    for column in range(70, 75):
        labels = np.full((160, 160), IGNORE, np.uint8)
        labels[60:100, column] = 2
        assert (grid.labels_to_canvas(labels) == 2).any(), column


def test_a_thick_stroke_has_no_holes_after_enlarging():
    grid = Grid.make("roi", (80, 80), (2.8, 2.8))
    labels = np.full((80, 80), IGNORE, np.uint8)
    labels[20:40, 30:50] = 1
    canvas = grid.labels_to_canvas(labels)
    assert (canvas[40:80, 60:100] == 1).all()
    assert (canvas == 1).sum() == 1600


@pytest.mark.parametrize("resolution", ["roi", "protocol"])
@pytest.mark.parametrize("spacing", [0.8, 1.4, 1.8])
def test_a_mask_survives_the_way_to_the_window_and_back(resolution, spacing):
    native = (128, 144)
    y, x = np.mgrid[: native[0], : native[1]]
    truth = np.zeros(native, np.uint8)
    truth[np.hypot(y - 64, x - 70) * spacing < 40] = 2
    truth[np.hypot(y - 64, x - 70) * spacing < 30] = 3
    grid = Grid.make(resolution, native, (spacing, spacing))
    labels, confidence = grid.to_native(_probabilities(grid.crop(grid.labels_to_canvas(truth), 0)))
    for code in (2, 3):
        overlap = (
            2 * ((labels[0] == code) & (truth == code)).sum() / ((labels[0] == code).sum() + (truth == code).sum())
        )
        assert overlap > 0.96  # 1.4 mm pixels, hard labels
    assert confidence.dtype == labels.dtype == np.uint8


def test_outside_the_window_everything_is_sure_background():
    grid = Grid.make("roi", (256, 256), (1.4, 1.4))
    labels, confidence = grid.to_native(_probabilities(np.full((128, 128), 3)))
    assert labels[0, :60].max() == 0
    assert confidence[0, :60].min() == 255
    assert (labels[0, 70:180, 70:180] == 3).all()


def test_an_image_and_its_labels_stay_aligned_on_the_canvas():
    image = np.zeros((1, 200, 200), np.float32)
    image[0, 90:110, 40:60] = 1
    labels = np.where(image[0] > 0, 3, IGNORE).astype(np.uint8)
    grid = Grid.make("roi", (200, 200), (0.7, 0.7))
    bright = grid.image_to_canvas(image)[0] > 0.5
    assert np.array_equal(bright, grid.labels_to_canvas(labels) == 3)


def test_outside_the_hearts_field_everything_is_background():
    grid = Grid.make("roi", (256, 256), (1.4, 1.4)).with_field((100, 110), (150, 160))
    labels, _ = grid.to_native(_probabilities(np.full((128, 128), 3)))
    assert grid.field == (82, 92, 169, 179)
    assert (labels[0, 82:169, 92:179] == 3).all()
    assert (labels[0] == 3).sum() == 87 * 87


def test_the_field_reaches_20_mm_beyond_the_strokes_of_a_large_heart():
    grid = Grid.make("roi", (256, 256), (1.4, 1.4)).with_field((80, 80), (180, 170))
    assert grid.field == (66, 66, 195, 185)


def test_whole_slices_have_no_field():
    assert Grid.make("protocol", (200, 200), (1.4, 1.4)).with_field((0, 0), (5, 5)).field is None


def _by_the_whole_canvas(grid: Grid, window: torch.Tensor) -> torch.Tensor:
    """Put the window into a canvas of background and interpolate all of that."""
    shown = torch.from_numpy(grid.paste(np.ones((128, 128), np.float32), 0))
    if grid.field is not None:
        top, left, bottom, right = grid.field
        possible = torch.zeros_like(shown)
        possible[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)] = 1
        shown = shown * possible
    canvas = torch.from_numpy(grid.paste(window.numpy(), 0)) * shown
    canvas[:, 0] += 1 - shown
    return torch.nn.functional.interpolate(canvas, grid.native, mode="bilinear", align_corners=False)


@pytest.mark.parametrize(
    "grid",
    [
        Grid.make("roi", (150, 140), (1.5, 1.5)),
        Grid.make("roi", (230, 210), (0.8, 0.9)),
        Grid.make("roi", (90, 80), (2.3, 2.1)),
        Grid.make("roi", (100, 200), (1.4, 1.0)),
        Grid.make("roi", (150, 140), (1.5, 1.5)).centred((0, 139)),
        Grid.make("roi", (170, 170), (1.5, 1.5)).with_field((80, 90), (95, 99)),
        Grid.make("roi", (256, 256), (1.4, 1.4)).centred((0, 0)).with_field((200, 200), (220, 220)),
    ],
)
def test_probabilities_come_back_as_if_the_whole_canvas_were_interpolated(grid):
    torch.manual_seed(0)
    window = (torch.nn.functional.interpolate(torch.randn(2, 4, 9, 9), (128, 128), mode="bicubic") * 4).softmax(1)
    whole = _by_the_whole_canvas(grid, window)
    labels, confidence = grid.to_native(window)
    highest = whole.max(1).values
    second = whole.topk(2, 1).values[:, 1]
    clear = (highest - second > 1e-5).numpy()
    assert np.array_equal(labels[clear], whole.argmax(1).numpy()[clear])
    assert clear.mean() > 0.999
    assert np.abs(confidence - 255 * highest.numpy()).max() < 0.51


def test_of_equally_probable_classes_the_first_is_chosen():
    grid = Grid.make("roi", (128, 128), (1.4, 1.4))
    probabilities = torch.zeros(1, 4, 128, 128)
    probabilities[:, 1:3] = 0.5
    labels, confidence = grid.to_native(probabilities)
    assert (labels == 1).all()
    assert (confidence == 128).all()
