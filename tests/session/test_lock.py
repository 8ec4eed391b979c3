from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from napari_scribbleseg.session import SessionError, SessionFolder
from napari_scribbleseg.session.lock import FolderLock

_HOLD = """
import sys
from pathlib import Path
from napari_scribbleseg.session.lock import FolderLock
lock = FolderLock(Path(sys.argv[1]))
print("locked", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def other_window(tmp_path):
    """Start a process that holds the lock `tmp_path/lock`."""
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(tmp_path / "lock")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout.readline().strip() == b"locked"
    yield process
    process.kill()
    process.communicate()


def test_a_folder_open_in_another_process_is_refused_with_its_number(tmp_path, other_window):
    with pytest.raises(SessionError, match=rf"another window \(process {other_window.pid}\)"):
        FolderLock(tmp_path / "lock")


def test_the_lock_of_a_killed_process_is_taken_over_with_a_message(tmp_path, other_window):
    other_window.kill()
    other_window.wait()
    lock = FolderLock(tmp_path / "lock")
    assert f"process {other_window.pid} has ended" in lock.message
    lock.release()


def test_a_released_lock_leaves_no_message(tmp_path):
    lock = FolderLock(tmp_path / "lock")
    lock.release()
    lock.release()
    again = FolderLock(tmp_path / "lock")
    assert again.message == ""
    again.release()


def test_two_windows_of_one_process_do_not_share_a_session(folder):
    with pytest.raises(SessionError, match="open in another window"):
        SessionFolder.open(folder.path)


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SessionError, match="cannot be written"):
        FolderLock(tmp_path / "file" / "lock")


def test_an_unreadable_owner_is_no_owner(tmp_path):
    (tmp_path / "lock").write_bytes(b"\xff\xfe?")
    lock = FolderLock(tmp_path / "lock")
    assert lock.message == ""
    lock.release()
