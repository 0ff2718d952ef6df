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


def test_a_tree_gives_the_same_bits_as_all_pairs():
    """Zeros beside the points make them too wide for the tree."""
    rng = np.random.default_rng(4)
    for points in (rng.normal(size=(900, 3)), np.round(rng.normal(size=(900, 2))),
                   rng.normal(size=(900, 3)).astype(np.float32) * 1e30):
        wide = np.hstack([points, np.zeros((900, 4), points.dtype)])
        for rows, wide_rows in ((None, None), (points[::9] * 2, wide[::9] * 2)):
            found = labelqa.nearest_neighbors(points, rows, k=7, metric="euclidean")
            wanted = labelqa.nearest_neighbors(wide, wide_rows, k=7, metric="euclidean")
            assert all(map(np.array_equal, found, wanted)) and np.isfinite(found[0]).all()


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


@pytest.mark.parametrize("width", [2, 9])
def test_the_fitted_search_is_scikit_learns(width):
    rng = np.random.default_rng(width)
    x, other = rng.normal(size=(200, width)), rng.normal(size=(30, width))
    judge = OutOfDistribution({"k": 7})
    judge.fit(features=x, verbose=False)
    knn, metric = judge.params["knn"], "euclidean" if width == 2 else "cosine"
    reference = sklearn_neighbors.NearestNeighbors(n_neighbors=7, metric=metric,
                                                   algorithm="brute").fit(x)
    assert knn.n_features_in_ == width and knn.n_samples_fit_ == 200 and knn.metric == metric
    for rows in (None, other):
        for k in (None, 3):
            (d, i), (e, j) = knn.kneighbors(rows, k), reference.kneighbors(rows, k)
            np.testing.assert_allclose(d, e, **CLOSE)
            assert np.array_equal(i, j)
            assert np.array_equal(knn.kneighbors(rows, k, return_distance=False), j)
        radius = float(np.median(reference.kneighbors(rows)[0])) + 1e-9
        found, wanted = (search.radius_neighbors(rows, radius) for search in (knn, reference))
        for mine, theirs_ in zip(found[1], wanted[1]):
            assert mine.tolist() == theirs_.tolist()
        for mine, theirs_ in zip(*(search.radius_neighbors(rows, radius, sort_results=True)[0]
                                   for search in (knn, reference))):
            np.testing.assert_allclose(mine, theirs_, **CLOSE)
        for mode in ("connectivity", "distance"):
            for name, given in (("kneighbors_graph", 5), ("radius_neighbors_graph", radius)):
                ours, graph = (getattr(search, name)(rows, given, mode)
                               for search in (knn, reference))
                assert ours.shape == graph.shape
                np.testing.assert_allclose(ours.toarray(), graph.toarray(), **CLOSE)


def test_the_search_is_an_estimator():
    import pickle
    from sklearn.base import clone
    from labelqa.cleanlab._neighbors import NearestNeighbors
    _, x = make_features(2)
    knn = NearestNeighbors(n_neighbors=4, metric="euclidean")
    assert clone(knn.fit(x)).get_params() == knn.get_params()
    assert knn.set_params(n_neighbors=3).n_neighbors == 3
    again = pickle.loads(pickle.dumps(knn))
    assert np.array_equal(again.kneighbors()[0], knn.kneighbors()[0])
    scores = OutOfDistribution({"knn": clone(knn)}).fit_score(features=x, verbose=False)
    assert np.array_equal(scores, OutOfDistribution({"knn": knn}).fit_score(features=x,
                                                                            verbose=False))
    for wrong, words in ((lambda: NearestNeighbors().kneighbors(x), "not fitted"),
                         (lambda: knn.kneighbors(x[:, :1].repeat(9, 1)), "9 features"),
                         (lambda: knn.kneighbors(n_neighbors=len(x)), "n_neighbors must be"),
                         (lambda: NearestNeighbors(metric="taxi").fit(x), "'taxi'"),
                         (lambda: knn.set_params(k=3), "'k' is no parameter"),
                         (lambda: knn.kneighbors_graph(mode="x"), "mode")):
        with pytest.raises(ValueError, match=words):
            wrong()


def test_distances_become_scores():
    from labelqa.cleanlab.outlier import transform_distances_to_scores
    distances = np.random.default_rng(1).random(50)
    for t, scale in ((1, 1.0), (3, .2), (1, 0.0)):
        np.testing.assert_allclose(transform_distances_to_scores(distances, t, scale),
                                   theirs.transform_distances_to_scores(distances, t, scale),
                                   rtol=1e-15)


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
