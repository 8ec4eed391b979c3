"""What really lies in the package's folder of weights: file, card and licence belong together."""

from __future__ import annotations

from pathlib import Path

import pytest

import napari_scribbleseg
from napari_scribbleseg.api import Model
from napari_scribbleseg.api.provenance import values_sha256
from napari_scribbleseg.api.shipped import SHIPPED_NAME, shipped_model

FOLDER = Path(napari_scribbleseg.__file__).parent / "_weights"
WEIGHTS = FOLDER / f"{SHIPPED_NAME}.safetensors"

in_this_tree = pytest.mark.skipif(not WEIGHTS.is_file(), reason="this source tree comes without the trained weights")


def test_the_card_says_what_a_reader_must_know():
    card = (FOLDER / "MODEL_CARD.md").read_text(encoding="utf-8")
    for section in ("Data", "Protocol", "Intended use", "Limits", "Measured", "To cite"):
        assert f"\n## {section}\n" in card
    assert card.count("<!-- measured:begin -->") == card.count("<!-- measured:end -->") == 1
    assert "CC BY-NC-SA 4.0" in card
    assert "not a medical device" in card


@in_this_tree
def test_the_file_is_small_whole_and_names_no_patient():
    kept = Model.load(WEIGHTS)
    assert WEIGHTS.stat().st_size < 6 * 2**20
    assert kept.meta["values_sha256"] == values_sha256(kept.tensors)
    assert kept.meta["windows"] == {}
    assert "canvases" not in kept.meta


@in_this_tree
def test_the_weights_are_what_the_card_describes():
    settings = shipped_model().settings
    assert (settings.method, settings.resolution) == ("dmpls", "roi")
