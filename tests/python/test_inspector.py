"""Batches against the whole matrix, and the drop-in against cleanlab 2.9.0's batched inspector."""
import warnings

import numpy as np
import pytest
from random_problems import IS_NEWEST, make

import labelqa

CASES = 12
GROUPS = 10
METHODS = ("self_confidence", "normalized_margin", "confidence_weighted_entropy")
pytestmark = pytest.mark.filterwarnings("ignore")


def cut(rng, labels, pred_probs):
    """Batches of random sizes, some of one row."""
    n = len(labels)
    cuts = np.unique(rng.integers(1, n, size=int(rng.integers(0, 8)))) if n > 1 else []
    edges = [0, *cuts, n]
    return [(labels[a:b], pred_probs[a:b]) for a, b in zip(edges, edges[1:])]


@pytest.mark.parametrize("group", range(GROUPS))
def test_equals_the_whole_matrix(group):
    for seed in range(50_000 + group * CASES, 50_000 + (group + 1) * CASES):
        rng, labels, pred_probs = make(seed, max_rows=12_000 if seed % 10 == 0 else 1500)
        batches = cut(rng, labels, pred_probs)
        threads = int(rng.integers(1, 4))
        options = {"frac_noise": float(rng.choice([1.0, 1.0, 0.5])),
                   "min_examples_per_class": int(rng.choice([0, 1, 10])), "tolerance": 1.0}
        for filter_by in ("prune_by_noise_rate", "prune_by_class", "both"):
            rank_by = METHODS[int(rng.integers(0, 3))]
            expected = labelqa.find_label_issues(labels, pred_probs, filter_by=filter_by,
                                                 return_indices_ranked_by=rank_by, **options)
            inspector = labelqa.LabelInspector(filter_by=filter_by, rank_by=rank_by,
                                               threads=threads, **options)
            for some_labels, some_probs in inspector.passes(batches):
                inspector.add(some_labels, some_probs)
            context = (seed, filter_by, rank_by)
            assert np.array_equal(inspector.label_issues(), expected), context
            assert np.array_equal(np.flatnonzero(inspector.mask()), np.sort(expected)), context
        assert inspector.num_label_issues() == labelqa.num_label_issues(labels, pred_probs,
                                                                        tolerance=1.0)
        assert np.array_equal(inspector.thresholds(), labelqa.get_confident_thresholds(
            labels, pred_probs, tolerance=1.0).astype(float))


def make_large(n=60_000, n_classes=7, seed=0, dtype=np.float32):
    rng = np.random.default_rng(seed)
    true = rng.integers(0, n_classes, n)
    z = rng.normal(size=(n, n_classes))
    z[np.arange(n), true] += 2
    p = np.exp(z)
    p = (p / p.sum(axis=1, keepdims=True)).astype(dtype)
    labels = np.where(rng.random(n) < 0.1, rng.integers(0, n_classes, n), true)
    return labels, p


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_classes_longer_than_a_buffer(dtype):
    """More rows a class than numpy adds at a time."""
    labels, p = make_large(dtype=dtype)
    expected = labelqa.find_label_issues(labels, p, return_indices_ranked_by="self_confidence")
    assert len(expected) > 1000
    for batch_size in (None, 1000, 4097, 100_000):
        assert np.array_equal(
            labelqa.find_label_issues_batched(labels, p, batch_size=batch_size), expected)


def test_files(tmp_path):
    labels, p = make_large(5000)
    np.save(tmp_path / "labels.npy", labels)
    np.save(tmp_path / "probs.npy", p)
    expected = labelqa.find_label_issues(labels, p)
    found = labelqa.find_label_issues_batched(labels_file=tmp_path / "labels.npy",
                                              pred_probs_file=str(tmp_path / "probs.npy"),
                                              batch_size=777, return_mask=True)
    assert np.array_equal(found, expected)


def test_parquet(tmp_path):
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet
    labels, p = make_large(5000, dtype=np.float64)
    names = [f"p{k}" for k in range(p.shape[1])]
    path = tmp_path / "rows.parquet"
    parquet.write_table(pa.table({"label": labels, **dict(zip(names, p.T))}), path,
                        row_group_size=900)
    batches = labelqa.parquet_batches(path, "label", names, batch_size=512)
    expected = labelqa.find_label_issues(labels, p, return_indices_ranked_by="self_confidence")
    assert np.array_equal(labelqa.find_label_issues_batched(batches=batches), expected)
    with pytest.raises(KeyError, match="no column 'p9'"):
        labelqa.parquet_batches(path, "label", ["p9"])


def test_short_file(tmp_path):
    labels, p = make_large(500)
    np.save(tmp_path / "labels.npy", labels)
    np.save(tmp_path / "probs.npy", p)
    content = (tmp_path / "probs.npy").read_bytes()
    (tmp_path / "probs.npy").write_bytes(content[:-100])
    with pytest.raises(ValueError):
        labelqa.find_label_issues_batched(labels_file=tmp_path / "labels.npy",
                                          pred_probs_file=tmp_path / "probs.npy")
    with pytest.raises(ValueError, match="labels has 500 values but pred_probs has 400 rows"):
        labelqa.find_label_issues_batched(labels, p[:400])


def run(passes):
    """Three lists of batches, one per pass."""
    inspector = labelqa.LabelInspector()
    for batches in passes:
        for batch in batches:
            inspector.add(*batch)
        inspector.next_pass()
    return inspector


def test_a_stream_that_breaks_off():
    labels, p = make_large(300)
    whole, part = [(labels, p)], [(labels[:200], p[:200])]
    assert run([whole, whole, whole]).pass_name == "done"
    with pytest.raises(ValueError, match="ended after 200 rows but the first one had 300"):
        run([whole, part])
    with pytest.raises(ValueError, match="more rows than the 200 of the first one"):
        run([part, whole])
    with pytest.raises(ValueError, match="rows labelled"):
        run([whole, [((labels + 1) % 7, p)]])
    with pytest.raises(ValueError, match="no rows were given"):
        run([[]])
    with pytest.raises(TypeError, match="read three times"):
        labelqa.find_label_issues_batched(batches=iter(whole))


def test_batches_that_do_not_fit():
    labels, p = make_large(300)
    with pytest.raises(ValueError, match="6 columns but earlier batches have 7"):
        run([[(labels, p), (labels % 6, p[:, :6] / p[:, :6].sum(axis=1, keepdims=True))]])
    with pytest.raises(ValueError, match="another type"):
        run([[(labels, p), (labels, p.astype(np.float64))]])
    spoiled = p.copy()
    spoiled[7, 2] = np.nan
    with pytest.raises(ValueError, match=r"starts at row 300: pred_probs\[7, 2\] is NaN"):
        run([[(labels, p), (labels, spoiled)]])
    with pytest.raises(ValueError, match=r"labels\[3\] is 9"):
        run([[(np.where(np.arange(300) == 3, 9, labels), p)]])
    with pytest.raises(TypeError, match="pred_probs must hold numbers"):
        run([[(labels, p.astype(object))]])
    with pytest.raises(ValueError, match="whole numbers"):
        run([[(labels + 0.5, p)]])
    with pytest.raises(ValueError, match="prune_by_noise_rate, prune_by_class or both"):
        labelqa.LabelInspector(filter_by="low_self_confidence")
    inspector = labelqa.LabelInspector()
    with pytest.raises(ValueError):
        inspector.add(labels[:5], p)
    with pytest.raises(RuntimeError, match="earlier call"):
        inspector.add(labels, p)
    for call in (inspector.mask, inspector.thresholds, inspector.num_label_issues):
        with pytest.raises(RuntimeError):
            call()


def test_rows_that_nearly_sum_to_one():
    labels, p = make_large(400, dtype=np.float64)
    p[5] *= 1.005
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = labelqa.find_label_issues_batched(labels, p, batch_size=100)
        expected = labelqa.find_label_issues(labels, p, return_indices_ranked_by="self_confidence")
    assert np.array_equal(found, expected)
    assert [w.category for w in caught] == [labelqa.LabelqaWarning] * 2


# ---- the drop-in ----

def both_modules():
    theirs = pytest.importorskip("cleanlab.experimental.label_issues_batched")
    if IS_NEWEST:
        pytest.skip("the order of equal scores is numpy's and the processor's (test_newest_numpy)")
    from labelqa.cleanlab.experimental import label_issues_batched as ours
    return ours, theirs


@pytest.mark.parametrize("group", range(GROUPS))
def test_as_cleanlab(group):
    ours, theirs = both_modules()
    for seed in range(60_000 + group * CASES, 60_000 + (group + 1) * CASES):
        rng, labels, pred_probs = make(seed)
        options = {"batch_size": int(rng.choice([50, 333, 10_000])), "verbose": False}
        options["quality_score_kwargs"] = {"method": METHODS[seed % 2],
                                           "adjust_pred_probs": bool(seed % 3 == 0)}
        if seed % 4 == 0:
            options["num_issue_kwargs"] = {"estimation_method": "off_diagonal_calibrated"}
        results = []
        for module in (ours, theirs):
            try:
                results.append(module.find_label_issues_batched(
                    labels, pred_probs, return_mask=seed % 5 == 0, **options))
            except Exception as error:
                results.append(type(error))
        if isinstance(results[1], type):
            assert results[0] is results[1], seed
        else:
            assert results[0].dtype == results[1].dtype
            assert np.array_equal(*results), seed


def test_inspector_as_cleanlab(tmp_path):
    modules = both_modules()
    labels, p = make_large(3000, dtype=np.float64)
    np.save(tmp_path / "labels.npy", labels)
    np.save(tmp_path / "probs.npy", p)
    seen = []
    for module in modules:
        inspector = module.LabelInspector(num_class=7, verbose=False)
        for call in (inspector.get_num_issues, inspector.get_confident_thresholds,
                     inspector.get_label_issues, lambda: inspector.score_label_quality(labels, p),
                     lambda: inspector.update_confident_thresholds(labels, p[:, :6]),
                     lambda: inspector.update_confident_thresholds(labels[:5], p)):
            with pytest.raises(ValueError):
                call()
        for half in (slice(0, 1234), slice(1234, None)):
            inspector.update_confident_thresholds(labels[half], p[half])
        scores = [inspector.score_label_quality(labels[half], p[half])
                  for half in (slice(0, 1234), slice(1234, None))]
        files = module.find_label_issues_batched(labels_file=str(tmp_path / "labels.npy"),
                                                 pred_probs_file=str(tmp_path / "probs.npy"),
                                                 verbose=False)
        seen.append([inspector.get_confident_thresholds(), inspector.get_num_issues(),
                     inspector.get_quality_scores(), inspector.get_label_issues(), files, *scores])
        for wrong in ({"labels": labels}, {"pred_probs": p},
                      {"labels": labels, "pred_probs": p[1:]},
                      {"labels": labels, "labels_file": "x", "pred_probs": p},
                      {"labels_file": 3, "pred_probs": p}):
            with pytest.raises(ValueError):
                module.find_label_issues_batched(verbose=False, **wrong)
    for ours, theirs in zip(*seen):
        assert np.array_equal(ours, theirs)
