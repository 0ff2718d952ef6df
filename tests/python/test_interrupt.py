"""Long calls hold no GIL and stop at Ctrl-C.

Each call below would run for many minutes. Another Python thread has to make progress while it
computes, or the signal is never sent; and the call has to look for signals, or it never ends: both
would show as a timeout. Memory stays small: matrices of one row repeated by a stride of 0.
"""
import os
import subprocess
import sys

import pytest

SCRIPT = """
import os, signal, sys, threading, time
import numpy as np
import labelqa
from labelqa.cleanlab import count, filter, outlier, rank

# Started in the background of a shell, a process ignores Ctrl-C and would wait for ever.
signal.signal(signal.SIGINT, signal.default_int_handler)
n, k = 50_000_000, 4000
labels = np.broadcast_to(np.int64(1), n)
p = np.broadcast_to(np.full(k, 1 / k), (n, k))
rng = np.random.default_rng(0)
points = rng.normal(size=(400_000, 64)).astype(np.float32)
votes = rng.integers(0, 10, (20_000, 5)).astype(float)
batch = (labels[:1_000_000], p[:1_000_000])

CALLS = {
    "find_label_issues": lambda: labelqa.find_label_issues(labels, p),
    "num_label_issues": lambda: labelqa.num_label_issues(labels, p),
    "scores": lambda: labelqa.get_label_quality_scores(labels, p, adjust_pred_probs=True),
    "entropy": lambda: labelqa.get_label_quality_scores(
        labels, p, method="confidence_weighted_entropy"),
    "joint": lambda: labelqa.compute_confident_joint(labels, p),
    "ensemble": lambda: labelqa.get_label_quality_ensemble_scores(labels, [p, p]),
    "drop-in joint": lambda: count.compute_confident_joint(labels, p),
    "drop-in scores": lambda: rank.get_label_quality_scores(labels, p),
    "inspector": lambda: labelqa.find_label_issues_batched(batches=[batch] * 1000),
    "neighbours": lambda: labelqa.nearest_neighbors(points, k=50),
    "outliers": lambda: outlier.OutOfDistribution().fit_score(features=points, verbose=False),
    "dawid_skene": lambda: labelqa.dawid_skene(votes, max_iterations=10**9, tolerance=0),
}

def disturb(seen):
    until = time.monotonic() + 0.3
    while time.monotonic() < until or seen[0] < 100:
        seen[0] += 1
        time.sleep(0.001)
    os.kill(os.getpid(), signal.SIGINT)

for name, call in CALLS.items():
    seen = [0]
    thread = threading.Thread(target=disturb, args=(seen,))
    thread.start()
    try:
        call()
        print(name, "ended")
    except KeyboardInterrupt:
        print(name, "interrupted", flush=True)
    thread.join()
assert labelqa.find_label_issues([0, 1, 0, 1], np.eye(2)[[0, 1, 1, 1]]).shape == (4,)
print("usable afterwards")
"""


def test_other_threads_run_and_ctrl_c_stops(build):
    environment = {**os.environ, "PYTHONPATH": str(build / "python")}
    ended = subprocess.run([sys.executable, "-c", SCRIPT], env=environment, capture_output=True,
                           text=True, timeout=240)
    assert ended.returncode == 0, ended.stderr
    *calls, last = ended.stdout.splitlines()
    assert last == "usable afterwards"
    assert len(calls) == 12 and all(line.endswith(" interrupted") for line in calls), calls


def test_a_handler_of_the_program_is_called(build):
    """Not only SIGINT: whatever a handler raises comes out of the call."""
    code = """
import signal, threading, os, numpy as np, labelqa
def handler(number, frame): raise TimeoutError("enough")
signal.signal(signal.SIGALRM, handler)
signal.setitimer(signal.ITIMER_REAL, 0.3)
labels = np.broadcast_to(np.int64(1), 50_000_000)
p = np.broadcast_to(np.full(4000, 1 / 4000), (50_000_000, 4000))
try:
    labelqa.find_label_issues(labels, p)
except TimeoutError as error:
    print(error)
"""
    environment = {**os.environ, "PYTHONPATH": str(build / "python")}
    ended = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True,
                           text=True, timeout=120)
    assert ended.stdout == "enough\n", ended.stderr


@pytest.mark.parametrize("n_threads", [4])
def test_one_problem_in_several_threads(n_threads):
    """A handle in use elsewhere is refused, never shared."""
    import threading

    import numpy as np

    from labelqa import _core
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(8), 200_000)
    problem = _core.Problem(rng.integers(0, 8, len(p)), p)
    wanted = problem.find_issues("prune_by_noise_rate")
    found, refused = [], []

    def work():
        for _ in range(5):
            try:
                found.append(problem.find_issues("prune_by_noise_rate"))
            except RuntimeError as error:
                refused.append(str(error))
    threads = [threading.Thread(target=work) for _ in range(n_threads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) + len(refused) == 5 * n_threads and found
    assert all(np.array_equal(one, wanted) for one in found)
    assert all("another thread" in text for text in refused)
