from __future__ import annotations

import errno
from pathlib import Path

import numpy as np
import pytest

from napari_scribbleseg.session.journal import Journal, read_journal
from napari_scribbleseg.session.slices import MapKind, SliceKey, SliceRecord, SliceState


def _record(value: int, t: int = 0, kind: MapKind = MapKind.SCRIBBLES) -> SliceRecord:
    labels = np.full((6, 5), value, np.uint8)
    return SliceRecord(SliceKey(kind, "scan-1", t, 2), labels, SliceState.EDITED, revision=value, strokes=value + 1)


def _values(folder: Path) -> list[int]:
    return [int(record.labels[0, 0]) for record in read_journal(folder)[0]]


def _newest(folder: Path) -> Path:
    return max(folder.glob("*.bin"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal"


def test_records_come_back_whole_and_in_order(path):
    journal = Journal(path)
    journal.append([_record(1), _record(2, t=4, kind=MapKind.MASKS)])
    journal.append([_record(3)])
    journal.close()
    records, problems = read_journal(path)
    assert problems == ()
    assert [record.revision for record in records] == [1, 2, 3]
    second = records[1]
    assert second.key == SliceKey(MapKind.MASKS, "scan-1", 4, 2)
    assert (second.state, second.strokes) == (SliceState.EDITED, 3)
    np.testing.assert_array_equal(second.labels, np.full((6, 5), 2))


def test_origins_come_back_and_a_record_of_an_older_version_has_none(path):
    mask = SliceKey(MapKind.MASKS, "scan-1", 0, 2)
    plain, previewed = (
        SliceRecord(mask, np.ones((6, 5), np.uint8), SliceState.ACCEPTED, origin=origin) for origin in ("", "growcut")
    )
    journal = Journal(path)
    journal.append([plain])
    assert b"origin" not in _newest(path).read_bytes()  # as older versions write it
    journal.append([previewed])
    journal.close()
    records, problems = read_journal(path)
    assert problems == ()
    assert [record.origin for record in records] == ["", "growcut"]


def test_every_torn_tail_gives_all_records_before_it_and_no_complaint(path):
    journal = Journal(path)
    journal.append([_record(1), _record(2)])
    journal.close()
    content = _newest(path).read_bytes()
    half = len(content) // 2
    for length in range(half, len(content)):
        _newest(path).write_bytes(content[:length])
        assert _values(path) == [1]
        assert read_journal(path)[1] == ()


def test_a_flipped_bit_costs_one_record_and_is_told(path):
    journal = Journal(path)
    journal.append([_record(1), _record(2), _record(3)])
    journal.close()
    content = bytearray(_newest(path).read_bytes())
    content[len(content) // 2] ^= 1
    _newest(path).write_bytes(content)
    assert _values(path) == [1, 3]
    assert "000001.bin is damaged" in read_journal(path)[1][0]


def test_zeros_at_the_end_as_after_a_power_cut_keep_what_came_before(path):
    journal = Journal(path)
    journal.append([_record(1)])
    journal.close()
    with _newest(path).open("ab") as file:
        file.write(bytes(100))
    assert _values(path) == [1]


def test_a_new_journal_never_writes_behind_a_torn_tail(path):
    first = Journal(path)
    first.append([_record(1)])
    first.close()
    with _newest(path).open("ab") as file:
        file.write(b"SSJ1half")
    second = Journal(path)
    second.append([_record(2)])
    second.close()
    assert _values(path) == [1, 2]


def test_a_failed_write_is_not_followed_by_others_in_its_segment(path, monkeypatch):
    journal = Journal(path)
    journal.append([_record(1)])

    def refuse(file: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", refuse)
        with pytest.raises(OSError, match="Input/output"):
            journal.append([_record(2)])
    journal.append([_record(2), _record(3)])
    journal.close()
    assert len(list(path.glob("*.bin"))) == 2
    assert _values(path)[-2:] == [2, 3]


def test_dropping_spares_what_came_after_the_rotation(path):
    journal = Journal(path)
    journal.append([_record(1)])
    number = journal.rotate()
    journal.append([_record(2)])
    journal.drop(number)
    journal.close()
    assert _values(path) == [2]


def test_dropping_spares_segments_that_are_to_be_kept(path):
    journal = Journal(path)
    for value in (1, 2, 3):
        journal.append([_record(value)])
        number = journal.rotate()
    journal.drop(number, keep=1)
    assert _values(path) == [1]


def test_no_folder_is_an_empty_journal(path):
    assert read_journal(path) == ([], ())
    Journal(path).drop(3)
    assert not path.exists()
