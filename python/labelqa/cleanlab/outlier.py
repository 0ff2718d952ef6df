"""cleanlab.outlier over labelqa's core: rows that are like no others."""
import warnings

import numpy as np

from labelqa import _outliers
from labelqa.cleanlab import _inputs
from labelqa.cleanlab._neighbors import NearestNeighbors, as_features
from labelqa.cleanlab.count import get_confident_thresholds

__all__ = ["OutOfDistribution", "transform_distances_to_scores"]


def transform_distances_to_scores(avg_distances, t, scaling_factor):
    """exp(-t * avg_distances / scaling_factor): N outlier scores, near 0 = unlike the rest.

    avg_distances: N mean distances to the nearest neighbours. t: how fast scores fall.
    scaling_factor: any positive number, such as the median of the distances. Same as in
    cleanlab.outlier.
    """
    t, scale = _inputs.number(t, "t"), _inputs.number(scaling_factor, "scaling_factor")
    return np.exp(-t * _inputs.numbers(avg_distances, "avg_distances") / max(scale, 1e-6))


def _fit_neighbors(features, k):
    if len(features) < 2:
        raise ValueError(f"features has {len(features)} rows: at least 2 are needed")
    if k is not None:
        k = _inputs.whole(k, "k")
        if not 0 <= k < len(features):
            raise ValueError(f"k={k} neighbours wanted, but there are only {len(features)} rows "
                             f"only")
    metric = "cosine" if features.shape[1] > 3 else "euclidean"
    return NearestNeighbors(n_neighbors=k or min(10, len(features) - 1),
                            metric=metric).fit(as_features(features))


def _fit_given(knn, features):
    """A search of the user's own, fitted where it is not yet."""
    try:
        knn.kneighbors(features)
    except Exception as error:
        if type(error).__name__ != "NotFittedError":
            raise
        knn.fit(features)
    return knn


class OutOfDistribution:
    """Scores how ordinary each row is, from features or from predicted probabilities.

    params: a dict of any of k (neighbours, default 10), t (how fast scores fall), knn (your own
    fitted search with kneighbors); method (entropy, least_confidence, gen), adjust_pred_probs,
    confident_thresholds, M and gamma. Features of more than 3 dimensions are compared by cosine,
    others by euclidean distance. Same as cleanlab.outlier.OutOfDistribution, to 1e-9.
    """

    DEFAULT_PARAM_DICT = {"k": None, "t": 1, "knn": None, "method": "entropy",
                          "adjust_pred_probs": True, "confident_thresholds": None, "M": 100,
                          "gamma": 0.1}
    OUTLIER_PARAMS = {"k", "t", "knn"}
    OOD_PARAMS = {"confident_thresholds", "adjust_pred_probs", "method", "M", "gamma"}

    def __init__(self, params=None):
        unknown = sorted(set(params or ()) - set(self.DEFAULT_PARAM_DICT))
        if unknown:
            raise ValueError(f"params: {unknown} are none of {sorted(self.DEFAULT_PARAM_DICT)}")
        self.params = {**self.DEFAULT_PARAM_DICT, **(params or {}), "scaling_factor": None}
        if self.params["adjust_pred_probs"] and self.params["method"] == "gen":
            print("CAUTION: method 'gen' is meant for params['adjust_pred_probs'] = False")

    def fit_score(self, *, features=None, pred_probs=None, labels=None, verbose=True):
        """Fits on N x D features, or N x K pred_probs with labels, and scores the same rows: N
        values, near 0 = unlike the rest."""
        scores = self._fit(features, pred_probs, labels, verbose)
        return self.score(features=features, pred_probs=pred_probs) if scores is None else scores

    def fit(self, *, features=None, pred_probs=None, labels=None, verbose=True):
        """Fits on N x D features, or N x K pred_probs with labels."""
        self._fit(features, pred_probs, labels, verbose)

    def score(self, *, features=None, pred_probs=None):
        """Scores other rows by what was fitted: one value per row, near 0 = unlike the fitted."""
        self._check(features, pred_probs)
        if features is not None:
            if self.params["knn"] is None:
                raise ValueError("nothing was fitted on features yet: call fit() first")
            return self._score_features(features, self.params["knn"])
        if self.params["adjust_pred_probs"] and self.params["confident_thresholds"] is None:
            raise ValueError("nothing was fitted on pred_probs yet: call fit() first, or set "
                             "params['adjust_pred_probs'] = False")
        return self._score_pred_probs(pred_probs, None)[0]

    @staticmethod
    def _check(features, pred_probs):
        if (features is None) == (pred_probs is None):
            raise ValueError("either features or pred_probs is needed, and not both")
        if features is not None and len(features.shape) != 2:
            raise ValueError(f"features must have 2 dimensions, not {len(features.shape)}")

    def _fit(self, features, pred_probs, labels, verbose):
        self._check(features, pred_probs)
        name = "knn" if features is not None else "confident_thresholds"
        if self.params[name] is not None:
            warnings.warn(f"params[{name!r}] is there already and is kept: make a new "
                          f"OutOfDistribution to fit anew", UserWarning)
            return None
        if verbose:
            what = "features" if features is not None else "pred_probs"
            print(f"Fitting OOD estimator based on provided {what} ...")
        if features is not None:
            self.params["knn"] = _fit_neighbors(features, self.params["k"])
            return self._score_features(None, self.params["knn"])
        scores, thresholds = self._score_pred_probs(pred_probs, labels)
        if thresholds is None:
            warnings.warn("nothing had to be fitted: score() would have done", UserWarning)
        self.params["confident_thresholds"] = thresholds
        return scores

    def _neighbors_used(self, knn):
        k = self.params["k"] or knn.n_neighbors
        if k > knn.n_neighbors:
            warnings.warn(f"k={k} is more than the {knn.n_neighbors} neighbours that were fitted: "
                          f"those are taken", UserWarning)
            return knn.n_neighbors
        return k

    def _score_features(self, features, knn):
        """features None: the fitted rows themselves."""
        k = self._neighbors_used(knn)
        if features is not None and not hasattr(knn, "_fit_X"):
            knn = _fit_given(knn, features)
        distances = np.asarray(knn.kneighbors(features)[0])[:, :k].mean(axis=1)
        if self.params["scaling_factor"] is None:
            least = 100 * np.finfo(np.float64).eps
            self.params["scaling_factor"] = float(max(np.median(distances), least))
        scores = _scores_of(distances, knn, self.params["t"], self.params["scaling_factor"])
        return scores.astype(_score_type(features, knn), copy=False)

    def _score_pred_probs(self, pred_probs, labels):
        """(scores, thresholds or None)."""
        p = self.params
        thresholds = p["confident_thresholds"]
        if not p["adjust_pred_probs"]:
            if thresholds is not None or labels is not None:
                warnings.warn("labels and confident_thresholds change nothing with "
                              "params['adjust_pred_probs'] = False", UserWarning)
            thresholds = None
        elif thresholds is None:
            if labels is None:
                raise ValueError("labels are needed with params['adjust_pred_probs'] = True")
            labels = _inputs.labels_to_array(labels)
            _inputs.open_checked(labels, pred_probs, any_type=True).check_range()
            thresholds = get_confident_thresholds(labels, pred_probs)
        if p["method"] not in _outliers.METHODS:
            raise ValueError(f"method: {p['method']!r} is none of {_outliers.METHODS}")
        if p["method"] == "gen" and pred_probs.shape[1] < p["M"]:
            warnings.warn(f"method 'gen' with M={p['M']} is meant for at least {p['M']} classes",
                          UserWarning)
        scores = _outliers.probability_scores(_inputs.readable(pred_probs), thresholds,
                                              p["method"], p["M"], p["gamma"])
        is_single = thresholds is None or np.asarray(thresholds).dtype.itemsize < 8
        if pred_probs.dtype in (np.float16, np.float32) and is_single:
            scores = scores.astype(np.float32)
        return scores, thresholds if p["adjust_pred_probs"] else p["confident_thresholds"]


def _score_type(features, knn):
    """float32 for cosine distances between float32 rows, as scikit-learn computes them."""
    dtype = getattr(features, "dtype", None)
    if features is None and isinstance(knn, NearestNeighbors):
        dtype = knn._fit_X.dtype
    return np.float32 if dtype == np.float32 and knn.metric == "cosine" else np.float64


def _scores_of(distances, knn, t, scale):
    """exp(-t d / scale); distances within the metric's rounding score 1."""
    metric = knn.metric if isinstance(knn.metric, str) else knn.metric.__name__
    code = _outliers.METRICS.index("cosine" if metric == "cosine" else "euclidean")
    scores, _ = _outliers.distance_scores(distances, code, t, scale)
    if metric in _outliers.METRICS:
        return scores
    exact = np.exp(-t * distances / max(scale, 1e-6))  # other metrics round differently or not
    if metric == "minkowski":
        exact[distances < (100 * np.finfo(np.float64).eps) ** (1 / knn.p)] = 1
    return exact
