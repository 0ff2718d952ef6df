"""export cleaned of a typed source keeps its types: numbers, lists, ClassLabel, column order."""
import json

import pytest

labelqa = pytest.importorskip("labelqa")
pyarrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

N = 60
NAMES = ["tool", "fruit"]


def make_table():
    table = pyarrow.table({
        "list": pyarrow.array([[i, i + 1] for i in range(N)]),
        "text": [f"{'apple' if i % 2 else 'hammer'} thing {i}" for i in range(N)],
        "label": pyarrow.array([i % 2 for i in range(N)], pyarrow.int64()),
        "id": pyarrow.array(range(100, 100 + N), pyarrow.int32()),
        "weight": pyarrow.array([i / 3 for i in range(N)]),
        "pair": pyarrow.array([{"a": i, "b": str(i)} for i in range(N)])})
    features = {"label": {"names": NAMES, "_type": "ClassLabel"}}
    return table.replace_schema_metadata(
        {"huggingface": json.dumps({"info": {"features": features}})})


@pytest.fixture(params=["snapshot", "no-snapshot", "frame"])
def run(request, tmp_path):
    parquet.write_table(make_table(), tmp_path / "rows.parquet")
    source = make_table() if request.param == "frame" else tmp_path / "rows.parquet"
    run = labelqa.audit(source, text="text", label="label", id="id", out=tmp_path / "one.labelqa",
                        no_snapshot=request.param == "no-snapshot")
    rows = {row["row_id"]: row["label"] for row in run.rows()}
    sheet = tmp_path / "sheet.csv"
    sheet.write_text(f"row_id,decision\n100,{rows['101']}\n103,{rows['100']}\n")
    assert labelqa.command("decide", run.path, sheet).data["taken"] == 2
    return run


def test_parquet(run, tmp_path):
    cleaned = parquet.read_table(run.export("cleaned", tmp_path / "cleaned.parquet"))
    expected = make_table()
    labels = [i % 2 for i in range(N)]
    labels[0], labels[3] = 1, 0
    assert cleaned.column_names == expected.column_names
    assert cleaned.column("label").to_pylist() == labels
    for name in expected.column_names:
        assert cleaned.column(name).type == expected.column(name).type, name
        if name != "label":
            assert cleaned.column(name).to_pylist() == expected.column(name).to_pylist()
    if run.path.name == "one.labelqa" and cleaned.schema.metadata:
        features = json.loads(cleaned.schema.metadata[b"huggingface"])["info"]["features"]
        assert features["label"]["names"] == NAMES
    again = labelqa.audit(tmp_path / "cleaned.parquet", text="text", label="label", id="id",
                          out=tmp_path / "two.labelqa", against=run.path, decisions_from=run.path)
    changed = [f for f in again.report["provenance"] if f["id"] == "content-changed"]
    assert [f["count"] for f in changed] == [0]
    assert {row["row_id"] for row in again.rows() if row["decided_label"]} == {"100", "103"}
    assert not {"100", "103"} & {row["row_id"] for row in again.review()}


def test_json_lines(run, tmp_path):
    lines = run.export("cleaned", tmp_path / "cleaned.jsonl").read_text().splitlines()
    first = json.loads(lines[0])
    assert first["label"] == 1 and first["list"] == [0, 1] and first["id"] == 100
    assert list(first) == make_table().column_names and len(lines) == N


def test_codes_that_have_names(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("id,text,label\n" + "".join(
        f"{i},{'apple' if i % 2 else 'hammer'} thing {i},{i % 2}\n" for i in range(N)))
    run = labelqa.audit(path, text="text", label="label", id="id", out=tmp_path / "run",
                        class_names=["0=tool", "1=fruit"])
    sheet = tmp_path / "sheet.csv"
    sheet.write_text("row_id,decision\n0,fruit\n")
    assert labelqa.command("decide", run.path, sheet).data["taken"] == 1
    cleaned = run.export("cleaned", tmp_path / "cleaned.csv").read_text().splitlines()
    assert cleaned[1] == "0,hammer thing 0,1" and cleaned[2:] == path.read_text().splitlines()[2:]


@pytest.mark.parametrize("as_lines", [True, False])
def test_json_keeps_its_kinds(tmp_path, as_lines):
    """All but the corrected label is as it was, and that is of its column's kind."""
    rows = [{"id": i, "text": f"the {['apple', 'hammer'][i % 2]} number {i} is on the table",
             "label": i % 2 if i else 1, "score": i / 7, "ok": i % 3 == 0, "none": None,
             "big": 12345678901234567890, "code": f"00{i}", "mixed": i if i % 2 else f"{i}",
             "nested": {"a": [1, 2.5, {"b": None, "c": "x"}]}, "list": [1, "x"]}
            for i in range(40)]
    path = tmp_path / ("rows.jsonl" if as_lines else "rows.json")
    path.write_text("\n".join(map(json.dumps, rows)) if as_lines else json.dumps(rows))
    run = labelqa.audit(path, text="text", label="label", id="id", out=tmp_path / "run.labelqa")
    (tmp_path / "sheet.csv").write_text("row_number,decision\n0,0\n")
    labelqa.command("decide", run, tmp_path / "sheet.csv")
    cleaned = run.export("cleaned", tmp_path / "cleaned.jsonl")
    rows[0]["label"] = 0
    expected = [{**row, "mixed": str(row["mixed"])} for row in rows]
    found = [json.loads(line) for line in cleaned.read_text().splitlines()]
    assert found == expected
    assert [type(value) for value in found[1].values()] == [
        type(value) for value in expected[1].values()]
