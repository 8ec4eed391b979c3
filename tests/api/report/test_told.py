"""A person's word goes over that of files, and an Info.cfg over a DICOM header."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from napari_scribbleseg.api.report.told import choose, info_beside, read_told
from napari_scribbleseg.cardiac.measurement import Body, Choices
from tests.api.report.folders import write_patient

FILE = Choices(ed=0, es=4, source="Info.cfg", body=Body(184.0, 95.0), heart_rate_bpm=60.0)


def test_without_decisions_the_files_stand():
    assert choose(FILE, Choices()) == FILE


@pytest.mark.parametrize(
    ("decided", "changes"),
    [
        (Choices(es=0), {"es": 0, "source": "chosen"}),
        (Choices(ed=3, es=6), {"ed": 3, "es": 6, "source": "chosen"}),
        (Choices(body=Body(None, 80.0)), {"body": Body(184.0, 80.0)}),
        (Choices(heart_rate_bpm=72.0), {"heart_rate_bpm": 72.0}),
        (Choices(excluded=frozenset({(0, 1)})), {"excluded": frozenset({(0, 1)})}),
    ],
)
def test_what_a_person_decides_goes_over_the_files(decided, changes):
    assert choose(FILE, decided) == replace(FILE, **changes)


def test_an_info_file_is_found_beside_its_scan(tmp_path, scan):
    write_patient(tmp_path, 1)
    info = info_beside(tmp_path / "patient001" / "patient001_frame01.nii.gz")
    told = read_told(replace(scan.cine, data=scan.cine.data[:2]), info)
    assert (told.ed, told.es, told.source, told.body) == (0, 1, "Info.cfg", Body(184.0, 95.0))
    assert info_beside(tmp_path / "scan.nii.gz") is None


def test_a_dicom_header_tells_body_and_heart_rate(scan):
    header = SimpleNamespace(height_cm=170.0, weight_kg=None, heart_rate_bpm=64.0)
    told = read_told(replace(scan.cine, header=header), None)
    assert told == Choices(body=Body(170.0, None), heart_rate_bpm=64.0)
