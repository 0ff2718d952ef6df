#!/usr/bin/env python3
"""trust.py [--seeds 5] [--only NAME,...] - how good p_correct and suggested_label are on AG News.

    build/venv/bin/python bench/trust.py

Known errors are planted in the official test split (7,600 rows), the run is audited, and a
simulated judge that is right with a given probability looks at rows drawn in three phases (30,
35, 35 % of the budget; a floor of 60, 30, 30 % drawn evenly, the rest in proportion to p (1 -
p)). Its verdicts are written into run.db as `labelqa judge` writes them, with their inclusion
probabilities. Prints a line for each case: average precision of self_confidence and of p_correct
before and after the judge, calibration error (ten bins of equal size), whether report.json calls
p_correct a probability, precision and recall of suggested_label where it differs from label, and
right labels after.
"""
import argparse
import csv
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
DATA = Path(os.environ.get("LABELQA_DATA", ROOT.parent / "shared/data")) / "ag_news"
CONTENT = ["--text", "title", "--text", "description", "--label", "class"]
MIXED = ["--off-by-one", ".03", "--random-flip", ".03", "--systematic", "2:3=.03"]
# name: (what is planted, judged rows, how often the judge is right)
CASES = {
    "mixed 9 %": (MIXED, 300, .95),
    "uniform 3 %": (["--random-flip", ".03"], 0, 0),
    "uniform 10 %": (["--random-flip", ".10"], 0, 0),
    "systematic 3 %": (["--systematic", "2:3=.03"], 0, 0),
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


class Case:
    def __init__(self, folder, planted, seed):
        self.source, self.run = f"{folder}/data.csv", f"{folder}/run.labelqa"
        run("corrupt", DATA / "official_test.csv", "--columns", "class,title,description", *CONTENT,
            *planted, "--seed", seed, "--out", self.source)
        run("audit", self.source, *CONTENT, "--id", "row_id", "--out", self.run)
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
        p, suggested = 1 - rows["p_correct"].to_numpy(), rows["suggested_label"].to_numpy()
        changed, right = suggested != self.label, suggested == self.truth
        return {"AP": average_precision(p, self.is_wrong),
                "calibration": calibration_error(p, self.is_wrong),
                "claimed": float(self.trust()["calibrated"]), "P": right[changed].mean(),
                "R": right[self.is_wrong].mean(), "right": right.mean(), "rate": p.mean()}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--only", help="parts of names, separated by commas")
    options = parser.parse_args()
    parts = options.only.split(",") if options.only else [""]
    for name, (planted, budget, accuracy) in CASES.items():
        if not any(part in name for part in parts):
            continue
        before, after = [], []
        for seed in range(1, options.seeds + 1):
            folder = tempfile.mkdtemp()
            case = Case(folder, planted, seed)
            before.append({"self_confidence": case.alone, **case.measure()})
            if budget:
                case.ask(budget, accuracy, seed)
                after.append(case.measure())
            shutil.rmtree(folder)
        for title, found in (("alone", before), ("judged", after)):
            if found:
                print(f"{name:28s} {title:7s}", *(
                    f"{key} {np.mean([f[key] for f in found]):.3f}"
                    f" +- {np.std([f[key] for f in found]):.3f}" for key in found[0]), flush=True)


if __name__ == "__main__":
    main()
