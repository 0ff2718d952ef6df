"""Types of cleanlab.rank's functions over labelqa's core."""
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labelqa._confident import _Floats, _Method

__all__ = [
    "get_label_quality_scores", "get_label_quality_ensemble_scores", "find_top_issues",
    "order_label_issues", "get_self_confidence_for_each_label",
    "get_normalized_margin_for_each_label", "get_confidence_weighted_entropy_for_each_label",
]

def get_label_quality_scores(
    labels: ArrayLike, pred_probs: _Floats, *, method: _Method = "self_confidence",
    adjust_pred_probs: bool = False
) -> _Floats: ...
def get_label_quality_ensemble_scores(
    labels: ArrayLike, pred_probs_list: list[_Floats], *, method: _Method = "self_confidence",
    adjust_pred_probs: bool = False,
    weight_ensemble_members_by: Literal[
        "uniform", "accuracy", "log_loss_search", "custom"] = "accuracy",
    custom_weights: ArrayLike | None = None, log_loss_search_T_values: ArrayLike = ...,
    verbose: bool = True
) -> _Floats: ...
def find_top_issues(quality_scores: ArrayLike, *, top: int | None = 10) -> NDArray[np.int64]: ...
def order_label_issues(
    label_issues_mask: ArrayLike, labels: ArrayLike, pred_probs: _Floats, *,
    rank_by: _Method = "self_confidence", rank_by_kwargs: Mapping[str, Any] = ...
) -> NDArray[np.int64]: ...
def get_self_confidence_for_each_label(labels: ArrayLike, pred_probs: _Floats) -> _Floats: ...
def get_normalized_margin_for_each_label(labels: ArrayLike, pred_probs: _Floats) -> _Floats: ...
def get_confidence_weighted_entropy_for_each_label(
    labels: ArrayLike, pred_probs: _Floats
) -> _Floats: ...
