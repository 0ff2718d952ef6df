"""What cleanlab accepts is accepted with the same result of the same type, whatever clothes it
comes in; what its own checks refuse is refused with its exception type.

Differences on purpose are in DELIBERATE and in docs/coming-from-cleanlab.md.
"""
import contextlib
import io
import warnings

import numpy as np
import pytest
from random_problems import HAS_REFERENCE, IS_NEWEST

pandas = pytest.importorskip("pandas")
cleanlab = pytest.importorskip("cleanlab")
if not HAS_REFERENCE or cleanlab.__version__ != "2.9.0":
    pytest.skip("the reference is cleanlab 2.9.0 under numpy 1.24.4", allow_module_level=True)

import importlib  # noqa: E402

K, N = 3, 36
LABELS = np.array([0, 1, 2, 0, 1, 2, 0, 1, 2, 1, 0, 2] * 3)
RNG = np.random.default_rng(5)
P = RNG.dirichlet(np.ones(K), N)
P[np.arange(N), LABELS] += 1
P[3], P[7] = [.1, .8, .1], [.9, .05, .05]
P /= P.sum(axis=1, keepdims=True)
JOINT = np.array([[10, 2, 1], [1, 9, 2], [0, 3, 8]])

ODD_LABELS = {
    "list": LABELS.tolist(), "tuple": tuple(LABELS.tolist()), "index": pandas.Index(LABELS),
    "float": LABELS.astype(float), "float32": LABELS.astype("f4"), "bool": LABELS > 0,
    "bools": (LABELS > 0).tolist(), "objects": LABELS.astype(object),
    "list of numpy": list(LABELS), "floats": LABELS.astype(float).tolist(),
    "series": pandas.Series(LABELS), "own index": pandas.Series(LABELS, RNG.permutation(N)),
    "float series": pandas.Series(LABELS, dtype=float),
    "Int64": pandas.Series(LABELS).astype("Int64"),
    "category": pandas.Series(LABELS).astype("category"), "pandas array": pandas.array(LABELS),
    "uint64": LABELS.astype("u8"), "big-endian": LABELS.astype(">i2"),
    "memoryview": memoryview(LABELS), "read-only": np.broadcast_to(LABELS, N),
    "two classes": np.minimum(LABELS, 1), "gap": np.where(LABELS == 1, 2, LABELS),
    "texts": LABELS.astype(str), "list of texts": [str(k) for k in LABELS], "None": None,
    "fractions": LABELS + .5, "negative": LABELS - 1, "nan": np.where(LABELS == 1, np.nan, LABELS),
    "too large": LABELS + 1, "all 0": np.zeros(N, int), "all 1": np.ones(N, int),
    "short": LABELS[:-1], "long": np.append(LABELS, 0), "empty": np.array([], int), "set": {0, 1},
    "text": "abc", "number": 3, "range": range(N), "matrix": LABELS[:, None],
}
ODD_PROBABILITIES = {
    "float32": P.astype("f4"), "float16": P.astype("f2"), "long double": P.astype(np.longdouble),
    "fortran": np.asfortranarray(P), "big-endian": P.astype(">f8"),
    "strided": np.repeat(P, 2, 0)[::2],
    "turned": P[::-1].copy()[::-1], "read-only": np.broadcast_to(P, P.shape),
    "integers": np.eye(K, dtype=int)[LABELS], "bools": np.eye(K, dtype=bool)[LABELS],
    "nan": np.where(np.arange(N)[:, None] == 4, np.nan, P), "half": P / 2,
    "1 + 5e-7": np.where(P == P.max(), 1 + 5e-7, P), "-5e-7": np.where(P == P.min(), -5e-7, P),
    "1.01": P * 1.01, "negative": P - .5,
    "infinite": np.where(np.arange(N)[:, None] == 4, np.inf, P),
    "list": P.tolist(), "frame": pandas.DataFrame(P), "None": None, "text": P.astype(str),
    "one dimension": P[:, 0], "three": P[None], "few columns": P[:, :2], "short": P[:-1],
    "more columns": np.hstack([P, np.zeros((N, 1))]), "no rows": P[:0],
}
FUNCTIONS = {
    **{f"find {method}": ("filter", "find_label_issues", {"filter_by": method, "n_jobs": 1})
       for method in ("prune_by_noise_rate", "prune_by_class", "both", "confident_learning",
                      "predicted_neq_given", "low_self_confidence", "low_normalized_margin")},
    "ranked": ("filter", "find_label_issues", {"return_indices_ranked_by": "normalized_margin",
                                               "n_jobs": 1}),
    "predicted": ("filter", "find_predicted_neq_given", {}),
    **{f"count {method}": ("count", "num_label_issues", {"estimation_method": method, **options})
       for method, options in (("off_diagonal", {}), ("off_diagonal_calibrated", {}),
                               ("off_diagonal_custom", {"confident_joint": JOINT}))},
    "thresholds": ("count", "get_confident_thresholds", {}),
    "joint": ("count", "compute_confident_joint", {"return_indices_of_off_diagonals": True}),
    "distribution": ("count", "estimate_joint", {}),
    "latent": ("count", "estimate_py_and_noise_matrices_from_probabilities", {}),
    **{f"score {method} {adjust}": ("rank", "get_label_quality_scores",
                                    {"method": method, "adjust_pred_probs": adjust})
       for method in ("self_confidence", "normalized_margin") for adjust in (False, True)},
    "score entropy": ("rank", "get_label_quality_scores",
                      {"method": "confidence_weighted_entropy"}),
    "margin": ("rank", "get_normalized_margin_for_each_label", {}),
    "entropy": ("rank", "get_confidence_weighted_entropy_for_each_label", {}),
    "classes": ("dataset", "rank_classes_by_label_quality", {}),
    "overlaps": ("dataset", "find_overlapping_classes", {}),
    "health": ("dataset", "overall_label_health_score", {"verbose": False}),
    "summary": ("dataset", "health_summary", {"verbose": False}),
}
UNCHECKED = {"thresholds", "joint", "distribution", "latent", "margin", "entropy", "classes",
             "overlaps"}
# cleanlab's unchecked functions ignore these labels, or wrap them around to other columns.
DELIBERATE = {"texts", "list of texts", "fractions", "negative", "nan", "too large", "empty",
              "range", "matrix", "few columns"}


def call(package, module, name, options, arguments):
    """(result, exception, categories of warnings)"""
    function = getattr(importlib.import_module(f"{package}.{module}"), name)
    with warnings.catch_warnings(record=True) as caught, contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("always")
        try:
            result, error = function(*arguments, **options), None
        except Exception as raised:
            result, error = None, raised
    kinds = {warning.category for warning in caught} - {RuntimeWarning}  # numpy's own
    return result, error, kinds


def assert_alike(ours, theirs, context, tolerance):
    assert type(ours) is type(theirs), (context, type(ours), type(theirs))
    if isinstance(theirs, (tuple, dict)):
        pairs = zip(ours, theirs) if isinstance(theirs, tuple) else (
            (ours[key], theirs[key]) for key in theirs)
        for mine, reference in pairs:
            assert_alike(mine, reference, context, tolerance)
    elif isinstance(theirs, pandas.DataFrame):
        pandas.testing.assert_frame_equal(ours, theirs)
    else:
        double = np.dtype(np.longdouble)
        is_widened = IS_NEWEST and (ours.dtype, theirs.dtype) == (np.float32, np.float64)
        same_type = ours.dtype == theirs.dtype or theirs.dtype == double or is_widened
        assert same_type, (context, ours.dtype, theirs.dtype)
        np.testing.assert_allclose(ours, theirs.astype(ours.dtype), rtol=tolerance, atol=tolerance,
                                   err_msg=str(context))


def compare(function, case, labels, p):
    module, name, options = FUNCTIONS[function]
    theirs, refusal, their_warnings = call("cleanlab", module, name, options, (labels, p))
    ours, error, our_warnings = call("labelqa.cleanlab", module, name, options, (labels, p))
    context = (function, case, refusal, error)
    if function in UNCHECKED and case in DELIBERATE:
        assert error is None or isinstance(error, (ValueError, IndexError)), context
    elif refusal is None:
        assert error is None, context
        single = getattr(p, "dtype", None) in (np.float16, np.float32)
        assert_alike(ours, theirs, context, 2e-3 if single else 1e-12)
        assert our_warnings == their_warnings, (context, our_warnings, their_warnings)
    elif error is not None:
        assert not isinstance(error, SystemError), context
        assert str(error).strip(), context


@pytest.mark.parametrize("function", FUNCTIONS)
def test_odd_labels(function):
    for case, labels in ODD_LABELS.items():
        compare(function, case, labels, P)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_odd_probabilities(function):
    for case, p in ODD_PROBABILITIES.items():
        compare(function, case, LABELS, p)


@pytest.mark.parametrize("function", [name for name in FUNCTIONS if name.startswith("find ")])
@pytest.mark.parametrize("case, kind", [
    ("texts", ValueError), ("fractions", ValueError), ("negative", ValueError),
    ("too large", ValueError), ("empty", ValueError), ("all 1", ValueError),
    ("short", ValueError), ("None", TypeError), ("set", TypeError), ("tuple", TypeError),
    ("float", IndexError), ("bool", IndexError)])
def test_refusals_of_labels_have_the_same_type(function, case, kind):
    module, name, options = FUNCTIONS[function]
    for package in ("cleanlab", "labelqa.cleanlab"):
        error = call(package, module, name, options, (ODD_LABELS[case], P))[1]
        assert isinstance(error, kind), (package, error)


@pytest.mark.parametrize("options, kind", [
    ({"filter_by": "x"}, AssertionError), ({"n_jobs": 0}, AssertionError),
    ({"n_jobs": 2.5}, TypeError), ({"frac_noise": "x"}, TypeError),
    ({"min_examples_per_class": "x"}, TypeError), ({"return_indices_ranked_by": "x"}, ValueError),
    ({"return_indices_ranked_by": "self_confidence", "rank_by_kwargs": {"x": 1}}, TypeError),
    ({"return_indices_ranked_by": "self_confidence", "rank_by_kwargs": "x"}, TypeError),
    ({"filter_by": "confident_learning", "num_to_remove_per_class": [1, 1, 1]}, ValueError)])
def test_refusals_of_options_have_the_same_type(options, kind):
    for package in ("cleanlab", "labelqa.cleanlab"):
        if package == "cleanlab" and options.get("n_jobs") == 2.5:
            continue  # it forks first
        error = call(package, "filter", "find_label_issues", {"n_jobs": 1, **options},
                     (LABELS, P))[1]
        assert isinstance(error, kind), (package, error)


@pytest.mark.parametrize("options, words", [
    ({"num_to_remove_per_class": [1, 2]}, "num_to_remove_per_class must hold 3"),
    ({"num_to_remove_per_class": [1, np.nan, 2]}, r"num_to_remove_per_class\[1\] is nan"),
    ({"num_to_remove_per_class": [1, 2.5, 2]}, r"num_to_remove_per_class\[1\] is 2.5"),
    ({"confident_joint": JOINT[:2, :2]}, "confident_joint must be 3 x 3"),
    ({"confident_joint": "x"}, "confident_joint must be 3 x 3")])
def test_refusals_name_the_option(options, words):
    from labelqa.cleanlab.filter import find_label_issues
    with pytest.raises(ValueError, match=words):
        find_label_issues(LABELS, P, **options)


@pytest.mark.parametrize("method", ["prune_by_noise_rate", "prune_by_class", "both"])
def test_one_number_to_remove_stands_for_every_class(method):
    for number in (1, 2, np.int64(2), [1], (3,), np.array(2), np.array([2]), [[0, 2, 1]]):
        options = {"num_to_remove_per_class": number, "filter_by": method, "n_jobs": 1}
        mine, theirs = (call(package, "filter", "find_label_issues", options, (LABELS, P))[0]
                        for package in ("labelqa.cleanlab", "cleanlab"))
        assert np.array_equal(mine, theirs), number


def test_a_joint_as_a_frame_or_a_list():
    joint = JOINT / JOINT.sum()
    for asymmetric in (False, True):
        options = {"num_examples": N, "asymmetric": asymmetric}
        theirs = cleanlab.dataset.find_overlapping_classes(joint=joint, **options)
        for given in (joint, pandas.DataFrame(joint), joint.tolist()):
            ours = call("labelqa.cleanlab", "dataset", "find_overlapping_classes",
                        {"joint": given, **options}, ())[0]
            pandas.testing.assert_frame_equal(ours, theirs)
    for name in ("rank_classes_by_label_quality", "health_summary", "overall_label_health_score"):
        plain, framed = (call("labelqa.cleanlab", "dataset", name,
                              {"joint": given, "num_examples": N}, ())[0]
                         for given in (joint, pandas.DataFrame(joint)))
        assert str(plain) == str(framed)


def test_masked_values_are_refused():
    labels = np.ma.array(LABELS, mask=np.arange(N) == 4)
    p = np.ma.array(P, mask=np.arange(N * K).reshape(N, K) == 7)
    for module, name, options in FUNCTIONS.values():
        error = call("labelqa.cleanlab", module, name, options, (labels, P))[1]
        assert isinstance(error, TypeError) and "labels[4] is masked" in str(error), name
        error = call("labelqa.cleanlab", module, name, options, (LABELS, p))[1]
        assert isinstance(error, TypeError) and "pred_probs[2, 1] is masked" in str(error), name
        unmasked = call("labelqa.cleanlab", module, name, options, (np.ma.array(LABELS), P))
        assert unmasked[1] is None, unmasked


@pytest.mark.parametrize("module, name, arguments, options, words", [
    ("dataset", "find_overlapping_classes", (), {"joint": "x"}, "joint must hold numbers"),
    ("dataset", "find_overlapping_classes", (), {"joint": JOINT[:2]}, "joint must be K x K"),
    ("dataset", "find_overlapping_classes", (LABELS, P), {"class_names": ["a"]},
     "class_names must hold 3"),
    ("dataset", "rank_classes_by_label_quality", (LABELS, P), {"class_names": ["a"]},
     "class_names must hold 3"),
    ("dataset", "rank_classes_by_label_quality", (LABELS, P), {"num_examples": "x"},
     "num_examples must be a number"),
    ("count", "compute_confident_joint", (LABELS, P), {"thresholds": [.1, .2]},
     "thresholds must hold 3"),
    ("count", "get_confident_thresholds", (LABELS, None), {}, "pred_probs"),
    ("rank", "get_self_confidence_for_each_label", (LABELS, None), {}, "pred_probs is None"),
    ("rank", "get_self_confidence_for_each_label", (LABELS + 1, P), {}, "largest label is 3"),
    ("rank", "get_normalized_margin_for_each_label", (LABELS, None), {}, "pred_probs"),
    ("rank", "find_top_issues", ([.5, .2],), {"top": 1.5}, "top must be a whole number"),
    ("rank", "order_label_issues", ([.5], LABELS, P), {}, "label_issues_mask must hold"),
    ("rank", "order_label_issues", ([99], LABELS, P), {}, "label_issues_mask names row 99"),
    ("outlier", "transform_distances_to_scores", ("x", 1, 1), {}, "avg_distances must hold"),
])
def test_errors_name_the_argument(module, name, arguments, options, words):
    error = call("labelqa.cleanlab", module, name, options, arguments)[1]
    assert isinstance(error, (ValueError, TypeError, IndexError)) and words in str(error), error


def test_row_numbers_as_a_mask():
    for mask in (np.array([3, 7, 9]), [3, 7, 9], [], np.array([3, 3, 7]), np.array([-1, 3]),
                 (LABELS == 1).astype(int), np.array([], int)):
        for by in ("self_confidence", "normalized_margin"):
            mine, theirs = (
                call(package, "rank", "order_label_issues", {"rank_by": by}, (mask, LABELS, P))[0]
                for package in ("labelqa.cleanlab", "cleanlab"))
            assert mine.dtype == theirs.dtype and np.array_equal(mine, theirs), mask


@pytest.mark.parametrize("thresholds", [.5, [.5], (.2, .5, .7), np.float32([.5] * 3),
                                        pandas.Series([.5] * 3), [np.nan] * 3])
def test_thresholds_of_the_user(thresholds):
    mine, theirs = (call(package, "count", "compute_confident_joint", {"thresholds": thresholds},
                         (LABELS, P))[0] for package in ("labelqa.cleanlab", "cleanlab"))
    assert np.array_equal(mine, theirs)


@pytest.mark.parametrize("method", ["entropy", "least_confidence"])
@pytest.mark.parametrize("labels", ["tuple", "index", "float", "bool", "series", "objects"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_outliers_by_probabilities(method, labels, dtype):
    found = []
    for package in ("labelqa.cleanlab", "cleanlab"):
        judge = importlib.import_module(f"{package}.outlier").OutOfDistribution({"method": method})
        found.append(judge.fit_score(pred_probs=P.astype(dtype), labels=ODD_LABELS[labels],
                                     verbose=False))
    assert_alike(*found, (method, labels), 1e-6 if dtype == np.float32 else 1e-12)


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64, bool, object])
@pytest.mark.parametrize("width", [2, 3, 4, 9])
def test_outliers_by_features(dtype, width):
    features = (np.random.default_rng(1).normal(size=(150, width)) * 5).astype(dtype)
    found = []
    for package in ("labelqa.cleanlab", "cleanlab"):
        judge = importlib.import_module(f"{package}.outlier").OutOfDistribution()
        found.append((judge.fit_score(features=features, verbose=False),
                      judge.score(features=features[:9])))
    assert_alike(*found, (dtype, width), 1e-5 if dtype == np.float32 else 1e-9)


def test_items_without_votes():
    votes = np.array([[0, 1, 1], [np.nan] * 3, [2, 2, 0], [1, np.nan, 1]])
    p = np.array([[.2, .5, .3], [.1, .2, .7], [.3, .3, .4], [.1, .8, .1]])
    for module in ("labelqa.cleanlab", "cleanlab"):
        found = importlib.import_module(f"{module}.multiannotator").get_majority_vote_label(
            votes, p, verbose=False)
        assert found.tolist() == [1, 2, 2, 1]


def test_a_summary_of_a_joint_alone():
    from labelqa.cleanlab import dataset
    joint = JOINT / JOINT.sum()
    found = dataset.health_summary(joint=joint, num_examples=36, verbose=False)
    assert found["overall_label_health_score"] == joint.trace()
