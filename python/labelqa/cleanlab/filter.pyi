"""Types of cleanlab.filter's functions over labelqa's core."""
from collections.abc import Mapping
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labelqa._confident import _FilterBy, _Floats, _Method

__all__ = [
    "find_label_issues", "find_predicted_neq_given",
    "find_label_issues_using_argmax_confusion_matrix",
]

@overload
def find_label_issues(
    labels: ArrayLike, pred_probs: _Floats, *, return_indices_ranked_by: None = None,
    rank_by_kwargs: Mapping[str, Any] | None = None, filter_by: _FilterBy = "prune_by_noise_rate",
    frac_noise: float = 1.0, num_to_remove_per_class: ArrayLike | None = None,
    min_examples_per_class: int = 1, confident_joint: NDArray[Any] | None = None,
    n_jobs: int | None = None, verbose: bool = False, multi_label: bool = False
) -> NDArray[np.bool_]: ...
@overload
def find_label_issues(
    labels: ArrayLike, pred_probs: _Floats, *, return_indices_ranked_by: _Method,
    rank_by_kwargs: Mapping[str, Any] | None = None, filter_by: _FilterBy = "prune_by_noise_rate",
    frac_noise: float = 1.0, num_to_remove_per_class: ArrayLike | None = None,
    min_examples_per_class: int = 1, confident_joint: NDArray[Any] | None = None,
    n_jobs: int | None = None, verbose: bool = False, multi_label: bool = False
) -> NDArray[np.int64]: ...
def find_predicted_neq_given(
    labels: ArrayLike, pred_probs: _Floats, *, multi_label: bool = False
) -> NDArray[np.bool_]: ...
def find_label_issues_using_argmax_confusion_matrix(
    labels: ArrayLike, pred_probs: _Floats, *, calibrate: bool = True,
    filter_by: _FilterBy = "prune_by_noise_rate"
) -> NDArray[np.bool_]: ...
