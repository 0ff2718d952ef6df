"""labelqa decide: sheets in every dialect, exports of labelling tools, and what is refused."""
import csv
import json
import sqlite3

import pytest

labelqa = pytest.importorskip("labelqa")
parquet = pytest.importorskip("pyarrow.parquet")
pyarrow = pytest.importorskip("pyarrow")

TEXTS = [(f"t{i}", f"{word} {i} is on the table", label)
         for i, (word, label) in enumerate([("apple", "fruit"), ("hammer", "tool")] * 20)]


@pytest.fixture
def run(tmp_path):
    with open(tmp_path / "rows.csv", "w") as out:
        table = csv.writer(out)
        table.writerow(["id", "text", "label"])
        table.writerows(TEXTS)
    labelqa.command("audit", tmp_path / "rows.csv", text="text", label="label", id="id",
                    out=tmp_path / "rows.labelqa")
    return tmp_path / "rows.labelqa"


def decide(run, path, **options):
    return labelqa.command("decide", run, path, **options).data


def decisions(run):
    with sqlite3.connect(run / "run.db") as database:
        return database.execute("SELECT row_number, label, decided_by, note FROM decision "
                                "ORDER BY id").fetchall()


def write_json(path, records):
    path.write_text(json.dumps(records))
    return path


def write_lines(path, records):
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def task(row_id, *choices, by=7, **more):
    return {"id": 1, "data": {"text": "x", "row_id": row_id}, "annotations": [
        {"completed_by": by, "was_cancelled": False, **more, "result": [
            {"from_name": "label", "to_name": "text", "type": "choices",
             "value": {"choices": [choice]}}]} for choice in choices]}


def test_label_studio(run, tmp_path):
    path = write_json(tmp_path / "export.json", [
        task("t1", "fruit"), task("t2", "fruit", by={"email": "anna@x.org"}), task("t3"),
        task("t4", "fruit", "tool"), task("t5", "tool", was_cancelled=True),
        task("t6", "vegetable"), task("t99", "fruit")])
    done = decide(run, path)
    assert (done["taken"], done["kept"], done["changed"], done["empty"]) == (2, 1, 1, 2)
    assert [(r["row_id"], r["row"]) for r in done["refused"]] == [("t4", 3), ("t6", 5), ("t99", 6)]
    assert "differ" in done["refused"][0]["reason"]
    assert decisions(run) == [(1, "fruit", "7", None), (2, "fruit", "anna@x.org", None)]


def test_label_studio_in_tables(run, tmp_path):
    path = tmp_path / "export.csv"
    path.write_text("annotation_id,annotator,choice,id,lead_time,row_id,text\n"
                    "1,3,fruit,8,1.5,t1,x\n2,3,,9,1.5,t2,x\n"
                    "3,4,\"{\"\"choices\"\": [\"\"tool\"\"]}\",9,1.5,t3,x\n")
    done = decide(run, path)
    assert (done["taken"], done["empty"]) == (2, 1)
    assert decisions(run) == [(1, "fruit", "3", None), (3, "tool", "4", None)]


def test_argilla(run, tmp_path):
    two = write_json(tmp_path / "two.json", [
        {"id": "t1", "fields": {"text": "x"}, "metadata": {"row_id": "t1"}, "responses": {
            "label": [{"value": "fruit", "user_id": "u1", "status": "submitted"},
                      {"value": "tool", "user_id": "u2", "status": "draft"}]}},
        {"id": "t2", "fields": {"text": "x"}, "metadata": {}, "responses": {}}])
    assert decide(run, two)["taken"] == 1
    flat = write_lines(tmp_path / "flat.jsonl", [
        {"id": "t3", "text": "x", "label.responses": ["fruit"], "label.responses.users": ["u3"],
         "label.responses.status": ["submitted"]},
        {"id": "t5", "text": "x", "label.responses": ["fruit"], "label.responses.users": ["u3"],
         "label.responses.status": ["discarded"]}])
    assert decide(run, flat)["taken"] == 1
    one = write_lines(tmp_path / "one.jsonl", [
        {"id": "t7", "text": "x", "annotation": "fruit", "annotation_agent": "u4",
         "status": "Validated"},
        {"id": "t9", "text": "x", "annotation": None, "annotation_agent": None,
         "status": "Default"}])
    assert decide(run, one)["taken"] == 1
    assert decisions(run) == [(1, "fruit", "u1", None), (3, "fruit", "u3", None),
                              (7, "fruit", "u4", None)]


def test_prodigy(run, tmp_path):
    path = write_lines(tmp_path / "dataset.jsonl", [
        {"text": "x", "label": "fruit", "answer": "accept", "meta": {"row_id": "t1"}},
        {"text": "x", "accept": ["tool"], "answer": "accept", "options": [{"id": "tool"}],
         "meta": {"row_number": 2}, "_annotator_id": "ben"},
        {"text": "x", "label": "tool", "answer": "reject", "meta": {"row_id": "t3"}},
        {"text": "x", "label": "tool", "answer": "ignore", "meta": {"row_id": "t4"}},
        {"text": "x", "label": "tool", "answer": "accept"}])
    done = decide(run, path)
    assert (done["taken"], done["empty"], len(done["refused"])) == (2, 1, 2)
    assert decisions(run) == [(1, "fruit", "review", None), (2, "tool", "ben", None)]


@pytest.mark.parametrize("delimiter", ",;\t|")
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_dialects(run, tmp_path, delimiter, encoding):
    path = tmp_path / "sheet.csv"
    with open(path, "w", encoding=encoding, newline="") as out:
        table = csv.writer(out, delimiter=delimiter, lineterminator="\r\n")
        table.writerow(["row_number", "decision", "note", "by"])
        table.writerow([3, "fruit", f"so{delimiter} \"it\" is", "anna"])
        table.writerow(["4.0", "FRUIT", "", ""])
        table.writerow([5, "'tool", "", ""])
    options = {"by": "ben"}
    assert decide(run, path, **options)["taken"] == 3
    assert decisions(run) == [(3, "fruit", "anna", f"so{delimiter} \"it\" is"),
                              (4, "fruit", "ben", None), (5, "tool", "ben", None)]
    assert decide(run, path, **options)["known"] == 3


def test_parquet_and_words(run, tmp_path):
    path = tmp_path / "sheet.parquet"
    parquet.write_table(pyarrow.table({
        "row_number": [1, 2, 3, 4], "row_id": ["t1", "t2", "t3", "t5"],
        "decision": ["keep", "unsure", "fruit", "tool"]}), path)
    done = decide(run, path)
    assert (done["taken"], done["kept"], done["unsure"]) == (2, 1, 1)
    assert "different rows" in done["refused"][0]["reason"]
    again = tmp_path / "again.csv"
    again.write_text("row_id,decision\nt3,withdraw\n")
    assert decide(run, again)["withdrawn"] == 1
    rows = parquet.read_table(run / "rows.parquet").to_pylist()
    assert rows[1]["decided_label"] == "tool" and rows[3]["decided_label"] is None


def test_a_label_that_was_written_over(run, tmp_path):
    path = tmp_path / "sheet.csv"
    path.write_text("row_id,label,decision\nt1,fruit,\nt3,tool,fruit\n")
    done = decide(run, path)
    assert done["taken"] == 1
    assert "not over label" in done["refused"][0]["reason"]
