"""labelqa.audit(..., embeddings=array): arrays of every kind, what the head reaches beside
scikit-learn, planted errors, wrong arrays."""
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score

import labelqa

DATA = Path(os.environ.get("LABELQA_DATA", "../shared/data"))


def made(n=300, n_dims=24, n_classes=3, seed=0):
    rng = np.random.default_rng(seed)
    true = rng.integers(0, n_classes, n)
    vectors = rng.normal(size=(n, n_dims)) + 3 * np.eye(n_dims)[true]
    given = true.copy()
    wrong = rng.choice(n, n // 20, replace=False)
    given[wrong] = (given[wrong] + 1) % n_classes
    frame = pd.DataFrame({"n": np.arange(n), "label": [f"c{k:02d}" for k in given]})
    return frame, vectors.astype(np.float32), true, given


def audit(frame, vectors, folder, **options):
    options.setdefault("checks", "basic")
    return labelqa.audit(frame, label="label", embeddings=vectors, out=folder / "run",
                         overwrite=True, **options)


def as_the_head_sees(vectors):
    """The rule of docs/design/models.md: unit length, centred, unit length."""
    unit = vectors.astype(np.float64)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    unit -= unit.mean(axis=0)
    return unit / np.linalg.norm(unit, axis=1, keepdims=True)


def test_finds_planted_errors(tmp_path):
    frame, vectors, true, given = made()
    for model in ("auto", "logistic", "knn"):
        run = audit(frame, vectors, tmp_path, model=model)
        suspicion = 1 - run.pred_probs[np.arange(len(given)), given]
        assert average_precision_score(true != given, suspicion) > .9, model
        assert run.manifest["model"] == model


def test_layout_and_type_change_no_byte(tmp_path):
    frame, vectors, *_ = made()
    vectors = vectors.astype(np.float16)
    expected = audit(frame, vectors, tmp_path).pred_probs.copy()
    np.save(tmp_path / "vectors.npy", np.asfortranarray(vectors.astype(np.float64)))
    for other in (vectors.astype(np.float32), np.asfortranarray(vectors.astype(np.float64)),
                  vectors.astype(">f4"), vectors.tolist(), tmp_path / "vectors.npy"):
        assert np.array_equal(audit(frame, other, tmp_path, threads=1).pred_probs, expected)


@pytest.mark.parametrize("n_classes, strength", [(2, 1), (3, 1), (3, 20), (12, 5)])
def test_head_is_scikit_learns(tmp_path, n_classes, strength):
    """Five groups become the five folds: then every model is known."""
    frame, vectors, _, given = made(n=500, n_classes=n_classes)
    frame["part"] = np.arange(len(frame)) % 5
    run = audit(frame, vectors, tmp_path, model="logistic", group="part", C=strength)
    x = as_the_head_sees(vectors)
    for part in range(5):
        out = frame.part == part
        model = LogisticRegression(C=strength, tol=1e-10, max_iter=10000).fit(x[~out], given[~out])
        assert np.abs(run.pred_probs[out] - model.predict_proba(x[out])).max() < 2e-3


def test_beside_text_and_features(tmp_path):
    frame, vectors, true, given = made()
    frame["words"] = [f"word{k} row{i}" for i, k in enumerate(true)]
    frame["number"] = true + np.random.default_rng(1).normal(size=len(true))
    for content in ({"text": "words"}, {"features": ["number"]}):
        run = audit(frame, vectors, tmp_path, **content)
        suspicion = 1 - run.pred_probs[np.arange(len(given)), given]
        assert average_precision_score(true != given, suspicion) > .9
    with pytest.raises(ValueError, match="naive-bayes needs text="):
        audit(frame, vectors, tmp_path, features=["number"], model="naive-bayes")


def test_near_copies_share_a_fold(tmp_path):
    """A wrong label whose nearly equal copy has it too is found only if both are held out."""
    frame, vectors, true, given = made(n=400)
    rows = np.flatnonzero(true != given)
    copies = vectors[rows] * (1 + 1e-4 * np.random.default_rng(2).normal(size=(len(rows), 24)))
    frame = pd.concat([frame, frame.iloc[rows].assign(n=range(400, 400 + len(rows)))])
    vectors = np.concatenate([vectors, copies.astype(np.float32)])
    run = audit(frame, vectors, tmp_path, model="knn", checks="all")
    label = np.concatenate([given, given[rows]])
    own = run.pred_probs[np.arange(len(label)), label]
    assert np.median(own[400:]) < .2
    for a, b in zip(rows, range(400, len(label))):
        assert np.abs(run.pred_probs[a] - run.pred_probs[b]).max() < .05


def test_wrong_arrays(tmp_path):
    frame, vectors, *_ = made(n=60)
    with pytest.raises(ValueError, match="59 rows, but the sources have 60"):
        audit(frame, vectors[:-1], tmp_path)
    with pytest.raises(ValueError, match="2 dimensions"):
        audit(frame, vectors[:, 0], tmp_path)
    vectors[7, 3] = np.inf
    with pytest.raises(ValueError, match="row 7, column 3") as caught:
        audit(frame, vectors, tmp_path)
    assert caught.value.row == 7
    assert not (tmp_path / "run").exists()


@pytest.mark.skipif(not DATA.exists(), reason="no data")
def test_real_texts(tmp_path):
    """AG News as vectors of latent semantic analysis."""
    rows = pd.read_csv(DATA / "ag_news" / "official_test.csv", header=None, dtype=str)
    rows = rows.sample(2000, random_state=0)
    texts, true = rows[1] + " " + rows[2], rows[0].astype(int).to_numpy() - 1
    x = TfidfTransformer(sublinear_tf=True).fit_transform(
        HashingVectorizer(n_features=1 << 15, alternate_sign=False, norm=None).transform(texts))
    vectors = TruncatedSVD(100, random_state=0).fit_transform(x)
    rng = np.random.default_rng(5)
    wrong = rng.random(len(true)) < .05
    given = np.where(wrong, (true + rng.integers(1, 4, len(true))) % 4, true)
    frame = pd.DataFrame({"n": np.arange(len(given)), "label": [f"c{k:02d}" for k in given]})
    run = audit(frame, vectors, tmp_path)
    suspicion = 1 - run.pred_probs[np.arange(len(given)), given]
    assert average_precision_score(wrong, suspicion) > .6
    assert run.report["confident_learning"]["out_of_fold_accuracy"] > .75
