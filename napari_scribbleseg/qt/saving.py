"""The session behind the window: every stroke goes to its folder at once, and opening one brings everything back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal

from napari_scribbleseg.session import (
    Autosaver,
    SessionError,
    SessionFolder,
    SessionState,
    SliceState,
    View,
    new_session_path,
    remember_session,
)
from napari_scribbleseg.types import Notice

if TYPE_CHECKING:
    from napari_scribbleseg.engine.postprocess import PostProcessing
    from napari_scribbleseg.qt.record import ScanRecord
    from napari_scribbleseg.qt.values import WeightsOrigin
    from napari_scribbleseg.settings import TrainSettings
    from napari_scribbleseg.types import Checkpoint, Cine, Event, ScribbleEdit

FLUSH_S = 5.0


class Saving(QObject):
    """A session folder and its autosaver, made when the first scan comes.

    A disk that refuses never stops the work: it is said once, and what could not be written stays in memory.

    Parameters
    ----------
    root : Path or None
        Folder for new sessions; the user's data folder by default.
    """

    noticed = Signal(object)
    session_changed = Signal(str)

    def __init__(self, root: Path | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._root = root
        self._folder: SessionFolder | None = None
        self._autosaver: Autosaver | None = None
        self._refused = False
        self._paths: dict[str, Path] = {}
        self.settings: TrainSettings | None = None
        self.post: PostProcessing | None = None

    @property
    def path(self) -> Path | None:
        """Return the folder of the session, None where there is none."""
        return self._folder.path if self._folder is not None else None

    @property
    def remember_paths(self) -> bool:
        """Return whether the paths of scans are kept in the session."""
        return self._autosaver is not None and self._autosaver.manifest.remember_paths

    def set_remember_paths(self, remember: bool) -> None:
        """Keep the paths of scans in the session from now on, or delete them from it."""
        if self._ensure() is not None and self._autosaver is not None:
            self._autosaver.set_remember_paths(remember)

    # while somebody works -------------------------------------------------------------------------------------------

    def add_scan(self, cine: Cine, path: Path | None) -> None:
        """Put a scan into the session, which is made if there is none."""
        if path is not None:
            self._paths[cine.case] = path
        autosaver = self._ensure()
        if autosaver is not None:
            self._try(lambda: autosaver.add_scan(cine, self._paths.get(cine.case)))

    def put_edit(self, edit: ScribbleEdit) -> None:
        """Save the strokes of a slice."""
        autosaver = self._autosaver
        if autosaver is not None:
            self._try(lambda: autosaver.put_edit(edit))

    def put_mask(self, record: ScanRecord, t: int, z: int) -> None:
        """Save a slice of the mask as it is in the record, and what made it, where that is told."""
        autosaver = self._autosaver
        if autosaver is not None:
            state = record.mask_states.get((t, z), SliceState.PREDICTED)
            labels, maker = record.mask[t, z], record.mask_makers.get((t, z))
            origin = maker.key if maker is not None else ""
            self._try(lambda: autosaver.put_mask(record.case, {(t, z): labels}, state, origin))

    def put_locked(self, record: ScanRecord) -> None:
        """Save whether a mask is locked."""
        autosaver = self._autosaver
        if autosaver is not None:
            self._try(lambda: autosaver.set_mask_locked(record.case, record.locked))

    def put_choices(self, record: ScanRecord) -> None:
        """Save what the person decided about measuring a scan."""
        if self._autosaver is not None:
            self._autosaver.put_choices(record.case, record.choices)

    def put_settings(self, settings: TrainSettings) -> None:
        """Save the settings of a run."""
        self.settings = settings
        if self._autosaver is not None:
            self._autosaver.put_settings(settings)

    def put_post(self, post: PostProcessing) -> None:
        """Save what is put right in predictions; a session that is made later begins with it."""
        self.post = post
        if self._autosaver is not None:
            self._autosaver.put_post(post)

    def put_training(self, origin: WeightsOrigin | None, trained_s: float) -> None:
        """Save what the training of the session began with, and its seconds since."""
        if self._autosaver is not None:
            self._autosaver.put_training(origin.key if origin is not None else "", trained_s)

    def put_view(self, view: View) -> None:
        """Save where the person is looking."""
        if self._autosaver is not None:
            self._autosaver.put_view(view)

    def put_event(self, event: Event) -> None:
        """Append what the trainer says to the history; a checkpoint is saved."""
        if self._autosaver is not None:
            self._autosaver.record_event(event)

    def flush(self) -> bool:
        """Write what waits; return whether all of it is on the disk."""
        return self._autosaver is None or self._autosaver.flush(FLUSH_S)

    def close(self) -> bool:
        """Write what waits and let go of the folder; return whether all of it is on the disk."""
        done = self._autosaver is None or self._autosaver.close(FLUSH_S)
        if self._folder is not None:
            self._folder.close()
        self._autosaver = self._folder = None
        return done

    # other folders --------------------------------------------------------------------------------------------------

    def save_as(self, target: Path, records: Iterable[ScanRecord]) -> bool:
        """Copy the session to a new folder and go on there; False after a notice.

        Where no session could be made so far, `records` are written from memory.
        """
        old_folder, old_autosaver = self._folder, self._autosaver
        if old_autosaver is not None and not old_autosaver.flush(FLUSH_S):
            self._warn("The session could not be written completely, so it was not copied.")
            return False
        try:
            if old_folder is None:
                self._take(SessionFolder.create(target, self.settings), None)
            else:
                old_folder.copy_to(target)
                self._take(SessionFolder.open(target), None)
        except SessionError as error:
            self._warn(str(error))
            return False
        for record in records:
            self.add_scan(record.cine, None)
            if old_folder is None:
                self._put_all(record)
        if old_folder is not None and old_autosaver is not None:
            old_autosaver.close(FLUSH_S)
            old_folder.close()
        return True

    def _put_all(self, record: ScanRecord) -> None:
        for edit in record.edits():
            self.put_edit(edit)
        for t, z in record.mask_states:
            self.put_mask(record, t, z)
        self.put_locked(record)
        self.put_choices(record)

    def read(self, path: Path) -> tuple[SessionFolder, SessionState] | None:
        """Open and read another session without leaving the present one; None after a notice."""
        if self.path is not None and path.absolute() == self.path.absolute():
            self._warn("This session is open already.")
            return None
        try:
            folder = SessionFolder.open(path)
        except SessionError as error:
            self._warn(str(error))
            return None
        state = folder.load(tensors=False)
        for sentence in (*folder.messages, *state.problems):
            self._warn(sentence)
        return folder, state

    def switch(self, folder: SessionFolder, state: SessionState) -> None:
        """Close the present session and go on in one that :meth:`read` gave."""
        self.close()
        self.settings, self.post = state.settings, state.post
        self._take(folder, state)

    def _ensure(self) -> Autosaver | None:
        if self._autosaver is not None:
            return self._autosaver
        path = new_session_path(self._root)
        try:
            self._take(SessionFolder.create(path, self.settings), None)
        except SessionError as error:
            if not self._refused:
                self._warn(f"{error} Until a session is saved elsewhere, strokes are kept in memory only.")
            self._refused = True
        return self._autosaver

    def _take(self, folder: SessionFolder, state: SessionState | None) -> None:
        # The autosaver speaks from its own threads; a signal brings the sentence to the window's.
        self._autosaver = Autosaver(folder, state, self.noticed.emit)
        self._folder = folder
        self._refused = False
        if state is None and self.post is not None:
            self._autosaver.put_post(self.post)
        remember_session(folder.path)
        self.session_changed.emit(str(folder.path))

    def _try(self, act: Callable[[], object]) -> None:
        try:
            act()
        except SessionError as error:
            self._warn(str(error))

    def _warn(self, text: str) -> None:
        self.noticed.emit(Notice(text, "warning"))


class TensorLoader(QObject):
    """Reads checkpoint or weights of a session on a thread of its own: the first import of torch takes seconds.

    Parameters
    ----------
    folder : SessionFolder
    """

    loaded = Signal()

    def __init__(self, folder: SessionFolder, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.checkpoint: Checkpoint | None = None
        self.weights: object = None
        self.problems: tuple[str, ...] = ()
        self._folder = folder
        self._thread = threading.Thread(target=self._load, name="session-tensors", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def wait(self) -> None:
        """Wait until everything is read."""
        if self._thread.ident is not None:
            self._thread.join()

    def _load(self) -> None:
        try:
            self.checkpoint, self.weights, self.problems = self._folder.load_tensors()
        except (ImportError, OSError) as error:
            self.problems = (f"The trained weights of the session could not be read: {error}.",)
        self.loaded.emit()
