"""labelqa diff: two versions of a data set, of which all that changed is known."""
import csv
import json
import subprocess

import pyarrow.parquet as pq
import pytest

WORDS = {"fruit": "apple pear plum cherry grape melon".split(),
         "tools": "hammer saw chisel wrench plane drill".split()}


def make_rows(n=200):
    rows = []
    for i in range(n):
        label = "fruit" if i % 2 else "tools"
        words = WORDS[label]
        rows.append([f"r{i}", f"{words[i % 6]} {words[i // 6 % 6]} {words[i // 36 % 6]} {i * 7919}",
                     label if i % 20 else ("tools" if label == "fruit" else "fruit")])
    return rows


@pytest.fixture
def audit(labelqa_command, tmp_path):
    def run(name, rows, *options, has_id=True):
        with open(tmp_path / f"{name}.csv", "w", newline="") as out:
            csv.writer(out).writerows([["id" if has_id else "nr", "text", "label"], *rows])
        subprocess.run([labelqa_command, "audit", f"{name}.csv", "--text", "text", "--label",
                        "label", "--out", f"{name}.labelqa", "--quiet",
                        *(["--id", "id"] if has_id else []), *options],
                       cwd=tmp_path, check=True, stdout=subprocess.DEVNULL)
        return tmp_path / f"{name}.labelqa"
    return run


def call(labelqa_command, folder, *words, code=0):
    done = subprocess.run([labelqa_command, *words], cwd=folder, capture_output=True, text=True)
    assert done.returncode == code, done.stderr
    return done


def test_says_exactly_what_was_done(labelqa_command, tmp_path, audit):
    rows = make_rows()
    audit("old", rows)
    (tmp_path / "d.csv").write_text("row_id,decision\nr0,tools\nr20,tools\nr41,fruit\n")
    call(labelqa_command, tmp_path, "decide", "old.labelqa", "d.csv")
    new = [list(row) for row in rows]
    new[0][2] = "tools"     # as decided
    new[41][2] = "tools"    # decided fruit, which stood there: reverted
    new[60][2] = "tools"    # by someone else; r20's decision is not applied
    new[7][1] += " and more"
    del new[100:103]
    new += [["n1", "apple pear plum 1", "fruit"], ["n2", "saw plane drill 2", "tools"]]
    audit("new", new)
    found = json.loads(call(labelqa_command, tmp_path, "diff", "old.labelqa", "new.labelqa",
                            "--format", "json", "--out", "changed.csv").stdout)
    assert found["schema"] == "labelqa.diff/1" and found["matched_by"] == "id"
    counts = found["rows"]
    assert (counts["a"], counts["b"]) == (200, 199)
    assert {k: counts[k] for k in ("unchanged", "relabelled", "content_changed", "added",
                                   "removed", "reverted", "not_applied")} == {
        "unchanged": 193, "relabelled": 3, "content_changed": 1, "added": 2, "removed": 3,
        "reverted": 1, "not_applied": 1}
    assert found["pairs"] == [{"from": "fruit", "to": "tools", "count": 3}]
    assert {r["row_id"]: r["by"] for r in found["relabelled"]} == {
        "r0": "decision", "r41": "someone else", "r60": "someone else"}
    assert found["relabelled_by"] == {"decision": 1, "judge": 0, "someone else": 2}
    assert found["error_rate"] is None
    with open(tmp_path / "changed.csv") as file:
        table = list(csv.DictReader(file))
    assert next(iter(table[0])) == "status"
    by_status = {}
    for row in table:
        by_status.setdefault(row["status"], set()).add(row["row_id"])
    assert by_status["relabelled"] == {"r0", "r41", "r60"}
    assert by_status["content_changed"] == {"r7"}
    assert by_status["added"] == {"n1", "n2"} and by_status["removed"] == {"r100", "r101", "r102"}


def test_rates_and_their_difference(labelqa_command, tmp_path, audit):
    rows = make_rows(400)
    for name, wrong in (("old", 80), ("new", 20)):
        given = [[key, text, label if i >= wrong else
                  ("tools" if label == "fruit" else "fruit")]
                 for i, (key, text, label) in enumerate(
                     [k, t, "fruit" if i % 2 else "tools"] for i, (k, t, _) in enumerate(rows))]
        audit(name, given)
        call(labelqa_command, tmp_path, "sample", f"{name}.labelqa", "--n", "200", "--out",
             f"{name}-sheet.csv")
        with open(tmp_path / f"{name}-sheet.csv") as file:
            sheet = list(csv.DictReader(file))
        for row in sheet:
            true = "fruit" if int(row["row_id"][1:]) % 2 else "tools"
            row["is_correct"] = "yes" if row["label"] == true else "no"
            row["correct_label"] = true
        with open(tmp_path / f"{name}-sheet.csv", "w", newline="") as out:
            writer = csv.DictWriter(out, sheet[0])
            writer.writeheader()
            writer.writerows(sheet)
        call(labelqa_command, tmp_path, "sample", f"{name}.labelqa", "--ingest",
             f"{name}-sheet.csv")
    done = call(labelqa_command, tmp_path, "diff", "old.labelqa", "new.labelqa", "--format", "json")
    rate = json.loads(done.stdout)["error_rate"]
    assert rate["low"] <= (20 - 80) / 400 <= rate["high"] < 0 and rate["p"] < 0.001
    assert abs(rate["b"] - rate["a"] - rate["difference"]) < 1e-12
    text = call(labelqa_command, tmp_path, "diff", "old.labelqa", "new.labelqa").stdout
    assert "fewer are wrong" in text and "relabelled 60" in text


def test_content_matches_where_an_id_is_missing(labelqa_command, tmp_path, audit):
    rows = make_rows(120)
    rows += [["x1", rows[0][1], "tools"], ["x2", rows[0][1], "tools"]]
    audit("old", rows, has_id=False)
    audit("new", rows[::-1][:-1], has_id=False)
    found = json.loads(call(labelqa_command, tmp_path, "diff", "old.labelqa", "new.labelqa",
                            "--format", "json").stdout)
    assert found["matched_by"] == "content"
    assert found["rows"]["removed"] == 1 and found["rows"]["added"] == 0


def test_classes_may_differ(labelqa_command, tmp_path, audit):
    rows = make_rows()
    audit("old", rows)
    audit("new", [[k, t, {"fruit": "obst"}.get(y, y)] for k, t, y in rows])
    found = json.loads(call(labelqa_command, tmp_path, "diff", "old.labelqa", "new.labelqa",
                            "--format", "json", "--out", "c.parquet").stdout)
    n = sum(y == "fruit" for _, _, y in rows)
    assert found["pairs"] == [{"from": "fruit", "to": "obst", "count": n}]
    assert pq.read_table(tmp_path / "c.parquet").column("status").to_pylist().count(
        "relabelled") == n


def test_bad_input(labelqa_command, tmp_path, audit):
    audit("old", make_rows())
    audit("other", [[f"z{i}", f"quite another text {i * 31}", y]
                    for i, (_, _, y) in enumerate(make_rows())])
    done = call(labelqa_command, tmp_path, "diff", "old.labelqa", "other.labelqa", code=2)
    assert "no row in common, by id" in done.stderr
    (tmp_path / "empty").mkdir()
    assert "empty" in call(labelqa_command, tmp_path, "diff", "old.labelqa", "empty",
                           code=4).stderr
    done = call(labelqa_command, tmp_path, "diff", "old.labelqa", "old.labelqa", "--out", "x.txt",
                code=2)
    assert "x.txt" in done.stderr
    done = call(labelqa_command, tmp_path, "diff", "old.labelqa", "old.labelqa", "--out",
                "old.labelqa/changed.csv", code=2)
    assert "inside the run folder" in done.stderr
    assert "RUN_B" in call(labelqa_command, tmp_path, "diff", "old.labelqa", code=2).stderr
