"""labelqa.audit and runs: files and frames of every kind, errors, Ctrl-C."""
import csv
import json
import os
import random
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

import labelqa

WORDS = {"colour": ["red", "blue", "green", "grey"], "animal": ["dog", "cat", "cow", "hen"]}


def make_rows(n=240, seed=3):
    """(text, label) with every twentieth label wrong."""
    chance = random.Random(seed)
    rows = []
    for i in range(n):
        kind = chance.choice(sorted(WORDS))
        text = " ".join(chance.choices(WORDS[kind], k=7)) + f" no{i}"
        other = next(name for name in WORDS if name != kind)
        rows.append((text, other if i % 20 == 7 else kind))
    return rows


ROWS = make_rows()


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "tickets.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("text", "label"), *ROWS])
    return path


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run that no test changes."""
    folder = tmp_path_factory.mktemp("run")
    path = folder / "tickets.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("text", "label"), *ROWS])
    return labelqa.audit(path, text="text", label="label", out=folder / "run")


def stored(run):
    """The files that are the same bytes on every machine."""
    return [(run.path / name).read_bytes()
            for name in ("rows.parquet", "pred_probs.npy", "review.csv")]


def scores_and_review(run):
    """What does not depend on where the rows came from."""
    with (run.path / "review.csv").open(newline="") as file:
        review = list(csv.DictReader(file))
    for row in review:
        del row["source_file"]
    return (run.path / "pred_probs.npy").read_bytes(), review


# ---- files ----

def test_audit_of_a_file_is_the_commands(source, tmp_path, labelqa_command):
    ours = labelqa.audit(source, text="text", label="label", out=tmp_path / "ours")
    subprocess.run([labelqa_command, "audit", source, "--text", "text", "--label", "label", "--out",
                    tmp_path / "theirs", "--quiet"], check=True, stdout=subprocess.DEVNULL)
    assert stored(ours) == stored(labelqa.open(tmp_path / "theirs"))
    assert ours.path == tmp_path / "ours" and ours == labelqa.open(tmp_path / "ours")


def test_out_defaults_to_the_sources_name(source, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert labelqa.audit(str(source)).path == Path("tickets.labelqa")


def test_several_files_are_one_source(source, tmp_path):
    run = labelqa.audit([source, str(source)], text="text", label="label", out=tmp_path / "r",
                        checks="basic")
    assert run.report["rows"] == 2 * len(ROWS)


# ---- what a run holds ----

def test_rows_are_all_rows_in_order(run):
    rows = list(run.rows())
    assert len(rows) == len(run.rows()) == len(ROWS)
    assert [row["row_number"] for row in rows] == list(range(len(ROWS)))
    assert [row["label"] for row in rows] == [label for _, label in ROWS]
    assert all(isinstance(row["provenance"], list) and isinstance(row["is_label_issue"], bool)
               and isinstance(row["self_confidence"], float) for row in rows)
    flagged = [row for row in rows if row["is_label_issue"]]
    assert {row["row_number"] % 20 for row in flagged} == {7}
    assert sorted(row["issue_rank"] for row in flagged) == list(range(1, len(flagged) + 1))
    assert all(row["issue_rank"] is None for row in rows if not row["is_label_issue"])


def test_rows_equal_what_pyarrow_reads(run):
    parquet = pytest.importorskip("pyarrow.parquet")
    wanted = parquet.read_table(run.path / "rows.parquet").to_pylist()
    assert list(run.rows()) == wanted


def test_rows_go_to_arrow_libraries(run):
    pyarrow = pytest.importorskip("pyarrow")
    assert pyarrow.table(run.rows()).to_pylist() == list(run.rows())
    polars = pytest.importorskip("polars")
    assert polars.DataFrame(run.rows()).to_dicts() == list(run.rows())


def test_report_classes_and_probabilities(run):
    assert run.report["rows"] == len(ROWS)
    assert run.classes == ["animal", "colour"]
    probabilities = run.pred_probs
    assert probabilities.shape == (len(ROWS), 2) and probabilities.dtype == np.float32
    with pytest.raises(ValueError):
        probabilities[0, 0] = 1
    column = [run.classes.index(row["label"]) for row in run.rows()]
    given = probabilities[np.arange(len(ROWS)), column]
    assert np.array_equal(given, np.float32([row["self_confidence"] for row in run.rows()]))
    assert run.manifest["command"] == "audit"


def test_review_is_review_csv(run):
    review = run.review()
    with (run.path / "review.csv").open(newline="") as file:
        assert [row["row_number"] for row in csv.DictReader(file)] \
            == [str(row["row_number"]) for row in review]
    assert review and all(row["review_action"] != "keep" for row in review)
    assert all(row["text"] == ROWS[row["row_number"]][0] for row in review)
    assert all(isinstance(row["reasons"], list) and row["reasons"] for row in review)


def test_to_pandas(run):
    pandas = pytest.importorskip("pandas")
    frame = run.to_pandas()
    assert isinstance(frame, pandas.DataFrame) and list(frame.index) == list(range(len(ROWS)))
    assert frame["self_confidence"].dtype == np.float64
    assert frame["is_label_issue"].dtype == np.bool_
    assert frame["verdict"].isna().all()


def test_export(run, tmp_path):
    path = run.export("cleaned", tmp_path / "cleaned.jsonl")
    assert len(path.read_text().splitlines()) == len(ROWS)
    labels = run.export("review", tmp_path / "tasks.json", format="label-studio")
    assert len(json.loads(labels.read_text())) == len(run.review())
    with pytest.raises(ValueError, match="WHAT|what|relabel"):
        run.export("everything", tmp_path / "x.csv")


def test_losses_are_added(source, tmp_path):
    run = labelqa.audit(source, text="text", label="label", out=tmp_path / "r")
    log = tmp_path / "log.jsonl"
    log.write_text("".join(json.dumps({"id": str(i), "epoch": e, "loss": i / 100}) + "\n"
                           for e in (1, 2) for i in range(len(ROWS))))
    result = run.add_losses(log)
    assert "480 records" in str(result) and result.run == run
    assert [row["loss"] for row in run.rows()] == [i / 100 for i in range(len(ROWS))]


def test_texts_name_options_as_python_writes_them(run):
    """What Python shows has label=; report files, which anybody reads, the command's --label."""
    said = labelqa.command("report", run)
    text = " ".join(said.text.split())
    assert "no time= column" in text and "no pred_probs=" in text
    assert "--time" not in text
    reasons = [check["reason"] for check in run.report["not_run"]]
    assert "no --time column" in reasons
    assert reasons == [check["reason"] for check in said.data["not_run"]]
    for name in ("report.json", "report.md", "report.html", "junit.xml"):
        assert "\x01" not in (Path(run.path) / name).read_text(encoding="utf-8"), name


def test_any_command_by_name(run):
    result = labelqa.command("evaluate", run, truth="label")
    assert result.text and isinstance(result.data, dict) and repr(result)
    assert labelqa.command("checks").data
    with pytest.raises(ValueError, match="did you mean 'audit'"):
        labelqa.command("audi")
    with pytest.raises(TypeError, match="'folds'.*seed"):
        labelqa.command("export", run, "cleaned", "x.csv", folds=3)


# ---- frames ----

def frames():
    import pandas
    import polars
    import pyarrow
    table = pandas.DataFrame(ROWS, columns=["text", "label"])

    class Stream:
        def __arrow_c_stream__(self, requested_schema=None):
            return pyarrow.table(table).__arrow_c_stream__(requested_schema)

    return {"pandas": table, "categorical": table.astype({"label": "category"}),
            "polars": polars.DataFrame({"text": table["text"].tolist(),
                                        "label": table["label"].tolist()}),
            "pyarrow": pyarrow.table(table),
            "chunked": pyarrow.concat_tables([pyarrow.table(table[:100]),
                                              pyarrow.table(table[100:])]),
            "capsule": Stream()}


@pytest.mark.parametrize("kind", ["pandas", "categorical", "polars", "pyarrow", "chunked",
                                  "capsule"])
def test_frames_give_the_files_rows(kind, run, tmp_path, monkeypatch):
    for name in ("pandas", "polars", "pyarrow"):
        pytest.importorskip(name)
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    ours = labelqa.audit(frames()[kind], text="text", label="label", out=tmp_path / "r")
    assert scores_and_review(ours) == scores_and_review(run)
    for row, other in zip(ours.rows(), run.rows()):
        assert row.pop("source_file") == "frame"
        other.pop("source_file")
        assert row == other
    assert ours.export("cleaned", tmp_path / "c.csv").exists()  # the snapshot stands on its own
    assert not list((tmp_path / "temporary").iterdir())


def test_pandas_without_pyarrow(run, tmp_path, monkeypatch):
    pandas = pytest.importorskip("pandas")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    frame = pandas.DataFrame(ROWS, columns=["text", "label"])
    ours = labelqa.audit(frame, text="text", label="label", out=tmp_path / "r")
    assert scores_and_review(ours) == scores_and_review(run)


def test_probabilities_as_an_array(run, tmp_path):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(ROWS, columns=["text", "label"])
    for probabilities in (run.pred_probs, np.asfortranarray(run.pred_probs).astype(">f8"),
                          run.pred_probs.tolist(), run.path / "pred_probs.npy"):
        given = labelqa.audit(frame, text="text", label="label", pred_probs=probabilities,
                              classes=run.classes, out=tmp_path / "r", overwrite=True)
        assert np.array_equal(given.pred_probs, run.pred_probs)
        assert given.report["confident_learning"]["flagged"] \
            == run.report["confident_learning"]["flagged"]
    with pytest.raises(ValueError, match="pred_probs must have 2 dimensions, not 1"):
        labelqa.audit(frame, pred_probs=np.zeros(3), out=tmp_path / "s")
    with pytest.raises(TypeError, match="pred_probs must hold real numbers, not complex"):
        labelqa.audit(frame, pred_probs=run.pred_probs + 1j, out=tmp_path / "s")
    for name in ("embeddings", "pred_probs"):
        with pytest.raises(ValueError, match=f"{name} is empty"):
            labelqa.audit(frame, text="text", label="label", out=tmp_path / "s", **{name: []})


def test_classes_with_commas_stay_whole(tmp_path):
    pandas = pytest.importorskip("pandas")
    names = {"colour": 'a, "b"', "animal": "c"}
    frame = pandas.DataFrame([(text, names[label]) for text, label in ROWS],
                             columns=["text", "label"])
    run = labelqa.audit(frame, text="text", label="label", classes=['a, "b"', "c"],
                        out=tmp_path / "r")
    assert run.classes == ['a, "b"', "c"]


def test_items_with_commas_stay_items(tmp_path):
    """Names of classes and columns that hold commas and quotes, as lists and as a dict."""
    codes = {"colour": "1", "animal": "0"}
    data = {"a, text": [text for text, _ in ROWS], "label": [codes[label] for _, label in ROWS]}
    run = labelqa.audit(data, text="a, text", label="label", out=tmp_path / "r", quiet=True,
                        class_names={0: 'an "animal", say', 1: "colour"}, checks=["duplicate"])
    assert sorted(run.classes) == ['an "animal", say', "colour"]


def test_settings_as_a_dict(source, tmp_path):
    run = labelqa.audit(source, text="text", label="label", out=tmp_path / "r",
                        severity={"near-duplicate": "warn"})
    assert {f["severity"] for f in run.report["provenance"] if f["id"] == "near-duplicate"} \
        == {"warn"}


# ---- errors ----

def test_errors_are_exceptions_with_the_librarys_words(source, tmp_path):
    with pytest.raises(FileNotFoundError, match="nope.csv"):
        labelqa.audit(tmp_path / "nope.csv")
    with pytest.raises(ValueError, match="has no column 'x'; its columns are") as caught:
        labelqa.audit(source, label="x", out=tmp_path / "r")
    assert caught.value.column == "x" and caught.value.file == str(source)
    (tmp_path / "r").mkdir()
    with pytest.raises(FileExistsError):
        labelqa.audit(source, out=tmp_path / "r")
    bad = tmp_path / "bad.csv"
    bad.write_text('text,label\na,b\nc\n')
    with pytest.raises(ValueError, match="bad.csv") as caught:
        labelqa.audit(bad, out=tmp_path / "b")
    assert caught.value.row == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bad.csv", "r", "tickets.csv"]


def test_exceptions_follow_from_the_reason_not_from_the_words(source, tmp_path):
    """Names that hold the words of other errors change nothing."""
    with pytest.raises(FileNotFoundError) as caught:
        labelqa.audit(tmp_path / "x' exists; y' is in the way.csv", out=tmp_path / "r")
    assert caught.value.reason == "missing"
    taken = tmp_path / "No such file.labelqa"
    taken.mkdir()
    with pytest.raises(FileExistsError) as caught:
        labelqa.audit(source, out=taken)
    assert caught.value.reason == "exists"
    with pytest.raises(IsADirectoryError) as caught:
        labelqa.audit(tmp_path, out=tmp_path / "r")
    assert caught.value.reason == "folder"
    with pytest.raises(FileNotFoundError):
        labelqa.audit(source, text="text", label="label", out=tmp_path / "none" / "r")
    with pytest.raises(ValueError, match="has no column") as caught:
        labelqa.audit(source, label="No such file", out=tmp_path / "r")
    assert not hasattr(caught.value, "reason")


def test_messages_name_options_as_keywords(source, tmp_path):
    with pytest.raises(ValueError, match="classes= and classes_file= cannot go together") as caught:
        labelqa.audit(source, classes=["a", "b"], classes_file="x", out=tmp_path / "r")
    assert "--" not in str(caught.value)
    with pytest.raises(ValueError, match="folds=: '1' is not a whole number"):
        labelqa.audit(source, folds=1, out=tmp_path / "r")
    with pytest.warns(labelqa.LabelqaWarning, match=r"folds= has no effect: with pred_probs= no"):
        labelqa.audit(source, text="text", label="label", folds=3, out=tmp_path / "r",
                      pred_probs=np.full((len(ROWS), 2), .5))


def test_a_run_that_exists_is_kept(source, tmp_path):
    run = labelqa.audit(source, text="text", label="label", out=tmp_path / "r")
    with pytest.raises(FileExistsError, match="exists; overwrite= replaces it"):
        labelqa.audit(source, text="text", label="label", out=tmp_path / "r")
    labelqa.audit(source, text="text", label="label", out=run, overwrite=True)


@pytest.mark.parametrize("bad", [3, None, object(), [], [3], {}, {"text": "a"}, {"text": 3},
                                 b"bytes", np.zeros((3, 2))])
def test_data_of_another_kind(bad, tmp_path):
    with pytest.raises(TypeError, match="data must be"):
        labelqa.audit(bad, out=tmp_path / "r")


def test_options_of_another_name_or_value(source, tmp_path):
    with pytest.raises(TypeError, match="no option 'fold'"):
        labelqa.audit(source, fold=3, out=tmp_path / "r")
    with pytest.raises(ValueError, match="folds"):
        labelqa.audit(source, folds=1, out=tmp_path / "r")
    with pytest.raises(ValueError, match="folds"):
        labelqa.audit(source, folds="many", out=tmp_path / "r")
    with pytest.raises(ValueError, match="null"):
        labelqa.audit("a\0b", out=tmp_path / "r")
    with pytest.raises(ValueError, match="no_snapshot"):
        labelqa.audit(frames()["pandas"], no_snapshot=True, out=tmp_path / "r")
    assert [p.name for p in tmp_path.iterdir()] == ["tickets.csv"]


def test_a_condition_that_holds(source, tmp_path):
    with pytest.raises(labelqa.CommandFailed, match="flagged_rate > 0") as caught:
        labelqa.audit(source, text="text", label="label", out=tmp_path / "r",
                      fail_if=["flagged_rate > 0"])
    assert caught.value.status == 1 and caught.value.run.report["rows"] == len(ROWS)


def test_open_refuses_what_is_no_run(tmp_path):
    with pytest.raises(FileNotFoundError):
        labelqa.open(tmp_path / "nothing")
    with pytest.raises(ValueError, match="no run"):
        labelqa.open(tmp_path)


def test_a_broken_stream_is_an_error(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    schema = pyarrow.schema([("text", pyarrow.string()), ("label", pyarrow.string())])

    def batches():
        yield pyarrow.record_batch([["a"], ["b"]], schema=schema)
        raise OSError("the other end hung up")

    reader = pyarrow.RecordBatchReader.from_batches(schema, batches())
    with pytest.raises(ValueError, match="hung up"):
        labelqa.audit(reader, out=tmp_path / "r")
    assert not (tmp_path / "r").exists()


def test_remarks_are_warnings_or_logged(tmp_path, caplog):
    pandas = pytest.importorskip("pandas")
    caplog.set_level("INFO", "labelqa")
    frame = pandas.DataFrame(ROWS, columns=["text", "label"])
    with warnings.catch_warnings(record=True):
        warnings.simplefilter("always")
        labelqa.audit(frame, out=tmp_path / "r")
    assert any("text" in record.message for record in caplog.records)


# ---- Ctrl-C ----

SCRIPT = """
import os, signal, sys, threading, time
import labelqa
ticks = 0
def tick():  # another Python thread runs on while the library works, or the signal is never sent
    global ticks
    while ticks < 50:
        time.sleep(0.01)
        ticks += 1
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=tick).start()
try:
    labelqa.audit(sys.argv[1], text="text", label="label", out=sys.argv[2], model="logistic")
except KeyboardInterrupt:
    print("interrupted after", ticks)
else:
    print("finished")
"""


def test_ctrl_c_stops_an_audit_and_leaves_nothing(build, tmp_path):
    source = tmp_path / "big.csv"
    with source.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("text", "label"))
        chance = random.Random(1)
        words = ["".join(chance.choices("abcdefghijklmnop", k=6)) for _ in range(30000)]
        for i in range(60000):
            writer.writerow((" ".join(chance.choices(words, k=25)), f"class{i % 12}"))
    environment = {**os.environ, "PYTHONPATH": str(build / "python")}
    ended = subprocess.run([sys.executable, "-c", SCRIPT, source, tmp_path / "run"],
                           env=environment, capture_output=True, text=True, timeout=240)
    assert ended.stdout == "interrupted after 50\n", ended.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["big.csv"]
