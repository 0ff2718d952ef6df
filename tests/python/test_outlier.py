"""Neighbours against scikit-learn, outlier scores against cleanlab 2.9.0, to 1e-9."""
import warnings

import numpy as np
import pytest

import labelqa
from labelqa.cleanlab.outlier import OutOfDistribution

theirs = pytest.importorskip("cleanlab.outlier")
sklearn_neighbors = pytest.importorskip("sklearn.neighbors")
CLOSE = {"rtol": 1e-9, "atol": 1e-9}

pytestmark = pytest.mark.filterwarnings("ignore")


def make_features(seed):
    rng = np.random.default_rng(seed)
    n, d = int(rng.integers(12, 300)), int(rng.choice([1, 2, 3, 4, 17, 64, 130]))
    x = rng.normal(size=(n, d)) + rng.choice([0, 5])
    kind = seed % 5
    if kind == 1:
        x[n // 2:] = x[rng.integers(0, n // 2, n - n // 2)]  # duplicates
    elif kind == 2:
        x = np.round(x)  # many ties
    elif kind == 3:
        x = x.astype(np.float32)
    elif kind == 4:
        x[: n // 3] *= 1e-6  # far from the centre, close together
    if d > 3:
        x[np.abs(x).sum(axis=1) == 0] = 1
    return rng, x


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_neighbors_are_exact(seed, metric):
    rng, x = make_features(seed)
    if metric == "cosine":
        x = x[np.abs(x).sum(axis=1) > 0]
    k = int(rng.integers(1, min(20, len(x) - 1) + 1))
    for queries in (None, x[::3] + 0.25):
        distance, index = labelqa.nearest_neighbors(x, queries, k=k, metric=metric)
        rows = x if queries is None else queries
        full = sklearn_neighbors.NearestNeighbors(metric=metric, algorithm="brute").fit(
            x.astype(np.float64))
        expected = np.sort(full.kneighbors(rows.astype(np.float64), n_neighbors=len(x))[0], axis=1)
        expected = expected[:, 1:k + 1] if queries is None else expected[:, :k]
        # scikit-learn's own expansion |x|^2 - 2xy + |y|^2 cancels for close points: compare squares
        np.testing.assert_allclose(distance ** 2, expected ** 2, atol=1e-6 if x.dtype == np.float32
                                   else 1e-9 * max(1, np.abs(x).max() ** 2))
        direct = x[index].astype(np.float64) - rows[:, None].astype(np.float64)
        if metric == "euclidean":
            np.testing.assert_allclose(distance, np.sqrt((direct ** 2).sum(axis=2)), **CLOSE)
        assert (np.diff(distance, axis=1) >= 0).all()
        if queries is None:
            assert (index != np.arange(len(x))[:, None]).all()


def test_no_neighbor_is_missed():
    """Against all distances in float64, where the float32 pass has hardly any digits to go by."""
    rng = np.random.default_rng(1)
    x = 1000 + 1e-3 * rng.normal(size=(400, 50))
    distance, index = labelqa.nearest_neighbors(x, k=7, metric="cosine")
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    full = ((unit[:, None] - unit[None]) ** 2).sum(axis=2) / 2
    np.fill_diagonal(full, np.inf)
    np.testing.assert_allclose(np.take_along_axis(full, index, axis=1).max(axis=1),
                               np.sort(full, axis=1)[:, 6], atol=3e-15)


def test_threads_change_nothing():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(1000, 48)).astype(np.float32)
    one, three = (labelqa.nearest_neighbors(x, k=5, threads=t) for t in (1, 3))
    assert all(np.array_equal(a, b) for a, b in zip(one, three))


@pytest.mark.parametrize("seed", range(40))
def test_scores_from_features(seed):
    rng, x = make_features(100 + seed)
    params = {"k": int(rng.integers(1, 9))} if rng.random() < 0.5 else {}
    params["t"] = int(rng.integers(1, 3))
    ours, reference = OutOfDistribution(params), theirs.OutOfDistribution(params)
    close = {"rtol": 2e-5, "atol": 2e-5} if x.dtype == np.float32 else {"rtol": 1e-6, "atol": 1e-7}
    np.testing.assert_allclose(ours.fit_score(features=x, verbose=False),
                               reference.fit_score(features=x, verbose=False), **close)
    other = x[::2] + rng.normal(size=x[::2].shape).astype(x.dtype)
    np.testing.assert_allclose(ours.score(features=other), reference.score(features=other), **close)
    assert ours.params["scaling_factor"] == pytest.approx(reference.params["scaling_factor"],
                                                          rel=1e-5)


@pytest.mark.parametrize("seed", range(40))
def test_scores_from_probabilities(seed):
    rng = np.random.default_rng(seed)
    n_classes = int(rng.choice([2, 5, 30, 120]))
    p = rng.dirichlet(np.full(n_classes, 0.3), 200)
    labels = rng.integers(0, n_classes, 200)
    labels[:2] = 0, 1
    for method in ("entropy", "least_confidence", "gen"):
        for adjust in (True, False):
            params = {"method": method, "adjust_pred_probs": adjust}
            ours, reference = OutOfDistribution(params), theirs.OutOfDistribution(params)
            given = {"pred_probs": p, "verbose": False}
            if adjust:
                given["labels"] = labels
            np.testing.assert_allclose(ours.fit_score(**given), reference.fit_score(**given),
                                       **CLOSE)
            np.testing.assert_allclose(ours.score(pred_probs=p[::-1]),
                                       reference.score(pred_probs=p[::-1]), **CLOSE)


def test_a_search_of_the_users_own():
    _, x = make_features(3)
    knn = sklearn_neighbors.NearestNeighbors(n_neighbors=5, metric="euclidean").fit(x)
    ours, reference = (module.OutOfDistribution({"knn": knn}) if module is theirs
                       else OutOfDistribution({"knn": knn}) for module in (None, theirs))
    np.testing.assert_allclose(ours.fit_score(features=x, verbose=False),
                               reference.fit_score(features=x, verbose=False), **CLOSE)


@pytest.mark.parametrize("call, error", [
    (lambda o: o({"nonsense": 1}), ValueError),
    (lambda o: o().score(features=np.ones((5, 2))), ValueError),
    (lambda o: o().score(pred_probs=np.ones((5, 2))), ValueError),
    (lambda o: o().fit(verbose=False), ValueError),
    (lambda o: o().fit(features=np.ones((5, 2)), pred_probs=np.ones((5, 2))), ValueError),
    (lambda o: o().fit(features=np.ones(5)), ValueError),
    (lambda o: o({"k": 5}).fit(features=np.ones((5, 2)), verbose=False), ValueError),
    (lambda o: o().fit(pred_probs=np.full((5, 2), 0.5), verbose=False), ValueError),
    (lambda o: o({"method": "x"}).fit(pred_probs=np.full((5, 2), 0.5), labels=np.array(
        [0, 1, 0, 1, 0]), verbose=False), ValueError),
])
def test_refusals(call, error):
    for module in (OutOfDistribution, theirs.OutOfDistribution):
        with pytest.raises(error):
            call(module)


def test_warnings():
    p, labels = np.full((6, 2), 0.5), np.array([0, 1] * 3)
    for make in (OutOfDistribution, theirs.OutOfDistribution):
        ood = make()
        ood.fit(pred_probs=p, labels=labels, verbose=False)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            ood.fit_score(pred_probs=p, labels=labels, verbose=False)
            make({"adjust_pred_probs": False}).fit(pred_probs=p, labels=labels, verbose=False)
        assert [w.category for w in caught] == [UserWarning] * 3


def test_native_api():
    _, x = make_features(8)
    scores = labelqa.outlier_scores(x)
    assert np.array_equal(scores, OutOfDistribution().fit_score(features=x, verbose=False))
    with pytest.raises(ValueError, match=r"features\[3, 0\] is NaN"):
        labelqa.nearest_neighbors(np.where(np.arange(len(x))[:, None] == 3, np.nan, x))
    with pytest.raises(ValueError, match="k must be from 1 to"):
        labelqa.nearest_neighbors(x, k=len(x))
    with pytest.raises(ValueError, match="metric"):
        labelqa.nearest_neighbors(x, metric="taxi")
