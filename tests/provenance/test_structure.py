"""Structure checks end to end, on the command: repairs, real duplicates, two audits at once.

What is equal or near is decided by bench/provenance in plain Python (exact Jaccard join)."""
import csv
import importlib.machinery
import importlib.util
import json
import random
import subprocess
import time
from collections import defaultdict

import pytest

from labelqa import open as open_run


@pytest.fixture(scope="module")
def bench(root):
    """The functions of bench/provenance."""
    loader = importlib.machinery.SourceFileLoader("bench_provenance",
                                                  str(root / "bench" / "provenance"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


def write_csv(path, header, rows):
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


def audit(command, folder, name, *options):
    """Audits folder/name.csv; gives its report."""
    subprocess.run([command, "audit", f"{name}.csv", "--text", "text", "--label", "label", "--out",
                    f"{name}.labelqa", "--overwrite", "--quiet", *options], cwd=folder, check=True,
                   stdout=subprocess.DEVNULL)
    return json.loads((folder / f"{name}.labelqa" / "report.json").read_text())


def found(report, finding):
    return [f for f in report["provenance"] if f["id"] == finding and f["count"]]


def marks(folder, name):
    """Per row the ids of the findings that mark it."""
    return [set(row["provenance"] or ()) for row in open_run(folder / f"{name}.labelqa").rows()]


def made_up_rows(n, seed):
    """Texts of three classes that share half their words."""
    rng = random.Random(seed)
    words = [f"w{i}" for i in range(400)]
    rows = []
    for _ in range(n):
        label = rng.randrange(3)
        own, common = words[100 * label:100 * label + 100], words[300:]
        rows.append((" ".join(rng.choices(own, k=8) + rng.choices(common, k=8)), f"class{label}"))
    return rows


@pytest.mark.parametrize("first,size,shift", [(400, 300, 1), (700, 350, -2), (0, 1500, 1)])
def test_a_shift_is_found_repaired_and_gone(labelqa_command, tmp_path, first, size, shift):
    rows = made_up_rows(1500, first)
    labels = [label for _, label in rows]
    damaged = labels[:]
    for i in range(first, first + size):
        if 0 <= i - shift < len(labels):
            damaged[i] = labels[i - shift]
    write_csv(tmp_path / "a.csv", ["text", "label"],
              [(text, label) for (text, _), label in zip(rows, damaged)])
    before = audit(labelqa_command, tmp_path, "a")
    [finding] = found(before, "row-shift")
    assert finding["shift"] == shift and finding["repair"] == "row-shift"
    assert abs(finding["rows_from"] - first) <= 10
    assert abs(finding["rows_to"] - (first + size - 1)) <= 10

    subprocess.run([labelqa_command, "export", "a.labelqa", "fixed", "fixed.csv", "--repair",
                    "row-shift", "--quiet"], cwd=tmp_path, check=True)
    with open(tmp_path / "fixed.csv", encoding="utf-8", newline="") as file:
        fixed = [row["label"] for row in csv.DictReader(file)]
    wrong_before = sum(a != b for a, b in zip(damaged, labels))
    wrong_after = sum(a not in ("", b) for a, b in zip(fixed, labels))
    assert wrong_before > size / 2 and wrong_after <= 10

    after = audit(labelqa_command, tmp_path, "fixed")
    assert not found(after, "row-shift")
    gain = (after["confident_learning"]["out_of_fold_accuracy"]
            - before["confident_learning"]["out_of_fold_accuracy"])
    assert gain > .5 * wrong_before / len(rows)
    assert after["confident_learning"]["flagged"] < .2 * before["confident_learning"]["flagged"]


def test_near_duplicates_beside_an_exact_join(labelqa_command, tmp_path, bench, data_folder):
    with open(data_folder / "ag_news/official_test.csv", encoding="utf-8", newline="") as file:
        rows = [(row[1] + " " + row[2], row[0]) for row in csv.reader(file)]
    write_csv(tmp_path / "a.csv", ["text", "label"], rows)
    audit(labelqa_command, tmp_path, "a", "--checks", "near-duplicate,duplicate", "--no-snapshot",
          "--model", "naive-bayes")
    marked = marks(tmp_path, "a")
    pairs = bench.join([bench.shingles(text) for text, _ in rows], .8)
    assert len(pairs) > 10
    hits = sum(bool(marked[j] & {"near-duplicate", "duplicate"}) for _, j in pairs)
    assert hits >= .95 * len(pairs)


def test_real_contradictions_are_conflicts(labelqa_command, tmp_path, bench, data_folder):
    with open(data_folder / "ag_news/label_conflicts.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    write_csv(tmp_path / "a.csv", ["text", "label"], [(r["text"], r["label"]) for r in rows])
    audit(labelqa_command, tmp_path, "a", "--checks", "near-duplicate,duplicate", "--no-snapshot")
    marked = marks(tmp_path, "a")
    groups = defaultdict(list)
    for i, row in enumerate(rows):
        groups[row["group"]].append(i)
    equal, near, near_found = [], 0, 0
    for members in groups.values():
        pairs = [(a, b) for a in members for b in members
                 if a < b and rows[a]["label"] != rows[b]["label"]]
        for a, b in pairs:
            if bench.fold(rows[a]["text"]) == bench.fold(rows[b]["text"]):
                equal.append((a, b))
        if any(bench.jaccard(bench.shingles(rows[a]["text"]), bench.shingles(rows[b]["text"])) >= .8
               for a, b in pairs):
            near += 1
            near_found += sum(bool(marked[i] & {"duplicate-conflict", "near-duplicate-conflict"})
                              for i in members) > 1
    assert len(equal) >= 12
    assert all("duplicate-conflict" in marked[i] for pair in equal for i in pair)
    assert near > 50 and near_found >= .95 * near


def test_copies_in_sms_spam(labelqa_command, tmp_path, bench, data_folder):
    text = (data_folder / "stress/sms_spam.tsv").read_text(encoding="utf-8")
    rows = [line.split("\t", 1)[::-1] for line in text.split("\n") if line]
    write_csv(tmp_path / "a.csv", ["text", "label"], rows)
    audit(labelqa_command, tmp_path, "a", "--checks", "duplicate", "--no-snapshot")
    marked = marks(tmp_path, "a")
    seen, surplus = set(), []
    for i, (message, _) in enumerate(rows):
        if message in seen:
            surplus.append(i)
        seen.add(message)
    assert len(surplus) == 403
    assert all("duplicate" in marked[i] for i in surplus)
    folded = len(rows) - len({bench.fold(message) for message, _ in rows})
    assert sum("duplicate" in m for m in marked) == folded


def test_the_second_audit_of_a_run_is_told_at_once(labelqa_command, tmp_path):
    write_csv(tmp_path / "a.csv", ["text", "label"], made_up_rows(40000, 1))
    command = [labelqa_command, "audit", "a.csv", "--text", "text", "--label", "label", "--out",
               "same.labelqa", "--quiet"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL) as first:
        while first.poll() is None and not list(tmp_path.glob("same.labelqa.tmp-*")):
            time.sleep(.005)
        while first.poll() is None:
            second = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True,
                                    check=False)
            break
        else:
            pytest.skip("the first audit was over before the second began")
        assert first.wait() == 0
    assert second.returncode == 4
    assert "another command is writing 'same.labelqa'" in second.stderr or "exists" in second.stderr
    assert (tmp_path / "same.labelqa" / "report.json").exists()


def test_rows_without_an_id_are_known_by_their_content(labelqa_command, tmp_path):
    """An empty id must not become a row number: decisions would go to other rows."""
    rows = [("" if i % 2 else f"k{i}", *row) for i, row in enumerate(made_up_rows(60, 5))]
    header = ("id", "text", "label")
    write_csv(tmp_path / "r.csv", header, rows)
    options = ("--id", "id", "--model", "naive-bayes")
    audit(labelqa_command, tmp_path, "r", *options)

    def run(*words):
        subprocess.run([labelqa_command, *words], cwd=tmp_path, check=True,
                       stdout=subprocess.DEVNULL)

    run("sample", "r.labelqa", "--n", "20", "--out", "sheet.csv")
    with open(tmp_path / "sheet.csv", encoding="utf-8", newline="") as file:
        sheet = list(csv.DictReader(file))
    write_csv(tmp_path / "sheet.csv", sheet[0],
              [{**row, "is_correct": "yes"}.values() for row in sheet])
    run("sample", "r.labelqa", "--ingest", "sheet.csv")
    write_csv(tmp_path / "r.csv", header, rows[::-1])
    audit(labelqa_command, tmp_path, "r", *options)
    decided = {row["row_number"]: row["decided_label"]
               for row in open_run(tmp_path / "r.labelqa").rows() if row["decided_label"]}
    assert len(decided) == 20
    assert all(rows[::-1][number][2] == label for number, label in decided.items())

    changed = [row if i != 7 else (row[0], row[1] + " more", row[2]) for i, row in enumerate(rows)]
    write_csv(tmp_path / "other.csv", header, changed)
    report = audit(labelqa_command, tmp_path, "other", *options, "--against", "r.labelqa")
    assert sum(f["count"] for f in found(report, "content-changed")) <= 2  # one gone, one new
