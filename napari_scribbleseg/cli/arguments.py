"""Arguments that all commands share."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

FLAG = Parameter(negative="", show_default=False)
"""For what is off unless given."""

Json = Annotated[bool, FLAG, Parameter(name="--json", help="Print one JSON object on stdout and nothing else.")]
