"""Types of a run as HTML."""
from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any

def of_run(
    path: str | PathLike[str], report: Mapping[str, Any], review: Sequence[Mapping[str, Any]]
) -> str: ...
