"""The error rate of the whole from rows judged in phases."""

import json

import pytest


def rate_of(bench):
    return json.loads((bench.run / "report.json").read_text())["error_rate"]


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


def test_annotators_have_rates_of_their_own(bench):
    rows = list(__import__("judge_bench").make_rows(900))
    bench.write(rows)
    lines = (bench.folder / "rows.csv").read_text().splitlines()
    with open(bench.folder / "rows.csv", "w") as out:
        out.write(lines[0] + ",who\n")
        for line, (_, _, given, true) in zip(lines[1:], rows):
            out.write(f"{line},{'bad' if given != true or line[0] == '7' else 'good'}\n")
    bench.audit("--overwrite", "--annotator", "who")
    bench.serve("--accuracy", 1)
    bench.judge("--budget", 300, "--yes")
    rates = {one["annotator"]: one for one in rate_of(bench)["by_annotator"]}
    assert rates["good"]["low"] == 0 and rates["good"]["high"] < 0.2
    assert rates["bad"]["low"] > 0.2


def test_a_judge_that_says_nothing_gives_no_rate(bench):
    bench.serve("--accuracy", 0.34)
    bench.judge("--budget", 100, "--yes", "--max-unknown", 1)
    rate = rate_of(bench)
    assert rate is None or rate["high"] - rate["low"] > 0.2
