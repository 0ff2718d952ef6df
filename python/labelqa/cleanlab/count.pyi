"""Types of cleanlab.count's functions over labelqa's core."""
from collections.abc import Callable, Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labelqa._confident import _Floats, _PyMethod

__all__ = [
    "num_label_issues", "calibrate_confident_joint", "estimate_joint",
    "compute_confident_joint", "estimate_latent",
    "estimate_py_and_noise_matrices_from_probabilities",
    "estimate_confident_joint_and_cv_pred_proba",
    "estimate_py_noise_matrices_and_cv_pred_proba", "estimate_cv_predicted_probabilities",
    "estimate_noise_matrices", "get_confident_thresholds",
]

def num_label_issues(
    labels: ArrayLike, pred_probs: _Floats, *, confident_joint: ArrayLike | None = None,
    estimation_method: Literal[
        "off_diagonal", "off_diagonal_calibrated", "off_diagonal_custom"] = "off_diagonal",
    multi_label: bool = False
) -> int: ...
def calibrate_confident_joint(
    confident_joint: ArrayLike, labels: ArrayLike, *, multi_label: bool = False
) -> NDArray[np.int64]: ...
def estimate_joint(
    labels: ArrayLike | None, pred_probs: _Floats | None, *,
    confident_joint: ArrayLike | None = None, multi_label: bool = False
) -> NDArray[np.float64]: ...
def compute_confident_joint(
    labels: ArrayLike, pred_probs: _Floats, *, thresholds: ArrayLike | None = None,
    calibrate: bool = True, multi_label: bool = False,
    return_indices_of_off_diagonals: bool = False
) -> Any: ...
def estimate_latent(
    confident_joint: ArrayLike, labels: ArrayLike, *, py_method: _PyMethod = "cnt",
    converge_latent_estimates: bool = False
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]: ...
def estimate_py_and_noise_matrices_from_probabilities(
    labels: ArrayLike, pred_probs: _Floats, *, thresholds: ArrayLike | None = None,
    converge_latent_estimates: bool = True, py_method: _PyMethod = "cnt", calibrate: bool = True
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]: ...
def estimate_confident_joint_and_cv_pred_proba(
    X: Any, labels: ArrayLike, clf: Any = None, *, cv_n_folds: int = 5,
    thresholds: ArrayLike | None = None, seed: int | None = None, calibrate: bool = True,
    clf_kwargs: Mapping[str, Any] = ..., validation_func: Callable[..., Any] | None = None
) -> tuple[NDArray[np.int64], NDArray[np.float64]]: ...
def estimate_py_noise_matrices_and_cv_pred_proba(
    X: Any, labels: ArrayLike, clf: Any = None, *, cv_n_folds: int = 5,
    thresholds: ArrayLike | None = None, converge_latent_estimates: bool = False,
    py_method: _PyMethod = "cnt", seed: int | None = None, clf_kwargs: Mapping[str, Any] = ...,
    validation_func: Callable[..., Any] | None = None
) -> tuple[
    NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.int64],
    NDArray[np.float64]]: ...
def estimate_cv_predicted_probabilities(
    X: Any, labels: ArrayLike, clf: Any = None, *, cv_n_folds: int = 5, seed: int | None = None,
    clf_kwargs: Mapping[str, Any] = ..., validation_func: Callable[..., Any] | None = None
) -> NDArray[np.float64]: ...
def estimate_noise_matrices(
    X: Any, labels: ArrayLike, clf: Any = None, *, cv_n_folds: int = 5,
    thresholds: ArrayLike | None = None, converge_latent_estimates: bool = True,
    seed: int | None = None, clf_kwargs: Mapping[str, Any] = ...,
    validation_func: Callable[..., Any] | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]: ...
def get_confident_thresholds(
    labels: ArrayLike, pred_probs: _Floats, multi_label: bool = False
) -> _Floats: ...
