from __future__ import annotations

import numpy as np
import pytest

from napari_scribbleseg.bench.codec import compress, decode_slices, decompress, encode_slices


@pytest.mark.parametrize("bits", [2, 4, 6, 8])
@pytest.mark.parametrize("shape", [(1, 1, 1), (2, 1, 7), (3, 9, 1), (4, 13, 21), (2, 30, 8)])
def test_slices_come_back_bit_by_bit(bits: int, shape: tuple[int, int, int], rng: np.random.Generator) -> None:
    codes = rng.integers(0, 1 << bits, shape).astype(np.uint8)
    assert np.array_equal(decode_slices(encode_slices(codes, bits), shape, bits), codes)


def test_the_extremes_come_back(rng: np.random.Generator) -> None:
    codes = (rng.random((2, 17, 19)) < 0.5).astype(np.uint8) * 255
    assert np.array_equal(decode_slices(encode_slices(codes, 8), codes.shape, 8), codes)


def test_a_smooth_slice_takes_less_than_by_plain_compression() -> None:
    y, x = np.mgrid[:128, :128]
    noise = np.random.default_rng(0).normal(0, 1, y.shape)
    codes = (128 + 60 * np.sin(y / 20) * np.cos(x / 15) + noise).astype(np.uint8)[None]
    assert len(encode_slices(codes, 8)) < 0.8 * len(compress(codes))


def test_labels_come_back(rng: np.random.Generator) -> None:
    labels = rng.integers(0, 5, (2, 3, 4, 5)).astype(np.uint8)
    assert np.array_equal(decompress(compress(labels), labels.shape), labels)


def test_damage_and_another_shape_are_noticed(rng: np.random.Generator) -> None:
    blob = compress(rng.integers(0, 255, (4, 50)).astype(np.uint8))
    for broken in (blob[:-20], blob[:40] + bytes([blob[40] ^ 1]) + blob[41:], b"no", b""):
        with pytest.raises(ValueError, match="compressed bytes"):
            decompress(broken, (4, 50))
    with pytest.raises(ValueError, match="not 199"):
        decompress(blob, (199,))
    with pytest.raises(ValueError, match="not 201"):
        decompress(blob, (201,))
