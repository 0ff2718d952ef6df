"""Types of the neighbour search that OutOfDistribution keeps."""
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labelqa._confident import _Floats

class NotFittedError(ValueError, AttributeError): ...

class NearestNeighbors:
    n_neighbors: int
    radius: float
    algorithm: str
    leaf_size: int
    metric: str
    p: float
    metric_params: Any
    n_jobs: int | None
    n_samples_fit_: int
    n_features_in_: int
    effective_metric_: str
    effective_metric_params_: dict[str, Any]
    def __init__(
        self, *, n_neighbors: int = 5, radius: float = 1.0, algorithm: str = "auto",
        leaf_size: int = 30, metric: str = "minkowski", p: float = 2, metric_params: Any = None,
        n_jobs: int | None = None
    ) -> None: ...
    def get_params(self, deep: bool = True) -> dict[str, Any]: ...
    def set_params(self, **params: Any) -> NearestNeighbors: ...
    def fit(self, X: ArrayLike, y: object = None) -> NearestNeighbors: ...
    def kneighbors(
        self, X: ArrayLike | None = None, n_neighbors: int | None = None,
        return_distance: bool = True
    ) -> Any: ...
    def radius_neighbors(
        self, X: ArrayLike | None = None, radius: float | None = None,
        return_distance: bool = True, sort_results: bool = False
    ) -> Any: ...
    def kneighbors_graph(
        self, X: ArrayLike | None = None, n_neighbors: int | None = None,
        mode: Literal["connectivity", "distance"] = "connectivity"
    ) -> Any: ...
    def radius_neighbors_graph(
        self, X: ArrayLike | None = None, radius: float | None = None,
        mode: Literal["connectivity", "distance"] = "connectivity", sort_results: bool = False
    ) -> Any: ...

def as_features(X: ArrayLike, name: str = "features") -> NDArray[np.generic]: ...
