"""cleanlab.count over labelqa's core: how many labels are wrong, and between which classes."""
import warnings

import numpy as np

from labelqa import _core
from labelqa.cleanlab import _inputs

__all__ = ["num_label_issues", "calibrate_confident_joint", "estimate_joint",
           "compute_confident_joint", "estimate_latent",
           "estimate_py_and_noise_matrices_from_probabilities",
           "estimate_confident_joint_and_cv_pred_proba",
           "estimate_py_noise_matrices_and_cv_pred_proba", "estimate_cv_predicted_probabilities",
           "estimate_noise_matrices", "get_confident_thresholds"]

_TINY = 1e-100
_METHODS = ("off_diagonal", "off_diagonal_calibrated", "off_diagonal_custom")


def _refuse_multi_label(multi_label):
    if multi_label:
        raise NotImplementedError("labelqa audits one label a row: multi_label=True is not offered")


def _label_counts(labels, n_classes):
    """Rows of each class; labels that are no integers fill the first places in sorted order."""
    classes, counts = np.unique(labels, return_counts=True)
    if len(classes) == n_classes:
        return counts
    total = np.zeros(n_classes, int)
    if np.issubdtype(classes.dtype, np.integer):
        if len(classes) and classes.max() >= n_classes:
            raise ValueError(f"labels: the largest is {classes.max()} but there are {n_classes} "
                             f"classes (0 to {n_classes - 1})")
        total[classes] = counts
    else:
        total[:len(classes)] = counts
    return total


def _square(confident_joint):
    confident_joint = np.asarray(confident_joint)
    n = len(confident_joint) if confident_joint.ndim else 0
    return _inputs.square(confident_joint, "confident_joint", n)


def get_confident_thresholds(labels, pred_probs, multi_label=False):
    """Per class the mean probability of the class over the rows given it.

    labels: N class numbers. pred_probs: N x K. Returns K thresholds in pred_probs' float type, at
    least 2e-6; 2 for a class that no row is given. Same as cleanlab.count.get_confident_thresholds.
    """
    _refuse_multi_label(multi_label)
    pred_probs = np.asanyarray(pred_probs)
    thresholds = _inputs.open_problem(_inputs.class_numbers(labels), pred_probs).thresholds()
    return thresholds.astype(np.float16) if pred_probs.dtype == np.float16 else thresholds


def compute_confident_joint(labels, pred_probs, *, thresholds=None, calibrate=True,
                            multi_label=False, return_indices_of_off_diagonals=False):
    """Counts rows by given label and the class they are confidently of.

    labels: N class numbers. pred_probs: N x K. thresholds: K numbers instead of the mean
    self-confidences. calibrate: scale to the label counts and to N, in whole numbers.

    Returns K x K int64 [given][true], its diagonal at least 1 before calibration; with
    return_indices_of_off_diagonals a pair of that and the row numbers counted off the diagonal.
    Same as cleanlab.count.compute_confident_joint.
    """
    _refuse_multi_label(multi_label)
    problem = _inputs.open_problem(_inputs.class_numbers(labels), pred_probs)
    if thresholds is not None:
        thresholds = np.asarray(thresholds)
        kind = np.float32 if thresholds.dtype == np.float32 else np.float64
        thresholds = _inputs.numbers(thresholds, "thresholds").astype(kind)
        if thresholds.size not in (1, problem.n_classes) or thresholds.ndim > 1:
            raise ValueError(f"thresholds must hold {problem.n_classes} numbers, one per class, "
                             f"but its shape is {thresholds.shape}")
        thresholds = np.broadcast_to(thresholds, problem.n_classes)
    joint, rows = problem.joint(calibrate=calibrate, thresholds=thresholds,
                                want_off_diagonal=return_indices_of_off_diagonals)
    return (joint, rows) if return_indices_of_off_diagonals else joint


def calibrate_confident_joint(confident_joint, labels, *, multi_label=False):
    """Scales a confident joint so that rows sum to the counts of given labels, in whole numbers.

    confident_joint: K x K [given][true]. labels: N class numbers. Returns K x K int64 that sums to
    N. Same as cleanlab.count.calibrate_confident_joint.
    """
    _refuse_multi_label(multi_label)
    confident_joint = _square(confident_joint)
    counts = _label_counts(labels, len(confident_joint))
    return _core.calibrate(confident_joint, counts)


def estimate_joint(labels, pred_probs, *, confident_joint=None, multi_label=False):
    """The joint distribution of given and true labels: K x K float64 that sums to 1.

    From labels (N) and pred_probs (N x K), or from a confident joint, which is calibrated where
    labels are given and used as it is where they are None. Same as cleanlab.count.estimate_joint.
    """
    _refuse_multi_label(multi_label)
    if confident_joint is None:
        joint = compute_confident_joint(labels, pred_probs)
    elif labels is not None:
        joint = calibrate_confident_joint(confident_joint, labels)
    else:
        joint = confident_joint
    return joint / max(float(np.sum(joint)), _TINY)


def _count_from_joint(joint, n_rows):
    return np.rint((1.0 - joint.trace()) * n_rows).astype(int)


def num_label_issues(labels, pred_probs, *, confident_joint=None,
                     estimation_method="off_diagonal", multi_label=False):
    """Estimates how many labels are wrong.

    estimation_method: off_diagonal counts the rows that are confidently of another class;
    off_diagonal_calibrated reads it off the calibrated joint; off_diagonal_custom off the given
    confident_joint (K x K). Returns an integer. Same as cleanlab.count.num_label_issues.
    """
    if isinstance(confident_joint, np.ndarray) and estimation_method != "off_diagonal_custom":
        warnings.warn("confident_joint is ignored and estimated anew: pass "
                      "estimation_method='off_diagonal_custom' to use the one given")
    _refuse_multi_label(multi_label)
    labels = _inputs.labels_to_array(labels)
    problem = _inputs.open_checked(labels, pred_probs,
                                   any_type=estimation_method != "off_diagonal")
    if estimation_method == "off_diagonal":
        return np.int64(problem.count_issues())
    if estimation_method not in _METHODS:
        raise ValueError(f"estimation_method: {estimation_method!r} is none of {_METHODS}")
    problem.check_range()
    if estimation_method == "off_diagonal_custom" and not isinstance(confident_joint, np.ndarray):
        raise ValueError("estimation_method='off_diagonal_custom' needs a confident_joint "
                         "(K x K array)")
    if estimation_method == "off_diagonal_calibrated":
        confident_joint = problem.joint()[0]
    return _count_from_joint(estimate_joint(labels, pred_probs, confident_joint=confident_joint),
                             len(labels))


def estimate_latent(confident_joint, labels, *, py_method="cnt", converge_latent_estimates=False):
    """Priors of the true classes and both noise matrices, from a confident joint.

    confident_joint: K x K [given][true]. labels: N class numbers. py_method: cnt, eqn, marginal or
    marginal_ps. Returns (py of K, noise_matrix K x K P(given|true), inverse_noise_matrix K x K
    P(true|given)), float64. Raises numpy.linalg.LinAlgError where eqn meets a singular matrix. Same
    as cleanlab.count.estimate_latent (eqn and marginal_ps to 1e-9).
    """
    confident_joint = _square(confident_joint)
    counts = _label_counts(labels, len(confident_joint))
    try:
        return _core.latent(confident_joint, counts, py_method, converge_latent_estimates)
    except ValueError as error:
        if getattr(error, "reason", None) != "singular":
            raise
        raise np.linalg.LinAlgError(str(error)) from None


def estimate_py_and_noise_matrices_from_probabilities(labels, pred_probs, *, thresholds=None,
                                                      converge_latent_estimates=True,
                                                      py_method="cnt", calibrate=True):
    """(py, noise_matrix, inverse_noise_matrix, confident_joint) from labels and probabilities.

    See compute_confident_joint and estimate_latent. Same as
    cleanlab.count.estimate_py_and_noise_matrices_from_probabilities.
    """
    joint = compute_confident_joint(labels, pred_probs, thresholds=thresholds, calibrate=calibrate)
    latent = estimate_latent(joint, labels, py_method=py_method,
                             converge_latent_estimates=converge_latent_estimates)
    return (*latent, joint)


def _default_model(clf):
    if clf is not None:
        return clf
    from sklearn.linear_model import LogisticRegression
    return LogisticRegression(solver="lbfgs")


def _take(data, rows):
    return data.iloc[rows] if hasattr(data, "iloc") else data[rows]


def _append_row(data, row):
    if hasattr(data, "iloc"):
        import pandas
        return pandas.concat([data, row]).reset_index(drop=True)
    if hasattr(data, "tocsr"):
        import scipy.sparse
        return scipy.sparse.vstack([data, row])
    return np.concatenate([data, row])


def _fit_fold(model, data, labels, fold, options):
    """Probabilities of the held-out rows. A class that only they hold lends one row to training,
    whose own prediction is then set to its label."""
    import sklearn.base
    train, held_out = fold
    try:
        fresh = sklearn.base.clone(model)
    except Exception:
        raise ValueError("clf must be clonable by sklearn.base.clone") from None
    x, y, x_out, y_out = _take(data, train), labels[train], _take(data, held_out), labels[held_out]
    lent = {}
    for missing in np.setdiff1d(np.arange(options["n_classes"]), y):
        lent[missing] = np.flatnonzero(y_out == missing)[0]
        x = _append_row(x, _take(x_out, [lent[missing]]))
        y = np.append(y, missing)
    if lent:
        warnings.warn(f"classes {sorted(lent)} are too rare for cross-validation: some of their "
                      f"rows are trained on as well as predicted")
    validate = options["validation_func"]
    if validate is not None and not callable(validate):
        raise TypeError("validation_func must be a function of (X_val, y_val)")
    extra = validate(x_out, y_out) if validate else {}
    fresh.fit(x, y, **options["clf_kwargs"], **extra)
    out = fresh.predict_proba(x_out)
    for missing, row in lent.items():
        out[row] = np.arange(options["n_classes"]) == missing
    return out


def estimate_confident_joint_and_cv_pred_proba(X, labels, clf=None, *, cv_n_folds=5,
                                               thresholds=None, seed=None, calibrate=True,
                                               clf_kwargs={}, validation_func=None):
    """Cross-validates a scikit-learn classifier and counts the confident joint of its predictions.

    X: N rows (array, sparse matrix, frame). labels: N class numbers, every class present. clf:
    default LogisticRegression. Returns (confident_joint K x K, pred_probs N x K). Needs
    scikit-learn. Same as cleanlab.count.estimate_confident_joint_and_cv_pred_proba.
    """
    from sklearn.model_selection import StratifiedKFold
    if X is None:
        raise ValueError("X is None: data to train on are needed")
    labels = _inputs.check_labels(labels)
    n_rows = X.shape[0] if hasattr(X, "shape") else len(X)
    if n_rows != len(labels):
        raise ValueError(f"X has {n_rows} rows but labels has {len(labels)}")
    X = X if hasattr(X, "shape") else np.asarray(X)
    n_classes = len(np.unique(labels))
    options = {"n_classes": n_classes, "clf_kwargs": clf_kwargs, "validation_func": validation_func}
    folds = StratifiedKFold(n_splits=cv_n_folds, shuffle=True, random_state=seed)
    pred_probs = np.zeros((n_rows, n_classes))
    for fold in folds.split(X=labels, y=labels):
        pred_probs[fold[1]] = _fit_fold(_default_model(clf), X, labels, fold, options)
    joint = compute_confident_joint(labels, pred_probs, thresholds=thresholds, calibrate=calibrate)
    return joint, pred_probs


def estimate_py_noise_matrices_and_cv_pred_proba(X, labels, clf=None, *, cv_n_folds=5,
                                                 thresholds=None, converge_latent_estimates=False,
                                                 py_method="cnt", seed=None, clf_kwargs={},
                                                 validation_func=None):
    """(py, noise_matrix, inverse_noise_matrix, confident_joint, pred_probs) by cross-validation.

    Same as cleanlab.count.estimate_py_noise_matrices_and_cv_pred_proba.
    """
    joint, pred_probs = estimate_confident_joint_and_cv_pred_proba(
        X, labels, clf, cv_n_folds=cv_n_folds, thresholds=thresholds, seed=seed,
        clf_kwargs=clf_kwargs, validation_func=validation_func)
    latent = estimate_latent(joint, labels, py_method=py_method,
                             converge_latent_estimates=converge_latent_estimates)
    return (*latent, joint, pred_probs)


def estimate_cv_predicted_probabilities(X, labels, clf=None, *, cv_n_folds=5, seed=None,
                                        clf_kwargs={}, validation_func=None):
    """Out-of-fold probabilities, N x K. Same as
    cleanlab.count.estimate_cv_predicted_probabilities."""
    return estimate_py_noise_matrices_and_cv_pred_proba(
        X, labels, clf, cv_n_folds=cv_n_folds, seed=seed, clf_kwargs=clf_kwargs,
        validation_func=validation_func)[-1]


def estimate_noise_matrices(X, labels, clf=None, *, cv_n_folds=5, thresholds=None,
                            converge_latent_estimates=True, seed=None, clf_kwargs={},
                            validation_func=None):
    """(noise_matrix, inverse_noise_matrix) by cross-validation. Same as
    cleanlab.count.estimate_noise_matrices."""
    return estimate_py_noise_matrices_and_cv_pred_proba(
        X, labels, clf, cv_n_folds=cv_n_folds, thresholds=thresholds,
        converge_latent_estimates=converge_latent_estimates, seed=seed, clf_kwargs=clf_kwargs,
        validation_func=validation_func)[1:-2]
