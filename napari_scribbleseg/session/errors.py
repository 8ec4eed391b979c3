"""The one error that reading or creating a session raises."""

from __future__ import annotations


class SessionError(ValueError):
    """A session cannot be opened or created; the text is one sentence for a person."""
