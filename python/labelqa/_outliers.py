"""Neighbours and outliers: rows that are like no others, from features or from probabilities."""
import numpy as np

from labelqa import _arguments, _docs, _inputs, _labelqa

METRICS = ("euclidean", "cosine")
METHODS = ("entropy", "least_confidence", "gen")


def _features(features, name="features"):
    array = np.asarray(_inputs.to_array(features, name))
    if array.ndim != 2:
        raise ValueError(f"{name} must have 2 dimensions (rows x features), not {array.ndim}")
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{name} must hold numbers, not {array.dtype}")
    return array.astype(np.uint8) if array.dtype.kind == "b" else array


def _metric_code(metric, n_features):
    if metric is None:
        metric = "cosine" if n_features > 3 else "euclidean"
    if metric not in METRICS:
        raise ValueError(f"metric: {metric!r} is none of {METRICS}")
    return METRICS.index(metric)


def neighbors(points, queries, k, metric_code, threads=0):
    """(distance, index) of the k nearest points to each query, or to each other point."""
    shape = (len(points if queries is None else queries), k)
    distance, index = np.empty(shape), np.empty(shape, np.int64)
    _labelqa.neighbors(points, queries, metric_code, k, threads, distance, index)
    return distance, index


def distance_scores(mean_distance, metric_code, t=1.0, scale=None):
    """(scores, scale) from mean distances to neighbours; the scale is their median if None."""
    score = np.empty(len(mean_distance))
    scale = _labelqa.distance_scores(np.ascontiguousarray(mean_distance, np.float64), metric_code,
                                     t, np.nan if scale is None else scale, score)
    return score, scale


def probability_scores(pred_probs, thresholds=None, method="entropy", m=100, gamma=0.1):
    score = np.empty(len(pred_probs))
    if thresholds is not None:
        thresholds = np.ascontiguousarray(thresholds, np.float64)
    _labelqa.probability_scores(pred_probs, thresholds, METHODS.index(method), m, gamma, score)
    return score


def nearest_neighbors(features, queries=None, *, k=10, metric=None, threads=0):
    """The k nearest rows of `features` to each query, or to each row itself (itself left out).

    features: N x D numbers. metric: cosine (the default beyond 3 features) or euclidean. Exact,
    with the same bits on every machine; equal distances in row order. Returns (distance, index),
    each n_queries x k. Raises ValueError for NaN, or k beyond the number of other rows.
    """
    features = _features(features)
    threads = _arguments.whole(threads, "threads", 0, 1024)
    if len(features) < 1 + (queries is None):
        raise ValueError(f"features has {len(features)} rows: at least {1 + (queries is None)} "
                         f"are needed")
    queries = None if queries is None else _features(queries, "queries")
    k = _arguments.whole(k, "k", 1, max(len(features) - (queries is None), 1))
    return neighbors(features, queries, k, _metric_code(metric, features.shape[1]), threads)


def outlier_scores(features, *, k=10, metric=None, t=1.0, threads=0):
    """How ordinary each row is: N scores, near 0 = unlike the rest.

    exp(-t * mean distance to the k nearest rows / median of those means). features: N x D numbers,
    such as embeddings. Source: Kuan and Mueller (2022); cleanlab 2.9's OutOfDistribution.
    """
    features = _features(features)
    k, t = _arguments.whole(k, "k", 1), _arguments.number(t, "t", 0)
    threads = _arguments.whole(threads, "threads", 0, 1024)
    if len(features) < 2:
        raise ValueError(f"features has {len(features)} rows: at least 2 are needed")
    code = _metric_code(metric, features.shape[1])
    distance, _ = neighbors(features, None, min(k, len(features) - 1), code, threads)
    return distance_scores(distance.mean(axis=1), code, t)[0]


def outlier_scores_from_pred_probs(pred_probs, labels=None, *, method="entropy"):
    """How sure a model is of each row: N scores, low = it has seen nothing like it.

    pred_probs: N x K. labels (N class numbers): lower each probability by its class's mean
    self-confidence first. method: entropy, least_confidence, or gen (meant for 100 classes and
    more).
    """
    from labelqa._confident import get_confident_thresholds
    pred_probs = _inputs.read_pred_probs(pred_probs)
    if method not in METHODS:
        raise ValueError(f"method: {method!r} is none of {METHODS}")
    thresholds = None if labels is None else get_confident_thresholds(labels, pred_probs)
    return probability_scores(pred_probs, thresholds, method)


_docs.complete((nearest_neighbors, outlier_scores, outlier_scores_from_pred_probs),
               _docs.OUTLIERS, _docs.ANNOTATORS_RAISES)
