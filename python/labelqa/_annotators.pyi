"""Types of the native API for several annotators."""
from collections.abc import Sequence
from os import PathLike
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

def majority_vote(
    labels: Any, *, pred_probs: ArrayLike | PathLike[str] | None = None,
    classes: Sequence[object] | None = None, threads: int = 0
) -> NDArray[Any]: ...
def crowdlab(
    labels: Any, pred_probs: ArrayLike | PathLike[str] | Sequence[ArrayLike], *,
    classes: Sequence[object] | None = None, calibrate: bool = False, threads: int = 0
) -> dict[str, Any]: ...
def active_learning_scores(
    labels: Any, pred_probs: ArrayLike | PathLike[str] | Sequence[ArrayLike], *,
    classes: Sequence[object] | None = None, threads: int = 0
) -> NDArray[np.float64]: ...
def dawid_skene(
    labels: Any, *, classes: Sequence[object] | None = None, one_coin: bool = False,
    gold: ArrayLike | None = None, smoothing: float = 0.01, max_iterations: int = 200,
    tolerance: float = 1e-06, threads: int = 0
) -> dict[str, Any]: ...
def krippendorff_alpha(
    labels: Any, *, classes: Sequence[object] | None = None,
    distance: Literal["nominal", "linear", "quadratic", "ordinal"] = "nominal",
    confidence: float = 0.95, n_resamples: int = 1000, seed: int | None = 0
) -> dict[str, float]: ...
def fleiss_kappa(
    labels: Any, *, classes: Sequence[object] | None = None, confidence: float = 0.95,
    n_resamples: int = 1000, seed: int | None = 0
) -> dict[str, float]: ...
def cohen_kappa(
    labels: Any, first: object, second: object, *, classes: Sequence[object] | None = None,
    weights: Literal["nominal", "linear", "quadratic"] = "nominal", confidence: float = 0.95
) -> dict[str, float]: ...
def annotator_confusion(
    labels: Any, reference: ArrayLike, *, classes: Sequence[object] | None = None
) -> NDArray[np.int64]: ...
