"""quality_tables.py LABELQA ADULT.csv.gz [SEED] - wrong labels of a table, and XGBoost + cleanlab.

5 % of adult's labels are flipped; average precision of the suspicion (1 - self-confidence) on
identical rows: labelqa --model auto against cleanlab's scores of XGBClassifier's 5-fold
probabilities.
"""
import subprocess
import sys
import tempfile
import time

import numpy as np
import pandas as pd
import xgboost
from cleanlab.rank import get_label_quality_scores
from sklearn.metrics import average_precision_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict


def main():
    labelqa, path, seed = sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 0
    data = pd.read_csv(path, na_values="?", skipinitialspace=True)
    features = [c for c in data.columns if c not in ("split", "income")]
    classes = sorted(data.income.unique())
    true = data.income.map(classes.index).values
    n = len(true)
    wrong = np.random.default_rng(seed).choice(n, n // 20, replace=False)
    given = true.copy()
    given[wrong] = 1 - given[wrong]
    with tempfile.TemporaryDirectory() as folder:
        table = data[features].assign(label=[classes[i] for i in given])
        table.to_csv(folder + "/c.csv", index=False)
        start = time.time()
        subprocess.run([labelqa, "audit", folder + "/c.csv", "--features", ",".join(features),
                        "--label", "label", "--checks", "basic", "--no-snapshot", "--quiet",
                        "--out", folder + "/run"], stdout=subprocess.DEVNULL, check=True)
        ours_seconds = time.time() - start
        ours = np.load(folder + "/run/pred_probs.npy")
    x = data[features].apply(lambda c: c.astype("category") if c.dtype == object else c)
    start = time.time()
    theirs = cross_val_predict(
        xgboost.XGBClassifier(tree_method="hist", enable_categorical=True, n_jobs=1), x, given,
        cv=StratifiedKFold(5, shuffle=True, random_state=0), method="predict_proba")
    theirs_seconds = time.time() - start
    for name, probs, seconds in (("labelqa", ours, ours_seconds),
                                 ("xgboost + cleanlab", theirs, theirs_seconds)):
        own = probs[np.arange(n), given]
        score = own if name == "labelqa" else get_label_quality_scores(given, probs)
        print(f"{name}: AP {average_precision_score(given != true, -score):.3f}, log-loss "
              f"{-np.log(own).mean():.4f} (given) "
              f"{-np.log(probs[np.arange(n), true]).mean():.4f} (true), {seconds:.1f} s")


main()
