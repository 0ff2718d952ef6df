"""labelqa.cleanlab against cleanlab 2.9.0 itself, on thousands of random problems.

Equal means equal: the same bits, the same rows in the same order. The two exceptions carry their
tolerance: the entropy score (its logarithm is ours) and what the reference computes by BLAS.
LABELQA_CASES scales the number of problems (1 = 240 per test). How many results were compared is
printed at the end of the run.

Under a newer numpy (tools/test-newest, which turns numpy's SIMD sorting off) the same holds but for
sums of more than 8,192 numbers, which numpy adds up in another order since: see `explained`.
"""
import os
import warnings

import numpy as np
import pytest
from random_problems import HAS_REFERENCE, IS_NEWEST, TALLY, make

cleanlab = pytest.importorskip("cleanlab")
if not HAS_REFERENCE or cleanlab.__version__ != "2.9.0":
    pytest.skip("the reference is cleanlab 2.9.0 under numpy 1.24.4", allow_module_level=True)

import cleanlab.count as their_count  # noqa: E402
import cleanlab.dataset as their_dataset  # noqa: E402
import cleanlab.filter as their_filter  # noqa: E402
import cleanlab.rank as their_rank  # noqa: E402

from labelqa.cleanlab import count, dataset, filter, rank  # noqa: E402

CASES = int(240 * float(os.environ.get("LABELQA_CASES", "1")))
GROUPS = 8
FILTERS = ("prune_by_noise_rate", "prune_by_class", "both", "confident_learning",
           "predicted_neq_given", "low_self_confidence", "low_normalized_margin")

pytestmark = pytest.mark.filterwarnings("ignore")


def seeds(group, base):
    per_group = CASES // GROUPS
    return range(base + group * per_group, base + (group + 1) * per_group)


@pytest.fixture(autouse=True)
def one_process(monkeypatch):
    """cleanlab starts a pool of processes for each call that cannot name n_jobs."""
    monkeypatch.setattr("multiprocessing.cpu_count", lambda: 1)


def assert_same(ours, theirs, context):
    TALLY["comparisons"] += 1
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    assert ours.dtype == theirs.dtype, (context, ours.dtype, theirs.dtype)
    assert ours.shape == theirs.shape, (context, ours.shape, theirs.shape)
    assert np.array_equal(ours, theirs, equal_nan=ours.dtype.kind == "f"), context


def assert_sums_alike(ours, theirs, context):
    """Thresholds and joints whose sums numpy may have added up in another order: thresholds to the
    last bits; in a joint cells whose halves round the other way, each row's total the same."""
    if not IS_NEWEST or np.array_equal(ours, theirs):
        assert_same(ours, theirs, context)
        return
    TALLY["explained"] += 1
    if ours.dtype.kind == "f":
        tolerance = 1e-6 if ours.dtype == np.float32 else 1e-14
        np.testing.assert_allclose(ours, theirs, rtol=tolerance, err_msg=str(context))
    else:
        assert np.abs(ours - theirs).max() <= 1, context
        assert np.array_equal(ours.sum(axis=1), theirs.sum(axis=1)), context


def assert_found_alike(labels, p, options, context):
    """find_label_issues; where numpy's sum made cleanlab's joint another, ours with that joint must
    flag cleanlab's rows."""
    theirs = their_filter.find_label_issues(labels, p, n_jobs=1, **options)
    ours = filter.find_label_issues(labels, p, **options)
    if IS_NEWEST and not np.array_equal(ours, theirs):
        TALLY["explained"] += 1
        joint = their_count.compute_confident_joint(labels, p)
        assert not np.array_equal(joint, count.compute_confident_joint(labels, p)), context
        ours = filter.find_label_issues(labels, p, **{"confident_joint": joint, **options})
    assert_same(ours, theirs, context)


def filter_options(rng, labels, p, method):
    if method not in FILTERS[:3]:
        return {}
    options = {"frac_noise": float(rng.choice([1, 1, 0.7, 0.33, 0, 1.5])),
               "min_examples_per_class": int(rng.choice([1, 1, 0, 2, 5, 10]))}
    if rng.random() < 0.25:
        options["num_to_remove_per_class"] = [int(v) for v in rng.integers(0, 5, p.shape[1])]
    if rng.random() < 0.3:
        options["confident_joint"] = their_count.compute_confident_joint(
            labels, p, calibrate=bool(rng.random() < 0.5))
    elif rng.random() < 0.1:
        options["confident_joint"] = rng.random((p.shape[1], p.shape[1])) * len(labels) / 10
    return options


@pytest.mark.parametrize("group", range(GROUPS))
def test_find_label_issues(group):
    for seed in seeds(group, 0):
        rng, labels, p = make(seed)
        for method in FILTERS:
            options = filter_options(rng, labels, p, method)
            theirs = their_filter.find_label_issues(labels, p, filter_by=method, n_jobs=1,
                                                    **options)
            ours = filter.find_label_issues(labels, p, filter_by=method, n_jobs=2, **options)
            assert_same(ours, theirs, (seed, method, options.keys()))
            by = str(rng.choice(["self_confidence", "normalized_margin"]))
            kwargs = {"adjust_pred_probs": bool(rng.random() < 0.5)}
            theirs = their_filter.find_label_issues(labels, p, filter_by=method, n_jobs=1,
                                                    return_indices_ranked_by=by,
                                                    rank_by_kwargs=kwargs, **options)
            ours = filter.find_label_issues(labels, p, filter_by=method,
                                            return_indices_ranked_by=by, rank_by_kwargs=kwargs,
                                            **options)
            assert_same(ours, theirs, (seed, method, by, kwargs))


@pytest.mark.parametrize("group", range(GROUPS))
def test_counts_and_joint(group):
    for seed in seeds(group, 100_000):
        rng, labels, p = make(seed)
        assert_same(count.get_confident_thresholds(labels, p),
                    their_count.get_confident_thresholds(labels, p), seed)
        for calibrate in (True, False):
            ours = count.compute_confident_joint(labels, p, calibrate=calibrate,
                                                 return_indices_of_off_diagonals=True)
            theirs = their_count.compute_confident_joint(labels, p, calibrate=calibrate,
                                                         return_indices_of_off_diagonals=True)
            assert_same(ours[0], theirs[0], (seed, calibrate))
            assert_same(ours[1], theirs[1], (seed, calibrate))
            assert ours[0].flags.f_contiguous == theirs[0].flags.f_contiguous
        own = rng.random(p.shape[1])
        assert_same(count.compute_confident_joint(labels, p, thresholds=own),
                    their_count.compute_confident_joint(labels, p, thresholds=own), seed)
        assert_same(count.estimate_joint(labels, p), their_count.estimate_joint(labels, p), seed)
        own = their_count.compute_confident_joint(labels, p, calibrate=False)
        for given in (labels, None):
            assert_same(count.estimate_joint(given, None, confident_joint=own),
                        their_count.estimate_joint(given, None, confident_joint=own), seed)
        mine = rng.random((p.shape[1], p.shape[1])) * 20
        mine = np.asfortranarray(mine) if rng.random() < 0.5 else mine
        assert_same(count.calibrate_confident_joint(mine, labels),
                    their_count.calibrate_confident_joint(mine, labels), seed)
        for method in ("off_diagonal", "off_diagonal_calibrated", "off_diagonal_custom"):
            ours = count.num_label_issues(labels, p, confident_joint=mine, estimation_method=method)
            theirs = their_count.num_label_issues(labels, p, confident_joint=mine,
                                                  estimation_method=method)
            assert_same(ours, theirs, (seed, method))


@pytest.mark.parametrize("group", range(GROUPS))
def test_latent(group):
    for seed in seeds(group, 200_000):
        rng, labels, p = make(seed)
        joint = their_count.compute_confident_joint(labels, p, calibrate=bool(rng.random() < 0.7))
        for method in ("cnt", "marginal", "eqn", "marginal_ps"):
            for converge in (False, True):
                options = {"py_method": method, "converge_latent_estimates": converge}
                try:
                    theirs = their_count.estimate_latent(joint, labels, **options)
                except np.linalg.LinAlgError:
                    continue
                if method == "eqn" and np.linalg.cond(theirs[1]) > 1e6:
                    continue
                ours = count.estimate_latent(joint, labels, **options)
                for mine, reference in zip(ours, theirs):
                    if method in ("cnt", "marginal"):
                        assert_same(mine, reference, (seed, options))
                    else:
                        np.testing.assert_allclose(mine, reference, rtol=1e-7, atol=1e-9)
        ours = count.estimate_py_and_noise_matrices_from_probabilities(labels, p)
        theirs = their_count.estimate_py_and_noise_matrices_from_probabilities(labels, p)
        for mine, reference in zip(ours, theirs):
            assert_same(mine, reference, seed)


@pytest.mark.parametrize("group", range(GROUPS))
def test_scores(group):
    for seed in seeds(group, 300_000):
        rng, labels, p = make(seed)
        for method in ("self_confidence", "normalized_margin"):
            for adjust in (False, True):
                options = {"method": method, "adjust_pred_probs": adjust}
                assert_same(rank.get_label_quality_scores(labels, p, **options),
                            their_rank.get_label_quality_scores(labels, p, **options),
                            (seed, options))
        theirs = their_rank.get_label_quality_scores(labels, p,
                                                     method="confidence_weighted_entropy")
        ours = rank.get_label_quality_scores(labels, p, method="confidence_weighted_entropy")
        tolerance = 1e-3 if p.dtype == np.float32 else 1e-12  # float32 x near 1e-7: log(x + 1) / x
        np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance)
        mask = rng.random(len(labels)) < 0.3
        for by in ("self_confidence", "normalized_margin"):
            options = {"rank_by": by, "rank_by_kwargs": {"adjust_pred_probs": seed % 2 == 0}}
            assert_same(rank.order_label_issues(mask, labels, p, **options),
                        their_rank.order_label_issues(mask, labels, p, **options), seed)
        order = rank.order_label_issues(mask, labels, p, rank_by="confidence_weighted_entropy")
        assert np.array_equal(np.sort(order), np.flatnonzero(mask))
        assert (np.diff(ours[order]) >= 0).all() and (np.diff(theirs[order]) >= -tolerance).all()
        for name in ("get_self_confidence_for_each_label", "get_normalized_margin_for_each_label"):
            assert_same(getattr(rank, name)(labels, p), getattr(their_rank, name)(labels, p), seed)
        scores = theirs.astype(np.float64)
        for top in (0, 3, None, 10_000):
            assert_same(rank.find_top_issues(scores, top=top),
                        their_rank.find_top_issues(scores, top=top), (seed, top))


@pytest.mark.parametrize("group", range(GROUPS))
def test_ensembles(group):
    for seed in seeds(group, 400_000):
        rng, labels, p = make(seed, max_rows=300)
        models = [p, make(seed, max_rows=300)[2][rng.permutation(len(p))].astype(p.dtype),
                  np.roll(p, 1, axis=1)]
        for by in ("uniform", "accuracy", "custom", "log_loss_search"):
            options = {"weight_ensemble_members_by": by, "verbose": False}
            if by == "custom":
                options["custom_weights"] = rng.random(3)
            try:
                with np.errstate(all="ignore"):
                    theirs = their_rank.get_label_quality_ensemble_scores(labels, models,
                                                                          **options)
            except ValueError as error:
                if "NaN" in str(error):  # exp(-200 * loss) underflowed for all models
                    ours = rank.get_label_quality_ensemble_scores(labels, models, **options)
                    assert np.isfinite(ours).all()
                    continue
                with pytest.raises(ValueError):
                    rank.get_label_quality_ensemble_scores(labels, models, **options)
                continue
            ours = rank.get_label_quality_ensemble_scores(labels, models, **options)
            if by == "log_loss_search":
                tolerance = 1e-6 if p.dtype == np.float32 else 1e-10
                np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance)
            else:
                assert_same(ours, theirs, (seed, by))


@pytest.mark.parametrize("group", range(GROUPS))
def test_dataset(group):
    pandas = pytest.importorskip("pandas")
    for seed in seeds(group, 500_000):
        rng, labels, p = make(seed, max_rows=400)
        names = [f"class {k}" for k in range(p.shape[1])] if rng.random() < 0.5 else None
        asymmetric = bool(rng.random() < 0.5)
        options = {"class_names": names, "asymmetric": asymmetric, "verbose": False}
        ours = dataset.health_summary(labels, p, **options)
        theirs = their_dataset.health_summary(labels, p, **options)
        assert ours.keys() == theirs.keys()
        assert ours["overall_label_health_score"] == theirs["overall_label_health_score"]
        assert_same(ours["joint"], theirs["joint"], seed)
        for frame in ("classes_by_label_quality", "overlapping_classes"):
            pandas.testing.assert_frame_equal(ours[frame], theirs[frame], check_exact=True)
        joint = ours["joint"]
        for options in ({"joint": joint, "num_examples": 77, "class_names": names},
                        {"labels": labels, "pred_probs": p}, {"labels": labels, "joint": joint},
                        {"labels": labels, "confident_joint": their_count.compute_confident_joint(
                            labels, p, calibrate=False)}):
            for function, more in (("rank_classes_by_label_quality", {}),
                                   ("find_overlapping_classes", {"asymmetric": asymmetric})):
                TALLY["comparisons"] += 1
                pandas.testing.assert_frame_equal(
                    getattr(dataset, function)(**options, **more),
                    getattr(their_dataset, function)(**options, **more), check_exact=True)
        options = {"joint": joint, "num_examples": 77}
        pandas.testing.assert_frame_equal(dataset.rank_classes_by_label_quality(**options),
                                          their_dataset.rank_classes_by_label_quality(**options))
        assert (dataset.overall_label_health_score(verbose=False, **options)
                == their_dataset.overall_label_health_score(verbose=False, **options))


@pytest.mark.parametrize("group", range(GROUPS))
def test_predicted_and_argmax(group):
    for seed in seeds(group, 600_000):
        _, labels, p = make(seed, max_rows=400)
        assert_same(filter.find_predicted_neq_given(labels, p),
                    their_filter.find_predicted_neq_given(labels, p), seed)
        for calibrate in (True, False):
            try:
                theirs = their_filter.find_label_issues_using_argmax_confusion_matrix(
                    labels, p, calibrate=calibrate)
            except Exception:
                with pytest.raises(Exception):
                    filter.find_label_issues_using_argmax_confusion_matrix(labels, p,
                                                                           calibrate=calibrate)
                continue
            assert_same(filter.find_label_issues_using_argmax_confusion_matrix(
                labels, p, calibrate=calibrate), theirs, (seed, calibrate))


@pytest.mark.parametrize("seed", range(10))
def test_random_problems_of_a_thousand_classes(seed):
    rng, labels, p = make(800_000 + seed, class_counts=(1000,))
    for method in FILTERS:
        options = filter_options(rng, labels, p, method)
        assert_found_alike(labels, p, {"filter_by": method, **options},
                           (seed, method, options.keys()))
    assert_same(count.get_confident_thresholds(labels, p),
                their_count.get_confident_thresholds(labels, p), seed)
    for calibrate in (True, False):
        options = {"calibrate": calibrate, "return_indices_of_off_diagonals": True}
        for mine, reference in zip(count.compute_confident_joint(labels, p, **options),
                                   their_count.compute_confident_joint(labels, p, **options)):
            (assert_sums_alike if mine.ndim == 2 else assert_same)(mine, reference,
                                                                   (seed, calibrate))
    assert_same(count.num_label_issues(labels, p), their_count.num_label_issues(labels, p), seed)
    ours, theirs = (module.num_label_issues(labels, p, estimation_method="off_diagonal_calibrated")
                    for module in (count, their_count))
    if IS_NEWEST and ours != theirs:  # cleanlab's own joint gives cleanlab's count
        joint = their_count.compute_confident_joint(labels, p)
        ours = np.int64(np.rint((1 - np.trace(joint / joint.sum())) * len(labels)))
    assert_same(ours, theirs, seed)
    ours, theirs = (module.estimate_py_and_noise_matrices_from_probabilities(labels, p)
                    for module in (count, their_count))
    assert_sums_alike(ours[3], theirs[3], seed)
    if not np.array_equal(ours[3], theirs[3]):  # from cleanlab's own joint
        ours = (*count.estimate_latent(theirs[3], labels, converge_latent_estimates=True),
                theirs[3])
    for mine, reference in zip(ours, theirs):
        assert_same(mine, reference, seed)
    for method in ("self_confidence", "normalized_margin"):
        for adjust in (False, True):
            options = {"method": method, "adjust_pred_probs": adjust}
            assert_same(rank.get_label_quality_scores(labels, p, **options),
                        their_rank.get_label_quality_scores(labels, p, **options), (seed, options))


@pytest.mark.parametrize("seed", range(4))
def test_cross_validated(seed):
    """The functions that train: scikit-learn does, on the same folds."""
    rng, labels, p = make(900_000 + seed, max_rows=200, class_counts=(2, 3, 4))
    labels = np.asarray(labels, np.int64)
    features = rng.normal(size=(len(labels), 3)) + labels[:, None]
    for name in ("estimate_cv_predicted_probabilities", "estimate_noise_matrices",
                 "estimate_confident_joint_and_cv_pred_proba",
                 "estimate_py_noise_matrices_and_cv_pred_proba"):
        mine = getattr(count, name)(features, labels, seed=seed)
        theirs = getattr(their_count, name)(features, labels, seed=seed)
        for ours, reference in zip(mine, theirs) if isinstance(theirs, tuple) else [(mine, theirs)]:
            assert_same(ours, reference, (seed, name))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_thousand_classes(dtype):
    rng, labels, p = make(1, class_counts=(1000,))
    true = rng.integers(0, 1000, 6000)
    z = rng.normal(size=(6000, 1000))
    z[np.arange(6000), true] += 4
    p = np.exp(z)
    p = (p / p.sum(axis=1, keepdims=True)).astype(dtype)
    labels = np.where(rng.random(6000) < 0.2, rng.integers(0, 1000, 6000), true)
    for method in FILTERS:
        assert_found_alike(labels, p, {"filter_by": method}, method)
    assert_sums_alike(count.compute_confident_joint(labels, p),
                      their_count.compute_confident_joint(labels, p), "joint")
    assert_same(rank.get_label_quality_scores(labels, p, adjust_pred_probs=True),
                their_rank.get_label_quality_scores(labels, p, adjust_pred_probs=True), "adjusted")


@pytest.mark.parametrize("n_rows, n_classes, dtype", [
    (200_000, 3, np.float64), (200_000, 3, np.float32), (20_000, 100, np.float64)])
def test_sums_longer_than_numpys_buffer(n_rows, n_classes, dtype):
    rng = np.random.default_rng(n_rows + n_classes)
    true = rng.integers(0, n_classes, n_rows)
    z = rng.normal(size=(n_rows, n_classes))
    z[np.arange(n_rows), true] += 2
    p = np.exp(z)
    p = (p / p.sum(axis=1, keepdims=True)).astype(dtype)
    labels = np.where(rng.random(n_rows) < 0.2, rng.integers(0, n_classes, n_rows), true)
    assert_sums_alike(count.get_confident_thresholds(labels, p),
                      their_count.get_confident_thresholds(labels, p), "thresholds")
    assert_sums_alike(count.compute_confident_joint(labels, p),
                      their_count.compute_confident_joint(labels, p), "joint")
    assert_found_alike(labels, p, {"return_indices_ranked_by": "normalized_margin"}, "ranked")


def test_nan_passes_as_in_the_reference():
    for seed in range(60):
        rng, labels, p = make(700_000 + seed, max_rows=100)
        p = np.array(p)
        p[rng.integers(0, len(p), 3), rng.integers(0, p.shape[1], 3)] = np.nan
        for method in FILTERS:
            theirs = their_filter.find_label_issues(labels, p, filter_by=method, n_jobs=1)
            ours = filter.find_label_issues(labels, p, filter_by=method)
            assert_same(ours, theirs, (seed, method))
        options = {"method": "normalized_margin"}
        assert_same(rank.get_label_quality_scores(labels, p, **options),
                    their_rank.get_label_quality_scores(labels, p, **options), seed)


def test_warnings_have_the_same_categories():
    _, labels, p = make(3)
    calls = [
        (filter.find_label_issues, their_filter.find_label_issues,
         {"min_examples_per_class": 10_000, "n_jobs": 1}),
        (filter.find_label_issues, their_filter.find_label_issues,
         {"filter_by": "confident_learning", "frac_noise": 0.5, "n_jobs": 1}),
        (filter.find_label_issues, their_filter.find_label_issues,
         {"filter_by": "confident_learning", "n_jobs": 1,
          "confident_joint": np.eye(p.shape[1])}),
        (count.num_label_issues, their_count.num_label_issues,
         {"confident_joint": np.eye(p.shape[1])}),
    ]
    for ours, theirs, options in calls:
        seen = []
        for function in (ours, theirs):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                function(labels, p, **options)
            seen.append([w.category for w in caught])
        assert seen[0] == seen[1] and seen[0], options
