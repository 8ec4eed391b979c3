"""Files that come with the package."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent
_SAMPLE_FOLDERS = (_PACKAGE / "_sample_data", _PACKAGE.parent / "sample_data")
"""Where a wheel or an editable install keeps the sample, and where a plain source tree does."""


def sample_path(name: str) -> Path:
    """Find a file of the built-in sample.

    Parameters
    ----------
    name : str
        File name, such as "sample_cine.nii.gz".

    Raises
    ------
    FileNotFoundError
        With one sentence on what to do.
    """
    for folder in _SAMPLE_FOLDERS:
        path = folder / name
        if path.is_file():
            return path
    raise FileNotFoundError(
        f"The built-in sample file {name} is missing; reinstall napari-scribbleseg, or in a source tree "
        "make it with the script in sample_data."
    )
