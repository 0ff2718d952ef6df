"""The native API of confident learning: which labels are probably wrong.

Against ``labelqa.cleanlab`` it accepts more (names as labels, frames, Arrow data, .npy paths),
refuses NaN, scales rows that nearly sum to 1 and says so, and breaks ties the same way on every
machine (``ties="stable"``; ``ties="compat"`` gives cleanlab's order under numpy 1.24).

Common arguments. labels: N class numbers 0 to K-1, or names with ``classes``. pred_probs: N x K
probabilities made without training on the row, of any float type and layout; not copied. threads: 0
= one per processor; results never depend on it. tolerance: rows may be off sum 1, and values off
[0, 1], by this much: they are scaled with a LabelqaWarning; beyond it a ValueError names the row.
"""
import warnings

import numpy as np

from labelqa import _arguments, _core, _docs, _inputs
from labelqa._warning import LabelqaWarning


def _open(labels, pred_probs, classes, ties, threads, tolerance=_core.DEFAULT_TOLERANCE):
    pred_probs = _inputs.read_pred_probs(pred_probs)
    labels = _inputs.read_labels(labels, pred_probs.shape[1], classes)
    problem = _core.Problem(labels, pred_probs, ties=ties,
                            threads=_arguments.whole(threads, "threads", 0, 1024),
                            tolerance=_arguments.number(tolerance, "tolerance", 0, 1))
    if problem.handle.message:
        warnings.warn(problem.handle.message, LabelqaWarning, stacklevel=3)
    return problem


def find_label_issues(labels, pred_probs, *, filter_by="prune_by_noise_rate",
                      return_indices_ranked_by=None, rank_by_kwargs=None, frac_noise=1.0,
                      num_to_remove_per_class=None, min_examples_per_class=1,
                      confident_joint=None, classes=None, ties="stable", threads=0,
                      tolerance=_core.DEFAULT_TOLERANCE):
    """Flags the rows whose label is probably wrong.

    filter_by: prune_by_noise_rate (as many of each pair of classes as the confident joint says),
    prune_by_class (each class's least self-confident rows), both, confident_learning (rows
    confidently of another class), predicted_neq_given, low_self_confidence or low_normalized_margin
    (the lowest scores). frac_noise, num_to_remove_per_class (K integers), min_examples_per_class
    and confident_joint (K x K) shape the quotas of the three prune filters.

    Returns a boolean mask of N rows; with return_indices_ranked_by (a method of
    get_label_quality_scores) the flagged row numbers, worst first. Source: Northcutt, Jiang,
    Chuang, "Confident Learning", JAIR 2021; cleanlab 2.9.
    """
    problem = _open(labels, pred_probs, classes, ties, threads, tolerance)
    n = problem.n_classes
    if num_to_remove_per_class is not None:
        num_to_remove_per_class = _arguments.counts(num_to_remove_per_class,
                                                    "num_to_remove_per_class", n)
    if confident_joint is not None:
        confident_joint = _arguments.joint(confident_joint, "confident_joint", n)
    issues = problem.find_issues(
        filter_by, frac_noise=_arguments.number(frac_noise, "frac_noise", 0),
        min_examples_per_class=_arguments.whole(min_examples_per_class, "min_examples_per_class",
                                                0),
        num_to_remove_per_class=num_to_remove_per_class, confident_joint=confident_joint)
    if return_indices_ranked_by is None:
        return issues
    return problem.rank(issues, return_indices_ranked_by, **_rank_options(rank_by_kwargs))


def _rank_options(rank_by_kwargs):
    options = dict(rank_by_kwargs or {})
    if not set(options) <= {"adjust_pred_probs"}:
        raise TypeError(f"rank_by_kwargs may hold adjust_pred_probs, not {list(options)}")
    return options


def num_label_issues(labels, pred_probs, *, calibrated=False, classes=None, ties="stable",
                     threads=0, tolerance=_core.DEFAULT_TOLERANCE):
    """Estimates how many labels are wrong.

    Counts the rows that are confidently of another class; calibrated: the mass off the diagonal of
    the calibrated joint, in rows (what a report calls estimated errors). Returns an int.
    """
    problem = _open(labels, pred_probs, classes, ties, threads, tolerance)
    if not calibrated:
        return problem.count_issues()
    joint = problem.joint()[0]
    return int(joint.sum() - np.trace(joint))


def get_label_quality_scores(labels, pred_probs, *, method="self_confidence",
                             adjust_pred_probs=False, classes=None, ties="stable", threads=0,
                             tolerance=_core.DEFAULT_TOLERANCE):
    """How likely each label is right: N scores in [0, 1], lower = more likely wrong.

    method: self_confidence p(label); normalized_margin (p(label) - largest other p + 1) / 2;
    confidence_weighted_entropy. adjust_pred_probs: lower each probability by its class's threshold
    first (not with the entropy). float32 where pred_probs is, else float64.
    """
    problem = _open(labels, pred_probs, classes, ties, threads, tolerance)
    return problem.scores(method, adjust_pred_probs)


def get_label_quality_ensemble_scores(labels, pred_probs_list, *, method="self_confidence",
                                      adjust_pred_probs=False, weights="accuracy",
                                      custom_weights=None, classes=None, threads=0,
                                      tolerance=_core.DEFAULT_TOLERANCE):
    """Label quality scores of several models (a list of N x K arrays) as one: N scores.

    weights: uniform, accuracy (on the given labels), log_loss_search (exp(-t * log-loss), t chosen
    by the log-loss of the weighted mean), or custom with one custom_weight per model.
    """
    if not isinstance(pred_probs_list, (list, tuple)):
        raise TypeError(f"pred_probs_list must be a list of arrays, not "
                        f"{type(pred_probs_list).__name__}")
    if len(pred_probs_list) == 0:
        raise ValueError("pred_probs_list is empty")
    if (weights == "custom") != (custom_weights is not None):
        raise ValueError("custom_weights go with weights='custom', and only with it")
    if custom_weights is not None:
        custom_weights = _arguments.numbers(custom_weights, "custom_weights",
                                            (len(pred_probs_list),))
    problems = [_open(labels, pred_probs, classes, "stable", threads, tolerance)
                for pred_probs in pred_probs_list]
    return _core.ensemble(problems, method=method, adjust_pred_probs=adjust_pred_probs,
                          weights=weights, custom=custom_weights)[0]


def order_label_issues(issues, labels, pred_probs, *, method="self_confidence",
                       adjust_pred_probs=False, classes=None, ties="stable", threads=0,
                       tolerance=_core.DEFAULT_TOLERANCE):
    """Row numbers of the rows that `issues` marks (N booleans) or names (row numbers), worst label
    first (int64)."""
    problem = _open(labels, pred_probs, classes, ties, threads, tolerance)
    issues = _inputs.to_array(issues, "issues")
    if issues.ndim == 1 and (issues.dtype.kind in "iu" or issues.size == 0):
        rows = _arguments.counts(issues, "issues", len(issues))
        if rows.size and rows.max() >= problem.n_rows:
            raise ValueError(f"issues names row {rows.max()}, but there are {problem.n_rows} rows")
        issues = np.bincount(rows, minlength=problem.n_rows) > 0
    if issues.shape != (problem.n_rows,) or issues.dtype != np.bool_:
        raise ValueError(f"issues must be {problem.n_rows} booleans or row numbers, not "
                         f"{issues.dtype} of shape {issues.shape}")
    return problem.rank(issues, method, adjust_pred_probs)


def find_top_issues(scores, *, top=10, ties="stable"):
    """Row numbers of the `top` lowest scores (None = all), lowest first, NaN last."""
    scores = np.asarray(scores)
    if scores.dtype.kind not in "fiub":
        raise TypeError(f"scores must hold numbers, not {scores.dtype}")
    if scores.ndim != 1:
        raise ValueError(f"scores must have one dimension, not {scores.ndim}")
    if top is not None:
        top = min(_arguments.whole(top, "top", 0), len(scores))
    return _core.argsort(scores, ties)[:top]


def get_confident_thresholds(labels, pred_probs, *, classes=None, threads=0,
                             tolerance=_core.DEFAULT_TOLERANCE):
    """Per class the mean probability of the class over the rows given it: K values, at least 2e-6;
    2 for a class that no row is given."""
    return _open(labels, pred_probs, classes, "stable", threads, tolerance).thresholds()


def compute_confident_joint(labels, pred_probs, *, thresholds=None, calibrate=True, classes=None,
                            ties="stable", threads=0, tolerance=_core.DEFAULT_TOLERANCE):
    """Counts rows by given label and the class they are confidently of: K x K int64 [given][true].

    calibrate: rows sum to the counts of given labels, the whole to N. thresholds: K numbers in
    place of get_confident_thresholds.
    """
    problem = _open(labels, pred_probs, classes, ties, threads, tolerance)
    if thresholds is not None:
        is_single = np.asarray(thresholds).dtype == np.float32
        thresholds = _arguments.numbers(thresholds, "thresholds", (problem.n_classes,))
        thresholds = thresholds.astype(np.float32) if is_single else thresholds
    return problem.joint(calibrate=calibrate, thresholds=thresholds)[0]


def calibrate_confident_joint(confident_joint, class_counts, *, ties="stable"):
    """A confident joint (K x K) scaled so that row k sums to class_counts[k]; whole numbers,
    int64."""
    joint = _arguments.joint(confident_joint, "confident_joint")
    class_counts = _arguments.counts(class_counts, "class_counts", len(joint))
    return _core.calibrate(joint, class_counts, ties)


def estimate_joint(labels, pred_probs, *, classes=None, ties="stable", threads=0,
                   tolerance=_core.DEFAULT_TOLERANCE):
    """The joint distribution of given and true labels: K x K float64 that sums to 1."""
    joint = compute_confident_joint(labels, pred_probs, classes=classes, ties=ties, threads=threads,
                                    tolerance=tolerance)
    return joint / joint.sum()


def estimate_latent(labels, pred_probs, *, py_method="cnt", converge=False, classes=None,
                    ties="stable", threads=0, tolerance=_core.DEFAULT_TOLERANCE):
    """(py, noise_matrix, inverse_noise_matrix): K priors of the true classes, K x K P(given |
    true), K x K P(true | given).

    py_method: cnt, eqn (ValueError where the noise matrix is singular), marginal, marginal_ps.
    converge: iterate the three until they fit each other better.
    """
    problem = _open(labels, pred_probs, classes, ties, threads, tolerance)
    return _core.latent(problem.joint()[0], problem.class_counts(), py_method, converge)


def health_summary(labels, pred_probs, *, classes=None, ties="stable", threads=0,
                   tolerance=_core.DEFAULT_TOLERANCE):
    """Where the noise is: a dict of

    tie_order, rows, label_issues (num_label_issues), estimated_errors (off the calibrated joint's
    diagonal), health (1 - label_issues / rows), joint (K x K distribution), classes: a list of
    {class, count, label_noise, inverse_label_noise, quality}, worst quality first, and
    overlapping_classes: a list of {class_a, class_b, count, joint}, largest first.
    """
    problem = _open(labels, pred_probs, classes, ties, threads, tolerance)
    counts = problem.class_counts()
    confident_joint = problem.joint()[0]
    n_rows, n_issues = int(counts.sum()), problem.count_issues()
    joint = confident_joint / n_rows
    given, true, right = joint.sum(axis=1), joint.sum(axis=0), joint.diagonal()
    noise = (given - right) / np.maximum(given, 1e-6)
    inverse = (true - right) / np.maximum(true, 1e-6)
    names = range(problem.n_classes) if classes is None else list(classes)
    a, b = np.triu_indices(problem.n_classes, 1)
    mass = joint[a, b] + joint[b, a]
    return {
        "tie_order": ties, "rows": n_rows, "label_issues": n_issues,
        "estimated_errors": int(n_rows - np.trace(confident_joint)),
        "health": 1 - n_issues / n_rows, "joint": joint,
        "classes": [{"class": names[k], "count": int(counts[k]), "label_noise": float(noise[k]),
                     "inverse_label_noise": float(inverse[k]), "quality": float(1 - noise[k])}
                    for k in _core.argsort(1 - noise, ties)],
        "overlapping_classes": [{"class_a": names[a[i]], "class_b": names[b[i]],
                                 "count": int(np.rint(mass[i] * n_rows)), "joint": float(mass[i])}
                                for i in _core.argsort(-mass, ties)],
    }


_docs.complete((
    find_label_issues, num_label_issues, get_label_quality_scores,
    get_label_quality_ensemble_scores, order_label_issues, find_top_issues,
    get_confident_thresholds, compute_confident_joint, calibrate_confident_joint,
    estimate_joint, estimate_latent, health_summary), _docs.CONFIDENT, _docs.CONFIDENT_RAISES)
