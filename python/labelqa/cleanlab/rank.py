"""cleanlab.rank over labelqa's core: how likely each label is right, and orders by it."""
import warnings

import numpy as np

from labelqa import _core
from labelqa.cleanlab import _inputs

__all__ = ["get_label_quality_scores", "get_label_quality_ensemble_scores", "find_top_issues",
           "order_label_issues", "get_self_confidence_for_each_label",
           "get_normalized_margin_for_each_label",
           "get_confidence_weighted_entropy_for_each_label"]


def _as_cleanlab(scores, method, adjust_pred_probs, pred_probs):
    """The float type cleanlab returns: pred_probs' own where a probability is only looked up."""
    if method == "self_confidence" and not adjust_pred_probs:
        return scores.astype(pred_probs.dtype, copy=False)
    if pred_probs.dtype != np.float16:
        return scores
    return scores.astype(np.float32 if method == "confidence_weighted_entropy" else np.float16)


def _check_method(method, adjust_pred_probs):
    if method not in _core.METHODS:
        raise ValueError(f"method: {method!r} is none of {_core.METHODS}")
    if adjust_pred_probs and method == "confidence_weighted_entropy":
        raise ValueError("adjust_pred_probs cannot be used with confidence_weighted_entropy")


def get_label_quality_scores(labels, pred_probs, *, method="self_confidence",
                             adjust_pred_probs=False):
    """How likely each label is right: N scores in [0, 1], lower = more likely wrong.

    labels: N class numbers. pred_probs: N x K. method: self_confidence, normalized_margin or
    confidence_weighted_entropy. adjust_pred_probs: lower each probability by its class's mean
    self-confidence first (not with the entropy). Raises ValueError for what does not fit. Same as
    cleanlab.rank.get_label_quality_scores; the entropy to 1e-12.
    """
    problem = _inputs.open_checked(labels, pred_probs, allow_one_class=True)
    problem.check_range()
    _check_method(method, adjust_pred_probs)
    scores = problem.scores(method, adjust_pred_probs)
    return _as_cleanlab(scores, method, adjust_pred_probs, pred_probs)


def get_self_confidence_for_each_label(labels, pred_probs):
    """The probability of each row's label: N values. Same as in cleanlab.rank."""
    labels = _inputs.indexable(_inputs.class_numbers(labels))
    _inputs.check_pred_probs(pred_probs, len(labels), int(labels.max()) if len(labels) else -1)
    _inputs.refuse_mask(pred_probs, "pred_probs")
    return pred_probs[np.arange(len(labels)), labels]


def get_normalized_margin_for_each_label(labels, pred_probs):
    """(p(label) - largest other p + 1) / 2 for each row: N values. Same as in cleanlab.rank."""
    pred_probs = np.asanyarray(pred_probs)
    problem = _inputs.open_problem(_inputs.class_numbers(labels), pred_probs)
    scores = problem.scores("normalized_margin")
    return _as_cleanlab(scores, "normalized_margin", False, pred_probs)


def get_confidence_weighted_entropy_for_each_label(labels, pred_probs):
    """log(x + 1) / x with x = normalised entropy / p(label): N values, to 1e-12 as in
    cleanlab.rank.

    Raises ValueError where a probability lies outside [0, 1], by rounding even.
    """
    problem = _inputs.open_problem(_inputs.class_numbers(labels), pred_probs)
    return problem.scores("confidence_weighted_entropy")


def _print_weights(by, weights, accuracies):
    print(f"Weighting scheme for ensemble: {by}")
    for i, weight in enumerate(weights if by in ("accuracy", "log_loss_search") else ()):
        if by == "accuracy":
            print(f"  Model {i} accuracy : {accuracies[i]}")
        print(f"  Model {i} weight   : {weight}")


def get_label_quality_ensemble_scores(labels, pred_probs_list, *, method="self_confidence",
                                      adjust_pred_probs=False,
                                      weight_ensemble_members_by="accuracy", custom_weights=None,
                                      log_loss_search_T_values=[1e-4, 1e-3, 1e-2, 1e-1, 1e0, 1e1,
                                                                1e2, 2e2],
                                      verbose=True):
    """Label quality scores of several models as one: N scores.

    labels: N class numbers. pred_probs_list: a list of N x K arrays, one per model.
    weight_ensemble_members_by: uniform, accuracy (on the given labels), log_loss_search or custom
    (with custom_weights, one per model). Same as cleanlab.rank.get_label_quality_ensemble_scores.
    """
    by = weight_ensemble_members_by
    assert isinstance(pred_probs_list, list), "pred_probs_list must be a list"
    assert len(pred_probs_list) > 0, "pred_probs_list is empty"
    if len(pred_probs_list) == 1:
        warnings.warn("pred_probs_list holds one model only: get_label_quality_scores is for that")
    problems = [_inputs.open_checked(labels, pred_probs) for pred_probs in pred_probs_list]
    for problem in problems:
        problem.check_range()
    if custom_weights is not None and by != "custom":
        raise ValueError(f"custom_weights are given but weight_ensemble_members_by is {by!r}")
    _check_method(method, adjust_pred_probs)
    if by not in _core.WEIGHTS:
        raise ValueError(f"weight_ensemble_members_by: {by!r} is none of {_core.WEIGHTS}")
    if by == "custom":
        assert custom_weights is not None, "custom_weights is None"
        assert len(custom_weights) == len(problems), "custom_weights needs one weight per model"
        custom_weights = _inputs.numbers(custom_weights, "custom_weights")
    if by == "log_loss_search":
        t_values = _inputs.numbers(log_loss_search_T_values, "log_loss_search_T_values")
        assert t_values.size > 0, "log_loss_search_T_values is empty"
    scores, weights, accuracies = _core.ensemble(
        problems, method=method, adjust_pred_probs=adjust_pred_probs, weights=by,
        custom=custom_weights, t_values=log_loss_search_T_values)
    if verbose:
        _print_weights(by, weights, accuracies)
    return scores


def find_top_issues(quality_scores, *, top=10):
    """Row numbers of the `top` lowest scores, lowest first; None = all. Same as in
    cleanlab.rank."""
    scores = _inputs.numbers(quality_scores, "quality_scores")
    if scores.ndim != 1:
        raise ValueError(f"quality_scores must have one dimension, not {scores.ndim}")
    if isinstance(top, (float, str)):
        raise TypeError(f"top must be a whole number or None, not {top!r}")
    order = _core.argsort(scores, "compat")
    return order if top is None or top > len(order) else order[:top]


def _rank_options(rank_by, rank_by_kwargs):
    """adjust_pred_probs, checked together with the method."""
    if not hasattr(rank_by_kwargs, "keys"):
        raise TypeError(f"rank_by_kwargs must be a dict, not {rank_by_kwargs!r}")
    adjust = rank_by_kwargs.get("adjust_pred_probs", False)
    unknown = set(rank_by_kwargs) - {"adjust_pred_probs"}
    if unknown:
        raise TypeError(f"get_label_quality_scores() got an unexpected keyword argument "
                        f"{sorted(unknown)[0]!r}")
    _check_method(rank_by, adjust)
    return adjust


def rank_issues(issues, problem, rank_by, rank_by_kwargs):
    """order_label_issues for a problem that is already open."""
    adjust = _rank_options(rank_by, rank_by_kwargs)
    if rank_by == "confidence_weighted_entropy":  # refuses values just outside [0, 1] in any row
        rows = np.flatnonzero(issues)
        return rows[_core.argsort(problem.scores(rank_by)[rows], "compat")]
    return problem.rank(issues, rank_by, adjust)


def order_label_issues(label_issues_mask, labels, pred_probs, *, rank_by="self_confidence",
                       rank_by_kwargs={}):
    """Row numbers of the flagged rows, worst label first (int64).

    label_issues_mask: N booleans, or row numbers. rank_by: a method of get_label_quality_scores,
    rank_by_kwargs its options. Same as cleanlab.rank.order_label_issues.
    """
    problem = _inputs.open_checked(labels, pred_probs,
                                   allow_one_class=_inputs.is_all_zero(labels))
    problem.check_range()
    mask = np.asarray(label_issues_mask)
    if mask.size == 0 and isinstance(label_issues_mask, (list, tuple)):
        mask = mask.astype(np.int64)
    if mask.dtype == np.bool_ and mask.shape == (problem.n_rows,):
        return rank_issues(mask, problem, rank_by, rank_by_kwargs)
    if mask.dtype == np.bool_:
        raise IndexError(f"label_issues_mask must hold {problem.n_rows} booleans, but its shape is "
                         f"{mask.shape}")
    if mask.dtype.kind not in "iu":
        raise IndexError(f"label_issues_mask must hold {problem.n_rows} booleans or row numbers, "
                         f"not {mask.dtype}")
    outside = mask[(mask < -problem.n_rows) | (mask >= problem.n_rows)]
    if outside.size:
        raise IndexError(f"label_issues_mask names row {outside[0]}, but there are "
                         f"{problem.n_rows} rows")
    rows = np.arange(problem.n_rows)[mask]  # row numbers, kept as often as they are named
    scores = problem.scores(rank_by, _rank_options(rank_by, rank_by_kwargs))[rows]
    return rows[_core.argsort(scores, "compat")]
