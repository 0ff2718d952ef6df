"""cleanlab.filter over labelqa's core: which labels are probably wrong."""
import warnings

import numpy as np

from labelqa import _core
from labelqa.cleanlab import _inputs
from labelqa.cleanlab.count import calibrate_confident_joint
from labelqa.cleanlab.rank import rank_issues

__all__ = ["find_label_issues", "find_predicted_neq_given",
           "find_label_issues_using_argmax_confusion_matrix"]

_PRUNING = ("prune_by_noise_rate", "prune_by_class", "both")


def _refuse_multi_label(multi_label):
    if multi_label:
        raise NotImplementedError("labelqa audits one label a row: multi_label=True is not offered")


def _check_options(filter_by, frac_noise, num_to_remove_per_class, confident_joint):
    if filter_by in _PRUNING:
        return
    if frac_noise != 1.0 or num_to_remove_per_class is not None:
        warnings.warn(f"frac_noise and num_to_remove_per_class have no meaning for "
                      f"filter_by={filter_by!r}")
    if num_to_remove_per_class is not None:
        raise ValueError(f"num_to_remove_per_class cannot be used with filter_by={filter_by!r}")
    if filter_by == "confident_learning" and isinstance(confident_joint, np.ndarray):
        warnings.warn("filter_by='confident_learning' estimates the confident joint itself: the "
                      "one given is ignored")


def _quotas(n, frac_noise, min_examples_per_class, num_to_remove_per_class, confident_joint):
    """The options that shape the quotas of the prune filters, checked."""
    if num_to_remove_per_class is not None:
        num_to_remove_per_class = _inputs.counts(num_to_remove_per_class,
                                                 "num_to_remove_per_class", n)
    if confident_joint is not None:
        confident_joint = _inputs.square(confident_joint, "confident_joint", n)
    return {"frac_noise": _inputs.number(frac_noise, "frac_noise"),
            "min_examples_per_class": _inputs.whole(min_examples_per_class,
                                                    "min_examples_per_class"),
            "num_to_remove_per_class": num_to_remove_per_class, "confident_joint": confident_joint}


def _warn_small_classes(problem, filter_by, min_examples_per_class):
    if filter_by not in _PRUNING:
        return
    for k in np.flatnonzero(problem.class_counts() <= min_examples_per_class):
        warnings.warn(f"class {k} has too few examples (min_examples_per_class is "
                      f"{min_examples_per_class}): none of its labels are flagged")


def find_label_issues(labels, pred_probs, *, return_indices_ranked_by=None, rank_by_kwargs=None,
                      filter_by="prune_by_noise_rate", frac_noise=1.0,
                      num_to_remove_per_class=None, min_examples_per_class=1,
                      confident_joint=None, n_jobs=None, verbose=False, multi_label=False):
    """Flags the rows whose label is probably wrong.

    labels: N class numbers 0 to K-1. pred_probs: N x K out-of-fold probabilities, any float type
    and memory layout; never copied. filter_by: one of prune_by_noise_rate, prune_by_class, both,
    confident_learning, predicted_neq_given, low_self_confidence, low_normalized_margin. n_jobs:
    threads (None = all processors); results never depend on it.

    Returns a boolean mask of N rows, or, with return_indices_ranked_by (a method of
    rank.get_label_quality_scores), the row numbers as int64, worst label first.

    Raises ValueError for shapes, labels and probabilities that do not fit, TypeError for what is no
    array, AssertionError for an unknown filter. Same as cleanlab.filter.find_label_issues.
    """
    _refuse_multi_label(multi_label)
    assert filter_by in _core.FILTERS, f"filter_by: {filter_by!r} is none of {_core.FILTERS}"
    threads = _inputs.threads_of(n_jobs)
    may_be_one = _inputs.is_all_zero(labels) and filter_by in (*_PRUNING, "confident_learning")
    problem = _inputs.open_checked(labels, pred_probs, allow_one_class=may_be_one, threads=threads)
    _check_options(filter_by, frac_noise, num_to_remove_per_class, confident_joint)
    quotas = {}
    if filter_by in _PRUNING:
        quotas = _quotas(problem.n_classes, frac_noise, min_examples_per_class,
                         num_to_remove_per_class, confident_joint)
    issues = problem.find_issues(filter_by, **quotas)
    _warn_small_classes(problem, filter_by, min_examples_per_class)
    if verbose:
        print(f"Number of label issues found: {np.count_nonzero(issues)}")
    if return_indices_ranked_by is None:
        return issues
    return rank_issues(issues, problem, return_indices_ranked_by, rank_by_kwargs or {})


def find_predicted_neq_given(labels, pred_probs, *, multi_label=False):
    """True for rows whose most probable class (the first, on ties) is not the given label.

    labels: N class numbers. pred_probs: N x K. Returns a boolean mask of N rows. Same as
    cleanlab.filter.find_predicted_neq_given.
    """
    _refuse_multi_label(multi_label)
    problem = _inputs.open_checked(labels, pred_probs, any_type=True)
    problem.check_range()
    return np.argmax(np.asarray(pred_probs), axis=1) != _inputs.labels_to_array(labels)


def _argmax_confusion(labels, pred_probs):
    """Counts [given][most probable] over the classes that occur as either."""
    predicted = np.argmax(np.asarray(pred_probs), axis=1)
    classes = np.union1d(labels, predicted)
    n = len(classes)
    pair = np.searchsorted(classes, labels) * n + np.searchsorted(classes, predicted)
    return np.bincount(pair, minlength=n * n).reshape(n, n)


def find_label_issues_using_argmax_confusion_matrix(labels, pred_probs, *, calibrate=True,
                                                    filter_by="prune_by_noise_rate"):
    """find_label_issues with the confusion of given and most probable classes as confident joint.

    A baseline without thresholds. labels: N class numbers. pred_probs: N x K. Returns a boolean
    mask of N rows. Same as cleanlab.filter.find_label_issues_using_argmax_confusion_matrix.
    """
    problem = _inputs.open_checked(labels, pred_probs)
    problem.check_range()
    labels = _inputs.labels_to_array(labels)
    joint = np.asfortranarray(_argmax_confusion(labels, pred_probs))
    if len(joint) < problem.n_classes:
        raise IndexError(f"pred_probs has {problem.n_classes} columns but only {len(joint)} "
                         f"classes are given or most probable anywhere: drop the others")
    if calibrate:
        joint = calibrate_confident_joint(joint, labels)
    return find_label_issues(labels, pred_probs, confident_joint=joint, filter_by=filter_by)
