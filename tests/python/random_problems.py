"""Random labels and probabilities with every nuisance that changed an answer once: exact ties, 0/1
probabilities, duplicated rows, equal rows, absent and single-row classes, float32, odd memory
layouts.
"""
import os

import numpy as np

CLASS_COUNTS = tuple(range(2, 41))
TALLY = {"problems": 0, "comparisons": 0, "explained": 0}  # printed at the end (conftest.py)
# The reference runs under numpy 1.24.4, or under a newer one where tools/test-newest says so.
IS_NEWEST = np.__version__ != "1.24.4"
HAS_REFERENCE = not IS_NEWEST or os.environ.get("LABELQA_NEWEST") == "1"


def _probabilities(rng, true, n_classes):
    n_rows = len(true)
    z = rng.normal(size=(n_rows, n_classes)) * rng.choice([0.3, 1, 2])
    z[np.arange(n_rows), true] += rng.choice([0, 1, 2, 4])
    p = np.exp(z)
    return p / p.sum(axis=1, keepdims=True)


def _spoil(rng, p):
    n_rows, n_classes = p.shape
    kind = rng.integers(0, 7)
    if kind == 1:
        return np.round(p, int(rng.integers(1, 3)))
    if kind == 2:
        return np.eye(n_classes)[p.argmax(axis=1)]
    if kind == 3:
        return p[rng.integers(0, max(1, n_rows // 5), n_rows)]
    if kind == 4:
        return np.full((n_rows, n_classes), 1.0 / n_classes)
    return p


def _layout(rng, p):
    choice = rng.random()
    if choice < 0.15:
        return np.asfortranarray(p)
    if choice < 0.25:
        wide = np.zeros((len(p), 2 * p.shape[1]), p.dtype)
        wide[:, ::2] = p
        return wide[:, ::2]
    if choice < 0.3:
        return p[::-1]
    return p


def _labels(rng, true, n_classes):
    labels = true.copy()
    flipped = rng.random(len(labels)) < rng.choice([0, 0.1, 0.3, 0.6])
    labels[flipped] = rng.integers(0, n_classes, np.count_nonzero(flipped))
    if rng.random() < 0.3:
        labels[labels == rng.integers(0, n_classes)] = 0
    labels[0], labels[1] = 0, 1  # at least two classes
    return labels.astype(rng.choice([np.int64, np.int64, np.int32, np.uint8, np.int16]))


def make(seed, max_rows=1500, class_counts=CLASS_COUNTS):
    """(rng, labels, pred_probs) of one random problem."""
    TALLY["problems"] += 1
    rng = np.random.default_rng(seed)
    n_classes = int(rng.choice(class_counts))
    limit = min(max_rows, int(rng.choice([30, 100, 400, 1500])))
    n_rows = int(rng.integers(max(4, n_classes // 2), limit + n_classes))
    true = rng.integers(0, n_classes, n_rows)
    p = _spoil(rng, _probabilities(rng, true, n_classes))
    if rng.random() < 0.25:
        p = p.astype(np.float32)
    return rng, _labels(rng, true, n_classes), _layout(rng, p)
