#!/usr/bin/env python3
"""trust.py [--seeds 5] [--only NAME,...] [--ablation | --sets] - how good p_correct and
suggested_label are on AG News.

    build/venv/bin/python bench/trust.py

Known errors are planted in the official test split (7,600 rows), the run is audited, and a
simulated judge that is right with a given probability looks at rows drawn in three phases (30,
35, 35 % of the budget; a floor of 60, 30, 30 % drawn evenly, the rest in proportion to p (1 -
p)). Its verdicts are written into run.db as `labelqa judge` writes them, with their inclusion
probabilities. Prints a line for each case: average precision of self_confidence and of p_correct
before and after the judge, calibration error (ten bins of equal size), whether report.json calls
p_correct a probability, precision and recall of suggested_label where it differs from label, and
right labels after.

--ablation: the same runs without one part of the posterior at a time (posterior-without).
--sets: other data sets of every kind. 5 % of the labels become another class at random, 10 % of
the largest class the second largest; then as above, with 200 judged rows, right 95 %, and the
same without a refit.

"instance-dependent" noise is of this script's own making: rows that scikit-learn's logistic
regression on words (out of fold, 5 folds) is least sure of are mislabelled as its best other
class, a row with odds in proportion to exp(-2 margin), N % in all. It is close to the model's own
errors and so the hardest kind.
"""
import argparse
import csv
import gzip
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

ROOT = Path(__file__).resolve().parent.parent
COMMAND = ROOT / "build/bin/labelqa"
WITHOUT = ROOT / "build/test-tools/posterior-without"
DATA = Path(os.environ.get("LABELQA_DATA", ROOT.parent / "shared/data")) / "ag_news"
CONTENT = ["--text", "title", "--text", "description", "--label", "class"]
MIXED = ["--off-by-one", ".03", "--random-flip", ".03", "--systematic", "2:3=.03"]
# name: (what is planted, judged rows, how often the judge is right)
CASES = {
    "mixed 9 %": (MIXED, 300, .95),
    "uniform 3 %": (["--random-flip", ".03"], 0, 0),
    "uniform 10 %": (["--random-flip", ".10"], 0, 0),
    "systematic 3 %": (["--systematic", "2:3=.03"], 0, 0),
    "instance-dependent 10 %": (.10, 300, .95),
    "instance-dependent 20 %": (.20, 300, .95),
    **{f"swaps {100 * r:g} %, {n} rows, {100 * a:g} %":
       (["--systematic", f"2:3={r}"], n, a)
       for r in (.125, .25, .35, .45) for n, a in ((200, .95), (200, .85), (500, .95))},
}


def run(*words):
    done = subprocess.run([COMMAND, *map(str, words), "--quiet"], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{words}: {done.stderr}")
    return done.stdout


def inclusion(score, n, floor):
    """A floor share evenly, the rest in proportion to the score, at most 1 each, n in all."""
    base, capped = floor * n / len(score), np.zeros(len(score), bool)
    while True:
        free = n - base * len(score) - (1 - base) * capped.sum()
        p = np.where(capped, 1., base + free * np.where(capped, 0, score)
                     / max(score[~capped].sum(), 1e-300))
        new = (p > 1) & ~capped
        if not new.any():
            return np.minimum(p, 1)
        capped |= new


def draw(p, label, n, floor, done, rng):
    """Systematic sampling in the order (label, p)."""
    free = np.setdiff1d(np.arange(len(p)), done)
    chance = inclusion(p[free] * (1 - p[free]) + 1e-6, n, floor)
    order = np.lexsort((p[free], label[free]))
    ends = np.cumsum(chance[order])
    at = np.searchsorted(ends, rng.random() + np.arange(n), side="right")
    rows = np.unique(order[np.minimum(at, len(order) - 1)])
    return free[rows], chance[rows]


def average_precision(suspicion, is_wrong):
    hits = is_wrong[np.argsort(-suspicion, kind="stable")]
    return (np.cumsum(hits) / np.arange(1, len(hits) + 1))[hits].mean()


def calibration_error(p, is_wrong):
    parts = np.array_split(np.argsort(p, kind="stable"), 10)
    return sum(abs(p[i].mean() - is_wrong[i].mean()) * len(i) for i in parts) / len(p)


def instance_dependent(texts, label, share, rng):
    """Labels of which `share` are wrong, where a model is least sure (see above)."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_predict
    words = TfidfVectorizer(sublinear_tf=True, min_df=2).fit_transform(texts)
    classes, code = np.unique(label, return_inverse=True)
    p = cross_val_predict(LogisticRegression(max_iter=200), words, code, cv=5,
                          method="predict_proba")
    own = p[np.arange(len(p)), code]
    p[np.arange(len(p)), code] = 0
    other = p.argmax(1)
    odds = np.exp(-2 * (np.log(own + 1e-9) - np.log(p.max(1) + 1e-9)))
    order = np.argsort(-(np.log(odds + 1e-300) + rng.gumbel(size=len(odds))))
    wrong = order[:round(share * len(order))]
    noisy = label.copy()
    noisy[wrong] = classes[other[wrong]]
    return noisy


def plant(label, rng):
    """5 % at random, 10 % of the largest class as the second largest."""
    classes, count = np.unique(label, return_counts=True)
    first, second = classes[np.argsort(-count, kind="stable")[:2]]
    noisy = label.copy()
    at = np.flatnonzero(rng.random(len(label)) < .05)
    noisy[at] = [rng.choice(classes[classes != label[i]]) for i in at]
    noisy[(label == first) & (rng.random(len(label)) < .1)] = second
    return noisy


def write_source(path, columns):
    with open(path, "w", newline="") as file:
        table = csv.writer(file)
        table.writerow(columns)
        table.writerows(zip(*columns.values()))


class Case:
    def __init__(self, folder, planted, seed):
        self.source, self.run = f"{folder}/data.csv", f"{folder}/run.labelqa"
        if isinstance(planted, float):
            self.plant_by_model(planted, seed)
        else:
            run("corrupt", DATA / "official_test.csv", "--columns", "class,title,description",
                *CONTENT, *planted, "--seed", seed, "--out", self.source)
        self.audit(CONTENT)

    def plant_by_model(self, share, seed):
        with open(DATA / "official_test.csv", newline="") as file:
            cells = np.array(list(csv.reader(file)))
        noisy = instance_dependent([" ".join(c[1:]) for c in cells], cells[:, 0], share,
                                   np.random.default_rng(seed))
        write_source(self.source, {"row_id": range(len(cells)), "class": noisy,
                                   "title": cells[:, 1], "description": cells[:, 2],
                                   "label_true": cells[:, 0]})

    def audit(self, content):
        run("audit", self.source, *content, "--id", "row_id", "--out", self.run)
        with open(self.source, newline="") as file:
            self.truth = np.array([row["label_true"] for row in csv.DictReader(file)])
        rows = self.rows()
        self.label = rows["label"].to_numpy()
        self.is_wrong = self.label != self.truth
        self.alone = average_precision(1 - rows["self_confidence"].to_numpy(), self.is_wrong)

    def rows(self):
        return pq.read_table(f"{self.run}/rows.parquet").to_pandas()

    def p_wrong(self):
        return 1 - self.rows()["p_correct"].to_numpy()

    def trust(self):
        return json.loads(Path(self.run, "report.json").read_text())["trust"]

    def judge(self, rows, chance, accuracy, rng, session, db):
        for row, inclusion_ in zip(rows, chance):
            others = sorted(set(self.truth) - {self.truth[row]})
            said = self.truth[row] if rng.random() < accuracy else rng.choice(others)
            is_yes = said == self.label[row]
            db.execute("INSERT INTO verdict(row_number, row_key, label, verdict, corrected,"
                       " judge_run, made_utc, kind, inclusion)"
                       " VALUES (?, ?, ?, ?, ?, ?, '', 'random', ?)",
                       (int(row), f"id:{row}", self.label[row], "YES" if is_yes else "NO",
                        None if is_yes else str(said), session, float(inclusion_)))
        db.commit()
        run("report", self.run)

    def ask(self, budget, accuracy, seed):
        rng, done, left = np.random.default_rng(seed), np.zeros(0, int), budget
        db = sqlite3.connect(f"{self.run}/run.db")
        session = db.execute("INSERT INTO judge_run(made_utc, model, protocol)"
                             " VALUES ('', 'simulated', 'verify')").lastrowid
        for phase, (share, floor) in enumerate(((.3, .6), (.35, .3), (.35, .3))):
            n = left if phase == 2 else round(share * budget)
            left -= n
            p = np.clip(self.p_wrong(), .02, .98)
            rows, chance = draw(p, self.label, n, floor, done, rng)
            done = np.r_[done, rows]
            self.judge(rows, chance, accuracy, rng, session, db)
        db.close()

    def measure(self):
        rows = self.rows()
        return {**self.score(1 - rows["p_correct"].to_numpy(), rows["suggested_label"].to_numpy()),
                "claimed": float(self.trust()["calibrated"])}

    def measure_without(self, parts):
        lines = subprocess.run([WITHOUT, str(parts), self.run], capture_output=True, text=True,
                               check=True).stdout.splitlines()
        p, suggested = zip(*(line.split(" ", 1) for line in lines))
        return self.score(1 - np.array(p, float), np.array(suggested))

    def score(self, p, suggested):
        known = ~np.isnan(p)
        p, suggested, label = p[known], suggested[known], self.label[known]
        truth, is_wrong = self.truth[known], self.is_wrong[known]
        changed, right = suggested != label, suggested == truth
        return {"AP": average_precision(p, is_wrong), "calibration": calibration_error(p, is_wrong),
                "P": right[changed].mean() if changed.any() else np.nan,
                "R": right[is_wrong].mean(), "right": right.mean(), "rate": p.mean()}


class SetCase(Case):
    """A data set of another kind: columns, then how they are read."""

    def __init__(self, folder, load, seed):
        self.source, self.run = f"{folder}/data.csv", f"{folder}/run.labelqa"
        columns, label, content = load(folder)
        noisy = plant(np.asarray(label).astype(str), np.random.default_rng(seed))
        write_source(self.source, {"row_id": range(len(noisy)), "given": noisy, **columns,
                                   "label_true": label})
        if "--pred-probs" in content:
            give_probabilities(folder, columns["text"], noisy)
        self.audit([*content, "--label", "given"])


def read_csv(path, **options):
    opener = gzip.open if str(path).endswith(".gz") else open
    with opener(path, "rt", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, **options))


def texts_of(rows, text, label):
    return {"text": [r[text] for r in rows]}, [r[label] for r in rows], ["--text", "text"]


def load_banking(_):
    rows = read_csv(DATA.parent / "banking77/test.csv")
    return texts_of(rows, "text", "category")


def load_sms(_):
    with open(DATA.parent / "stress/sms_spam.tsv", encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t", 1) for line in file]
    return texts_of(rows, 1, 0)


def load_ag(_):
    with open(DATA / "official_test.csv", newline="") as file:
        rows = list(csv.reader(file))
    return {"text": [f"{r[1]} {r[2]}" for r in rows]}, [r[0] for r in rows], ["--text", "text"]


def load_table(path, label, drop=()):
    def load(_):
        rows = read_csv(path)
        names = [n for n in rows[0] if n != label and n not in drop]
        return ({n: [r[n] for r in rows] for n in names}, [r[label] for r in rows],
                ["--features", ",".join(names)])
    return load


def load_embeddings(folder):
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer
    columns, label, _ = load_ag(folder)
    words = TfidfVectorizer(sublinear_tf=True, min_df=2).fit_transform(columns["text"])
    np.save(f"{folder}/e.npy", TruncatedSVD(100, random_state=0).fit_transform(words)
            .astype(np.float32))
    return {}, label, ["--embeddings", f"{folder}/e.npy"]


def give_probabilities(folder, texts, label):
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_predict
    words = TfidfVectorizer(sublinear_tf=True, min_df=2).fit_transform(texts)
    np.save(f"{folder}/p.npy", cross_val_predict(LogisticRegression(max_iter=200), words, label,
                                                 cv=5, method="predict_proba").astype(np.float32))


def load_given(folder):
    columns, label, content = load_ag(folder)
    return columns, [str(int(k) - 1) for k in label], [*content, "--pred-probs", f"{folder}/p.npy"]


SETS = {"banking77": load_banking, "sms_spam": load_sms,
        "adult": load_table(DATA.parent / "tabular/adult.csv.gz", "income", ("split",)),
        "titanic": load_table(DATA.parent / "tabular/titanic.csv", "Survived",
                              ("PassengerId", "Name", "Ticket")),
        "embeddings": load_embeddings, "given probabilities": load_given}
PARTS = {"whole": 0, "no channel": 1, "no gate": 2, "no calibrator": 4, "no refit": 8,
         "no structure": 16, "no losses": 32}
ABLATED = {"mixed 9 %": (MIXED, 300, .95),
           "swaps 25 %": (["--systematic", "2:3=.25"], 200, .95),
           "uniform 10 %": (["--random-flip", ".10"], 200, .95)}


def show(name, title, found):
    print(f"{name:28s} {title:15s}", *(
        f"{key} {np.nanmean([f[key] for f in found]):.3f}"
        f" +- {np.nanstd([f[key] for f in found]):.3f}" for key in found[0]), flush=True)


def run_ablation(name, seeds):
    found = {}
    for seed in seeds:
        folder = tempfile.mkdtemp()
        planted, budget, accuracy = ABLATED[name]
        case = Case(folder, planted, seed)
        for title, part in PARTS.items():
            if part < 4:
                found.setdefault(f"alone, {title}", []).append(case.measure_without(part))
        case.ask(budget, accuracy, seed)
        for title, part in PARTS.items():
            found.setdefault(title, []).append(case.measure_without(part))
        shutil.rmtree(folder)
    for title in found:
        show(name, title, found[title])


def run_set(name, seeds):
    found = {}
    for seed in seeds:
        folder = tempfile.mkdtemp()
        case = SetCase(folder, SETS[name], seed)
        found.setdefault("alone", []).append({"self_confidence": case.alone, **case.measure()})
        case.ask(200, .95, seed)
        found.setdefault("judged", []).append(case.measure())
        found.setdefault("no refit", []).append(case.measure_without(PARTS["no refit"]))
        shutil.rmtree(folder)
    for title in found:
        show(name, title, found[title])


def run_case(name, seeds):
    planted, budget, accuracy = CASES[name]
    before, after = [], []
    for seed in seeds:
        folder = tempfile.mkdtemp()
        case = Case(folder, planted, seed)
        before.append({"self_confidence": case.alone, **case.measure()})
        if budget:
            case.ask(budget, accuracy, seed)
            after.append(case.measure())
        shutil.rmtree(folder)
    show(name, "alone", before)
    if after:
        show(name, "judged", after)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--only", help="parts of names, separated by commas")
    parser.add_argument("--ablation", action="store_true")
    parser.add_argument("--sets", action="store_true")
    options = parser.parse_args()
    parts = options.only.split(",") if options.only else [""]
    names, measure = ((ABLATED, run_ablation) if options.ablation else
                      (SETS, run_set) if options.sets else (CASES, run_case))
    for name in names:
        if any(part in name for part in parts):
            measure(name, range(1, options.seeds + 1))


if __name__ == "__main__":
    main()
