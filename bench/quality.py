"""How well wrong labels are found: labelqa beside scikit-learn + cleanlab on the same rows.

usage: bench/quality.py [SETS] [SEEDS]    SETS: comma-separated names below, default those of up to
13,083 rows; SEEDS: a number, default 5. Needs build/bin/labelqa and $LABELQA_DATA. A set's labels
count as true, errors are planted. Its own seeds (1000, ...) differ from those choices were made on.
"""
import json
import os
import subprocess
import sys
import tempfile
import time

import numpy as np
import pandas as pd
from cleanlab.filter import find_label_issues
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.model_selection import cross_val_predict

binary = os.environ.get("LABELQA", "build/bin/labelqa")
data = os.environ.get("LABELQA_DATA", "../shared/data")
FIRST_SEED = 1000


def ag_news():
    frame = pd.read_csv(f"{data}/ag_news/official_test.csv", header=None, dtype=str)
    return frame[1] + " " + frame[2], frame[0].astype(int).to_numpy() - 1


def ag_news_union():
    frame = pd.read_csv(f"{data}/ag_news/ag_news_union.csv.gz", dtype=str, keep_default_na=False)
    return frame.text, frame.label.astype(int).to_numpy()


def banking77():
    parts = [pd.read_csv(f"{data}/banking77/{name}.csv") for name in ("train", "test")]
    frame = pd.concat(parts, ignore_index=True)
    return frame.text, pd.factorize(frame.category, sort=True)[0]


def sms_spam():
    with open(f"{data}/stress/sms_spam.tsv", encoding="utf-8") as lines:
        rows = [line.rstrip("\n").split("\t", 1) for line in lines if "\t" in line]
    return pd.Series([row[1] for row in rows]), np.array([int(row[0] == "spam") for row in rows])


def random_errors(share):
    def corrupt(labels, rng):
        n_classes = labels.max() + 1
        given, hit = labels.copy(), rng.random(len(labels)) < share
        given[hit] = (given[hit] + rng.integers(1, n_classes, hit.sum())) % n_classes
        return given
    return corrupt


def systematic_errors(share):
    """Classes 0 and 2, 1 and 3 are taken for each other."""
    def corrupt(labels, rng):
        given, hit = labels.copy(), rng.random(len(labels)) < share
        given[hit] = (given[hit] + 2) % 4
        return given
    return corrupt


def mixed_errors(labels, rng):
    """5 % random, 3 % systematic, 1 % the label of the row before."""
    given = random_errors(.05)(labels, rng)
    given = np.where(given == labels, systematic_errors(.03)(labels, rng), given)
    shifted = rng.random(len(labels)) < .01
    return np.where(shifted & (given == labels), np.roll(labels, 1), given)


SETS = {"ag_news mixed 9 %": (ag_news, mixed_errors),
        "ag_news systematic 3 %": (ag_news, systematic_errors(.03)),
        "ag_news systematic 12.5 %": (ag_news, systematic_errors(.125)),
        "banking77 random 5 %": (banking77, random_errors(.05)),
        "sms_spam random 5 %": (sms_spam, random_errors(.05)),
        "ag_news_union mixed 9 %": (ag_news_union, mixed_errors)}


def reference(texts, given, folder):
    started = time.perf_counter()
    x = TfidfVectorizer(ngram_range=(1, 2), min_df=2).fit_transform(texts)
    p = cross_val_predict(LogisticRegression(C=1, max_iter=1000), x, given, cv=5,
                          method="predict_proba", n_jobs=-1)
    return find_label_issues(given, p), p, time.perf_counter() - started


def labelqa(model):
    def run(texts, given, folder):
        pd.DataFrame({"text": texts, "label": [f"c{k:04d}" for k in given]}).to_csv(
            f"{folder}/rows.csv", index=False)
        subprocess.run([binary, "audit", f"{folder}/rows.csv", "--text", "text", "--label", "label",
                        "--model", model, "--out", f"{folder}/run", "--overwrite", "--quiet",
                        "--checks", "basic", "--no-snapshot"], check=True,
                       stdout=subprocess.DEVNULL)
        rows = pd.read_parquet(f"{folder}/run/rows.parquet")
        with open(f"{folder}/run/report.json", encoding="utf-8") as report:
            seconds = json.load(report)["timings"]["model"]
        return rows.is_label_issue.to_numpy(), np.load(f"{folder}/run/pred_probs.npy"), seconds
    return run


CONTENDERS = {"scikit-learn + cleanlab": reference, "labelqa --model logistic": labelqa("logistic"),
              "labelqa (auto)": labelqa("auto")}


def measure(labels, given, found):
    flagged, p, seconds = found
    rows, wrong = np.arange(len(labels)), labels != given
    p = np.where(np.isnan(p), 1 / p.shape[1], p)
    suspicion = 1 - p[rows, given]
    worst = np.argsort(-suspicion, kind="stable")[:wrong.sum()]
    loss = [-np.log(np.clip(p[rows, k], 1e-9, 1)).mean() for k in (given, labels)]
    return [average_precision_score(wrong, suspicion),
            (flagged & wrong).sum() / max(flagged.sum(), 1),
            (flagged & wrong).sum() / wrong.sum(), wrong[worst].mean(), *loss, seconds]


def run_set(name, n_seeds):
    read, corrupt = SETS[name]
    texts, labels = read()
    table = {contender: [] for contender in CONTENDERS}
    for seed in range(FIRST_SEED, FIRST_SEED + n_seeds):
        given = corrupt(labels, np.random.default_rng(seed))
        with tempfile.TemporaryDirectory() as folder:
            for contender, find in CONTENDERS.items():
                table[contender].append(measure(labels, given, find(texts, given, folder)))
    print(f"\n{name}, {len(labels):,} rows, mean of {n_seeds} seeds\n\n"
          "| | AP | precision | recall | "
          "precision at n errors | loss, given | loss, true | model s |\n"
          "|---|---|---|---|---|---|---|---|")
    for contender, rows in table.items():
        figures = " | ".join(f"{value:.3f}" for value in np.mean(rows, axis=0))
        print(f"| {contender} | {figures} |", flush=True)


names = sys.argv[1].split(",") if len(sys.argv) > 1 else list(SETS)[:-1]
for set_name in names:
    run_set(set_name, int(sys.argv[2]) if len(sys.argv) > 2 else 5)
