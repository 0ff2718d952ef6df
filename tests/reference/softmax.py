#!/usr/bin/env python3
"""softmax.py - writes softmax.txt: scikit-learn's out-of-fold probabilities on made-up problems.

The problems come from a 64-bit linear congruential generator that test_softmax.c repeats. For each: a
line "problem ROWS COLUMNS CLASSES C", a line "objective FOLD VALUE" per fold (scikit-learn's: half the
squared norm of coef_ plus C times the log-loss), then a line of K probabilities per row, then "end".
"""
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

FOLDS, PER_ROW = 5, 8


class Lcg:
    def __init__(self, seed):
        self.state = seed

    def below(self, n):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 33) % n


def make(rows, columns, classes):
    """Rows of up to PER_ROW entries, unit norm; half of the entries lie near the row's class."""
    lcg = Lcg(rows * 1000 + columns * 10 + classes)
    indptr, indices, data, labels = [0], [], [], []
    for row in range(rows):
        true = row // FOLDS % classes
        labels.append(lcg.below(classes) if lcg.below(10) == 0 else true)
        entries = {}
        for i in range(PER_ROW):
            column = (true * columns // classes + lcg.below(5) if i % 2 else lcg.below(columns))
            entries[column % columns] = np.float32(1 + lcg.below(4))
        norm = np.sqrt(sum(float(v) ** 2 for v in entries.values()))
        for column in sorted(entries):
            indices.append(column)
            data.append(np.float32(float(entries[column]) / norm))
        indptr.append(len(indices))
    matrix = csr_matrix((np.array(data, np.float64), indices, indptr), shape=(rows, columns))
    return matrix, np.array(labels)


with open(Path(__file__).parent / "softmax.txt", "w", encoding="ascii") as out:
    for rows, columns, classes, strength in [(300, 40, 2, 1.0), (300, 40, 3, 1.0), (200, 60, 4, 10.0),
                                             (250, 50, 7, 0.1), (300, 120, 12, 1.0),
                                             (400, 160, 40, 1.0)]:
        matrix, labels = make(rows, columns, classes)
        fold = np.arange(rows) % FOLDS
        probabilities = np.zeros((rows, classes))
        print("problem", rows, columns, classes, strength, file=out)
        for f in range(FOLDS):
            train = fold != f
            model = LogisticRegression(C=strength, tol=1e-10, max_iter=100000)
            model.fit(matrix[train], labels[train])
            assert len(model.classes_) == classes
            probabilities[~train] = model.predict_proba(matrix[~train])
            own = model.predict_proba(matrix[train])[np.arange(train.sum()), labels[train]]
            objective = (model.coef_ ** 2).sum() / 2 - strength * np.log(own).sum()
            print("objective", f, f"{objective:.6f}", file=out)
        for row in probabilities:
            print(" ".join(f"{p:.6f}" for p in row), file=out)
        print("end", file=out)
