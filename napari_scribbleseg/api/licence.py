"""The licence of the weights that come with the program: its text, and whether this person has seen and accepted it."""

from __future__ import annotations

import contextlib
import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

from napari_scribbleseg.atomic import write_atomically

LICENCE_ID = "CC-BY-NC-SA-4.0"
LICENCE_URL = "https://creativecommons.org/licenses/by-nc-sa/4.0/"
ATTRIBUTION = (
    "napari-scribbleseg contributors; trained on ACDC (Bernard et al., IEEE TMI 2018) with the expert scribbles of "
    "Valvano et al., IEEE TMI 2021"
)

_TEXT = Path(__file__).parents[1] / "_weights" / "LICENSE-WEIGHTS.txt"
_RULE = "\n====="


def licence_text() -> str:
    """Return the whole licence: the summary for people, then the legal text.

    Raises
    ------
    OSError
        Where the file is missing from the installation.
    """
    return _TEXT.read_text(encoding="utf-8")


def licence_summary() -> str:
    """Return what a person is shown before the first use: who may do what, and whom to name."""
    return licence_text().split(_RULE, 1)[0].strip()


def is_shown() -> bool:
    """Tell whether this person has been shown the licence as it is now, by the command line or in the window."""
    return bool(_read_marker())


def is_accepted() -> bool:
    """Tell whether this person has accepted the licence as it is now."""
    return "accepted" in _read_marker()


def mark_shown() -> bool:
    """Remember that the licence was shown; False where nothing can be written, and it will be shown again."""
    return _write_marker({"shown": _now(), **_read_marker()})


def accept() -> bool:
    """Remember that the licence was accepted; False where nothing can be written, and the question will come again."""
    return _write_marker({"shown": _now(), **_read_marker(), "accepted": _now()})


def _read_marker() -> dict[str, str]:
    """Return what was noted about the text as it is now; nothing is noted yet about one that has changed."""
    try:
        noted = json.loads(_marker().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(noted, dict) or noted.get("text_sha256") != _text_sha256():
        return {}
    return noted


def _write_marker(values: dict[str, str]) -> bool:
    noted = {**values, "licence": LICENCE_ID, "text_sha256": _text_sha256()}
    with contextlib.suppress(OSError):
        _marker().parent.mkdir(parents=True, exist_ok=True)
        write_atomically(_marker(), (json.dumps(noted, indent=1) + "\n").encode())
        return True
    return False


def _marker() -> Path:
    from napari_scribbleseg.session.locations import home

    return home() / "weights_licence.json"


def _text_sha256() -> str:
    return hashlib.sha256(licence_text().encode()).hexdigest()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
