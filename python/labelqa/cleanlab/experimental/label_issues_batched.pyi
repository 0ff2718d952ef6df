"""Types of cleanlab.experimental.label_issues_batched over labelqa's core."""
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labelqa._confident import _Floats

__all__ = [
    "find_label_issues_batched", "LabelInspector",
]

def find_label_issues_batched(
    labels: ArrayLike | None = None, pred_probs: ArrayLike | None = None, *,
    labels_file: str | None = None, pred_probs_file: str | None = None, batch_size: int = 10000,
    n_jobs: int | None = 1, verbose: bool = True,
    quality_score_kwargs: Mapping[str, Any] | None = None,
    num_issue_kwargs: Mapping[str, Any] | None = None, return_mask: bool = False
) -> NDArray[Any]: ...

class LabelInspector:
    num_class: int
    store_results: bool
    verbose: bool
    n_jobs: int
    quality_score_kwargs: Mapping[str, Any]
    num_issue_kwargs: Mapping[str, Any]
    off_diagonal_calibrated: bool
    confident_thresholds: NDArray[np.float64]
    examples_per_class: NDArray[np.float64]
    examples_processed_thresh: int
    examples_processed_quality: int
    def __init__(
        self, *, num_class: int, store_results: bool = True, verbose: bool = True,
        quality_score_kwargs: Mapping[str, Any] | None = None,
        num_issue_kwargs: Mapping[str, Any] | None = None, n_jobs: int | None = 1
    ) -> None: ...
    @property
    def label_quality_scores(self) -> list[float]: ...
    def get_confident_thresholds(self, silent: bool = False) -> NDArray[np.float64]: ...
    def get_num_issues(self, silent: bool = False) -> int: ...
    def get_quality_scores(self) -> _Floats: ...
    def get_label_issues(self) -> NDArray[np.int64]: ...
    def update_confident_thresholds(self, labels: ArrayLike, pred_probs: _Floats) -> None: ...
    def score_label_quality(
        self, labels: ArrayLike, pred_probs: _Floats, *, update_num_issues: bool = True
    ) -> _Floats: ...
