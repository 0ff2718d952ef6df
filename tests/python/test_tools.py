"""Round trips through labelling tools: what labelqa exports for them comes back through `decide`.
The tools' part is played by functions that do what their import and export do to a task."""

import csv
import json
import sqlite3
from xml.etree import ElementTree

import pytest

import labelqa

CLASSES = ["<tool>", "A & \"B\"", "fruit, ripe"]
WORDS = ["hammer and nails", "letters on paper", "apple in a basket"]


@pytest.fixture(params=[True, False], ids=["ids", "no-ids"])
def run(request, tmp_path):
    """Ids that are row numbers of other rows: taking one for the other decides the wrong row."""
    with open(tmp_path / "rows.csv", "w") as out:
        table = csv.writer(out)
        table.writerow(["number", "text", "label"])
        table.writerows([(i + 1, f"{WORDS[i % 3]} number {i}", CLASSES[(i + (i < 6)) % 3])
                         for i in range(60)])
    return labelqa.audit(tmp_path / "rows.csv", text="text", label="label",
                         id="number" if request.param else None, out=tmp_path / "rows.labelqa")


def decisions(run):
    with sqlite3.connect(run.path / "run.db") as database:
        return dict(database.execute("SELECT row_number, label FROM decision").fetchall())


def exported(run, tmp_path, format):
    path = run.export("review", tmp_path / f"{format}.json", format=format)
    text = path.read_text()
    return [json.loads(line) for line in text.splitlines()] if format == "prodigy" else (
        json.loads(text))


def right(text):
    return CLASSES[int(text.rsplit(" ", 1)[1]) % 3]


def test_label_studio(run, tmp_path):
    tasks = exported(run, tmp_path, "label-studio")
    config = ElementTree.parse(run.export("labeling-config", tmp_path / "interface.xml"))
    choices = config.find("Choices")
    assert [choice.get("value") for choice in choices] == CLASSES
    shown = config.find("Text")
    assert shown.get("value")[1:] in tasks[0]["data"]
    back = []
    for n, task in enumerate(tasks):
        result = task["predictions"][0]["result"][0]
        assert (result["from_name"], result["to_name"]) == (choices.get("name"), shown.get("name"))
        assert result["value"]["choices"][0] in CLASSES
        answer = {"value": {"choices": [right(task["data"]["text"])]}, "id": f"q{n}",
                  "from_name": "label", "to_name": "text", "type": "choices", "origin": "manual"}
        back.append({
            "id": 9000 + n, "inner_id": n + 1, "project": 4, "updated_by": 1, "file_upload": "x",
            "created_at": "2026-03-09T21:52:49.513742Z", "total_annotations": 1, "drafts": [],
            "cancelled_annotations": 0, "total_predictions": 1, "meta": {}, "comment_count": 0,
            "data": task["data"],
            "predictions": [{**task["predictions"][0], "id": n, "task": 9000 + n}],
            "annotations": [{"id": 100 + n, "completed_by": {"id": 1, "email": "ann@x.org"},
                             "result": [answer], "was_cancelled": False, "ground_truth": False,
                             "lead_time": 4.288, "result_count": 1, "task": 9000 + n,
                             "parent_prediction": None, "last_action": None}]})
    (tmp_path / "back.json").write_text(json.dumps(back))
    check_back(run, tasks, tmp_path / "back.json", lambda task: task["data"]["row_number"])


def test_label_studio_by_row_number_alone(run, tmp_path):
    task = exported(run, tmp_path, "label-studio")[0]
    number = task["data"]["row_number"]
    back = [{"id": 1, "data": {"text": task["data"]["text"], "row_number": number}, "annotations": [
        {"completed_by": 1, "result": [{"type": "choices", "value": {"choices": ["<tool>"]}}]}]}]
    (tmp_path / "back.json").write_text(json.dumps(back))
    assert labelqa.command("decide", run, tmp_path / "back.json").data["taken"] == 1
    assert decisions(run) == {number: "<tool>"}


@pytest.mark.parametrize("keeps_metadata", [True, False])
def test_argilla(run, tmp_path, keeps_metadata):
    records = exported(run, tmp_path, "argilla")
    assert len({record["id"] for record in records}) == len(records)
    back = []
    for record in records:
        suggestion = record["suggestions"]["label"]
        assert suggestion["value"] in CLASSES and 0 <= suggestion["score"] <= 1
        back.append({**record, "metadata": record["metadata"] if keeps_metadata else {},
                     "status": "completed", "_server_id": "5c1c", "responses": {"label": [
                         {"value": right(record["fields"]["text"]), "user_id": "u1"}]}})
    (tmp_path / "back.json").write_text(json.dumps(back))
    check_back(run, records, tmp_path / "back.json", lambda r: r["metadata"]["row_number"])


def test_prodigy(run, tmp_path):
    examples = exported(run, tmp_path, "prodigy")
    lines = []
    for n, example in enumerate(examples):
        ids = [option["id"] for option in example["options"]]
        assert ids == CLASSES and example["accept"][0] in ids and "answer" not in example
        lines.append(json.dumps({
            **example, "accept": [right(example["text"])], "answer": "accept", "_input_hash": n,
            "_task_hash": n, "_view_id": "choice", "config": {"choice_style": "single"},
            "_timestamp": 1760000000, "_annotator_id": "review-ann", "_session_id": "review-ann"}))
    (tmp_path / "back.jsonl").write_text("\n".join(lines))
    check_back(run, examples, tmp_path / "back.jsonl", lambda e: e["meta"]["row_number"])


def check_back(run, tasks, path, number_of):
    """All answers are taken, each for its own row, and none of those rows is asked again."""
    done = labelqa.command("decide", run, path).data
    assert len(tasks) >= 6 and (done["taken"], done["refused"]) == (len(tasks), [])
    assert decisions(run) == {number_of(task): CLASSES[number_of(task) % 3] for task in tasks}
    assert labelqa.command("decide", run, path).data["known"] == len(tasks)
    cleaned = run.export("cleaned", path.parent / "cleaned.csv")
    with open(cleaned) as source:
        labels = [row["label"] for row in csv.DictReader(source)]
    assert labels == [CLASSES[i % 3] for i in range(60)]


def test_unanswered_tasks_decide_nothing(run, tmp_path):
    for format in ["label-studio", "prodigy"]:
        exported(run, tmp_path, format)
        with pytest.raises(ValueError, match="holds no decisions"):
            labelqa.command("decide", run, tmp_path / f"{format}.json")
    records = exported(run, tmp_path, "argilla")
    done = labelqa.command("decide", run, tmp_path / "argilla.json").data
    assert (done["taken"], done["empty"]) == (0, len(records))
    assert decisions(run) == {}
