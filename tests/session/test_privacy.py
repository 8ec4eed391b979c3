from __future__ import annotations

import gzip
import zlib
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import torch

from napari_scribbleseg.io import load_cine
from napari_scribbleseg.session import Autosaver, SessionFolder, SliceState, View
from napari_scribbleseg.session.journal import read_journal
from napari_scribbleseg.session.privacy import Redactor, strip_header
from napari_scribbleseg.types import Checkpoint, Notice

NAME = b"DOE^JANE"


def _scan(tmp_path: Path) -> Path:
    path = tmp_path / "DOE^JANE" / "DOE^JANE_cine.nii.gz"
    path.parent.mkdir()
    data = np.random.default_rng(0).integers(0, 500, (16, 20, 4, 3), dtype=np.int16)
    image = nib.Nifti1Image(data, np.diag([1.3, 1.3, 10, 1]))
    for field in ("descrip", "aux_file", "db_name", "intent_name"):
        image.header[field] = NAME
    image.header.extensions.append(nib.nifti1.Nifti1Extension("comment", b"patient " + NAME))
    image.to_filename(path)
    return path


def _use(saver: Autosaver, path: Path) -> None:
    cine = load_cine(path)
    assert NAME in cine.header["descrip"].tobytes()
    saver.add_scan(cine, path)
    saver.put_slice(cine.case, 0, 1, np.ones((20, 16), np.uint8), 1)
    saver.put_mask(cine.case, {(0, 1): np.ones((20, 16), np.uint8)}, SliceState.ACCEPTED)
    saver.put_view(View(cine.case))
    saver.put_checkpoint(Checkpoint({"a": torch.zeros(3)}, {"step": 1}, {"w": torch.zeros(3)}))
    saver.record_event(Notice(f"{path.name} cannot be read; see {path} or '{path.parent}'."))
    saver.record("export", target=str(path.parent / "out.nii.gz"), notes=[{"title": cine.title}])


def _everything(folder: Path) -> bytes:
    """Return all names and bytes of a folder, and what they decompress to."""
    parts = []
    for path in folder.rglob("*"):
        parts.append(str(path.relative_to(folder)).encode())
        if path.is_file():
            content = path.read_bytes()
            parts += [content, gzip.decompress(content) if path.suffix == ".gz" else b""]
    parts += [repr(record).encode() for record in read_journal(folder / "journal")[0]]
    return b"\n".join(parts)


def test_neither_name_nor_path_of_a_scan_reaches_the_folder(tmp_path, folder):
    path = _scan(tmp_path)
    with Autosaver(folder, fold_after_s=3600) as saver:
        _use(saver, path)
        saver._quick.flush(30)
        assert list((folder.path / "journal").iterdir())
        with_journal = _everything(folder.path)
    for content in (with_journal, _everything(folder.path)):
        assert b"scan-" in content
        assert b"DOE" not in content
        assert str(tmp_path).encode() not in content
    assert b"cannot be read" in content
    assert NAME not in zlib.decompress(zlib.compress(content))


def test_the_path_is_kept_after_the_person_agreed_and_wholly_gone_after_she_changed_her_mind(tmp_path, folder):
    path = _scan(tmp_path)
    with Autosaver(folder) as saver:
        _use(saver, path)
        saver.set_remember_paths(True)
        assert saver.flush()
        assert (folder.path / "session.json").read_text().count("DOE^JANE_cine") == 1
        assert saver.manifest.scans[0].path == str(path)
        saver.set_remember_paths(False)
    assert NAME not in _everything(folder.path)


def test_a_remembered_path_comes_back(tmp_path):
    path = _scan(tmp_path)
    with SessionFolder.create(tmp_path / "s", remember_paths=True) as folder, Autosaver(folder) as saver:
        saver.add_scan(load_cine(path), path)
    with SessionFolder.open(tmp_path / "s") as folder, Autosaver(folder) as saver:
        saver.put_view(View("x"))
        assert folder.manifest.scans[0].path == str(path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12 steps/s, 3/4 done, Dice 0.8", "12 steps/s, 3/4 done, Dice 0.8"),
        ("no /home/doe/x.nii here", "no … here"),
        (r"no C:\Users\doe\x.nii here", "no … here"),
        (r"no '\\server\doe' here", "no '…' here"),
        ("no ~/doe here", "no … here"),
        ("scan Ja Ne.nii is bad", "scan … is bad"),
    ],
)
def test_texts_lose_paths_and_file_names_only(text, expected):
    redactor = Redactor()
    redactor.add(Path("/data/of/Ja Ne.nii"), "")
    assert redactor.clean(text) == expected


def test_a_header_of_another_kind_is_dropped_and_the_scans_own_is_not_changed(cine):
    assert strip_header(None) is None
    assert strip_header({"PatientName": "DOE^JANE"}) is None
    cine.header["descrip"] = NAME
    assert strip_header(cine.header)["descrip"] == b""
    assert cine.header["descrip"] == NAME


def test_a_title_is_redacted_even_without_a_path(folder, cine):
    with Autosaver(folder) as saver:
        saver.add_scan(replace(cine, title="DOE^JANE"))
        saver.record("notice", text="DOE^JANE is constant.")
    assert NAME not in _everything(folder.path)
