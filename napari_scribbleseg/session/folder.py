"""The folder of one session: create, open, read, copy. Writing while somebody works is the `Autosaver`'s."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from napari_scribbleseg.atomic import TEMPORARY_PREFIX, write_atomically
from napari_scribbleseg.session.errors import SessionError
from napari_scribbleseg.session.history import read_history
from napari_scribbleseg.session.locations import MANIFEST_NAME
from napari_scribbleseg.session.lock import FolderLock
from napari_scribbleseg.session.manifest import (
    Manifest,
    ManifestError,
    NewerVersionError,
    manifest_from_bytes,
    manifest_to_bytes,
)
from napari_scribbleseg.session.state import HISTORY_NAME, SessionState, load_maps
from napari_scribbleseg.session.tensors import CHECKPOINT_NAME, WEIGHTS_NAME, read_checkpoint, read_weights
from napari_scribbleseg.settings import TrainSettings

if TYPE_CHECKING:
    import torch

    from napari_scribbleseg.types import Checkpoint

BACKUP_NAME = f"{MANIFEST_NAME}.bak"
_LOCK_NAME = "lock"
# safetensors names its own temporary files so; a killed process leaves them behind.
_LEFTOVERS = (f"{TEMPORARY_PREFIX}*", ".tmp*")


class SessionFolder:
    """One session folder, locked for this process until :meth:`close`.

    Attributes
    ----------
    path : Path
    manifest : Manifest
        As read or written last.
    messages : tuple of str
        What a person should know about the opening: a lock taken over, a manifest restored from its copy.
    """

    def __init__(self, path: Path, lock: FolderLock, manifest: Manifest, messages: tuple[str, ...] = ()) -> None:
        self.path = path
        self.manifest = manifest
        self.messages = messages
        self._lock = lock

    @classmethod
    def create(
        cls, path: str | Path, settings: TrainSettings | None = None, remember_paths: bool = False
    ) -> SessionFolder:
        """Make a new session in a folder that does not exist yet or is empty.

        Raises
        ------
        SessionError
            When the folder holds something, or cannot be made or written.
        """
        path = Path(path)
        try:
            if path.exists() and (not path.is_dir() or any(path.iterdir())):
                raise SessionError(f"{path.name} is not empty; choose a new folder for the session.")
            path.mkdir(parents=True, exist_ok=True)
            folder = cls(path, FolderLock(path / _LOCK_NAME), Manifest())
        except OSError as error:
            raise SessionError(f"No session can be made in {path.name} ({error.strerror}).") from error
        try:
            folder.write_manifest(Manifest(settings=settings or TrainSettings(), remember_paths=remember_paths))
        except OSError as error:
            folder.close()
            raise SessionError(f"No session can be made in {path.name} ({error.strerror}).") from error
        return folder

    @classmethod
    def open(cls, path: str | Path) -> SessionFolder:
        """Open a session and lock it.

        Raises
        ------
        SessionError
            For a folder that is no session, one of a newer version (nothing in it is touched), one that another
            window has open, or one whose manifest and its copy are both damaged.
        """
        path = Path(path)
        if not path.is_dir():
            raise SessionError(f"{path.name} is not a folder; choose the folder of a session.")
        _read_manifest(path)  # before the lock, which would already write into a folder that is none of ours
        lock = FolderLock(path / _LOCK_NAME)
        try:
            manifest, message = _read_manifest(path)
        except SessionError:
            lock.release()
            raise
        _remove_leftovers(path)
        if message:
            _set_aside(path / MANIFEST_NAME)
        messages = tuple(text for text in (lock.message, message) if text)
        return cls(path, lock, manifest, messages)

    def load(self, tensors: bool = True) -> SessionState:
        """Read everything; what is damaged becomes a sentence in `problems`, and the rest is given all the same.

        Damaged maps are kept as `….damaged` beside what will be written in their place.

        Parameters
        ----------
        tensors : bool
            Whether to read checkpoint and weights too, which imports torch; :meth:`load_tensors` does it later.
        """
        maps = load_maps(self.path, self.manifest)
        for path in maps.damaged:
            _set_aside(path)
        checkpoint, weights, problems = self.load_tensors() if tensors else (None, None, ())
        return SessionState(
            manifest=self.manifest,
            maps=maps,
            checkpoint=checkpoint,
            weights=weights,
            history=read_history(self.path / HISTORY_NAME),
            problems=(*self.manifest.problems, *maps.problems, *problems),
        )

    def load_tensors(self) -> tuple[Checkpoint | None, dict[str, torch.Tensor] | None, tuple[str, ...]]:
        """Return the checkpoint, else the weights alone, and a sentence for each file that is damaged."""
        problems = []
        for name, read in ((CHECKPOINT_NAME, read_checkpoint), (WEIGHTS_NAME, read_weights)):
            if not (self.path / name).exists():
                continue
            try:
                found: Any = read(self.path / name)
            except SessionError as error:
                problems.append(str(error))
                continue
            return (found, None, ()) if name == CHECKPOINT_NAME else (None, found, tuple(problems))
        return None, None, tuple(problems)

    def write_manifest(self, manifest: Manifest) -> None:
        """Write `session.json` and its copy, each atomically.

        Raises
        ------
        OSError
            When one of them cannot be written; at least one of the two is whole at any time.
        """
        content = manifest_to_bytes(manifest)
        write_atomically(self.path / MANIFEST_NAME, content)
        write_atomically(self.path / BACKUP_NAME, content)
        self.manifest = manifest

    def copy_to(self, target: str | Path) -> None:
        """Copy the session to a new folder; flush and close the `Autosaver` first.

        Raises
        ------
        SessionError
            When the target holds something or cannot be written.
        """
        target = Path(target)
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise SessionError(f"{target.name} is not empty; choose a new folder for the session.")
        try:
            ignore = shutil.ignore_patterns(_LOCK_NAME, *_LEFTOVERS)
            shutil.copytree(self.path, target, ignore=ignore, dirs_exist_ok=True)
        except (OSError, shutil.Error) as error:
            reason = getattr(error, "strerror", None) or "the disk refused"
            raise SessionError(f"The session could not be copied to {target.name} ({reason}).") from error

    def close(self) -> None:
        """Unlock the folder; safe to call twice."""
        self._lock.release()

    def __enter__(self) -> SessionFolder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _read_manifest(path: Path) -> tuple[Manifest, str]:
    """Return the manifest, and a sentence where it comes from the copy."""
    reasons = []
    for name in (MANIFEST_NAME, BACKUP_NAME):
        try:
            manifest = manifest_from_bytes((path / name).read_bytes())
        except FileNotFoundError:
            continue
        except NewerVersionError:
            raise
        except OSError as error:
            reasons.append(f"{name} cannot be read ({error.strerror})")
        except ManifestError as error:
            reasons.append(f"{name} is damaged ({error})")
        else:
            restored = name == BACKUP_NAME
            return manifest, f"{MANIFEST_NAME} was missing or damaged; its copy was used." if restored else ""
    if not reasons:
        raise SessionError(f"{path.name} is not a session: it holds no {MANIFEST_NAME}.")
    raise SessionError(
        f"{path.name} cannot be opened: {', '.join(reasons)}. "
        "The strokes in its folder scribbles are NIfTI files and can be imported with their scans."
    )


def _remove_leftovers(path: Path) -> None:
    for folder in (path, path / "scribbles", path / "masks"):
        for pattern in _LEFTOVERS:
            for leftover in folder.glob(pattern):
                with contextlib.suppress(OSError):
                    leftover.unlink()


def _set_aside(path: Path) -> None:
    kept = path.with_name(f"{path.name}.damaged")
    if path.is_file() and not kept.exists():
        with contextlib.suppress(OSError):
            shutil.copyfile(path, kept)
