"""Folders that hold several series: listed to choose from, joined where they belong together, never guessed."""

from __future__ import annotations

import pytest
from numpy.testing import assert_array_equal

from napari_scribbleseg.io import ScanError, load_cine
from napari_scribbleseg.io.dicom import list_series, load_series
from tests.dicom_files import SERIES, changed, image, save, values, write_series


def long_axis(made, t, z):
    return changed(made, ImageOrientationPatient=[1, 0, 0, 0, 0, -1], SeriesDescription="4CH")


@pytest.fixture
def study(tmp_path):
    """A short-axis cine, a long-axis cine of one slice, and localisers, in one folder."""
    sax = write_series(tmp_path / "study")
    write_series(tmp_path / "study", n_z=1, change=long_axis, series=SERIES + ".7", number=7, seed=3)
    write_series(tmp_path / "study", n_t=1, series=SERIES + ".1", number=1, seed=4)
    return tmp_path / "study", sax


def test_the_series_of_a_folder_are_listed_cines_first(study):
    folder, _ = study
    found = list_series(folder)
    assert [(s.number, s.n_slices, s.n_phases) for s in found] == [(5, 3, 4), (7, 1, 4), (1, 3, 1)]
    assert [s.is_cine for s in found] == [True, True, False]
    assert found[0].description == "SSFP SAX"
    assert found[0].size == "3 slices × 4 phases"


def test_each_series_opens_by_uid_by_number_and_by_address(study):
    folder, sax = study
    for summary in list_series(folder):
        shape = (summary.n_phases, summary.n_slices)
        assert load_series(folder, summary.uid).shape[:2] == shape
        assert load_cine(summary.path).shape[:2] == shape
        assert load_cine(f"{folder}#{summary.number}").shape[:2] == shape


def test_the_only_cine_of_several_slices_is_taken_and_the_others_are_said(study):
    folder, sax = study
    cine = load_cine(folder)
    assert_array_equal(cine.data, sax)
    assert "2 other series" in cine.header.warnings[0]


def test_of_several_cines_none_is_guessed(study):
    folder, _ = study
    write_series(folder, series=SERIES + ".8", number=8, seed=5, n_z=2)
    with pytest.raises(ScanError, match=r"series 5 \(3 slices × 4 phases\).*Choose one"):
        load_cine(folder)
    with pytest.raises(ScanError, match="no single series 99"):
        load_series(folder, "99")


def test_a_file_stands_for_its_own_series(study):
    folder, _ = study
    assert load_cine(next(folder.glob("I7_*"))).shape[:2] == (4, 1)


def test_slices_that_are_series_of_their_own_become_one_scan(tmp_path):
    data = values(4, 3)
    for z in range(3):
        folder = tmp_path / "study" / f"series{z}"
        folder.mkdir(parents=True)
        for t in range(4):
            made = image(t, z, data[t, z], series=f"{SERIES}.{z + 1}", number=10 + z)
            made.SeriesDescription = f"cine_sax_{z}"
            save(made, folder / f"{t}.dcm")
    (found,) = list_series(tmp_path / "study")
    assert (found.n_slices, found.n_phases, found.n_series) == (3, 4, 3)
    assert_array_equal(load_cine(found.path).data, data)


def test_phase_images_of_flow_are_a_stack_of_their_own(tmp_path):
    folder = tmp_path / "s"
    magnitude = write_series(folder)
    data = values(4, 3, seed=8)
    for t in range(4):
        for z in range(3):
            made = image(t, z, data[t, z])
            made.SOPInstanceUID += ".2"
            made.ImageType = ["DERIVED", "PRIMARY", "P"]
            save(made, folder / f"p{t}{z}.dcm")
    found = list_series(folder)
    assert [s.n_phases for s in found] == [4, 4]
    kinds = {load_series(folder, s.uid).data[0, 0, 0, 0] for s in found}
    assert kinds == {magnitude[0, 0, 0, 0], data[0, 0, 0, 0]}


def test_colour_pictures_are_listed_and_refused(tmp_path):
    def coloured(made, t, z):
        made.PixelData = made.PixelData * 3
        return changed(made, SamplesPerPixel=3, PhotometricInterpretation="RGB", PlanarConfiguration=0)

    write_series(tmp_path / "s", change=coloured)
    (found,) = list_series(tmp_path / "s")
    assert "colour" in found.problem
    with pytest.raises(ScanError, match="colour"):
        load_cine(tmp_path / "s")
