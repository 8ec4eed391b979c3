from __future__ import annotations

import errno
import threading
import time

import pytest

from napari_scribbleseg.io.errors import ScanError
from napari_scribbleseg.session.lanes import Lane, explain


@pytest.fixture
def lane(notices):
    lane = Lane("test", notices.append, retry_s=0.02)
    yield lane
    lane.close(5)


class Disk:
    """Refuses while `full`; remembers what was written."""

    def __init__(self) -> None:
        self.full = False
        self.written: list[int] = []

    def write(self, value: int) -> None:
        if self.full:
            raise OSError(errno.ENOSPC, "No space left on device", "/home/DOE^JANE/session.json")
        self.written.append(value)


def test_of_jobs_that_wait_for_one_target_only_the_latest_runs(lane):
    disk = Disk()
    for value in range(5):
        lane.put("a", "a", lambda value=value: disk.write(value), delay_s=0.2)
    lane.put("b", "b", lambda: disk.write(100), delay_s=0.2)
    assert lane.flush(5)
    assert sorted(disk.written) == [4, 100]


def test_a_burst_without_end_is_written_all_the_same(lane):
    disk, end = Disk(), time.monotonic() + 1.0
    while time.monotonic() < end and not disk.written:
        lane.put("a", "a", lambda: disk.write(1), delay_s=0.1)
        time.sleep(0.005)
    assert disk.written


def test_a_full_disk_is_told_once_kept_and_tried_until_it_works(lane, notices):
    disk = Disk()
    disk.full = True
    lane.put("a", "the strokes", lambda: disk.write(1))
    assert not lane.flush(5)
    time.sleep(0.1)
    assert [notice.level for notice in notices] == ["warning"]
    assert notices[0].text == ("Could not save the strokes: the disk is full. It is kept in memory and tried again.")
    disk.full = False
    assert lane.flush(5)
    assert disk.written == [1]
    assert notices[-1].text == "Saved the strokes; writing works again."


def test_a_newer_job_replaces_one_that_failed(lane):
    disk = Disk()
    disk.full = True
    lane.put("a", "a", lambda: disk.write(1))
    lane.flush(5)
    lane.put("a", "a", lambda: disk.write(2))
    disk.full = False
    assert lane.flush(5)
    assert disk.written == [2]


def test_one_failing_target_does_not_hold_up_another(lane):
    disk, other = Disk(), Disk()
    disk.full = True
    lane.put("a", "a", lambda: disk.write(1))
    lane.put("b", "b", lambda: other.write(2))
    assert not lane.flush(5)
    assert other.written == [2]


def test_putting_never_waits_for_a_disk_that_hangs(lane):
    hang = threading.Event()
    lane.put("a", "a", lambda: (hang.wait(5), None)[1])
    time.sleep(0.05)
    start = time.monotonic()
    for _ in range(100):
        lane.put("b", "b", lambda: None)
    assert time.monotonic() - start < 1
    assert not lane.flush(0.05)
    hang.set()
    assert lane.flush(5)


def test_closing_on_a_full_disk_returns_soon_and_says_so(notices):
    lane, disk = Lane("test", notices.append, retry_s=30), Disk()
    disk.full = True
    lane.put("a", "a", lambda: disk.write(1))
    start = time.monotonic()
    assert not lane.close(20)
    assert time.monotonic() - start < 10
    assert not lane.close(20)


def test_reasons_name_no_path():
    disk_full = OSError(errno.ENOSPC, "No space left on device", "/home/DOE^JANE")
    wrapped = ScanError("x.nii.gz was not written.")
    wrapped.__cause__ = disk_full
    from_rust = RuntimeError('I/O error: Not a directory (os error 20) at path "/home/DOE^JANE/x"')
    assert explain(disk_full) == explain(wrapped) == "the disk is full"
    assert explain(from_rust) == "the folder is gone"
    assert explain(ZeroDivisionError()) == "ZeroDivisionError"
