from __future__ import annotations

import pytest

from napari_scribbleseg.cardiac import Body, Choices, choose_by_info, read_choices
from napari_scribbleseg.io import ScanError
from napari_scribbleseg.io.acdc import AcdcInfo

INFO = AcdcInfo(ed=1, es=12, height_cm=184.0, weight_kg=95.0, n_frames=30)
BODY = Body(184.0, 95.0)


def test_phases_are_counted_from_0():
    assert choose_by_info(INFO, 30) == Choices(ed=0, es=11, source="Info.cfg", body=BODY)


def test_a_file_of_two_phases_holds_ed_and_es_in_the_order_of_their_numbers():
    assert choose_by_info(INFO, 2) == Choices(ed=0, es=1, source="Info.cfg", body=BODY)
    swapped = AcdcInfo(ed=12, es=1, n_frames=30)
    assert choose_by_info(swapped, 2) == Choices(ed=1, es=0, source="Info.cfg")


@pytest.mark.parametrize("n_phases", [1, 20, 31])
def test_for_a_scan_of_another_length_the_numbers_mean_nothing_but_the_body_stays(n_phases):
    assert choose_by_info(INFO, n_phases) == Choices(body=BODY)


@pytest.mark.parametrize(("ed", "es"), [(None, 12), (1, None), (0, 12), (1, 31), (4, 4)])
def test_numbers_that_are_missing_or_not_in_the_scan_are_left_out(ed, es):
    assert choose_by_info(AcdcInfo(ed=ed, es=es, n_frames=30), 30) == Choices()


def test_without_nbframe_the_numbers_need_only_be_in_the_scan():
    assert choose_by_info(AcdcInfo(ed=1, es=12), 12).es == 11


def test_a_size_of_0_is_none():
    assert choose_by_info(AcdcInfo(height_cm=0.0, weight_kg=-1.0), 30).body == Body()


def test_the_file_is_read(tmp_path):
    (tmp_path / "Info.cfg").write_text("ED: 1\nES: 12\nGroup: DCM\nHeight: 184.0\nNbFrame: 30\nWeight: 95.0\n")
    assert read_choices(tmp_path / "Info.cfg", 30) == choose_by_info(INFO, 30)
    with pytest.raises(ScanError):
        read_choices(tmp_path / "nowhere.cfg", 30)
