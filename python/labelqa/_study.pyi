"""Types of labelqa.annotators."""
from collections.abc import Sequence
from os import PathLike
from typing import Any, Unpack

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labelqa._options import AnnotatorsOptions
from labelqa._run import Result

class Study(Result):
    items: dict[str, list[Any]]
    annotators: dict[str, list[Any]]
    pairs: dict[str, list[Any]]
    confusion: dict[str, list[Any]]
    soft_labels: NDArray[np.float32]
    classes: list[str]
    def __init__(
        self, result: Result, tables: dict[str, dict[str, list[Any]]],
        soft_labels: NDArray[np.float32]
    ) -> None: ...

def annotators(
    data: Any, *, item: str | None = None, annotator: str | None = None, label: str | None = None,
    wide: str | Sequence[str] | None = None,
    pred_probs: ArrayLike | PathLike[str] | Sequence[str] | None = None, quiet: bool = False,
    **options: Unpack[AnnotatorsOptions]
) -> Study: ...
