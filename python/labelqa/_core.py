"""Between numpy and the extension: arrays in, arrays out, names for enums.

Both APIs, ``labelqa`` and ``labelqa.cleanlab``, stand on this module. It checks nothing that the
library checks itself, and copies no matrix.
"""
import numpy as np

from labelqa import _labelqa

TIES = ("stable", "compat")
FILTERS = ("prune_by_noise_rate", "prune_by_class", "both", "confident_learning",
           "predicted_neq_given", "low_self_confidence", "low_normalized_margin")
METHODS = ("self_confidence", "normalized_margin", "confidence_weighted_entropy")
PY_METHODS = ("cnt", "eqn", "marginal", "marginal_ps")
WEIGHTS = ("uniform", "accuracy", "log_loss_search", "custom")

DEFAULT_TOLERANCE = 1e-2


def code_of(value, names, argument):
    """Position of ``value`` in ``names``; ValueError that lists them otherwise."""
    try:
        return names.index(value)
    except ValueError:
        listed = ", ".join(repr(name) for name in names)
        raise ValueError(f"{argument}: {value!r} is none of {listed}") from None


def is_by_column(matrix):
    """True if numpy holds the matrix in Fortran order only."""
    return matrix.flags.f_contiguous and not matrix.flags.c_contiguous


class Problem:
    """Labels and probabilities that were checked once; one method per result of the library."""

    def __init__(self, labels, pred_probs, *, ties="stable", threads=0,
                 tolerance=DEFAULT_TOLERANCE):
        self.ties = code_of(ties, TIES, "ties")
        self.handle = _labelqa.Problem(labels, pred_probs, ties=self.ties, threads=threads,
                                       tolerance=tolerance)

    @property
    def n_rows(self):
        return self.handle.n_rows

    @property
    def n_classes(self):
        return self.handle.n_classes

    def class_counts(self):
        out = np.empty(self.n_classes, np.int64)
        self.handle.class_counts(out)
        return out

    def check_range(self):
        self.handle.check_range()

    def thresholds(self):
        out = np.empty(self.n_classes, np.float64)
        is_single = self.handle.thresholds(out)
        return out.astype(np.float32) if is_single else out

    def joint(self, *, calibrate=True, thresholds=None, want_off_diagonal=False):
        """The confident joint [given][true] as int64, and the rows off its diagonal or None.

        An uncalibrated joint comes in Fortran order, as from cleanlab: later sums depend on it."""
        own, is_single = None, False
        if thresholds is not None:
            own = np.ascontiguousarray(thresholds, np.float64)
            is_single = np.asarray(thresholds).dtype == np.float32
        marks = np.empty(self.n_rows, np.uint8) if want_off_diagonal else None
        out = np.empty((self.n_classes, self.n_classes), np.float64)
        by_column = self.handle.joint(out, calibrate, own, is_single, marks)
        counts = out.astype(np.int64)
        if by_column:
            counts = np.asfortranarray(counts)
        return counts, None if marks is None else np.flatnonzero(marks)

    def find_issues(self, filter_by, *, frac_noise=1.0, min_examples_per_class=1,
                    num_to_remove_per_class=None, confident_joint=None):
        out = np.empty(self.n_rows, np.bool_)
        remove, joint, by_column = num_to_remove_per_class, confident_joint, False
        if remove is not None:
            remove = np.ascontiguousarray(remove, np.int64)
        if joint is not None:
            joint = np.asarray(joint)
            by_column = is_by_column(joint)
            joint = np.ascontiguousarray(joint, np.float64)
        self.handle.find_issues(out, code_of(filter_by, FILTERS, "filter_by"), frac_noise,
                                min_examples_per_class, remove, joint, by_column)
        return out

    def count_issues(self):
        return self.handle.count_issues()

    def scores(self, method="self_confidence", adjust_pred_probs=False):
        out = np.empty(self.n_rows, np.float64)
        is_single = self.handle.scores(out, code_of(method, METHODS, "method"), adjust_pred_probs)
        return out.astype(np.float32) if is_single else out

    def rank(self, issues, method="self_confidence", adjust_pred_probs=False):
        issues = np.ascontiguousarray(issues, np.bool_)
        out = np.empty(np.count_nonzero(issues), np.int64)
        self.handle.rank(out, issues, code_of(method, METHODS, "method"), adjust_pred_probs)
        return out


def calibrate(confident_joint, class_counts, ties="compat"):
    """A confident joint scaled to the counts of given labels, as whole numbers (int64, K x K)."""
    joint = np.array(confident_joint, np.float64, order="C")
    counts = np.ascontiguousarray(class_counts, np.int64)
    by_column = is_by_column(np.asarray(confident_joint))
    _labelqa.calibrate(joint, len(joint), by_column, counts, code_of(ties, TIES, "ties"))
    return joint.astype(np.int64)


def latent(confident_joint, class_counts, py_method="cnt", converge=False):
    """(py, noise_matrix, inverse_noise_matrix) of a confident joint."""
    joint = np.array(confident_joint, np.float64, order="C")
    counts = np.ascontiguousarray(class_counts, np.int64)
    n = len(joint)
    py, noise, inverse = np.empty(n), np.empty((n, n)), np.empty((n, n))
    _labelqa.latent(joint, n, is_by_column(np.asarray(confident_joint)), counts,
                    code_of(py_method, PY_METHODS, "py_method"), converge, py, noise, inverse)
    return py, noise, inverse


def argsort(scores, ties="stable"):
    """Positions of scores in ascending order, NaN last."""
    keys = np.ascontiguousarray(scores, np.float64)
    out = np.empty(len(keys), np.int64)
    _labelqa.argsort(keys, code_of(ties, TIES, "ties"), out)
    return out


def ensemble(problems, *, method, adjust_pred_probs, weights, custom=None, t_values=None):
    """(scores, weights, accuracies) of several problems with the same labels."""
    n = len(problems)
    score, weight, accuracy = np.empty(problems[0].n_rows), np.empty(n), np.empty(n)
    custom = None if custom is None else np.ascontiguousarray(custom, np.float64)
    t_values = np.ascontiguousarray(
        [1e-4, 1e-3, 1e-2, 1e-1, 1e0, 1e1, 1e2, 2e2] if t_values is None else t_values, np.float64)
    is_single = _labelqa.ensemble([p.handle for p in problems],
                                  code_of(method, METHODS, "method"), adjust_pred_probs,
                                  code_of(weights, WEIGHTS, "weights"), custom, t_values,
                                  score, weight, accuracy)
    return (score.astype(np.float32) if is_single else score), weight, accuracy
