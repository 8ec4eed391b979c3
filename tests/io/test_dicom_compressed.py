"""PACS compress what they keep: every lossless way gives the same pixels; a missing decoder says what would help."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from pydicom import dcmread
from pydicom.uid import UID, JPEGLosslessSV1, JPEGLSLossless, RLELossless

from napari_scribbleseg.io import ScanError, load_cine
from tests.dicom_files import changed, image, recompress, save, values, write_enhanced, write_series

SYNTAXES = {
    "JPEGLosslessProcess14_1": "1.2.840.10008.1.2.4.70",
    "JPEGLosslessProcess14": "1.2.840.10008.1.2.4.57",
    "JPEG2000Lossless": "1.2.840.10008.1.2.4.90",
    "JPEGLSLossless": "1.2.840.10008.1.2.4.80",
    "RLELossless": "1.2.840.10008.1.2.5",
    "DeflatedExplicitVRLittleEndian": "1.2.840.10008.1.2.1.99",
    "ExplicitVRBigEndian": "1.2.840.10008.1.2.2",
    "ImplicitVRLittleEndian": "1.2.840.10008.1.2",
}


def _signed(made, pixels):
    return pixels - 450


def _signed_12_bits(made, pixels):
    changed(made, BitsStored=12, HighBit=11)
    return pixels - 450


def _unsigned_16_bits(made, pixels):
    changed(made, PixelRepresentation=0)
    return pixels.astype("<u2") * 70


def _8_bits(made, pixels):
    changed(made, PixelRepresentation=0, BitsStored=8, BitsAllocated=8, HighBit=7)
    return pixels.astype(np.uint8)


KINDS = {"signed": _signed, "signed 12 bits": _signed_12_bits, "unsigned": _unsigned_16_bits, "8 bits": _8_bits}


def write(folder, kind):
    """Write a series of 3 phases and 2 slices whose pixels are stored in some way; return its values."""
    folder.mkdir()
    data = values(3, 2)
    stored = np.empty(data.shape, np.int64)
    for t, z in np.ndindex(3, 2):
        made = image(t, z, data[t, z])
        pixels = KINDS[kind](made, data[t, z])
        made.PixelData, stored[t, z] = pixels.tobytes(), pixels
        save(made, folder / f"{t}{z}.dcm")
    return stored


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("syntax", SYNTAXES)
def test_every_lossless_compression_gives_the_same_pixels(tmp_path, syntax, kind):
    data = write(tmp_path / "plain", kind)
    (tmp_path / "packed").mkdir()
    for path in (tmp_path / "plain").iterdir():
        packed = recompress(path, tmp_path / "packed" / path.name, syntax)
        assert dcmread(packed, stop_before_pixels=True).file_meta.TransferSyntaxUID == SYNTAXES[syntax]
    cine, plain = load_cine(tmp_path / "packed"), load_cine(tmp_path / "plain")
    assert_array_equal(cine.data, data)
    assert cine.data.dtype == plain.data.dtype
    assert_allclose(cine.affine, plain.affine)


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_the_real_series_is_the_same_compressed(dicom_dir, tmp_path, syntax):
    phases = load_cine(dicom_dir / "cine_sax").header.frames[:2]
    for ref in (ref for phase in phases for ref in phase):
        recompress(ref.path, tmp_path / ref.path.name, syntax)
    real, packed = load_cine(dicom_dir / "cine_sax"), load_cine(tmp_path)
    assert_array_equal(packed.data, real.data[:2])
    assert_allclose(packed.affine, real.affine)


@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless])
def test_a_compressed_multi_frame_file_is_the_same_scan(tmp_path, syntax):
    data = write_enhanced(tmp_path / "mf.dcm", slopes=True)
    expected = load_cine(tmp_path / "mf.dcm")
    made = dcmread(tmp_path / "mf.dcm")
    made.compress(syntax)
    (tmp_path / "packed").mkdir()
    made.save_as(tmp_path / "packed" / "mf.dcm")
    cine = load_cine(tmp_path / "packed")
    assert_array_equal(cine.data, expected.data)
    assert cine.shape[:2] == data.shape[:2]


def pretend(folder, syntax, content=b"\xff\xd8\xff\xd9"):
    """Write a series that says it is compressed in some way."""
    from pydicom.encaps import encapsulate

    def compressed(made, t, z):
        made.PixelData = encapsulate([content])
        made["PixelData"].VR = "OB"
        made["PixelData"].is_undefined_length = True
        made.file_meta.TransferSyntaxUID = UID(syntax)
        return made

    write_series(folder, n_t=2, n_z=1, change=compressed)


@pytest.mark.parametrize(
    ("syntax", "sentence"),
    [
        (
            JPEGLosslessSV1,
            r"I5_000\d\.dcm is compressed \(JPEG Lossless.*missing: `pip install python-gdcm`, or ask the PACS",
        ),
        ("1.2.840.10008.1.2.4.201", r"High-Throughput JPEG 2000.*`pip install pylibjpeg pylibjpeg-openjpeg`"),
    ],
)
def test_a_missing_decoder_says_what_to_install_or_ask(tmp_path, monkeypatch, syntax, sentence):
    from pydicom.pixels.decoders.base import get_decoder

    monkeypatch.setattr(get_decoder(UID(syntax)), "_available", {})
    pretend(tmp_path / "s", syntax)
    with pytest.raises(ScanError, match=sentence):
        load_cine(tmp_path / "s")


def test_a_compression_that_nobody_knows_is_named(tmp_path):
    pretend(tmp_path / "s", "1.2.840.10008.1.2.4.102")
    with pytest.raises(ScanError, match=r"MPEG-4.*no decoder here knows; ask the PACS to send the series uncompressed"):
        load_cine(tmp_path / "s")


def test_damaged_compressed_pixels_do_not_ask_for_another_library(tmp_path):
    pretend(tmp_path / "s", JPEGLosslessSV1)
    with pytest.raises(ScanError, match="its pixels are damaged; copy it again") as raised:
        load_cine(tmp_path / "s")
    assert "pip" not in str(raised.value)
