"""Names of codes, from --class-names or a ClassLabel's metadata: the same everywhere that a label
is seen, while what is written back keeps the source's codes and types."""
import csv
import json

import pyarrow
import pyarrow.parquet as parquet
import pytest

import labelqa

NAMES = ["fruit", "tool", "paper"]
PAIRS = ["0=fruit", "1=tool", "2=paper"]
ROWS = [(f"the {word} number {i} is on the table of {i % 7} people", code)
        for i, (word, code) in enumerate([("apple", 0), ("hammer", 1), ("letter", 2)] * 20)]


def write(path, names=None, codes=None):
    table = pyarrow.table({"text": [text for text, _ in ROWS],
                           "label": pyarrow.array(codes or [c for _, c in ROWS], pyarrow.int64())})
    if names:
        features = {"text": {"dtype": "string", "_type": "Value"},
                    "label": {"names": names, "_type": "ClassLabel"}}
        table = table.replace_schema_metadata(
            {"huggingface": json.dumps({"info": {"features": features}})})
    parquet.write_table(table, path)
    return path


def read_csv(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("order", [("named", "plain"), ("plain", "named"), ("named", "same")])
def test_files_that_agree(tmp_path, order):
    paths = [write(tmp_path / f"{name}.parquet", None if name == "plain" else NAMES)
             for name in order]
    run = labelqa.audit(paths, out=tmp_path / "run.labelqa")
    assert json.loads((run.path / "classes.json").read_text()) == NAMES
    cleaned = parquet.read_table(run.export("cleaned", tmp_path / "cleaned.parquet"))
    assert cleaned["label"].type == pyarrow.int64()
    assert cleaned["label"].to_pylist() == [code for _, code in ROWS] * 2


def test_files_that_differ(tmp_path):
    paths = [write(tmp_path / "a.parquet", NAMES),
             write(tmp_path / "b.parquet", ["tool", "fruit", "paper"])]
    with pytest.raises(ValueError, match="a.parquet' and .*b.parquet' give the codes of 'label' "
                                         "different names"):
        labelqa.audit(paths, out=tmp_path / "run.labelqa")
    run = labelqa.audit(paths, class_names=PAIRS, out=tmp_path / "run.labelqa")
    assert json.loads((run.path / "classes.json").read_text()) == NAMES


@pytest.mark.parametrize("wide", [True, False])
def test_annotators(tmp_path, wide):
    votes = [[(i + (i % 9 == 0) * (a == 2)) % 3 for a in range(3)] for i in range(30)]
    with open(tmp_path / "votes.csv", "w") as out:
        if wide:
            out.write("item,r1,r2,r3,truth\n")
            out.writelines(f"i{i},{','.join(map(str, v))},{i % 3}\n" for i, v in enumerate(votes))
        else:
            out.write("item,annotator,label,truth\n")
            out.writelines(f"i{i},r{a},{code},{i % 3}\n"
                           for i, v in enumerate(votes) for a, code in enumerate(v))
    done = labelqa.command("annotators", tmp_path / "votes.csv", item="item", truth="truth",
                           class_names=PAIRS, out=tmp_path / "items.csv",
                           wide=["r1", "r2", "r3"] if wide else [])
    assert done.data["classes"] == NAMES
    assert (done.data["consensus"]["truth_known"], done.data["consensus"]["accuracy"]) == (30, 1)
    assert [row["label"] for row in read_csv(tmp_path / "items.csv")] == [
        NAMES[i % 3] for i in range(30)]


def test_annotators_of_a_parquet_file(tmp_path):
    features = {"vote": {"names": NAMES, "_type": "ClassLabel"}}
    table = pyarrow.table({"item": [i // 2 for i in range(60)], "worker": ["a", "b"] * 30,
                           "vote": [i // 2 % 3 for i in range(60)]})
    parquet.write_table(table.replace_schema_metadata(
        {"huggingface": json.dumps({"info": {"features": features}})}), tmp_path / "votes.parquet")
    labelqa.command("annotators", tmp_path / "votes.parquet", item="item", annotator="worker",
                    label="vote", out=tmp_path / "items.csv")
    assert [row["label"] for row in read_csv(tmp_path / "items.csv")] == [
        NAMES[i % 3] for i in range(30)]


def test_corrupt(tmp_path):
    labelqa.command("corrupt", write(tmp_path / "a.parquet", NAMES), out=tmp_path / "c.csv",
                    systematic=["fruit:tool=0.5"])
    rows = read_csv(tmp_path / "c.csv")
    assert [row["label_true"] for row in rows] == [NAMES[code] for _, code in ROWS]
    assert {row["label"] for row in rows} == set(NAMES)
    assert any(row["label"] != row["label_true"] for row in rows)


def test_migrated_from(tmp_path):
    """The old source says codes, the new one names: both are the same labels."""
    old = write(tmp_path / "old.parquet", NAMES)
    codes = [(code + 1) % 3 if i == 7 else code for i, (_, code) in enumerate(ROWS)]
    new = write(tmp_path / "new.parquet", NAMES, codes)
    (tmp_path / "map.csv").write_text("old,new\n" + "".join(f"{n},{n}\n" for n in NAMES))
    run = labelqa.audit(new, migrated_from=old, map=tmp_path / "map.csv",
                        out=tmp_path / "run.labelqa")
    found = {f["id"]: f for f in run.report["provenance"]}["label-migration"]
    assert found["rows"] == [7]


@pytest.mark.parametrize("what", ["relabel", "weights", "decisions", "review"])
def test_exports_have_names(tmp_path, what):
    codes = [(code + 1) % 3 if i % 10 == 0 else code for i, (_, code) in enumerate(ROWS)]
    run = labelqa.audit(write(tmp_path / "a.parquet", NAMES, codes), out=tmp_path / "run.labelqa")
    (tmp_path / "sheet.csv").write_text("row_number,decision\n0,fruit\n10,tool\n20,paper\n")
    labelqa.command("decide", run, tmp_path / "sheet.csv")
    rows = read_csv(run.export(what, tmp_path / "out.csv"))
    assert rows
    for row in rows:
        seen = {value for key, value in row.items() if "label" in key and value}
        assert seen <= set(NAMES)
