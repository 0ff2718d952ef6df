"""labelqa.cleanlab.multiannotator against cleanlab 2.9.0 on random votes, and the native annotators
API against independent formulas.

Labels, ties and ranks equal; floats to 1e-12 (the same sums in the same order, but for a logarithm
in the temperature and pandas' means).
"""
import os
import warnings

import numpy as np
import pytest

import labelqa

pandas = pytest.importorskip("pandas")
theirs = pytest.importorskip("cleanlab.multiannotator")
from labelqa.cleanlab import multiannotator as ours  # noqa: E402

CASES = int(60 * float(os.environ.get("LABELQA_CASES", "1")))
TIGHT = {"rtol": 1e-11, "atol": 1e-12}

pytestmark = pytest.mark.filterwarnings("ignore")


def make_votes(seed):
    """(rng, wide labels with NaN, true labels, pred_probs): every item and annotator has a vote."""
    rng = np.random.default_rng(seed)
    n_classes, n_items = int(rng.integers(2, 7)), int(rng.integers(20, 200))
    n_annotators = int(rng.integers(2, 12))
    true = rng.integers(0, n_classes, n_items)
    labels = np.where(rng.random((n_items, n_annotators)) < rng.uniform(0.4, 0.95, n_annotators),
                      true[:, None], rng.integers(0, n_classes, (n_items, n_annotators)))
    labels = labels.astype(float)
    labels[rng.random(labels.shape) < rng.choice([0.0, 0.3, 0.6])] = np.nan
    for i in np.flatnonzero(np.isnan(labels).all(axis=1)):
        labels[i, rng.integers(0, n_annotators)] = true[i]
    for a in np.flatnonzero(np.isnan(labels).all(axis=0)):
        labels[rng.integers(0, n_items), a] = 0
    labels[0, :2] = true[0]
    z = rng.normal(size=(n_items, n_classes))
    z[np.arange(n_items), true] += rng.choice([0.5, 2])
    p = np.exp(z)
    p /= p.sum(axis=1, keepdims=True)
    if rng.random() < 0.3:
        p = np.round(p, 1)
        p /= p.sum(axis=1, keepdims=True)
    return rng, labels, true, p


def both(function, *arguments, **options):
    """The same call of ours and theirs with the same random state."""
    results = []
    for module in (ours, theirs):
        np.random.seed(0)
        with np.errstate(all="ignore"):
            results.append(getattr(module, function)(*arguments, **options))
    return results


@pytest.mark.parametrize("seed", range(CASES))
def test_majority_vote(seed):
    _, labels, _, p = make_votes(seed)
    for arguments in ((labels,), (labels, p)):
        np.testing.assert_array_equal(*both("get_majority_vote_label", *arguments, verbose=False))


@pytest.mark.parametrize("seed", range(CASES))
def test_label_quality(seed):
    rng, labels, _, p = make_votes(1000 + seed)
    options = {"calibrate_probs": bool(rng.random() < 0.3), "return_weights": True,
               "verbose": False, "consensus_method": ["best_quality", "majority_vote"]}
    if rng.random() < 0.3:
        options |= {"quality_method": "agreement", "return_weights": False}
    elif rng.random() < 0.3:
        options["label_quality_score_kwargs"] = {"method": "normalized_margin"}
    data = labels
    if rng.random() < 0.5:
        data = pandas.DataFrame(labels, columns=[f"ann{a}" for a in range(labels.shape[1])],
                                index=[f"item{i}" for i in range(len(labels))])
    mine, reference = both("get_label_quality_multiannotator", data, p, **options)
    assert mine.keys() == reference.keys()
    for name in ("label_quality", "detailed_label_quality", "annotator_stats"):
        pandas.testing.assert_frame_equal(mine[name], reference[name], check_exact=False, **TIGHT)
    if options["return_weights"]:
        np.testing.assert_allclose(mine["model_weight"], reference["model_weight"], **TIGHT)
        np.testing.assert_allclose(mine["annotator_weight"], reference["annotator_weight"], **TIGHT)


@pytest.mark.parametrize("seed", range(CASES // 2))
def test_ensemble(seed):
    _, labels, _, p = make_votes(2000 + seed)
    models = np.stack([p, np.roll(p, 1, axis=0), p[:, ::-1]])
    mine, reference = both("get_label_quality_multiannotator_ensemble", labels, models.copy(),
                           return_weights=True, verbose=False)
    for name in ("label_quality", "detailed_label_quality", "annotator_stats"):
        pandas.testing.assert_frame_equal(mine[name], reference[name], check_exact=False, **TIGHT)
    np.testing.assert_allclose(mine["model_weight"], reference["model_weight"], **TIGHT)


@pytest.mark.parametrize("seed", range(CASES // 2))
def test_active_learning(seed):
    rng, labels, _, p = make_votes(3000 + seed)
    if seed % 4 == 0:
        keep = rng.integers(0, labels.shape[1], len(labels))
        single = np.full(labels.shape, np.nan)
        single[np.arange(len(labels)), keep] = rng.integers(0, p.shape[1], len(labels))
        for a in np.flatnonzero(np.isnan(single).all(axis=0)):
            single = np.delete(single, a, axis=1) if single.shape[1] > 1 else single
            break
        labels = single[:, ~np.isnan(single).all(axis=0)]
    unlabelled = p[::-1][:7]
    for arguments in ((labels, p, unlabelled), (None, None, unlabelled), (labels, p)):
        for mine, reference in zip(*both("get_active_learning_scores", *arguments)):
            np.testing.assert_allclose(mine, reference, rtol=1e-9, atol=1e-11)
    models = np.stack([p, np.roll(p, 1, axis=0)])
    mine, reference = both("get_active_learning_scores_ensemble", labels, models.copy(),
                           np.stack([unlabelled, unlabelled]))
    for m, r in zip(mine, reference):
        np.testing.assert_allclose(m, r, rtol=1e-9, atol=1e-11)


def test_long_to_wide():
    long = pandas.DataFrame({"task": [0, 0, 1, 2], "annotator": ["a", "b", "a", "b"],
                             "label": [1, 0, 1, 1]})
    pandas.testing.assert_frame_equal(ours.convert_long_to_wide_dataset(long),
                                      theirs.convert_long_to_wide_dataset(long))


@pytest.mark.parametrize("change, error", [
    (lambda v, p: (v[:, 0], p), ValueError), (lambda v, p: (v[:, :1], p), ValueError),
    (lambda v, p: (v, p[:3]), ValueError), (lambda v, p: (v, p.tolist()), TypeError),
    (lambda v, p: (v, p[None]), ValueError), (lambda v, p: (v.tolist(), p), ValueError),
    (lambda v, p: (v - 1, p), ValueError), (lambda v, p: (v + 0.5, p), ValueError),
    (lambda v, p: (np.where(np.arange(len(v))[:, None] == 3, np.nan, v), p), ValueError),
    (lambda v, p: (np.where(np.arange(v.shape[1]) == 1, np.nan, v), p), ValueError),
    (lambda v, p: (v, p[:, :1]), ValueError),
])
def test_refusals(change, error):
    _, labels, _, p = make_votes(5)
    arguments = change(labels, p)
    for module in (ours, theirs):
        with pytest.raises(error):
            module.get_label_quality_multiannotator(*arguments, verbose=False)


# ---- the native API ----

def slow_alpha(labels, delta):
    """Krippendorff's alpha by its definition over pairs of votes."""
    units = [row[~np.isnan(row)] for row in labels]
    units = [unit for unit in units if len(unit) > 1]
    pool = np.concatenate(units)
    observed = sum(delta(a, b) / (len(u) - 1) for u in units for a in u for b in u) / len(pool)
    expected = sum(delta(a, b) for a in pool for b in pool) / (len(pool) * (len(pool) - 1))
    return 1 - observed / expected


def slow_fleiss(labels):
    n_classes = int(np.nanmax(labels)) + 1
    counts = np.array([np.bincount(r[~np.isnan(r)].astype(int), minlength=n_classes)
                       for r in labels if (~np.isnan(r)).sum() > 1])
    n = counts.sum(axis=1)
    observed = ((counts * (counts - 1)).sum(axis=1) / (n * (n - 1))).mean()
    expected = ((counts.sum(axis=0) / counts.sum()) ** 2).sum()
    return (observed - expected) / (1 - expected)


@pytest.mark.parametrize("seed", range(12))
def test_agreement_by_definition(seed):
    _, labels, _, _ = make_votes(4000 + seed)
    labels = labels[:60]
    for distance, delta in (("nominal", lambda a, b: a != b), ("linear", lambda a, b: abs(a - b)),
                            ("quadratic", lambda a, b: (a - b) ** 2)):
        found = labelqa.krippendorff_alpha(labels, distance=distance, n_resamples=200)
        assert found["value"] == pytest.approx(slow_alpha(labels, delta), abs=1e-12)
        assert found["low"] <= found["value"] <= found["high"]
        by_slopes = labelqa.krippendorff_alpha(labels, distance=distance, n_resamples=0)
        width = found["high"] - found["low"]
        assert by_slopes["high"] - by_slopes["low"] == pytest.approx(width, rel=0.4)
    found = labelqa.fleiss_kappa(labels)
    assert found["value"] == pytest.approx(slow_fleiss(labels), abs=1e-12)
    by_slopes = labelqa.fleiss_kappa(labels, n_resamples=0)
    assert by_slopes["low"] == pytest.approx(found["low"], abs=0.1)


def test_ordinal_alpha():
    # Hayes and Krippendorff (2007): four observers, twelve units.
    x = np.nan
    labels = np.array([[1, 2, 3, 3, 2, 1, 4, 1, 2, x, x, x],
                       [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, x, 3],
                       [x, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, x],
                       [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, x]]).T
    for distance, value in (("nominal", 0.743), ("ordinal", 0.815), ("quadratic", 0.849)):
        found = labelqa.krippendorff_alpha(labels - 1, distance=distance)
        assert found["value"] == pytest.approx(value, abs=5e-4)


@pytest.mark.parametrize("weights, sklearn_weights", [
    ("nominal", None), ("linear", "linear"), ("quadratic", "quadratic")])
def test_cohen_kappa(weights, sklearn_weights):
    metrics = pytest.importorskip("sklearn.metrics")
    for seed in range(10):
        _, labels, _, p = make_votes(5000 + seed)
        shared = ~np.isnan(labels[:, 0]) & ~np.isnan(labels[:, 1])
        found = labelqa.cohen_kappa(labels, 0, 1, weights=weights, classes=range(p.shape[1]))
        expected = metrics.cohen_kappa_score(labels[shared, 0], labels[shared, 1],
                                             labels=range(p.shape[1]), weights=sklearn_weights)
        assert found["items"] == shared.sum()
        assert found["value"] == pytest.approx(expected, abs=1e-12)
        assert found["low"] < found["value"] < found["high"] <= 1


def test_kappa_interval_as_published():
    # Fleiss, Levin and Paik, "Statistical Methods for Rates and Proportions", 3rd ed., table 18.1:
    # 100 subjects, kappa 0.68, standard error 0.087.
    table = [(0, 0, 75), (0, 1, 1), (0, 2, 4), (1, 0, 5), (1, 1, 4), (1, 2, 1), (2, 2, 10)]
    labels = np.array([(a, b) for a, b, n in table for _ in range(n)], float)
    found = labelqa.cohen_kappa(labels, 0, 1)
    assert found["value"] == pytest.approx(0.676, abs=1e-3)
    assert (found["value"] - found["low"]) / 1.959964 == pytest.approx(0.087, abs=1e-3)


def test_perfect_agreement_is_defined():
    labels = np.repeat(np.arange(30) % 3, 3).reshape(30, 3).astype(float)
    for found in (labelqa.krippendorff_alpha(labels), labelqa.fleiss_kappa(labels),
                  labelqa.cohen_kappa(labels, 0, 2)):
        assert found["value"] == 1 and found["high"] == 1 and 0.7 < found["low"] < 1
    few = labelqa.krippendorff_alpha(labels[:6])
    assert few["low"] < labelqa.krippendorff_alpha(labels)["low"]
    one_class = labelqa.krippendorff_alpha(np.zeros((5, 2)), classes=[0, 1])
    assert one_class["value"] == 1 and np.isnan(one_class["low"])


def slow_dawid_skene(labels, n_classes, smoothing, n_iterations):
    given = ~np.isnan(labels)
    votes = np.zeros((*labels.shape, n_classes))
    i, a = np.nonzero(given)
    votes[i, a, labels[i, a].astype(int)] = 1
    posterior = votes.sum(axis=1) / given.sum(axis=1, keepdims=True)
    for _ in range(n_iterations):
        prior = posterior.sum(axis=0) + smoothing
        prior /= prior.sum()
        confusion = np.einsum("ik,iaj->akj", posterior, votes) + smoothing
        confusion /= confusion.sum(axis=2, keepdims=True)
        logs = np.log(prior) + np.einsum("iaj,akj->ik", votes, np.log(confusion))
        posterior = np.exp(logs - logs.max(axis=1, keepdims=True))
        posterior /= posterior.sum(axis=1, keepdims=True)
    return posterior, confusion


@pytest.mark.parametrize("seed", range(6))
def test_dawid_skene(seed):
    rng, labels, true, p = make_votes(6000 + seed)
    k = p.shape[1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = labelqa.dawid_skene(labels, classes=range(k), max_iterations=7, tolerance=0)
    posterior, confusion = slow_dawid_skene(labels, k, 0.01, 7)
    np.testing.assert_allclose(found["posterior"], posterior, atol=1e-9)
    np.testing.assert_allclose(found["confusion"], confusion, atol=1e-9)
    gold = np.where(rng.random(len(true)) < 0.3, true, -1)
    taught = labelqa.dawid_skene(labels, classes=range(k), gold=gold)
    assert (taught["label"][gold >= 0] == gold[gold >= 0]).all() and taught["iterations"] > 1
    coin = labelqa.dawid_skene(labels, classes=range(k), one_coin=True)
    assert np.allclose(coin["confusion"].sum(axis=2), 1)


def test_dawid_skene_beats_majority(data_folder):
    """Real crowds: 108 bird photos by 39 people of very different skill."""
    votes = pandas.read_csv(next((data_folder / "crowd").glob("d_Duck*answer*.csv")))
    truth = pandas.read_csv(next((data_folder / "crowd").glob("d_Duck*truth*.csv")))
    votes.columns, truth.columns = ["item", "annotator", "label"], ["item", "truth"]
    truth = truth.set_index("item")["truth"]
    found = labelqa.dawid_skene(votes)
    right = np.mean([truth[item] == k for item, k in zip(found["items"], found["label"])])
    majority = labelqa.majority_vote(votes)
    right_majority = np.mean([truth[item] == k for item, k in zip(found["items"], majority)])
    assert right > 0.85 > right_majority


def test_long_equals_wide_and_names_work():
    _, labels, _, p = make_votes(7)
    i, a = np.nonzero(~np.isnan(labels))
    names = np.array(list("abcdefgh"))
    people = np.array([f"person {k}" for k in range(labels.shape[1])])
    long = {"item": i, "annotator": people[a], "label": names[labels[i, a].astype(int)]}
    k = p.shape[1]
    wide = labelqa.krippendorff_alpha(labels, classes=range(k))
    assert labelqa.krippendorff_alpha(long, classes=names[:k])["value"] == wide["value"]
    consensus = labelqa.crowdlab(labels, p)
    from_long = labelqa.crowdlab(long, p, classes=names[:k])
    np.testing.assert_array_equal(consensus["consensus"], from_long["consensus"])
    reference = theirs.get_label_quality_multiannotator(labels, p, verbose=False)["label_quality"]
    np.testing.assert_array_equal(consensus["consensus"], reference["consensus_label"])
    np.testing.assert_allclose(consensus["quality"], reference["consensus_quality_score"], **TIGHT)
    confusion = labelqa.annotator_confusion(labels, consensus["consensus"], classes=range(k))
    assert confusion.sum() == len(i)


def test_threads_change_nothing():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, (20_000, 6)).astype(float)
    labels[rng.random(labels.shape) < 0.4] = np.nan
    one, many = (labelqa.dawid_skene(labels, threads=t, max_iterations=10, tolerance=1)
                 for t in (1, 3))
    assert np.array_equal(one["posterior"], many["posterior"])
    assert one["log_likelihood"] == many["log_likelihood"]


@pytest.mark.parametrize("labels", [np.zeros((0, 2)), np.full((3, 2), np.nan), np.zeros(3),
                                    {"item": [0, 0], "annotator": [1, 1], "label": [0, 1]}])
def test_native_refusals(labels):
    with pytest.raises(ValueError):
        labelqa.dawid_skene(labels)
