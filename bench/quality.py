"""How well wrong labels are found: labelqa beside scikit-learn + cleanlab on the same rows.

usage: bench/quality.py [--seeds N] [--first SEED] [--only PART] [--cache FOLDER] [--table] [SET...]

SET: a beginning of the names below, default all. --only: contenders whose name holds PART. Errors
are planted in labels that count as true; seeds (1000, ...) differ from those choices were made on.
Needs build/bin/labelqa and $LABELQA_DATA; for the embedding sets $LABELQA_EMBEDDINGS, a folder with
ag_news.npy, banking77.npy, sms_spam.npy (one vector a row, bench/RESULTS.md says which encoder).
Every measurement is kept in build/quality.jsonl as it is made, so a long run can be done in pieces:
`--table` prints the means of all that is there and measures nothing; of labelqa's only those of the
binary measured last. Below the means stand the paired differences to the reference, mean and
standard error over the seeds that both have.

--cache FOLDER (or $LABELQA_QUALITY_CACHE; default: none) keeps what the reference answered for each
set and seed, with a digest of the rows' content and given labels: later runs, with other binaries,
read it instead of fitting the reference again, and its seconds are those of the day it was fitted.
Another digest, or another scikit-learn or cleanlab: fitted again. Fill it with `--only cleanlab`.
"""
import argparse
import hashlib
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

import cleanlab
import numpy as np
import pandas as pd
import sklearn
from cleanlab.filter import find_label_issues
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict

BINARY = os.environ.get("LABELQA", "build/bin/labelqa")
DATA = Path(os.environ.get("LABELQA_DATA", "../shared/data"))
VECTORS = Path(os.environ.get("LABELQA_EMBEDDINGS", "build/embeddings"))
KEPT = Path("build/quality.jsonl")
FIRST_SEED = 1000
COLUMNS = ["AP", "precision", "recall", "precision at n errors", "loss, given", "loss, true",
           "model s"]


# ---- rows ----

def ag_news():
    frame = pd.read_csv(DATA / "ag_news/official_test.csv", header=None, dtype=str)
    return pd.DataFrame({"text": frame[1] + " " + frame[2]}), frame[0].astype(int).to_numpy() - 1


def ag_news_union():
    frame = pd.read_csv(DATA / "ag_news/ag_news_union.csv.gz", dtype=str, keep_default_na=False)
    return frame[["text"]], frame.label.astype(int).to_numpy()


def banking77():
    parts = [pd.read_csv(DATA / f"banking77/{name}.csv") for name in ("train", "test")]
    frame = pd.concat(parts, ignore_index=True)
    return frame[["text"]], pd.factorize(frame.category, sort=True)[0]


def sms_spam():
    with (DATA / "stress/sms_spam.tsv").open(encoding="utf-8") as lines:
        rows = [line.rstrip("\n").split("\t", 1) for line in lines if "\t" in line]
    return (pd.DataFrame({"text": [row[1] for row in rows]}),
            np.array([int(row[0] == "spam") for row in rows]))


def tweets():
    """Votes of several people; the majority counts as true."""
    frame = pd.read_csv(DATA / "stress/tweets_votes.csv.gz")
    return (frame[["tweet"]].rename(columns={"tweet": "text"}), tweet_votes().argmax(axis=1))


def tweet_votes():
    names = ["hate_speech", "offensive_language", "neither"]
    return pd.read_csv(DATA / "stress/tweets_votes.csv.gz", usecols=names)[names].to_numpy()


def adult():
    frame = pd.read_csv(DATA / "tabular/adult.csv.gz", na_values="?", skipinitialspace=True)
    return frame.drop(columns=["split", "income"]), pd.factorize(frame.income, sort=True)[0]


# ---- errors ----

def random_errors(share):
    def corrupt(labels, rng):
        n_classes = labels.max() + 1
        given, hit = labels.copy(), rng.random(len(labels)) < share
        given[hit] = (given[hit] + rng.integers(1, n_classes, hit.sum())) % n_classes
        return given
    return corrupt


def systematic_errors(share):
    """Classes 0 and 2, 1 and 3 are taken for each other."""
    def corrupt(labels, rng):
        given, hit = labels.copy(), rng.random(len(labels)) < share
        given[hit] = (given[hit] + 2) % 4
        return given
    return corrupt


def mixed_errors(labels, rng):
    """5 % random, 3 % systematic, 1 % the label of the row before."""
    given = random_errors(.05)(labels, rng)
    given = np.where(given == labels, systematic_errors(.03)(labels, rng), given)
    shifted = rng.random(len(labels)) < .01
    return np.where(shifted & (given == labels), np.roll(labels, 1), given)


def one_vote(labels, rng):
    """The given label is one of the votes, drawn at random."""
    votes = tweet_votes()
    shares = (votes / votes.sum(axis=1, keepdims=True)).cumsum(axis=1)
    return (rng.random(len(votes))[:, None] > shares).sum(axis=1).clip(0, votes.shape[1] - 1)


# ---- contenders: (rows, given labels, folder, vectors) -> flagged, probabilities, seconds ----

def with_cleanlab(given, started, p):
    return find_label_issues(given, p), p, time.perf_counter() - started


def tfidf_reference(rows, given, folder, vectors):
    started = time.perf_counter()
    x = TfidfVectorizer(ngram_range=(1, 2), min_df=2).fit_transform(rows.text)
    return with_cleanlab(given, started, cross_val_predict(
        LogisticRegression(C=1, max_iter=1000), x, given, cv=5, method="predict_proba", n_jobs=-1))


def vector_reference(rows, given, folder, vectors):
    started = time.perf_counter()
    return with_cleanlab(given, started, cross_val_predict(
        LogisticRegression(C=1, max_iter=1000), np.load(vectors), given, cv=5,
        method="predict_proba", n_jobs=-1))


def trees_reference(rows, given, folder, vectors):
    import xgboost
    x = rows.apply(lambda c: c.astype("category") if c.dtype == object else c)
    started = time.perf_counter()
    return with_cleanlab(given, started, cross_val_predict(
        xgboost.XGBClassifier(tree_method="hist", enable_categorical=True, n_jobs=1), x, given,
        cv=StratifiedKFold(5, shuffle=True, random_state=0), method="predict_proba", n_jobs=-1))


def labelqa(model, *options):
    def run(rows, given, folder, vectors):
        names = list(rows.columns)
        content = ["--text", "text"] if names == ["text"] else ["--features", ",".join(names)]
        if "alone" in options:  # a text column would be guessed
            rows, content = rows[[]].assign(row=range(len(rows))), []
        rows.assign(given_label=[f"c{k:04d}" for k in given]).to_csv(f"{folder}/rows.csv",
                                                                     index=False)
        chosen = [option.replace("VECTORS", str(vectors)) for option in options]
        subprocess.run([BINARY, "audit", f"{folder}/rows.csv", *content, "--label", "given_label",
                        "--model", model, "--out", f"{folder}/run", "--overwrite", "--quiet",
                        "--checks", "basic", "--no-snapshot",
                        *[option for option in chosen if option != "alone"]], check=True,
                       stdout=subprocess.DEVNULL)
        found = pd.read_parquet(f"{folder}/run/rows.parquet")
        with open(f"{folder}/run/report.json", encoding="utf-8") as report:
            seconds = json.load(report)["timings"]["model"]
        return found.is_label_issue.to_numpy(), np.load(f"{folder}/run/pred_probs.npy"), seconds
    return run


TEXT = {"scikit-learn + cleanlab": tfidf_reference, "labelqa --model logistic": labelqa("logistic"),
        "labelqa (auto)": labelqa("auto")}
TABLE = {"xgboost + cleanlab": trees_reference, "labelqa --model trees": labelqa("trees"),
         "labelqa (auto)": labelqa("auto")}
ALONE = ["--embeddings", "VECTORS", "alone"]
VECTOR = {"scikit-learn + cleanlab": vector_reference,
          "labelqa --model logistic": labelqa("logistic", *ALONE),
          "labelqa --model knn": labelqa("knn", *ALONE), "labelqa (auto)": labelqa("auto", *ALONE),
          "labelqa (auto, with the texts)": labelqa("auto", *ALONE[:2])}

SETS = {"ag_news mixed 9 %": (ag_news, mixed_errors, TEXT),
        "ag_news systematic 3 %": (ag_news, systematic_errors(.03), TEXT),
        "ag_news systematic 12.5 %": (ag_news, systematic_errors(.125), TEXT),
        "banking77 random 5 %": (banking77, random_errors(.05), TEXT),
        "sms_spam random 5 %": (sms_spam, random_errors(.05), TEXT),
        "adult random 5 %": (adult, random_errors(.05), TABLE),
        "ag_news_union mixed 9 %": (ag_news_union, mixed_errors, TEXT),
        "ag_news_union systematic 3 %": (ag_news_union, systematic_errors(.03), TEXT),
        "ag_news_union systematic 12.5 %": (ag_news_union, systematic_errors(.125), TEXT),
        "more: ag_news random 5 %": (ag_news, random_errors(.05), TEXT),
        "more: ag_news systematic 9 %": (ag_news, systematic_errors(.09), TEXT),
        "more: ag_news systematic 25 %": (ag_news, systematic_errors(.25), TEXT),
        "more: tweets, one vote": (tweets, one_vote, TEXT),
        "embeddings: ag_news mixed 9 %": (ag_news, mixed_errors, VECTOR),
        "embeddings: banking77 random 5 %": (banking77, random_errors(.05), VECTOR),
        "embeddings: sms_spam random 5 %": (sms_spam, random_errors(.05), VECTOR)}


def measure(labels, given, found):
    flagged, p, seconds = found
    rows, wrong = np.arange(len(labels)), labels != given
    p = np.where(np.isnan(p), 1 / p.shape[1], p)
    suspicion = 1 - p[rows, given]
    worst = np.argsort(-suspicion, kind="stable")[:wrong.sum()]
    loss = [-np.log(np.clip(p[rows, k], 1e-9, 1)).mean() for k in (given, labels)]
    return [float(value) for value in
            (average_precision_score(wrong, suspicion),
             (flagged & wrong).sum() / max(flagged.sum(), 1), (flagged & wrong).sum() / wrong.sum(),
             wrong[worst].mean(), *loss, seconds)]


# ---- the reference's answers, kept ----

def digest(rows, given):
    """Of the rows' content and given labels, and of what the reference is made of."""
    known = hashlib.sha256(pd.util.hash_pandas_object(rows, index=False).to_numpy().tobytes())
    known.update(given.astype("<i8").tobytes())
    for package in (sklearn, cleanlab):
        known.update(package.__version__.encode())
    return known.hexdigest()


def cached(folder, name, seed, rows, given, find):
    """What `find` answers, from the folder if it answered the same before."""
    if not folder:
        return find()
    plain = "".join(letter if letter.isalnum() else "_" for letter in name)
    path, known = Path(folder) / f"{plain}.{seed}.npz", digest(rows, given)
    if path.exists():
        with np.load(path) as kept:
            if str(kept["digest"]) == known:
                return kept["flagged"], kept["p"], float(kept["seconds"])
    flagged, p, seconds = find()
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = path.with_suffix(".part.npz")  # an interrupted run leaves no half file
    np.savez_compressed(whole, digest=known, flagged=flagged, p=p, seconds=seconds)
    whole.replace(path)
    return flagged, p, seconds


# ---- runs and their table ----

def binary_digest():
    binary = Path(BINARY).resolve()
    parts = [binary, *sorted((binary.parent.parent / "lib").glob("liblabelqa.so.?"))]
    return hashlib.sha256(b"".join(part.read_bytes() for part in parts)).hexdigest()[:12]


def is_reference(contender):
    return contender.endswith("cleanlab")


def run_set(name, seeds, only, cache):
    read, corrupt, contenders = SETS[name]
    rows, labels = read()
    vectors = VECTORS / f"{read.__name__}.npy"
    for seed in seeds:
        given = corrupt(labels, np.random.default_rng(seed))
        with tempfile.TemporaryDirectory() as folder, KEPT.open("a", encoding="utf-8") as kept:
            for contender, find in contenders.items():
                if only not in contender:
                    continue
                def answer(find=find, given=given, folder=folder):
                    return find(rows, given, folder, vectors)
                found = (cached(cache, name, seed, rows, given, answer) if is_reference(contender)
                         else answer())
                by = "" if is_reference(contender) else binary_digest()
                print(json.dumps([name, len(labels), contender, seed,
                                  measure(labels, given, found), by]), file=kept, flush=True)


def read_kept():
    """(set, rows) -> contender -> seed -> figures; and the binary they are of."""
    lines = [json.loads(line) for line in KEPT.read_text(encoding="utf-8").splitlines()]
    lines = [line if len(line) > 5 else [*line, ""] for line in lines]
    last = next((line[5] for line in reversed(lines) if not is_reference(line[2])), "")
    kept = {}
    for name, n_rows, contender, seed, figures, by in lines:
        if is_reference(contender) or by == last:
            kept.setdefault((name, n_rows), {}).setdefault(contender, {})[seed] = figures
    return kept, last


def print_row(title, cells, n_seeds):
    print(f"| {title} | {' | '.join(cells)} | {n_seeds} |")


def print_differences(contenders):
    reference = next((runs for who, runs in contenders.items() if is_reference(who)), {})
    for contender, runs in contenders.items():
        seeds = sorted(set(runs) & set(reference))
        if is_reference(contender) or len(seeds) < 2:
            continue
        apart = np.array([np.subtract(runs[seed], reference[seed])[:-1] for seed in seeds])
        errors = apart.std(axis=0, ddof=1) / np.sqrt(len(seeds))
        cells = [f"{mean:+.3f} ± {error:.3f}" for mean, error in zip(apart.mean(axis=0), errors)]
        print_row(f"{contender} - reference", [*cells, ""], len(seeds))


def print_table():
    kept, binary = read_kept()
    print(f"labelqa binary {binary}")
    for name in SETS:
        for (other, n_rows), contenders in kept.items():
            if other == name:
                seeds = sorted({seed for runs in contenders.values() for seed in runs})
                print(f"\n{name}, {n_rows:,} rows, seeds {seeds[0]} to {seeds[-1]}\n\n"
                      f"| | {' | '.join(COLUMNS)} | seeds |\n|---|{'---|' * (len(COLUMNS) + 1)}")
                for contender, runs in contenders.items():
                    means = np.mean(list(runs.values()), axis=0)
                    print_row(contender, [f"{mean:.3f}" for mean in means], len(runs))
                print_differences(contenders)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("sets", nargs="*", default=[""])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first", type=int, default=FIRST_SEED)
    parser.add_argument("--only", default="")
    parser.add_argument("--cache", default=os.environ.get("LABELQA_QUALITY_CACHE"))
    parser.add_argument("--table", action="store_true")
    args = parser.parse_args()
    if not args.table:
        KEPT.parent.mkdir(exist_ok=True)
        seeds = range(args.first, args.first + args.seeds)
        for name in SETS:
            if any(name.startswith(start) for start in args.sets):
                run_set(name, seeds, args.only, args.cache)
    print_table()


main()
