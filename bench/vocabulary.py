"""Does it matter that vocabulary and idf come from all rows and not from the training folds alone?

They hold no label, so nothing leaks about a row's own label; this prints what the choice changes:
log-loss against given and true labels, and precision and recall of cleanlab's flags, on AG News'
test split with 9 % mixed corruption (1 % off by one, 5 % random, 3 % Sports/Business swapped),
scikit-learn throughout. usage: bench/vocabulary.py [official_test.csv]
"""
import os
import sys

import numpy as np
import pandas as pd
from cleanlab.filter import find_label_issues
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold

path = sys.argv[1] if len(sys.argv) > 1 else os.path.join(
    os.environ.get("LABELQA_DATA", "../shared/data"), "ag_news", "official_test.csv")
if not os.path.exists(path):
    sys.exit(f"skipped: {path} is not there (set LABELQA_DATA)")
frame = pd.read_csv(path, header=None, names=["label", "title", "description"])
texts = (frame.title + " " + frame.description).to_numpy()
truth = frame.label.to_numpy() - 1


def corrupt(rng):
    given, rows = truth.copy(), rng.permutation(len(truth))
    n = len(truth)
    given[rows[: n // 100]] = (given[rows[: n // 100]] + 1) % 4
    flips = rows[n // 100: n * 6 // 100]
    given[flips] = (given[flips] + rng.integers(1, 4, len(flips))) % 4
    swaps = [r for r in rows[n * 6 // 100:] if truth[r] in (1, 2)][: n * 3 // 100]
    given[swaps] = 3 - given[swaps]
    return given


def out_of_fold(given, per_fold, seed):
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=2)
    whole = None if per_fold else vectorizer.fit_transform(texts)
    pred_probs = np.zeros((len(texts), 4))
    for train, held_out in StratifiedKFold(5, shuffle=True, random_state=seed).split(texts, given):
        seen = vectorizer.fit_transform(texts[train]) if per_fold else whole[train]
        unseen = vectorizer.transform(texts[held_out]) if per_fold else whole[held_out]
        model = LogisticRegression(C=1, max_iter=1000).fit(seen, given[train])
        pred_probs[held_out] = model.predict_proba(unseen)
    return pred_probs


print("fitted on        log-loss given  log-loss true  precision  recall")
for per_fold, name in ((False, "all rows"), (True, "training folds")):
    figures = []
    for seed in range(3):
        given = corrupt(np.random.default_rng(seed))
        pred_probs = out_of_fold(given, per_fold, seed)
        flagged, wrong = find_label_issues(given, pred_probs), given != truth
        hits = (flagged & wrong).sum()
        figures.append((log_loss(given, pred_probs), log_loss(truth, pred_probs),
                        hits / flagged.sum(), hits / wrong.sum()))
    print(f"{name:16s} " + "  ".join(f"{value:13.4f}" for value in np.mean(figures, axis=0)))
