"""Exact nearest neighbours beside scikit-learn's brute force, in one run.

    PYTHONPATH=build/python python bench/neighbors.py [rows] [dimensions]
"""
import sys
import time

import numpy as np
from sklearn.neighbors import NearestNeighbors

import labelqa


def timed(call):
    start = time.perf_counter()
    result = call()
    return time.perf_counter() - start, result


def main():
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 15000
    d = int(sys.argv[2]) if len(sys.argv) > 2 else 384
    x = np.random.default_rng(0).normal(size=(n, d)).astype(np.float32)
    for metric in ("cosine", "euclidean"):
        ours, (_, index) = timed(lambda: labelqa.nearest_neighbors(x, k=10, metric=metric))
        peer = NearestNeighbors(n_neighbors=10, metric=metric, algorithm="brute").fit(x)
        theirs, (_, expected) = timed(peer.kneighbors)
        print(f"{n} x {d}, 10 neighbours, {metric}: labelqa {ours:.2f} s, scikit-learn "
              f"{theirs:.2f} s, {theirs / ours:.2f} x; "
              f"same neighbours {np.mean(index == expected)}")


main()
