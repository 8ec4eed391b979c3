"""Bring the manifest and the sample data from the root of the repository into the package.

A wheel gets them as files of its own. An editable install runs from the source tree, so there the package gets links
to them (copies where the system allows no links), which git ignores.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKAGE = "napari_scribbleseg"
SAMPLE_TARGET = Path(PACKAGE) / "_sample_data"
SAMPLE_PATTERNS = ("*.nii.gz", "*.json")


class RootFilesHook(BuildHookInterface):
    """Ship `napari.yaml` and `sample_data/` inside the package."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the files to a wheel, or link them into the tree for an editable install."""
        if self.target_name != "wheel":
            return
        root = Path(self.root)
        if version == "editable":
            remove(root / SAMPLE_TARGET)
            for source, target in package_files(root).items():
                link_or_copy(root / source, root / target)
        else:
            build_data["force_include"].update(
                {str(root / source): target.as_posix() for source, target in package_files(root).items()}
            )


def package_files(root: Path) -> dict[Path, Path]:
    """Return where each file stands at the root → where it belongs in the package, both relative to the root."""
    samples = [path for pattern in SAMPLE_PATTERNS for path in sorted((root / "sample_data").glob(pattern))]
    files = {Path("napari.yaml"): Path(PACKAGE) / "napari.yaml"}
    return files | {path.relative_to(root): SAMPLE_TARGET / path.name for path in samples}


def link_or_copy(source: Path, target: Path) -> None:
    """Make the file `target` stand for `source`, replacing what an earlier install left there.

    Files are linked one by one: a link to a whole folder would make hatchling, which enters every folder once, leave
    the original out of the next source distribution.
    """
    remove(target)
    target.parent.mkdir(exist_ok=True)
    try:
        target.symlink_to(os.path.relpath(source, target.parent))
    except OSError:  # Windows without developer mode
        shutil.copyfile(source, target)


def remove(path: Path) -> None:
    """Remove a file, a folder or a link, never what a link leads to."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
