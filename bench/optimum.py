"""How near the linear model comes to the optimum: labelqa beside scikit-learn at tolerance 1e-6.

usage: bench/optimum.py [MAX_FEATURES [ROWS]]    default 15000 features, all of ag_news_union.
Terms of equal frequency are kept or dropped together (both programs may break ties as they like),
so somewhat fewer features than MAX_FEATURES are used.
Needs build/bin/labelqa and $LABELQA_DATA. Five groups of rows (equal texts in one) become the five
folds of both. Prints per fold both objectives, 1/2 |W|^2 + C sum of losses on the training rows,
labelqa's own bound on its distance to the optimum (report.json), and how far the probabilities of
the held-out rows are apart.
"""
import json
import os
import subprocess
import sys
import tempfile
import time
import unicodedata

import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression

BINARY = os.environ.get("LABELQA", "build/bin/labelqa")
DATA = os.environ.get("LABELQA_DATA", "../shared/data")
MAX_FEATURES = int(sys.argv[1]) if len(sys.argv) > 1 else 15000
ROWS = int(sys.argv[2]) if len(sys.argv) > 2 else None


def folded(text):
    return " ".join(unicodedata.normalize("NFKC", text).lower().split())


def clear_cut(texts):
    """The number of terms at or above some frequency, at most MAX_FEATURES."""
    totals = CountVectorizer(ngram_range=(1, 2), min_df=2).fit_transform(texts).sum(axis=0).A1
    least = np.sort(totals)[-MAX_FEATURES - 1] if len(totals) > MAX_FEATURES else 0
    return int((totals > least).sum())


def ours(frame, n_features):
    with tempfile.TemporaryDirectory() as folder:
        frame.to_csv(f"{folder}/rows.csv", index=False)
        subprocess.run([BINARY, "audit", f"{folder}/rows.csv", "--text", "text", "--label", "label",
                        "--group", "part", "--model", "logistic", "--max-features",
                        str(n_features), "--checks", "basic", "--no-snapshot", "--quiet",
                        "--out", f"{folder}/run"], check=True, stdout=subprocess.DEVNULL)
        with open(f"{folder}/run/report.json", encoding="utf-8") as report:
            report = json.load(report)
        return np.load(f"{folder}/run/pred_probs.npy"), report


def main():
    frame = pd.read_csv(f"{DATA}/ag_news/ag_news_union.csv.gz", dtype=str, keep_default_na=False,
                        nrows=ROWS)[["text", "label"]]
    frame["part"] = pd.factorize(frame.text.map(folded))[0] % 5
    n_features = clear_cut(frame.text)
    probs, report = ours(frame, n_features)
    folds = report["model"]["linear"][0]["folds"]  # numbered otherwise: matched by objective
    x = TfidfVectorizer(ngram_range=(1, 2), min_df=2, max_features=n_features).fit_transform(
        frame.text)
    label = frame.label.astype(int).to_numpy()
    print(f"{len(frame):,} rows, {x.shape[1]:,} features, C = 1; labelqa's model stage "
          f"{report['timings']['model']:.2f} s\n\n| fold | rows | scikit-learn | labelqa | "
          "labelqa - scikit-learn | bound | epochs | largest difference | mean difference |\n"
          "|---|---|---|---|---|---|---|---|---|")
    started, worst = time.perf_counter(), 0
    for part in range(5):
        out = (frame.part == part).to_numpy()
        model = LogisticRegression(C=1, tol=1e-6, max_iter=10000).fit(x[~out], label[~out])
        p = model.predict_proba(x[~out])
        objective = (model.coef_ ** 2).sum() / 2 - np.log(p[np.arange(len(p)), label[~out]]).sum()
        apart = np.abs(model.predict_proba(x[out]) - probs[out])
        fold = min(folds, key=lambda fold: abs(fold["objective"] - objective))
        own = fold["objective"]
        worst = max(worst, apart.max())
        print(f"| {part} | {(~out).sum():,} | {objective:.4f} | {own:.4f} | {own - objective:+.4f} "
              f"| {fold['gap']:.4f} | {fold['epochs']} | "
              f"{apart.max():.1e} | {apart.mean():.1e} |", flush=True)
    print(f"\nscikit-learn's five fits: {time.perf_counter() - started:.1f} s; largest difference "
          f"of a probability: {worst:.1e}")


main()
