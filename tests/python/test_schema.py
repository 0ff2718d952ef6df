"""What runs and commands write obeys the JSON Schemas under docs/schema, which give every key."""
import csv
import json
import subprocess

import pytest

TYPES = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "array": list,
         "object": dict, "null": type(None)}


def problems(schema, value, path="$"):
    """Where value breaks schema, for the keywords that our schemas use; keys that a schema does
    not name are problems too."""
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    fits = [k for k in kinds if isinstance(value, TYPES[k])
            and (k == "boolean" or not isinstance(value, bool))]
    if not fits:
        yield f"{path}: {value!r} is no {kinds}"
    elif "const" in schema and value != schema["const"]:
        yield f"{path}: {value!r} is not {schema['const']!r}"
    elif "enum" in schema and value not in schema["enum"]:
        yield f"{path}: {value!r} is none of {schema['enum']}"
    elif fits == ["array"]:
        for i, item in enumerate(value):
            yield from problems(schema["items"], item, f"{path}[{i}]")
    elif fits == ["object"]:
        yield from member_problems(schema, value, path)


def member_problems(schema, value, path):
    if "properties" not in schema and "additionalProperties" not in schema:
        return
    named = schema.get("properties", {})
    for key in schema.get("required", []):
        if key not in value:
            yield f"{path}: {key} is missing"
    for key, item in value.items():
        member = named.get(key) or schema.get("additionalProperties")
        if not member:
            yield f"{path}: {key} is not in the schema"
        else:
            yield from problems(member, item, f"{path}.{key}")


@pytest.fixture(scope="module")
def run(tmp_path_factory, labelqa_command):
    """A run with findings, losses, a judge, a block of shifted rows and a spot check."""
    folder = tmp_path_factory.mktemp("schema")
    command = [labelqa_command, "demo", "--out", folder / "demo", "--sample", "2000", "--row-shift",
               "0.1", "--simulated-judge", "0.9", "--quiet"]
    subprocess.run(command, check=True, capture_output=True)
    path = folder / "demo" / "run.labelqa"
    sheet = folder / "sheet.csv"
    subprocess.run([labelqa_command, "sample", path, "--n", "20", "--out", sheet, "--quiet"],
                   check=True, capture_output=True)
    with sheet.open(newline="") as file:
        rows = list(csv.DictReader(file))
    with sheet.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows({**row, "is_correct": "no" if i == 0 else "yes"}
                         for i, row in enumerate(rows))
    subprocess.run([labelqa_command, "sample", path, "--ingest", sheet, "--quiet"], check=True,
                   capture_output=True)
    return path


def load_schema(root, name):
    return json.loads((root / "docs" / "schema" / f"{name}.schema.json").read_text())


def test_report(root, run):
    report = json.loads((run / "report.json").read_text())
    assert report["judge"] and report["error_rate"] and report["confident_learning"]
    assert report["flag_recall"]["n"] == 20
    assert any("rows_from" in finding for finding in report["provenance"])
    assert list(problems(load_schema(root, "report.json"), report)) == []


def test_manifest(root, run):
    manifest = json.loads((run / "manifest.json").read_text())
    assert list(problems(load_schema(root, "manifest.json"), manifest)) == []


def test_annotators(root, labelqa_command, tmp_path):
    """Every method, with and without known labels, times, texts; and the tables' columns."""
    votes = root / "tests" / "golden" / "annotators" / "inputs"
    schema = load_schema(root, "annotators.json")
    known = ["--truth", votes / "truth.csv", "--time", "answered_at"]
    seen = set()
    for method, more in [("majority", []), ("one-coin", known), ("dawid-skene", known),
                         ("crowdlab", ["--gold", votes / "truth.csv"])]:
        done = subprocess.run(
            [labelqa_command, "annotators", votes / "votes.csv", "--method", method, "--format",
             "json", "--resamples", "20", "--quiet", "--out", tmp_path / "items.csv", *more],
            check=True, capture_output=True, text=True)
        data = json.loads(done.stdout)
        assert list(problems(schema, data)) == []
        seen.update(key for who in data["per_annotator"] for key in who)
    assert seen == set(schema["properties"]["per_annotator"]["items"]["properties"])
    page = (root / "docs" / "schema" / "annotators-tables.md").read_text()
    with (tmp_path / "items.csv").open(newline="") as file:
        assert all(f"| `{name}` |" in page for name in next(csv.reader(file)))


def test_the_validator_sees_problems(root, run):
    schema = load_schema(root, "report.json")
    report = json.loads((run / "report.json").read_text())
    for key, value in [("rows", "7"), ("rows", True), ("schema", "labelqa.report/2"),
                       ("notes", [1]), ("judge", {}), ("more", 1), ("timings", {"x": "y"})]:
        assert list(problems(schema, {**report, key: value})), key
    del report["model"]
    assert list(problems(schema, report)) == ["$: model is missing"]
