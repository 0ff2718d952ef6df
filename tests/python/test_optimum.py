"""report.json on the linear model, beside scikit-learn's optimum at tolerance 1e-6."""
import numpy as np
import pandas as pd
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

import labelqa


def made(n, n_classes):
    rng = np.random.default_rng(n_classes)
    true = rng.integers(0, n_classes, n)
    words = [" ".join(f"word{(k * 30 + j) if j < 30 else j}" for j in rng.integers(0, 90, 12))
             for k in true]
    given = np.where(rng.random(n) < .1, rng.integers(0, n_classes, n), true)
    return pd.DataFrame({"text": [f"{text} row{i}" for i, text in enumerate(words)],
                         "label": [f"c{k:02d}" for k in given], "part": np.arange(n) % 5})


@pytest.mark.parametrize("n_classes, strength", [(2, 1), (4, 10), (12, 1)])
def test_reaches_scikit_learns_optimum(tmp_path, n_classes, strength):
    frame = made(400, n_classes)
    run = labelqa.audit(frame, text="text", label="label", group="part", model="logistic",
                        C=strength, checks="basic", out=tmp_path / "run")
    linear, = run.report["model"]["linear"]
    assert (linear["features"], linear["C"], linear["tolerance"]) == ("tf-idf", strength, 1e-6)
    x = TfidfVectorizer(ngram_range=(1, 2), min_df=2).fit_transform(frame.text)
    label = pd.factorize(frame.label, sort=True)[0]
    best = []
    for part in range(5):
        out = (frame.part == part).to_numpy()
        model = LogisticRegression(C=strength, tol=1e-6, max_iter=100000).fit(x[~out], label[~out])
        p = model.predict_proba(x[~out])[np.arange((~out).sum()), label[~out]]
        best.append((model.coef_ ** 2).sum() / 2 - strength * np.log(p).sum())
        apart = np.abs(run.pred_probs[out] - model.predict_proba(x[out]))
        assert apart.max() < 2e-3
    folds = sorted(linear["folds"], key=lambda fold: fold["objective"])
    for fold, objective in zip(folds, sorted(best)):
        assert fold["converged"] and fold["rows"] == 320
        assert fold["gap"] <= strength * 1e-6 * 320 * 1.5
        assert -1e-5 * objective < fold["objective"] - objective < fold["gap"] + 1e-5 * objective


def test_given_probabilities_have_no_model(tmp_path):
    frame = made(100, 2)
    run = labelqa.audit(frame, text="text", label="label", pred_probs=np.full((100, 2), .5),
                        out=tmp_path / "run")
    assert run.report["model"] is None


def test_later_reports_keep_it(tmp_path):
    frame = made(300, 3)
    run = labelqa.audit(frame, text="text", label="label", out=tmp_path / "run", checks="basic")
    before = run.report["model"]
    labelqa.command("report", run)
    assert run.report["model"] == before
    assert before["kind"] == "auto" and before["log_loss"] < before["prior_log_loss"]
