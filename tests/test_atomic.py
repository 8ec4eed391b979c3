from __future__ import annotations

import errno
import os
import stat
import threading
from pathlib import Path

import pytest

from napari_scribbleseg.atomic import write_atomically


def test_bytes_replace_the_old_content(tmp_path: Path) -> None:
    target = tmp_path / "manifest.json"
    target.write_bytes(b"old")
    write_atomically(target, b"new")
    assert target.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["manifest.json"]


@pytest.mark.parametrize("name", ["a.nii.gz", "A.NII.GZ", "weights.safetensors", "noending"])
def test_a_writer_gets_a_path_in_the_same_folder_with_the_same_ending(tmp_path: Path, name: str) -> None:
    seen: list[Path] = []

    def writer(path: Path) -> None:
        seen.append(path)
        path.write_bytes(b"x")

    write_atomically(tmp_path / name, writer)
    assert seen[0].parent == tmp_path
    assert seen[0].name != name
    assert seen[0].name.lower().endswith(name[name.find(".") :].lower() if "." in name else "")
    assert (tmp_path / name).read_bytes() == b"x"


def test_a_failing_writer_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "weights.bin"
    target.write_bytes(b"old")

    def writer(path: Path) -> None:
        path.write_bytes(b"half")
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        write_atomically(target, writer)
    assert target.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["weights.bin"]


def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "a.json"
    target.write_bytes(b"old")

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(target, b"new")
    assert target.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.json"]


def test_content_reaches_the_disk_before_it_takes_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda handle: (order.append("sync"), fsync(handle))[1])
    monkeypatch.setattr(os, "replace", lambda a, b: (order.append("replace"), replace(a, b))[1])
    write_atomically(tmp_path / "a", b"x")
    assert order[:2] == ["sync", "replace"]


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_atomically(tmp_path / "no" / "a.json", b"x")


@pytest.mark.skipif(os.name == "nt", reason="links and modes are POSIX matters")
def test_a_link_keeps_pointing_and_the_mode_is_the_usual_one(tmp_path: Path) -> None:
    real, link, plain = tmp_path / "real", tmp_path / "link", tmp_path / "plain"
    real.write_bytes(b"old")
    plain.write_bytes(b"x")
    link.symlink_to(real)
    write_atomically(link, b"new")
    assert link.is_symlink()
    assert real.read_bytes() == b"new"
    assert stat.S_IMODE(real.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)


def test_readers_see_whole_files_while_several_threads_write(tmp_path: Path) -> None:
    target = tmp_path / "a"
    contents = [bytes([i]) * 50_000 for i in range(3)]
    write_atomically(target, contents[0])

    def write(content: bytes) -> None:
        for _ in range(10):
            write_atomically(target, content)

    threads = [threading.Thread(target=write, args=(content,)) for content in contents]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert target.read_bytes() in contents
    assert os.listdir(tmp_path) == ["a"]
