"""Everything a person does goes to the session folder, in the background and in the right order.

Two threads write. The quick one appends changed slices to the journal and lines to the history, and writes the small
manifest, all within milliseconds. The heavy one folds the journal into the NIfTI maps now and then, and writes
checkpoints. No method here waits for the disk except `flush` and `close`, and none raises because of it.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

from napari_scribbleseg.cardiac.measurement import Choices
from napari_scribbleseg.engine.postprocess import PostProcessing
from napari_scribbleseg.labels import LabelMap
from napari_scribbleseg.session.errors import SessionError
from napari_scribbleseg.session.folder import SessionFolder
from napari_scribbleseg.session.history import append_history, describe_event, history_line
from napari_scribbleseg.session.journal import Journal
from napari_scribbleseg.session.lanes import Lane
from napari_scribbleseg.session.manifest import Manifest, ScanRecord, View, record_of
from napari_scribbleseg.session.privacy import Redactor
from napari_scribbleseg.session.shadow import Shadow
from napari_scribbleseg.session.slices import MapKind, SliceKey, SliceRecord, SliceState
from napari_scribbleseg.session.state import HISTORY_NAME, JOURNAL_NAME, SessionState
from napari_scribbleseg.session.tensors import CHECKPOINT_NAME, WEIGHTS_NAME, write_checkpoint, write_weights
from napari_scribbleseg.settings import TrainSettings
from napari_scribbleseg.types import Checkpoint, Cine, Event, Notice, ScribbleEdit

_MANIFEST_DELAY_S = 0.5
_HISTORY_DELAY_S = 0.25


class Autosaver:
    """Writes a session while somebody works in it.

    Parameters
    ----------
    folder : SessionFolder, open; it stays open when the autosaver closes
    state : SessionState, optional
        What `folder.load()` gave; read here when not given.
    notify : callable, optional
        Receives one `Notice` when something cannot be saved and one when it can again; called on a background thread.
    fold_after_s : float
        How long changed slices stay in the journal alone.
    retry_s : float
        Pause before a failed write is tried again.
    """

    def __init__(
        self,
        folder: SessionFolder,
        state: SessionState | None = None,
        notify: Callable[[Notice], None] | None = None,
        fold_after_s: float = 5.0,
        retry_s: float = 1.0,
    ) -> None:
        state = state if state is not None else folder.load(tensors=False)
        report = notify or (lambda notice: None)
        self._folder = folder
        self._fold_after_s = fold_after_s
        self._guard = threading.Lock()
        self._journaling = threading.Lock()
        self._manifest = replace(folder.manifest, next_revision=state.next_revision)
        self._strokes = dict(state.maps.strokes)
        self._unjournaled: dict[SliceKey, SliceRecord] = {}
        self._lines: list[bytes] = []
        self._paths: dict[str, str] = {}
        self._redactor = Redactor()
        self._journal = Journal(folder.path / JOURNAL_NAME)
        self._kept_segments = self._journal.rotate() if state.maps.strays else 0
        self._shadow = Shadow(folder.path, self._manifest, state.maps)
        self._quick = Lane("session-journal", report, retry_s)
        self._heavy = Lane("session-maps", report, retry_s)
        if state.maps.replayed:
            self._plan_fold(0.0)

    @property
    def manifest(self) -> Manifest:
        """Return the manifest as it is now, written or waiting."""
        with self._guard:
            return self._manifest

    # scans ---------------------------------------------------------------------------------------------------------

    def add_scan(self, cine: Cine, path: str | Path | None = None) -> ScanRecord:
        """Put a scan into the worklist, or recognise it as one that is there; return its record.

        The path is written only where the person agreed. Reads the scan's first phase.

        Raises
        ------
        SessionError
            When the session holds another scan of this name.
        """
        record = record_of(cine)
        path = None if path is None else Path(path).absolute()
        self._redactor.add(path, cine.title)
        with self._guard:
            known = self._manifest.scan(cine.case)
            _require_same(record, known, self._manifest)
            if path is not None:
                self._paths[cine.case] = str(path)
            record = self._with_path(known or record, self._manifest.remember_paths)
            self._manifest = self._manifest.with_scan(record)
            self._strokes.setdefault(cine.case, 0)
        if self._shadow.add(cine, record):
            self._plan_fold(0.0)
        self._plan_manifest(0.0)
        return record

    def set_remember_paths(self, remember: bool) -> None:
        """Write the paths of scans from now on, or delete those that are written."""
        with self._guard:
            scans = tuple(self._with_path(record, remember) for record in self._manifest.scans)
            self._manifest = replace(self._manifest, remember_paths=remember, scans=scans)
        self._plan_manifest(0.0)

    def _with_path(self, record: ScanRecord, remember: bool) -> ScanRecord:
        return replace(record, path=self._paths.get(record.case, record.path) if remember else None)

    # strokes and masks -----------------------------------------------------------------------------------------------

    def put_edit(self, edit: ScribbleEdit) -> None:
        """Save the strokes of one slice; see :meth:`put_slice`."""
        self.put_slice(edit.key.case, edit.key.t, edit.key.z, edit.labels, edit.revision, edit.strokes)

    def put_slice(self, case: str, t: int, z: int, labels: LabelMap, revision: int = 0, strokes: int = 1) -> None:
        """Save the strokes of one slice as they are now, layer codes `(y, x)`; on the disk within milliseconds.

        Raises
        ------
        SessionError
            For a slice that no scan of the session has.
        """
        with self._guard:
            total = self._strokes.get(case, 0) + strokes
            record = SliceRecord(SliceKey(MapKind.SCRIBBLES, case, t, z), labels, revision=revision, strokes=total)
            self._shadow.put([record])
            self._unjournaled[record.key] = record
            self._strokes[case] = total
            following = max(self._manifest.next_revision, revision + 1)
            self._manifest = replace(self._manifest, next_revision=following)
        self._plan_journal()

    def put_mask(
        self, case: str, slices: Mapping[tuple[int, int], LabelMap], state: SliceState, origin: str = ""
    ) -> None:
        """Save mask slices by (t, z), training codes `(y, x)`, and what the person did with them.

        `origin` is the key of the system without training that made them, "" where none did.

        Raises
        ------
        SessionError
            For a slice that no scan of the session has.
        """
        records = [
            SliceRecord(SliceKey(MapKind.MASKS, case, t, z), labels, state, origin=origin)
            for (t, z), labels in slices.items()
        ]
        with self._guard:
            self._shadow.put(records)
            self._unjournaled.update((record.key, record) for record in records)
        self._plan_journal()

    def set_mask_locked(self, case: str, locked: bool) -> None:
        """Save whether a scan's mask is closed to accepts and hand edits."""
        self._shadow.set_locked(case, locked)
        self._plan_fold(_MANIFEST_DELAY_S)

    def put_choices(self, case: str, choices: Choices) -> None:
        """Save what the person decided about measuring a scan of the session; another scan is no concern."""
        with self._guard:
            record = self._manifest.scan(case)
            if record is None:
                return
            self._manifest = self._manifest.with_scan(replace(record, choices=choices))
        self._plan_manifest(_MANIFEST_DELAY_S)

    # settings, view, training ----------------------------------------------------------------------------------------

    def put_settings(self, settings: TrainSettings) -> None:
        """Save the settings of the next or running training."""
        self._change(settings=settings)

    def put_training(self, started_from: str, trained_s: float) -> None:
        """Save the key of the weights that training began with, "" for from scratch, and its seconds since."""
        self._change(started_from=started_from, trained_s=trained_s)

    def put_post(self, post: PostProcessing) -> None:
        """Save what is put right in predictions before they are shown."""
        self._change(post=post)

    def put_view(self, view: View) -> None:
        """Save where the person is looking."""
        self._change(view=view)

    def put_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Save a checkpoint and its weights; a newer one replaces one that still waits."""
        self._heavy.put("checkpoint", "the training state", lambda: self._write_checkpoint(checkpoint))

    def record(self, kind: str, **values: Any) -> None:
        """Append an event with JSON values to the history; paths and file names of scans are taken out of its texts."""
        line = history_line(kind, self._redactor.clean(values))
        with self._guard:
            self._lines.append(line)
        self._quick.put("history", "the history", self._write_history, _HISTORY_DELAY_S)

    def record_event(self, event: Event) -> None:
        """Append a trainer's event to the history; a `Checkpoint` is saved, a `Prediction` is not."""
        if isinstance(event, Checkpoint):
            self.put_checkpoint(event)
        elif (described := describe_event(event)) is not None:
            self.record(described[0], **described[1])

    # waiting ---------------------------------------------------------------------------------------------------------

    def flush(self, timeout_s: float = 10.0) -> bool:
        """Write what waits; return whether all of it is on the disk. Waits at most about `timeout_s`."""
        heavy = self._heavy.flush(timeout_s)
        return self._quick.flush(timeout_s) and heavy

    def close(self, timeout_s: float = 10.0) -> bool:
        """Write what waits and end both threads; return whether all of it is on the disk. Safe to call twice."""
        heavy = self._heavy.close(timeout_s)
        done = self._quick.close(timeout_s) and heavy
        self._journal.close()
        return done

    def __enter__(self) -> Autosaver:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # jobs of the two threads -----------------------------------------------------------------------------------------

    def _change(self, **changes: Any) -> None:
        with self._guard:
            self._manifest = replace(self._manifest, **changes)
        self._plan_manifest(_MANIFEST_DELAY_S)

    def _plan_journal(self) -> None:
        self._quick.put("journal", "the strokes", self._write_journal)
        self._plan_fold(self._fold_after_s)

    def _plan_fold(self, delay_s: float) -> None:
        self._heavy.put("maps", "strokes and masks", self._fold, delay_s)

    def _plan_manifest(self, delay_s: float) -> None:
        self._quick.put("manifest", "the session", self._write_manifest, delay_s)

    def _write_journal(self) -> None:
        with self._journaling:
            with self._guard:
                taken, self._unjournaled = self._unjournaled, {}
            if not taken:
                return
            try:
                self._journal.append(taken.values())
            except OSError:
                with self._guard:
                    self._unjournaled = {**taken, **self._unjournaled}
                raise

    def _fold(self) -> None:
        # What still waits belongs into the segments that end here, or it would outlive them. Ended before the maps are
        # written: every record in the ended segments is then surely in the maps.
        with contextlib.suppress(OSError):
            self._write_journal()
        number = self._journal.rotate()
        cases = self._shadow.write()
        self._journal.drop(number, keep=self._kept_segments)
        counts = {case: self._shadow.count(case) for case in cases}
        with self._guard:
            for case in cases:
                if (record := self._manifest.scan(case)) is not None:
                    record = replace(record, strokes=self._strokes[case], counts=counts[case])
                    self._manifest = self._manifest.with_scan(record)
        self._plan_manifest(0.0)

    def _write_checkpoint(self, checkpoint: Checkpoint) -> None:
        write_checkpoint(self._folder.path / CHECKPOINT_NAME, checkpoint)
        write_weights(self._folder.path / WEIGHTS_NAME, checkpoint)

    def _write_history(self) -> None:
        with self._guard:
            taken, self._lines = self._lines, []
        try:
            append_history(self._folder.path / HISTORY_NAME, taken)
        except OSError:
            with self._guard:
                self._lines = taken + self._lines
            raise

    def _write_manifest(self) -> None:
        self._folder.write_manifest(self.manifest)


def _require_same(record: ScanRecord, known: ScanRecord | None, manifest: Manifest) -> None:
    if known is not None and (known.shape != record.shape or known.fingerprint != record.fingerprint):
        raise SessionError(f"{record.case} is not the scan of this session: its images or its grid differ.")
    if known is None and any(other.stem.casefold() == record.stem.casefold() for other in manifest.scans):
        raise SessionError(f"{record.case} is too like the name of another scan; choose another name.")
