"""The error rate of the whole from rows judged in phases."""

import json
import random

import pytest


def rate_of(bench):
    return json.loads((bench.run / "report.json").read_text())["error_rate"]


def split_rows(bench, name):
    """900 rows; the rows whose label is wrong, and some others, carry `name`=bad."""
    rows = list(__import__("judge_bench").make_rows(900))
    bench.write(rows)
    lines = (bench.folder / "rows.csv").read_text().splitlines()
    with open(bench.folder / "rows.csv", "w") as out:
        out.write(f"{lines[0]},{name}\n")
        for line, (_, _, given, true) in zip(lines[1:], rows):
            out.write(f"{line},{'bad' if given != true or line[0] == '7' else 'good'}\n")


@pytest.mark.parametrize("accuracy", [1, 0.9])
def test_phases_give_an_error_rate_that_holds(bench, accuracy):
    bench.write(list(__import__("judge_bench").make_rows(900)))
    bench.audit("--overwrite")
    bench.serve("--accuracy", accuracy)
    assert rate_of(bench) is None
    bench.judge("--budget", 200, "--yes")
    rate = rate_of(bench)
    assert rate["method"] == "difference" and 150 <= rate["n"] <= 200
    assert "known label" in rate["frame"]
    assert rate["low"] <= 0.1 <= rate["high"], "every tenth label is wrong"
    assert rate["high"] - rate["low"] < 0.2
    assert {one["label"] for one in rate["by_class"]} <= {"Fruit", "Animals, wild", "Tools"}
    for one in rate["by_class"]:
        assert one["low"] <= one["estimate"] <= one["high"] and one["n"] >= 10
    recall = json.loads((bench.run / "report.json").read_text())["flag_recall"]
    assert recall is None or 0 <= recall["low"] <= recall["estimate"] <= recall["high"] <= 1
    assert rate["by_annotator"] == []


def random_rows(n):
    """As make_rows, but the words and the wrong labels follow no pattern."""
    bench = __import__("judge_bench")
    rng = random.Random(1)
    for i in range(n):
        true = rng.choice(bench.CLASSES)
        words = rng.choices(bench.WORDS[true], k=3)
        number = rng.randrange(10**6)
        text = f"The {words[0]} and the {words[1]}, with a {words[2]}, story {number}."
        others = [name for name in bench.CLASSES if name != true]
        yield str(i), text, rng.choice(others) if rng.random() < 0.1 else true, true


def test_every_suspicious_row_and_a_random_sample_give_a_rate(bench):
    bench.write(list(random_rows(900)))
    bench.audit("--overwrite")
    bench.serve("--accuracy", 1)
    bench.judge("--top", 5, "--sample-unflagged", 60, "--yes")
    assert rate_of(bench) is None, "suspicious rows are left over"
    bench.judge("--top", 900, "--sample-unflagged", 60, "--yes")
    rate = rate_of(bench)
    assert rate["method"] == "stratified-mover" and rate["n"] > 60
    assert rate["low"] <= 0.1 <= rate["high"], rate
    summary = json.loads((bench.run / "report.json").read_text())["verdict"]
    assert f"by {rate['n']} rows that a judge verified" in summary


def test_a_random_budget_gives_a_rate(bench):
    bench.write(list(__import__("judge_bench").make_rows(900)))
    bench.audit("--overwrite")
    bench.serve("--accuracy", 1)
    bench.judge("--budget", 150, "--strategy", "uncertainty", "--yes")
    assert rate_of(bench) is None, "a row may have no chance to be drawn"
    bench.judge("--budget", 150, "--strategy", "random", "--yes")
    rate = rate_of(bench)
    assert rate["method"] == "difference"
    assert rate["low"] <= 0.1 <= rate["high"], "every tenth label is wrong"


def test_annotators_have_rates_of_their_own(bench):
    split_rows(bench, "who")
    bench.audit("--overwrite", "--annotator", "who")
    bench.serve("--accuracy", 1)
    bench.judge("--budget", 300, "--yes")
    rates = {one["annotator"]: one for one in rate_of(bench)["by_annotator"]}
    assert rates["good"]["low"] == 0 and rates["good"]["high"] < 0.2
    assert rates["bad"]["low"] > 0.2


@pytest.mark.parametrize("role, column", [("group", "group"), ("split", "split")])
def test_slices_have_rates_of_their_own(bench, role, column):
    split_rows(bench, "part")
    bench.audit("--overwrite", f"--{role}", "part")
    bench.serve("--accuracy", 1)
    bench.judge("--budget", 300, "--yes")
    rates = {(one["column"], one["value"]): one for one in rate_of(bench)["by_slice"]}
    assert rates[column, "good"]["low"] == 0 and rates[column, "good"]["high"] < 0.2
    assert rates[column, "bad"]["low"] > 0.2
    assert rate_of(bench)["by_annotator"] == []
    markdown = (bench.run / "report.md").read_text()
    assert "## Error rate" in markdown and f"| {column} bad |" in markdown
    page = (bench.run / "report.html").read_text()
    assert 'id="rates"' in page and "verified, to speak for all rows with content" in page


def test_fail_if_looks_at_classes(bench):
    bench.write(list(__import__("judge_bench").make_rows(900)))
    bench.audit("--overwrite")
    bench.serve("--accuracy", 1)
    bench.judge("--budget", 300, "--yes")
    worst = max(rate_of(bench)["by_class"], key=lambda one: one["estimate"])
    name = f"error_rate.by_class[{worst['label']}].estimate"

    def report(condition):
        return bench.labelqa("report", bench.run, "--fail-if", condition, "--quiet")
    assert report("error_rate.by_class.low > 0.9").returncode == 0
    done = report("error_rate.by_class.estimate > 0.01")
    assert done.returncode == 1 and "of class '" in done.stderr
    done = report(f"{name} > {worst['estimate'] - 0.001}")
    assert done.returncode == 1 and f"of class '{worst['label']}' is" in done.stderr
    assert report(f"{name} > {worst['estimate'] + 0.001}").returncode == 0
    done = report("error_rate.by_class[Fruits].high > 0")
    assert done.returncode == 2 and "the run has no class 'Fruits'" in done.stderr
    assert report("error_rate.by_class[Fruit > 0").returncode == 2
    assert report("error_rate.high > 0.9").returncode == 0
    assert report("error_rate.high > 0").returncode == 1


def test_a_judge_that_says_nothing_gives_no_rate(bench):
    bench.serve("--accuracy", 0.34)
    bench.judge("--budget", 100, "--yes", "--max-unknown", 1)
    rate = rate_of(bench)
    assert rate is None or rate["high"] - rate["low"] > 0.2
