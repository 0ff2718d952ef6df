"""Precision and recall of the flagged set on the demo's corruption of AG News' test split: labelqa
beside scikit-learn + cleanlab on identical corrupted rows, several seeds.

usage: bench/flagged_set.py [SEEDS]   (needs build/bin/labelqa and $LABELQA_DATA/ag_news)
"""
import json
import os
import subprocess
import sys
import tempfile

import numpy as np
import pandas as pd
from cleanlab.filter import find_label_issues
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.model_selection import cross_val_predict

binary = os.environ.get("LABELQA", "build/bin/labelqa")
data = os.path.join(os.environ.get("LABELQA_DATA", "../shared/data"), "ag_news/official_test.csv")
if not os.path.exists(data):
    sys.exit(f"skipped: {data} is not there (set LABELQA_DATA)")
seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
classes = ["World", "Sports", "Business", "Sci/Tech"]


def reference(frame):
    """Flags and suspicion of rows that have text and a known label."""
    use = frame.text.ne("") & frame.label.isin(classes)
    labels = frame.label[use].map(classes.index).to_numpy()
    x = TfidfVectorizer(ngram_range=(1, 2), min_df=2).fit_transform(frame.text[use])
    p = cross_val_predict(LogisticRegression(C=1, max_iter=1000), x, labels, cv=5,
                          method="predict_proba", n_jobs=-1)
    flagged, suspicion = np.zeros(len(frame), bool), np.zeros(len(frame))
    flagged[use] = find_label_issues(labels, p)
    suspicion[use] = 1 - p[np.arange(len(labels)), labels]
    return flagged, suspicion


def labelqa(frame, run):
    rows = pd.read_parquet(run + "/rows.parquet")
    return rows.is_label_issue.to_numpy(), 1 - rows.self_confidence.fillna(1).to_numpy()


table = {}
for seed in range(seeds):
    with tempfile.TemporaryDirectory() as folder:
        def demo(model, out):
            subprocess.run([binary, "demo", "--data", data, "--sample", "7600", "--seed", str(seed),
                            "--model", model, "--out", out, "--quiet"], check=True,
                           stdout=subprocess.DEVNULL)
            return out
        for model in ("logistic", "auto"):
            demo(model, f"{folder}/{model}")
        frame = pd.read_csv(f"{folder}/logistic/corrupted.csv", dtype=str, keep_default_na=False)
        error = (frame.label != frame.label_true) & frame.corruption.ne("clean")
        swap = frame.corruption.eq("systematic")
        found = {"scikit-learn + cleanlab": reference(frame),
                 "labelqa --model logistic": labelqa(frame, f"{folder}/logistic/run.labelqa"),
                 "labelqa (auto)": labelqa(frame, f"{folder}/auto/run.labelqa")}
        for name, (flagged, suspicion) in found.items():
            table.setdefault(name, []).append((
                flagged.sum(), (flagged & error).sum() / flagged.sum(),
                (flagged & error).sum() / error.sum(), flagged[swap].mean(),
                average_precision_score(error, suspicion)))
print(f"AG News test, 7,600 rows, demo corruption, mean of {seeds} seeds")
print(f"{'':28s}{'flagged':>9s}{'precision':>11s}{'recall':>9s}{'of swaps':>10s}{'AP':>8s}")
for name, rows in table.items():
    n, precision, recall, swaps, ap = np.mean(rows, axis=0)
    print(f"{name:28s}{n:9.0f}{precision:11.3f}{recall:9.3f}{swaps:10.3f}{ap:8.3f}")
