"""One folder on disk for one piece of work: scans, strokes, masks, weights, settings and history."""

from __future__ import annotations

from napari_scribbleseg.session.autosave import Autosaver
from napari_scribbleseg.session.errors import SessionError
from napari_scribbleseg.session.folder import SessionFolder
from napari_scribbleseg.session.locations import (
    default_sessions_dir,
    latest_session,
    new_session_path,
    remember_session,
)
from napari_scribbleseg.session.manifest import Manifest, ScanRecord, View
from napari_scribbleseg.session.maps import MaskStates
from napari_scribbleseg.session.slices import MapKind, SliceState
from napari_scribbleseg.session.state import SessionState

__all__ = [
    "Autosaver",
    "Manifest",
    "MapKind",
    "MaskStates",
    "ScanRecord",
    "SessionError",
    "SessionFolder",
    "SessionState",
    "SliceState",
    "View",
    "default_sessions_dir",
    "latest_session",
    "new_session_path",
    "remember_session",
]
