"""What can go wrong when masks are scored."""

from __future__ import annotations

from collections.abc import Sequence


class EvaluationError(ValueError):
    """Predictions and truth do not fit together.

    Attributes
    ----------
    problems : tuple of str
        One sentence per file; the message of the error holds them too, a line each.
    """

    def __init__(self, sentence: str, problems: Sequence[str] = ()) -> None:
        super().__init__("\n".join((sentence, *(f"  {problem}" for problem in problems))))
        self.problems = tuple(problems)
