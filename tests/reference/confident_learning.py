"""Writes confident_learning.txt: answers of cleanlab 2.9.0 under numpy 1.24.4 on small random cases.

    build/venv/bin/python tests/reference/confident_learning.py > tests/reference/confident_learning.txt

tests/unit/test_confident.c reads it. Probabilities are whole numbers over 2^24 (exact in float32 and
float64), so the file holds no rounded figures; floating-point answers are written as C hex floats.
Every case is a list of `name values...` lines between `case` and `end`.
"""
import sys
import warnings

import cleanlab
import numpy as np
from cleanlab.count import (compute_confident_joint, estimate_joint, get_confident_thresholds,
                            num_label_issues)
from cleanlab.dataset import find_overlapping_classes, rank_classes_by_label_quality
from cleanlab.filter import find_label_issues
from cleanlab.rank import get_label_quality_scores

FILTERS = ["prune_by_noise_rate", "prune_by_class", "both", "confident_learning",
           "predicted_neq_given", "low_self_confidence", "low_normalized_margin"]
UNIT = 2.0 ** 24


def line(name, values):
    print(name, *values)


def hexes(values):
    return [float(v).hex() for v in np.ravel(values)]


def probabilities(rng, n_rows, n_classes, true, coarse):
    z = rng.normal(size=(n_rows, n_classes))
    z[np.arange(n_rows), true] += 1.5
    p = np.exp(z)
    p /= p.sum(axis=1, keepdims=True)
    steps = 32.0 if coarse else UNIT
    return np.rint(p * steps) * (UNIT / steps)


def write_case(seed, n_rows, n_classes, coarse, dtype):
    rng = np.random.default_rng(seed)
    true = rng.integers(0, n_classes, n_rows)
    units = probabilities(rng, n_rows, n_classes, true, coarse)
    labels = np.where(rng.random(n_rows) < 0.25, rng.integers(0, n_classes, n_rows), true)
    if seed % 3 == 0 and n_classes > 2:
        labels[labels == n_classes - 1] = 0  # an absent class
    p = (units / UNIT).astype(dtype)
    line("case", [seed, n_rows, n_classes, int(dtype == np.float32)])
    line("labels", labels)
    line("units", [int(u) for u in np.ravel(units)])
    line("thresholds", hexes(get_confident_thresholds(labels, p)))
    line("raw_joint", np.ravel(compute_confident_joint(labels, p, calibrate=False)))
    line("calibrated_joint", np.ravel(compute_confident_joint(labels, p)))
    line("count", [num_label_issues(labels, p)])
    for method in FILTERS:
        issues = find_label_issues(labels, p, filter_by=method, n_jobs=1)
        line(method, issues.astype(int))
    line("half_noise", find_label_issues(labels, p, frac_noise=0.5, n_jobs=1).astype(int))
    line("ranked", find_label_issues(labels, p, return_indices_ranked_by="self_confidence", n_jobs=1))
    for method in ("self_confidence", "normalized_margin", "confidence_weighted_entropy"):
        line(method, hexes(get_label_quality_scores(labels, p, method=method)))
    line("adjusted_margin", hexes(get_label_quality_scores(labels, p, method="normalized_margin",
                                                           adjust_pred_probs=True)))
    line("joint", hexes(estimate_joint(labels, p)))
    classes = rank_classes_by_label_quality(labels, p)
    line("class_order", classes["Class Index"])
    line("class_quality", hexes(classes["Label Quality Score"]))
    line("inverse_noise", hexes(classes["Inverse Label Noise"]))
    overlaps = find_overlapping_classes(labels, p)
    line("overlap_a", overlaps["Class Index A"])
    line("overlap_b", overlaps["Class Index B"])
    line("overlap_count", overlaps["Num Overlapping Examples"])
    print("end")


def write_sort(seed, n, distinct):
    values = np.random.default_rng(seed).integers(0, distinct, n).astype(float)
    line("sort", [n])
    line("keys", values.astype(int))
    line("order", np.argsort(values))
    line("sum", hexes([np.sum(values / 7.0)]))
    line("sum32", hexes([np.sum((values / 7.0).astype(np.float32))]))
    print("end")


def write_long_sum(n):
    """Values that any reader can make again: (i * 2654435761 mod 2^32) / 2^32."""
    values = (np.arange(n, dtype=np.uint64) * np.uint64(2654435761) % np.uint64(2 ** 32)) / 2.0 ** 32
    line("long_sum", [n, *hexes([np.sum(values), np.sum(values.astype(np.float32))])])


def main():
    assert cleanlab.__version__ == "2.9.0" and np.__version__ == "1.24.4", "pinned versions only"
    warnings.simplefilter("ignore")
    print("# cleanlab 2.9.0, numpy 1.24.4; made by confident_learning.py")
    shapes = [(20, 2), (40, 3), (60, 5), (48, 17), (80, 20), (60, 24)]
    for i, (n_rows, n_classes) in enumerate(shapes):
        write_case(2 * i, n_rows, n_classes, coarse=False, dtype=np.float64)
        write_case(2 * i + 1, n_rows, n_classes, coarse=True, dtype=(np.float64, np.float32)[i % 2])
    for i, n in enumerate([1, 7, 8, 15, 16, 17, 18, 33, 100, 128, 129, 300, 1000]):
        write_sort(i, n, 2 if i % 2 else max(2, n // 3))
    for n in (8191, 8192, 8193, 20000, 100000, 1000003):
        write_long_sum(n)


if __name__ == "__main__":
    sys.exit(main())
