"""Types of neighbours and outlier scores."""
from os import PathLike
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labelqa._confident import _Labels

def nearest_neighbors(
    features: ArrayLike, queries: ArrayLike | None = None, *, k: int = 10,
    metric: Literal["cosine", "euclidean"] | None = None, threads: int = 0
) -> tuple[NDArray[np.float64], NDArray[np.int64]]: ...
def outlier_scores(
    features: ArrayLike, *, k: int = 10, metric: Literal["cosine", "euclidean"] | None = None,
    t: float = 1.0, threads: int = 0
) -> NDArray[np.float64]: ...
def outlier_scores_from_pred_probs(
    pred_probs: ArrayLike | PathLike[str], labels: _Labels | None = None, *,
    method: Literal["entropy", "least_confidence", "gen"] = "entropy"
) -> NDArray[np.float64]: ...
