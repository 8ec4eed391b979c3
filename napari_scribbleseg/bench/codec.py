"""Slices as few bytes: each pixel is predicted from its neighbours, and what the prediction misses is compressed."""

from __future__ import annotations

import lzma
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_scribbleseg.labels import LabelMap

Codes = npt.NDArray[np.uint8]
Residuals = npt.NDArray[np.int16]

_FILTERS: list[dict[str, Any]] = [
    {
        "id": lzma.FILTER_LZMA2,
        "preset": 6,
        "lc": 4,  # what the prediction missed beside a pixel tells how much it misses here
        "lp": 0,
        "pb": 0,
        "nice_len": 32,
        "dict_size": 1 << 20,
    }
]


def encode_slices(codes: Codes, bits: int) -> bytes:
    """Compress intensities without loss.

    Parameters
    ----------
    codes : uint8 (n, y, x), below 2^bits
    bits : int
        2 to 8.

    Returns
    -------
    The misses of the LOCO-I prediction (Weinberger et al., 2000), modulo 2^bits with small ones of either sign first,
    as LZMA.
    """
    values = codes.astype(np.int16)
    around = np.pad(values, ((0, 0), (1, 0), (1, 0)))
    predicted = _predict(around[:, 1:, :-1], around[:, :-1, 1:], around[:, :-1, :-1])
    return compress(_fold(values - predicted, bits))


def decode_slices(blob: bytes, shape: tuple[int, int, int], bits: int) -> Codes:
    """Return what :func:`encode_slices` was given.

    Pixels of one diagonal depend on the two diagonals before alone, so a whole diagonal of all slices is done at once.

    Raises
    ------
    ValueError
        When the bytes are damaged or are not of this shape.
    """
    n, height, width = shape
    missed = _unfold(decompress(blob, shape), bits)
    y, x = np.mgrid[:height, :width]
    skewed = np.zeros((height + width + 1, height + 1, n), np.int16)
    skewed[y + x + 2, y + 1] = missed.transpose(1, 2, 0)
    top = (1 << bits) - 1
    for d in range(2, height + width + 1):
        rows = slice(max(d - width, 1), min(height, d - 1) + 1)
        above = slice(rows.start - 1, rows.stop - 1)
        predicted = _predict(skewed[d - 1, rows], skewed[d - 1, above], skewed[d - 2, above])
        skewed[d, rows] = (skewed[d, rows] + predicted) & top
    return np.ascontiguousarray(skewed[y + x + 2, y + 1].transpose(2, 0, 1).astype(np.uint8))


def _predict(left: Residuals, above: Residuals, corner: Residuals) -> Residuals:
    low, high = np.minimum(left, above), np.maximum(left, above)
    middle: Residuals = np.clip(left + above - corner, low, high)
    return middle


def _fold(missed: Residuals, bits: int) -> Codes:
    half = 1 << (bits - 1)
    signed = ((missed + half) & (2 * half - 1)) - half
    return np.where(signed >= 0, 2 * signed, -2 * signed - 1).astype(np.uint8)


def _unfold(folded: Codes, bits: int) -> Residuals:
    signed = (folded >> 1).astype(np.int16)
    return np.where(folded & 1, -signed - 1, signed) & np.int16((1 << bits) - 1)


def compress(values: LabelMap) -> bytes:
    """Return the bytes of a uint8 array as LZMA."""
    return lzma.compress(values.tobytes(), lzma.FORMAT_XZ, filters=_FILTERS)


def decompress(blob: bytes, shape: tuple[int, ...]) -> LabelMap:
    """Return the uint8 array that :func:`compress` was given.

    Raises
    ------
    ValueError
        When the bytes are damaged or are not of this shape.
    """
    wanted = int(np.prod(shape))
    reader = lzma.LZMADecompressor(lzma.FORMAT_XZ)
    try:
        content = reader.decompress(blob, wanted + 1)
    except lzma.LZMAError as error:
        raise ValueError(f"The compressed bytes are damaged ({error}).") from error
    if len(content) != wanted:
        held = f"more than {wanted}" if len(content) > wanted else str(len(content))
        raise ValueError(f"The compressed bytes hold {held} values, not {wanted}.")
    if not reader.eof:  # the checksum stands at the end
        raise ValueError("The compressed bytes are cut short.")
    return np.frombuffer(content, np.uint8).reshape(shape)
