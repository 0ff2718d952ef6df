"""One side of bench/confident_learning: holds the arrays, answers one call after the other.

usage: confident_learning_worker.py labelqa|cleanlab PROBS.npy LABELS.npy

Reads a JSON line {"call": NAME, "save": FILE or null}, makes the call, and replies with a JSON
line: seconds, processor seconds of all threads and child processes (in hundredths), and by how much
the process's memory that is no file's (anonymous) grew at its peak. The peak is the kernel's own
high-water mark, reset before the call; pages of mapped files that the call brought in are taken
off. A call on mapped files is watched from outside instead.
"""
import functools
import importlib
import json
import os
import pickle
import sys
import time

import numpy as np

FILTERS = ("prune_by_class", "both", "confident_learning", "predicted_neq_given",
           "low_self_confidence", "low_normalized_margin")
SCORES = ("self_confidence", "normalized_margin", "confidence_weighted_entropy")


def calls_of(side, probs_file, labels_file):
    """Name -> function of (labels, probs). The same names and arguments on both sides; the native
    functions, which cleanlab does not have, start with "native"."""
    package = "labelqa.cleanlab" if side == "labelqa" else "cleanlab"
    module = functools.partial(importlib.import_module)
    find = module(f"{package}.filter").find_label_issues
    score = module(f"{package}.rank").get_label_quality_scores
    calls = {"default": find, "default, n_jobs=1": functools.partial(find, n_jobs=1),
             "ranked": functools.partial(find, return_indices_ranked_by="self_confidence")}
    for name in FILTERS:
        calls[name] = functools.partial(find, filter_by=name)
    for name in SCORES:
        calls[f"score {name}"] = functools.partial(score, method=name)
    calls["score self_confidence, adjusted"] = functools.partial(score, adjust_pred_probs=True)
    calls["num_label_issues"] = module(f"{package}.count").num_label_issues
    health = module(f"{package}.dataset").health_summary
    calls["health_summary"] = functools.partial(health, verbose=False)
    if side == "labelqa":
        import labelqa
        batched = labelqa.find_label_issues_batched
        calls["native default"] = labelqa.find_label_issues
        calls["native ranked"] = functools.partial(labelqa.find_label_issues,
                                                   return_indices_ranked_by="self_confidence")
    else:
        batched = functools.partial(
            module("cleanlab.experimental.label_issues_batched").find_label_issues_batched,
            verbose=False)
    calls["batched, in memory"] = lambda labels, probs: batched(labels, probs)
    calls["batched, mapped"] = lambda labels, probs: batched(labels_file=labels_file,
                                                             pred_probs_file=probs_file)
    return calls


def memory():
    with open("/proc/self/status") as lines:
        kilobytes = {line.split(":")[0]: int(line.split()[1]) for line in lines
                     if line.startswith(("VmHWM", "VmRSS", "RssFile"))}
    return {name: 1024 * size for name, size in kilobytes.items()}


def reset_peak():
    with open("/proc/self/clear_refs", "w") as out:
        out.write("5")


def measure(call, labels, probs):
    reset_peak()
    before = memory()
    started, used = time.perf_counter(), sum(os.times()[:4])
    result = call(labels, probs)
    seconds, used = time.perf_counter() - started, sum(os.times()[:4]) - used
    after = memory()
    files = max(0, after["RssFile"] - before["RssFile"])
    return result, {"seconds": seconds, "processor_seconds": used,
                    "added_bytes": max(0, after["VmHWM"] - before["VmRSS"] - files)}


def main():
    side, probs_file, labels_file = sys.argv[1:]
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the libraries print is none of the replies
    calls = calls_of(side, probs_file, labels_file)
    small = np.random.default_rng(0).dirichlet(np.ones(3), 300)
    for name, call in calls.items():  # what is loaded when first needed is no part of the figures
        if name != "batched, mapped":
            call(np.arange(300) % 3, small)
    probs, labels = np.load(probs_file), np.load(labels_file)
    print(json.dumps({"ready": True}), file=replies, flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        result, figures = measure(calls[request["call"]], labels, probs)
        if request.get("save"):
            with open(request["save"], "wb") as out:
                pickle.dump(result, out)
        del result
        print(json.dumps(figures), file=replies, flush=True)


if __name__ == "__main__":
    main()
