"""One word for one series of a folder: `FOLDER#SERIES`, wherever a path to a scan is taken."""

from __future__ import annotations

from pathlib import Path

_MARK = "#"


def join_address(folder: Path, series: str) -> Path:
    """Return the address of a series of a folder."""
    return folder.with_name(f"{folder.name}{_MARK}{series}")


def split_address(path: Path) -> tuple[Path, str | None]:
    """Return the folder and the series of an address; None as the series for a path that is there as it stands."""
    name, mark, series = path.name.rpartition(_MARK)
    if not mark or not name or not series or path.exists():
        return path, None
    folder = path.with_name(name)
    return (folder, series) if folder.is_dir() else (path, None)
