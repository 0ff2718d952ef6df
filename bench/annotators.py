"""Several annotators: accuracy and speed beside cleanlab and crowd-kit, in one run.

    PYTHONPATH=build/python PYTHON bench/annotators.py [accuracy] [sparse] [peers] [command]

PYTHON: of an environment with cleanlab 2.9.0, crowd-kit 1.4.2, numpy, pandas. The crowd data are in
$LABELQA_DATA/crowd (Duck: 108 items, 39 annotators; Dog: 807 items, 109 annotators). They have no
features, so CROWDLAB gets a model that knows nothing (the class shares) in both programs.
"""
import contextlib
import io
import json
import multiprocessing
import os
import random
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parent.parent
LABELQA = os.environ.get("LABELQA", str(ROOT / "build/bin/labelqa"))
CROWD = Path(os.environ.get("LABELQA_DATA", "")) / "crowd"
SETS = {"Duck": "d_Duck_Identification", "Dog": "s4_Dog_data"}
METHODS = ("majority", "dawid-skene", "one-coin", "crowdlab")


def run_command(*arguments):
    """The command's JSON."""
    command = [LABELQA, "annotators", *map(str, arguments), "--format", "json", "--quiet"]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def timed(work):
    started = time.perf_counter()
    result = work()
    return result, time.perf_counter() - started


def paths(name):
    return CROWD / f"{SETS[name]}.answer.csv", CROWD / f"{SETS[name]}.truth.csv"


def read(name):
    answers, truth = map(pd.read_csv, paths(name))
    return answers, truth.set_index("question")["truth"]


def share_right(labels, truth):
    both = pd.concat([labels.rename("label"), truth], axis=1).dropna()
    return (both["label"] == both["truth"]).mean()


def quietly(work):
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return work()


def crowdkit_rows(long, truth):
    from crowdkit.aggregation import DawidSkene, MajorityVote, OneCoinDawidSkene
    for model in (MajorityVote(), DawidSkene(n_iter=200), OneCoinDawidSkene(n_iter=200)):
        labels, seconds = timed(lambda m=model: m.fit_predict(long))
        yield f"crowd-kit {type(model).__name__}", share_right(labels, truth), seconds


def flat_probs(wide):
    counts = np.bincount(wide.to_numpy()[~np.isnan(wide.to_numpy())].astype(int))
    return np.tile(counts / counts.sum(), (len(wide), 1))


def cleanlab_rows(wide, truth):
    from cleanlab.multiannotator import get_label_quality_multiannotator, get_majority_vote_label
    np.random.seed(0)
    labels, seconds = timed(lambda: quietly(lambda: get_majority_vote_label(wide)))
    yield "cleanlab majority", share_right(pd.Series(labels, wide.index), truth), seconds
    probs = flat_probs(wide)
    found, seconds = timed(
        lambda: quietly(lambda: get_label_quality_multiannotator(wide, probs)["label_quality"]))
    yield "cleanlab CROWDLAB", share_right(found["consensus_label"], truth), seconds


def labelqa_rows(name, wide, folder):
    answers, truth = paths(name)
    for method in METHODS:
        found, seconds = timed(lambda m=method: run_command(
            answers, "--truth", truth, "--method", m, "--resamples", 0))
        yield f"labelqa {method}", found["consensus"]["accuracy"], seconds
    probs = Path(folder) / "probs.csv"
    table = pd.DataFrame(flat_probs(wide), index=wide.index)
    table.to_csv(probs, index_label="question")
    found, seconds = timed(lambda: run_command(answers, "--truth", truth, "--pred-probs", probs,
                                               "--resamples", 0))
    yield "labelqa crowdlab, the same model", found["consensus"]["accuracy"], seconds


def accuracy():
    print("| data | method | accuracy | seconds |\n|---|---|---|---|")
    for name in SETS:
        answers, truth = read(name)
        long = answers.set_axis(["task", "worker", "label"], axis=1)
        wide = answers.pivot(index="question", columns="worker", values="answer")
        with tempfile.TemporaryDirectory() as folder:
            rows = [*labelqa_rows(name, wide, folder), *cleanlab_rows(wide, truth),
                    *crowdkit_rows(long, truth)]
        for method, right, seconds in rows:
            print(f"| {name} | {method} | {right:.3f} | {seconds:.3f} |", flush=True)


def sample_votes(answers, n_votes, seed, path):
    """At most n_votes of every item; votes per cell of the annotators' confusion matrices."""
    draw = random.Random(seed)
    rows = [i for _, group in answers.groupby("question").indices.items()
            for i in draw.sample(sorted(group), min(n_votes, len(group)))]
    part = answers.iloc[sorted(rows)]
    part.to_csv(path, index=False)
    return len(part) / part["worker"].nunique() / part["answer"].nunique() ** 2


def sparse(seeds=6):
    print("| data | votes an item | votes a cell | " + " | ".join(METHODS) + " |")
    print("|---" * (3 + len(METHODS)) + "|")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "votes.csv"
        for name in SETS:
            answers, truth = read(name)[0], paths(name)[1]
            for n_votes in (2, 3, 5, 7, 10, 20)[:6 if name == "Duck" else 5]:
                right, cells = np.zeros(len(METHODS)), 0
                for seed in range(seeds):
                    cells += sample_votes(answers, n_votes, seed, path) / seeds
                    right += [run_command(path, "--truth", truth, "--method", m, "--resamples", 0)
                              ["consensus"]["accuracy"] / seeds for m in METHODS]
                print(f"| {name} | {n_votes} | {cells:.1f} | "
                      + " | ".join(f"{r:.3f}" for r in right) + " |", flush=True)


def draw_votes(n_items, n_annotators, n_classes, share):
    rng = np.random.default_rng(1)
    true = rng.integers(n_classes, size=n_items)
    skill = rng.uniform(.6, .95, n_annotators)
    votes = np.where(rng.random((n_items, n_annotators)) < skill, true[:, None],
                     rng.integers(n_classes, size=(n_items, n_annotators)))
    votes[rng.random(votes.shape) > share] = -1
    votes[(votes >= 0).sum(axis=1) == 0, 0] = 0
    probs = .5 * rng.dirichlet(np.ones(n_classes), n_items)
    seen = np.where(rng.random(n_items) < .8, true, rng.integers(n_classes, size=n_items))
    probs[np.arange(n_items), seen] += .5
    return votes, probs.astype(np.float32)


def write_long(n_items, folder):
    """long.csv and probs.npy; run in a process of its own, whose memory a child would inherit in
    its peak."""
    votes, probs = draw_votes(n_items, 12, 4, .84)
    item, annotator = np.nonzero(votes >= 0)
    pd.DataFrame({"item": np.char.add("i", item.astype(str)), "annotator": annotator,
                  "label": votes[item, annotator]}).to_csv(f"{folder}/long.csv", index=False)
    np.save(f"{folder}/probs.npy", probs)


def measure(code, *arguments):
    """Seconds of the work in a child, and the child's peak memory in MB."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    out = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                         text=True).stdout.split()
    return float(out[-2]), float(out[-1])


CHILD = """
import resource, sys, time, warnings
import numpy as np, pandas as pd
warnings.simplefilter("ignore")
votes, probs = np.load(sys.argv[1]), np.load(sys.argv[2])
wide = np.where(votes >= 0, votes, np.nan)
{imports}
started = time.perf_counter()
{work}
seconds = time.perf_counter() - started
print()
print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""
CROWDLAB = "get_label_quality_multiannotator(pd.DataFrame(wide), probs, verbose=False)"
PROGRAMS = {
    "cleanlab get_label_quality_multiannotator":
        ("from cleanlab.multiannotator import get_label_quality_multiannotator", CROWDLAB),
    "labelqa.cleanlab, the same call":
        ("from labelqa.cleanlab.multiannotator import get_label_quality_multiannotator", CROWDLAB),
    "labelqa.crowdlab": ("import labelqa", "labelqa.crowdlab(votes, probs)"),
    "crowd-kit DawidSkene, 20 iterations":
        ("from crowdkit.aggregation import DawidSkene\\ni, a = np.nonzero(votes >= 0)\\n"
         "long = pd.DataFrame(dict(task=i, worker=a, label=votes[i, a]))".replace("\\n", "\n"),
         "DawidSkene(n_iter=20, tol=0).fit(long)"),
    "labelqa.dawid_skene, 20 iterations":
        ("import labelqa", "labelqa.dawid_skene(votes, max_iterations=20, tolerance=0)"),
}


def peers():
    n_items = int(os.environ.get("ITEMS", 50000))
    with tempfile.TemporaryDirectory() as folder:
        compare_peers(folder, n_items)


def compare_peers(folder, n_items):
    votes, probs = draw_votes(n_items, 12, 4, .84)
    np.save(f"{folder}/votes.npy", votes)
    np.save(f"{folder}/probs.npy", probs)
    n_votes = np.count_nonzero(votes >= 0)
    print(f"\n{n_items:,} items x 12 annotators, {n_votes:,} votes, 4 classes\n")
    print("| program | seconds | peak MB |\n|---|---|---|")
    for name, (imports, work) in PROGRAMS.items():
        seconds, megabytes = measure(CHILD.format(imports=imports, work=work),
                                     f"{folder}/votes.npy", f"{folder}/probs.npy")
        print(f"| {name} | {seconds:.3f} | {megabytes:.0f} |", flush=True)


def command():
    n_items = int(os.environ.get("COMMAND_ITEMS", 500000))
    with tempfile.TemporaryDirectory() as folder:
        time_command(folder, n_items)


def time_command(folder, n_items):
    writer = multiprocessing.get_context("spawn").Process(target=write_long, args=(n_items, folder))
    writer.start()
    writer.join()
    megabytes = os.path.getsize(f"{folder}/long.csv") / 1e6
    print(f"\nthe whole command, {n_items:,} items, a CSV of {megabytes:.0f} MB\n")
    print("| options | seconds | processor s | peak MB |\n|---|---|---|---|")
    for options in ([], ["--pred-probs", f"{folder}/probs.npy"],
                    ["--out", f"{folder}/items.parquet"]):
        started = time.perf_counter()
        child = subprocess.Popen([LABELQA, "annotators", f"{folder}/long.csv", "--quiet", *options],
                                 stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        assert status == 0
        shown = " ".join(Path(o).name if "/" in o else o for o in options) or "none"
        seconds, work = time.perf_counter() - started, usage.ru_utime + usage.ru_stime
        print(f"| {shown} | {seconds:.2f} | {work:.2f} | {usage.ru_maxrss / 1024:.0f} |",
              flush=True)


def main():
    parts = {"accuracy": accuracy, "sparse": sparse, "peers": peers, "command": command}
    for name in sys.argv[1:] or parts:
        parts[name]()


if __name__ == "__main__":
    main()
