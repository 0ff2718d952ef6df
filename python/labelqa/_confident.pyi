"""Types of the native API; what the functions do is in their docstrings."""
from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any, Literal, TypeAlias, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

_Labels: TypeAlias = ArrayLike | PathLike[str]
_Floats: TypeAlias = NDArray[np.floating[Any]]
_Ties: TypeAlias = Literal["stable", "compat"]
_FilterBy: TypeAlias = Literal[
    "prune_by_noise_rate", "prune_by_class", "both", "confident_learning", "predicted_neq_given",
    "low_self_confidence", "low_normalized_margin"]
_Method: TypeAlias = Literal["self_confidence", "normalized_margin", "confidence_weighted_entropy"]
_PyMethod: TypeAlias = Literal["cnt", "eqn", "marginal", "marginal_ps"]

@overload
def find_label_issues(
    labels: _Labels, pred_probs: ArrayLike | PathLike[str], *,
    filter_by: _FilterBy = "prune_by_noise_rate", return_indices_ranked_by: None = None,
    rank_by_kwargs: Mapping[str, bool] | None = None, frac_noise: float = 1.0,
    num_to_remove_per_class: ArrayLike | None = None, min_examples_per_class: int = 1,
    confident_joint: ArrayLike | None = None, classes: Sequence[object] | None = None,
    ties: _Ties = "stable", threads: int = 0, tolerance: float = 0.01
) -> NDArray[np.bool_]: ...
@overload
def find_label_issues(
    labels: _Labels, pred_probs: ArrayLike | PathLike[str], *,
    filter_by: _FilterBy = "prune_by_noise_rate", return_indices_ranked_by: _Method,
    rank_by_kwargs: Mapping[str, bool] | None = None, frac_noise: float = 1.0,
    num_to_remove_per_class: ArrayLike | None = None, min_examples_per_class: int = 1,
    confident_joint: ArrayLike | None = None, classes: Sequence[object] | None = None,
    ties: _Ties = "stable", threads: int = 0, tolerance: float = 0.01
) -> NDArray[np.int64]: ...
def num_label_issues(
    labels: _Labels, pred_probs: ArrayLike | PathLike[str], *, calibrated: bool = False,
    classes: Sequence[object] | None = None, ties: _Ties = "stable", threads: int = 0,
    tolerance: float = 0.01
) -> int: ...
def get_label_quality_scores(
    labels: _Labels, pred_probs: ArrayLike | PathLike[str], *, method: _Method = "self_confidence",
    adjust_pred_probs: bool = False, classes: Sequence[object] | None = None,
    ties: _Ties = "stable", threads: int = 0, tolerance: float = 0.01
) -> _Floats: ...
def get_label_quality_ensemble_scores(
    labels: _Labels, pred_probs_list: Sequence[ArrayLike], *, method: _Method = "self_confidence",
    adjust_pred_probs: bool = False,
    weights: Literal["uniform", "accuracy", "log_loss_search", "custom"] = "accuracy",
    custom_weights: ArrayLike | None = None, classes: Sequence[object] | None = None,
    threads: int = 0, tolerance: float = 0.01
) -> _Floats: ...
def order_label_issues(
    issues: ArrayLike, labels: _Labels, pred_probs: ArrayLike | PathLike[str], *,
    method: _Method = "self_confidence", adjust_pred_probs: bool = False,
    classes: Sequence[object] | None = None, ties: _Ties = "stable", threads: int = 0,
    tolerance: float = 0.01
) -> NDArray[np.int64]: ...
def find_top_issues(
    scores: ArrayLike, *, top: int | None = 10, ties: _Ties = "stable"
) -> NDArray[np.int64]: ...
def get_confident_thresholds(
    labels: _Labels, pred_probs: ArrayLike | PathLike[str], *,
    classes: Sequence[object] | None = None, threads: int = 0, tolerance: float = 0.01
) -> _Floats: ...
def compute_confident_joint(
    labels: _Labels, pred_probs: ArrayLike | PathLike[str], *, thresholds: ArrayLike | None = None,
    calibrate: bool = True, classes: Sequence[object] | None = None, ties: _Ties = "stable",
    threads: int = 0, tolerance: float = 0.01
) -> NDArray[np.int64]: ...
def calibrate_confident_joint(
    confident_joint: ArrayLike, class_counts: ArrayLike, *, ties: _Ties = "stable"
) -> NDArray[np.int64]: ...
def estimate_joint(
    labels: _Labels, pred_probs: ArrayLike | PathLike[str], *,
    classes: Sequence[object] | None = None, ties: _Ties = "stable", threads: int = 0,
    tolerance: float = 0.01
) -> NDArray[np.float64]: ...
def estimate_latent(
    labels: _Labels, pred_probs: ArrayLike | PathLike[str], *, py_method: _PyMethod = "cnt",
    converge: bool = False, classes: Sequence[object] | None = None, ties: _Ties = "stable",
    threads: int = 0, tolerance: float = 0.01
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]: ...
def health_summary(
    labels: _Labels, pred_probs: ArrayLike | PathLike[str], *,
    classes: Sequence[object] | None = None, ties: _Ties = "stable", threads: int = 0,
    tolerance: float = 0.01
) -> dict[str, Any]: ...
