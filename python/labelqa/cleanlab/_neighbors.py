"""The neighbour search that OutOfDistribution keeps: scikit-learn's NearestNeighbors by its names,
over labelqa's exact search. scikit-learn itself is not needed; scipy is for the graphs only."""
import numpy as np

from labelqa import _outliers
from labelqa.cleanlab import _inputs

_METRICS = {"minkowski": "euclidean", "euclidean": "euclidean", "l2": "euclidean",
            "cosine": "cosine"}
_FIRST_RADIUS_NEIGHBORS = 16


def as_features(X, name="features"):
    """N x D numbers of a type that the library reads."""
    return _outliers._features(X if hasattr(X, "to_numpy") else _inputs.readable(X, name), name)


class NotFittedError(ValueError, AttributeError):
    """A search was used before fit()."""


class NearestNeighbors:
    """Exact nearest neighbours of rows of numbers, with scikit-learn's names and results.

    n_neighbors, radius: defaults of the searches. metric: euclidean, minkowski with p = 2, or
    cosine. algorithm, leaf_size and n_jobs change nothing. Equal distances come in row order.
    """

    def __init__(self, *, n_neighbors=5, radius=1.0, algorithm="auto", leaf_size=30,
                 metric="minkowski", p=2, metric_params=None, n_jobs=None):
        self.n_neighbors, self.radius = n_neighbors, radius
        self.algorithm, self.leaf_size = algorithm, leaf_size
        self.metric, self.p = metric, p
        self.metric_params, self.n_jobs = metric_params, n_jobs

    def __repr__(self):
        return f"NearestNeighbors(metric={self.metric!r}, n_neighbors={self.n_neighbors!r})"

    def get_params(self, deep=True):
        """The arguments of the constructor, as a dict."""
        return {name: getattr(self, name) for name in (
            "algorithm", "leaf_size", "metric", "metric_params", "n_jobs", "n_neighbors", "p",
            "radius")}

    def set_params(self, **params):
        """Changes arguments of the constructor; returns self."""
        for name, value in params.items():
            if name not in self.get_params():
                raise ValueError(f"{name!r} is no parameter of NearestNeighbors: it has "
                                 f"{', '.join(self.get_params())}")
            setattr(self, name, value)
        return self

    def fit(self, X, y=None):
        """Takes the N x D rows to search among; returns self. y is ignored."""
        if self.metric not in _METRICS or (self.metric == "minkowski" and self.p != 2):
            raise ValueError(f"metric: {self.metric!r} with p={self.p!r} is none of euclidean, "
                             f"minkowski with p=2, cosine")
        self._fit_X = as_features(X, "X")
        if len(self._fit_X) == 0:
            raise ValueError("X has no rows")
        self.n_samples_fit_, self.n_features_in_ = self._fit_X.shape
        self.effective_metric_ = _METRICS[self.metric]
        self.effective_metric_params_ = {}
        return self

    def _queries(self, X):
        if not hasattr(self, "_fit_X"):
            raise NotFittedError("this NearestNeighbors is not fitted yet: call fit() first")
        if X is None:
            return None
        X = as_features(X, "X")
        if X.shape[1] != self.n_features_in_:
            raise ValueError(f"X has {X.shape[1]} features, but {self.n_features_in_} were fitted")
        return X

    def _search(self, X, k):
        return _outliers.neighbors(self._fit_X, X, k,
                                   _outliers.METRICS.index(self.effective_metric_))

    def kneighbors(self, X=None, n_neighbors=None, return_distance=True):
        """(distances, indices) of the fitted rows nearest to X, or to each other without
        themselves: M x n_neighbors each, nearest first. Indices alone without return_distance."""
        X = self._queries(X)
        k = _inputs.whole(self.n_neighbors if n_neighbors is None else n_neighbors, "n_neighbors")
        most = self.n_samples_fit_ - (X is None)
        if not 1 <= k <= most:
            raise ValueError(f"n_neighbors must be from 1 to {most}, the number of fitted rows"
                             f"{' but the row itself' * (X is None)}, not {k}")
        distances, indices = self._search(X, k)
        return (distances, indices) if return_distance else indices

    def radius_neighbors(self, X=None, radius=None, return_distance=True, sort_results=False):
        """(distances, indices) of all fitted rows within radius: two object arrays of M arrays."""
        X = self._queries(X)
        radius = _inputs.number(self.radius if radius is None else radius, "radius")
        most = self.n_samples_fit_ - (X is None)
        k = min(_FIRST_RADIUS_NEIGHBORS, most)
        distances, indices = self._search(X, k) if k else (np.empty((1, 0)),) * 2
        while k < most and (distances[:, -1] <= radius).any():
            k = min(2 * k, most)
            distances, indices = self._search(X, k)
        found = distances.copy(), indices.copy()
        arrays = [np.empty(len(distances), object) for _ in found]
        for i, inside in enumerate(distances <= radius):
            order = np.arange(np.count_nonzero(inside))
            if not sort_results:
                order = np.argsort(indices[i, inside], kind="stable")
            for array, values in zip(arrays, found):
                array[i] = values[i, inside][order]
        return tuple(arrays) if return_distance else arrays[1]

    def _graph(self, distances, indices, mode):
        if mode not in ("connectivity", "distance"):
            raise ValueError(f"mode: {mode!r} is none of 'connectivity', 'distance'")
        from scipy.sparse import csr_matrix
        starts = np.cumsum([0, *(len(row) for row in indices)])
        columns = np.concatenate([*indices, np.empty(0, int)]).astype(np.int64)
        values = np.ones(len(columns))
        if mode == "distance":
            values = np.concatenate([*distances, np.empty(0)]).astype(np.float64)
        return csr_matrix((values, columns, starts), shape=(len(indices), self.n_samples_fit_))

    def kneighbors_graph(self, X=None, n_neighbors=None, mode="connectivity"):
        """kneighbors as a scipy.sparse matrix, M x N, of ones or of distances."""
        return self._graph(*self.kneighbors(X, n_neighbors), mode)

    def radius_neighbors_graph(self, X=None, radius=None, mode="connectivity", sort_results=False):
        """radius_neighbors as a scipy.sparse matrix, M x N, of ones or of distances."""
        found = self.radius_neighbors(X, radius, sort_results=sort_results)
        return self._graph(*found, mode)
