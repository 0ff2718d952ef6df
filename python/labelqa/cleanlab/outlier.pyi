"""Types of cleanlab.outlier's class over labelqa's core."""
from collections.abc import Mapping
from typing import Any

from numpy.typing import ArrayLike

from labelqa._confident import _Floats

__all__ = [
    "OutOfDistribution", "transform_distances_to_scores",
]

def transform_distances_to_scores(
    avg_distances: ArrayLike, t: float, scaling_factor: float
) -> _Floats: ...

class OutOfDistribution:
    DEFAULT_PARAM_DICT: dict[str, Any]
    OUTLIER_PARAMS: set[str]
    OOD_PARAMS: set[str]
    params: dict[str, Any]
    def __init__(self, params: Mapping[str, Any] | None = None) -> None: ...
    def fit_score(
        self, *, features: ArrayLike | None = None, pred_probs: _Floats | None = None,
        labels: ArrayLike | None = None, verbose: bool = True
    ) -> _Floats: ...
    def fit(
        self, *, features: ArrayLike | None = None, pred_probs: _Floats | None = None,
        labels: ArrayLike | None = None, verbose: bool = True
    ) -> None: ...
    def score(
        self, *, features: ArrayLike | None = None, pred_probs: _Floats | None = None
    ) -> _Floats: ...
