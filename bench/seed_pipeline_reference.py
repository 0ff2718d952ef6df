"""The pipeline people use today, as a whole process: scikit-learn TF-IDF and logistic regression,
cross-validated on all processors, then cleanlab. bench/seed_pipeline runs it beside labelqa.

usage: seed_pipeline_reference.py FILE.csv[.gz] TEXT_COLUMN LABEL_COLUMN OUT.npz
"""
import sys
import time

started = time.perf_counter()
import numpy as np
import pandas as pd
from cleanlab.filter import find_label_issues
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict

path, text_column, label_column, out = sys.argv[1:5]
imported = time.perf_counter()
frame = pd.read_csv(path, dtype=str, keep_default_na=False)
labels, classes = pd.factorize(frame[label_column], sort=True)
read = time.perf_counter()
features = TfidfVectorizer(max_features=15000, ngram_range=(1, 2), min_df=2).fit_transform(
    frame[text_column])
vectorised = time.perf_counter()
pred_probs = cross_val_predict(LogisticRegression(C=1, max_iter=1000), features, labels, cv=5,
                               n_jobs=-1, method="predict_proba")
trained = time.perf_counter()
issues = find_label_issues(labels, pred_probs, return_indices_ranked_by="self_confidence")
found = time.perf_counter()
np.savez(out, pred_probs=pred_probs, issues=issues, labels=labels)
print(f"rows {len(labels)}  flagged {len(issues)}  import {imported - started:.2f} s  "
      f"read {read - imported:.2f} s  tf-idf {vectorised - read:.2f} s  "
      f"cross-validation {trained - vectorised:.2f} s  cleanlab {found - trained:.2f} s")
