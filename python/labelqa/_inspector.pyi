"""Types of the streaming inspector."""
from collections.abc import Callable, Iterable, Iterator, Sequence
from os import PathLike
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labelqa._confident import _FilterBy, _Labels, _Method

_Batches: TypeAlias = Iterable[tuple[Any, Any]] | Callable[[], Iterable[tuple[Any, Any]]]

class LabelInspector:
    def __init__(
        self, *, filter_by: _FilterBy = "prune_by_noise_rate",
        rank_by: _Method = "self_confidence", frac_noise: float = 1.0,
        min_examples_per_class: int = 1, classes: Sequence[object] | None = None, threads: int = 0,
        tolerance: float = 0.01
    ) -> None: ...
    @property
    def pass_name(self) -> str: ...
    @property
    def n_rows(self) -> int: ...
    @property
    def n_classes(self) -> int: ...
    def add(self, labels: _Labels, pred_probs: ArrayLike | PathLike[str]) -> None: ...
    def next_pass(self) -> bool: ...
    def passes(self, batches: _Batches) -> Iterator[tuple[Any, Any]]: ...
    def thresholds(self) -> NDArray[np.float64]: ...
    def num_label_issues(self) -> int: ...
    def mask(self) -> NDArray[np.bool_]: ...
    def label_issues(self) -> NDArray[np.int64]: ...

def parquet_batches(
    path: str | PathLike[str], label: str, pred_probs: Sequence[str], batch_size: int = 65536
) -> Callable[[], Iterator[tuple[Any, Any]]]: ...
def find_label_issues_batched(
    labels: _Labels | None = None, pred_probs: ArrayLike | PathLike[str] | None = None, *,
    labels_file: str | PathLike[str] | None = None,
    pred_probs_file: str | PathLike[str] | None = None, batches: _Batches | None = None,
    batch_size: int | None = None, return_mask: bool = False,
    filter_by: _FilterBy = "prune_by_noise_rate", rank_by: _Method = "self_confidence",
    frac_noise: float = 1.0, min_examples_per_class: int = 1,
    classes: Sequence[object] | None = None, threads: int = 0, tolerance: float = 0.01
) -> NDArray[Any]: ...
