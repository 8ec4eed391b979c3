"""What must never reach a session folder: names of patients, free text of headers, paths."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

REDACTED = "…"
_FREE_TEXT_FIELDS = ("descrip", "aux_file", "db_name", "intent_name", "data_type")
_ABSOLUTE_PATH = re.compile(r"""(?<![\w.])(?:[A-Za-z]:[\\/]|\\\\|~?/)[^\s"'<>|]+""")
# A shorter file name ("1.nii.gz" → "1") would take innocent words and numbers with it.
_SHORTEST_STEM = 3


def strip_header(header: Any) -> Any:
    """Return a copy of a NIfTI header without free text and extensions; other kinds of header become None."""
    copy = header.copy() if hasattr(header, "copy") else None
    names = getattr(getattr(copy, "structarr", None), "dtype", None)
    if copy is None or names is None:
        return None
    for field in _FREE_TEXT_FIELDS:
        if field in (names.names or ()):
            copy[field] = b""
    if hasattr(copy, "extensions"):
        copy.extensions.clear()
    return copy


class Redactor:
    """Takes paths and the file names of scans out of sentences."""

    def __init__(self) -> None:
        self._secrets: set[str] = set()

    def add(self, path: Path | None, title: str = "") -> None:
        """Keep the path, the file name and the title of a scan out of every text from now on."""
        texts = {title.strip()}
        if path is not None:
            texts |= {str(path), str(path.absolute()), path.name, path.name.split(".")[0]}
        self._secrets |= {text for text in texts if len(text) >= _SHORTEST_STEM}

    def clean(self, value: Any) -> Any:
        """Return a JSON value with every text redacted, inside lists and objects too."""
        if isinstance(value, str):
            return self._clean_text(value)
        if isinstance(value, dict):
            return {key: self.clean(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.clean(item) for item in value]
        return value

    def _clean_text(self, text: str) -> str:
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, REDACTED)
        return _ABSOLUTE_PATH.sub(REDACTED, text)
