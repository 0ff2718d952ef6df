"""labelqa.audit on what people have in memory: columns of every kind, data sets, plain lists; and
results that line up with it."""
import datetime
import decimal
import enum
import os
import random
import subprocess
import sys
import uuid

import numpy as np
import pytest

import labelqa

pandas = pytest.importorskip("pandas")
WORDS = {"card": "pin chip visa stolen terminal blocked lost", "rate": "euro dollar convert yen",
         "login": "password app reset email account"}


def make_rows(n=60):
    chance = random.Random(5)
    names = [sorted(WORDS)[i % 3] for i in range(n)]
    return [" ".join(chance.choices(WORDS[name].split(), k=7)) + f" no{i}"
            for i, name in enumerate(names)], names


TEXTS, LABELS = make_rows()
N = len(TEXTS)
BASE = pandas.DataFrame({"text": TEXTS, "label": LABELS})


class Colour(enum.Enum):
    red, blue = 1, 2


class Plain:
    """Has no text of its own."""


class Named(Plain):
    def __str__(self):
        return "named"


def audit(data, folder, **options):
    return labelqa.audit(data, **{"text": "text", "label": "label", "folds": 3, "checks": "basic",
                                  "model": "naive-bayes", "out": folder / "r", "overwrite": True,
                                  **options})


def source(run, column="odd"):
    return run.source_columns().get(column, [None])


@pytest.fixture(params=["pyarrow", "json"])
def way(request, monkeypatch):
    """With pyarrow, and without."""
    if request.param == "json":
        monkeypatch.setitem(sys.modules, "pyarrow", None)
    else:
        pytest.importorskip("pyarrow")
    return request.param


USABLE = {
    "mixed": ([i if i % 2 else "n/a" for i in range(N)], ["n/a", "1"]),
    "interval": (pandas.cut(range(N), 5), ["(-0.059, 11.8]"] * 2),
    "intervals": (pandas.IntervalIndex.from_breaks(range(N + 1)), ["(0, 1]", "(1, 2]"]),
    "float16": (np.array([.5, .25] * (N // 2), np.float16), ["0.5", "0.25"]),
    "mixed decimals": ([decimal.Decimal("0.10"), "x"] * (N // 2), ["0.10", "x"]),
    "long decimals": ([decimal.Decimal("1" * 50)] * N, ["1" * 50] * 2),
    "enum": ([Colour.red, Colour.blue] * (N // 2), ["red", "blue"]),
    "own text": ([Named() for _ in range(N)], ["named"] * 2),
    "period": (pandas.period_range("2020-01", periods=N, freq="M"), ["2020-01", "2020-02"]),
    "uuid": ([uuid.UUID(int=i) for i in range(N)], [str(uuid.UUID(int=i)) for i in range(2)]),
    "huge": ([2**70 + i for i in range(N)], [str(2**70), str(2**70 + 1)]),
    "sparse": (pandas.arrays.SparseArray([0, 1] * (N // 2)), ["0", "1"]),
    "mixed lists": ([[i, "a"] for i in range(N)], ['[0, "a"]', '[1, "a"]']),
    "mixed dicts": ([{"a": i if i % 2 else "x"} for i in range(N)], ['{"a": "x"}', '{"a": 1}']),
    "mixed category": (pandas.Categorical([1, "b"] * (N // 2)), ["1", "b"]),
    "dates": ([datetime.date(2020, 1, 1 + i % 9) for i in range(N)], ["2020-01-01", "2020-01-02"]),
}


@pytest.mark.parametrize("kind", USABLE)
def test_odd_columns_are_used_rightly(kind, way, tmp_path):
    values, wanted = USABLE[kind]
    run = audit(BASE.assign(odd=values), tmp_path)
    assert run.report["rows"] == N and source(run)[:2] == wanted
    run = audit(BASE.assign(odd=values), tmp_path, text=None, features=["odd"], model="logistic")
    assert run.report["rows"] == N


UNUSABLE = {
    "complex": (np.ones(N, complex), "complex numbers"),
    "complex objects": ([1j] * N, "complex numbers"),
    "objects": ([Plain() for _ in range(N)], "objects of type Plain"),
    "bytes": ([b"\xff" if i % 2 else "a" for i in range(N)], "bytes that are no UTF-8"),
    "surrogates": (pandas.Series(["\ud800"] * N, dtype=object), "no Unicode, in row 0"),
}


@pytest.mark.parametrize("kind", UNUSABLE)
def test_unusable_columns_are_left_out_or_refused_by_name(kind, way, tmp_path):
    values, words = UNUSABLE[kind]
    frame = BASE.assign(odd=values)
    with pytest.warns(labelqa.LabelqaWarning, match=f"column 'odd' is left out.*{words}"):
        run = audit(frame, tmp_path)
    assert run.report["rows"] == N and source(run) == [None]
    for options in ({"label": "odd"}, {"text": None, "features": ["odd"]},
                    {"text": None, "features": "o*"}):
        with pytest.raises(ValueError, match=f"column 'odd' holds .*{words}") as caught:
            audit(frame, tmp_path, **options)
        assert caught.value.column == "odd"


def test_labels_of_mixed_type(way, tmp_path):
    labels = [1 if name == "card" else "n/a" for name in LABELS]
    assert audit(BASE.assign(label=labels), tmp_path).classes == ["1", "n/a"]
    whole = BASE["label"].map({"card": 0, "rate": 1, "login": 2}).where(BASE.index != 4)
    assert whole.dtype == float  # pandas' doing
    run = audit(BASE.assign(label=whole), tmp_path)
    assert run.classes == ["0", "1", "2"]
    assert run.to_pandas()["label"].equals(whole)


def test_names_that_SQL_does_not_tell_apart(tmp_path):
    frame = BASE.assign(Label="other")[["Label", "text", "label"]]
    run = audit(frame, tmp_path)
    assert run.classes == sorted(WORDS)
    assert set(labelqa.open(run).to_pandas()["Label"]) == {"other"}
    twice = pandas.concat([BASE, BASE[["text"]]], axis=1)
    with pytest.raises(ValueError, match="several columns called 'text'"):
        audit(twice, tmp_path)


def test_polars_columns(tmp_path):
    polars = pytest.importorskip("polars")
    frame = polars.from_pandas(BASE)
    objects = polars.Series("odd", [Plain() for _ in TEXTS], dtype=polars.Object)
    with pytest.warns(labelqa.LabelqaWarning, match="'odd' is left out .*type Plain"):
        assert audit(frame.with_columns(objects), tmp_path).report["rows"] == N
    with pytest.raises(ValueError, match="column 'odd' holds objects of type Plain"):
        audit(frame.with_columns(objects), tmp_path, label="odd")
    labels = polars.Series("label", LABELS, dtype=polars.Object)
    assert audit(frame.with_columns(labels), tmp_path).classes == sorted(WORDS)
    big = polars.Series("odd", [2**100] * N, dtype=polars.Int128)
    assert source(audit(frame.with_columns(big), tmp_path))[0] == str(2**100)
    run = audit(frame.lazy().filter(polars.col("label") != "card"), tmp_path)
    assert run.classes == ["login", "rate"]
    assert run.to_pandas()["text"].tolist() == [
        text for text, label in zip(TEXTS, LABELS) if label != "card"]


def test_arrow_columns(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    table = pyarrow.table({
        "text": TEXTS, "label": LABELS, "half": pyarrow.array(np.full(N, .5, np.float16)),
        "wide": pyarrow.array([7] * N).cast(pyarrow.decimal256(50, 0)),
        "halves": pyarrow.array([[.5]] * N, pyarrow.list_(pyarrow.float32())).cast(
            pyarrow.list_(pyarrow.float16())),
        "runs": pyarrow.RunEndEncodedArray.from_arrays(pyarrow.array([N], pyarrow.int32()),
                                                       pyarrow.array([7])),
        "union": pyarrow.UnionArray.from_dense(
            pyarrow.array([0] * N, pyarrow.int8()), pyarrow.array(range(N), pyarrow.int32()),
            [pyarrow.array(range(N))])})
    with pytest.warns(labelqa.LabelqaWarning, match="column 'union' is left out"):
        found = audit(table, tmp_path).source_columns()
    assert [found[name][0] for name in ("half", "wide", "halves", "runs")] == ["0.5", "7", "[0.5]",
                                                                               "7"]


def test_arrow_streams_name_what_is_not_read(tmp_path, monkeypatch):
    pyarrow = pytest.importorskip("pyarrow")
    monkeypatch.setattr("labelqa._frames._has_pyarrow", lambda: False)
    for kind in (pyarrow.array(np.ones(N, np.float16)),
                 pyarrow.array([7] * N).cast(pyarrow.decimal256(50, 0)),
                 pyarrow.DictionaryArray.from_arrays(pyarrow.array([0] * N),
                                                     pyarrow.array([{"a": 1}]))):
        table = pyarrow.table({"text": TEXTS, "label": LABELS, "odd": kind})
        with pytest.raises(ValueError, match="column 'odd' has the Arrow type") as caught:
            audit(table, tmp_path)
        assert caught.value.column == "odd"


# ---- plain lists, splits, data sets ----

def test_lists_and_dicts(tmp_path):
    wanted = [(row["label"], row["self_confidence"]) for row in audit(BASE, tmp_path).rows()]
    records = np.rec.fromarrays([np.array(TEXTS), np.array(LABELS)], names=["text", "label"])
    for data in (BASE.to_dict("list"), BASE.to_dict("records"), records,
                 {"text": np.array(TEXTS), "label": pandas.Series(LABELS)},
                 {"text": tuple(TEXTS), "label": LABELS, "n": [1.5, None] * (N // 2)}):
        run = audit(data, tmp_path)
        assert [(row["label"], row["self_confidence"]) for row in run.rows()] == wanted
        assert labelqa.open(run).to_pandas()["text"].tolist() == TEXTS
    gaps = [{"text": text, "label": i % 2, **({"note": "x"} if i % 2 else {})}
            for i, text in enumerate(TEXTS)]
    run = audit(gaps, tmp_path)
    assert run.classes == ["0", "1"] and source(run, "note")[:2] == [None, "x"]


@pytest.mark.parametrize("data, words", [
    ({"text": TEXTS, "label": LABELS[:-1]}, "'text' has 60 rows, 'label' has 59"),
    ({"text": [], "label": []}, "data has no rows"),
    ({"text": TEXTS, "label": np.ma.array(np.arange(N) % 2, mask=np.arange(N) == 3)},
     "column 'label' holds masked values"),
    ({"text": TEXTS, "label": [Plain()] * N}, "column 'label' holds objects"),
])
def test_lists_that_are_refused(data, words, tmp_path):
    with pytest.raises(ValueError, match=words):
        audit(data, tmp_path)


def test_splits_become_a_column(tmp_path):
    pytest.importorskip("pyarrow")
    polars = pytest.importorskip("polars")
    parts = {"train": BASE[:40], "test": polars.from_pandas(BASE[40:]).lazy()}
    run = audit(parts, tmp_path)
    assert run.manifest["roles"]["split"] == "split"
    assert [row["split"] for row in run.rows()] == ["train"] * 40 + ["test"] * 20
    frame = run.to_pandas()
    assert frame["text"].tolist() == TEXTS and frame["split"].tolist()[38:42] == [
        "train", "train", "test", "test"]
    named = {"a": BASE[:40].assign(split="mine"), "b": BASE[40:].assign(more=1)}
    run = audit(named, tmp_path)
    assert run.manifest["roles"]["split"] == "data_split"
    assert source(run, "more") == [None] * 40 + ["1"] * 20


def test_hugging_face_data_sets(tmp_path):
    datasets = pytest.importorskip("datasets")
    names = sorted(WORDS)
    features = datasets.Features({"text": datasets.Value("string"),
                                  "label": datasets.ClassLabel(names=names)})
    whole = datasets.Dataset.from_dict(
        {"text": TEXTS, "label": [names.index(label) for label in LABELS]}, features=features)
    for data in (whole, whole.to_iterable_dataset(), whole.with_format("numpy")):
        run = audit(data, tmp_path)
        assert run.report["rows"] == N and run.classes == names
        assert [row["label"] for row in run.rows()] == LABELS
        assert run.to_pandas()["text"].tolist() == TEXTS
        assert run.to_pandas()["label"].tolist() == LABELS
    shuffled = whole.shuffle(seed=1).select(range(50))
    assert source(audit(shuffled, tmp_path), "text") == shuffled["text"][:]
    parts = datasets.DatasetDict({"train": whole.select(range(40)),
                                  "test": whole.select(range(40, N))})
    run = audit(parts, tmp_path)
    assert [row["split"] for row in run.rows()] == ["train"] * 40 + ["test"] * 20


def test_metadata_of_hugging_face_travels(tmp_path):
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    text = '{"info": {"features": {"label": {"names": ["it\'s", "b"], "_type": "ClassLabel"}}}}'
    table = pyarrow.table({"text": TEXTS}).replace_schema_metadata({"huggingface": text, "a": "b"})
    labelqa._run._library().save_frame(table.__arrow_c_stream__(), tmp_path / "x.parquet")
    assert parquet.read_metadata(tmp_path / "x.parquet").metadata[b"huggingface"].decode() == text


# ---- results that line up ----

INDEXES = {
    "texts": [f"x{i}" for i in range(N)], "repeated": [i // 2 for i in range(N)],
    "times": pandas.date_range("2020", periods=N, tz="Europe/Berlin", name="when"),
    "levels": pandas.MultiIndex.from_product([range(6), list("abcdefghij")], names=["a", None]),
    "floats": np.linspace(0, 1, N), "from 5": pandas.RangeIndex(5, 5 + N),
    "backwards": pandas.RangeIndex(N, 0, -1), "category": pandas.CategoricalIndex(LABELS),
    "intervals": pandas.IntervalIndex.from_breaks(range(N + 1)),
    "spans": pandas.to_timedelta(range(N), unit="h"),
    "shuffled": random.Random(1).sample(range(N), N),
}
COLUMNS = {
    "whole": range(N), "real": np.linspace(0, 1, N), "yes": [True, False] * (N // 2),
    "kind": pandas.Categorical(LABELS), "gaps": pandas.array([1, None] * (N // 2), "Int64"),
    "maybe": pandas.array([True, None] * (N // 2), "boolean"), "half": np.ones(N, np.float16),
    "day": pandas.date_range("2020", periods=N), "zone": pandas.date_range(
        "2020", periods=N, tz="Asia/Tokyo"), "span": pandas.to_timedelta(range(N), unit="h"),
    "word": pandas.array(["a", None] * (N // 2), "string"), "small": np.arange(N, dtype="i1"),
    "single": np.linspace(0, 1, N, dtype="f4"), "large": np.arange(N, dtype="u8") + 2**63,
    "cut": pandas.cut(range(N), 5), "month": pandas.period_range("2020-01", periods=N, freq="M"),
    "holes": [None, .1] * (N // 2), "sparse": pandas.arrays.SparseArray([0, 1] * (N // 2)),
}


def assert_lines_up(run, frame):
    for results in (run.to_pandas(), labelqa.open(run).to_pandas()):
        pandas.testing.assert_index_equal(results.index, frame.index, exact="equiv")
        pandas.testing.assert_frame_equal(results[list(frame.columns)], frame, check_freq=False)
        assert results["self_confidence"].notna().sum() == frame["label"].notna().sum()
        assert results["predicted_label"].dtype == frame["label"].dtype


@pytest.mark.parametrize("kind", INDEXES)
def test_the_index_stays_attached(kind, tmp_path):
    frame = BASE.set_axis(INDEXES[kind])
    run = audit(frame.copy(), tmp_path)
    assert_lines_up(run, frame)
    if frame.index.is_unique:
        marked = frame.join(run.to_pandas(source=False)[["is_label_issue", "row_number"]])
        assert marked["row_number"].tolist() == list(range(N))


def test_types_and_text_stay(way, tmp_path):
    frame = BASE.assign(**COLUMNS)
    audited = frame.copy()
    run = audit(audited, tmp_path)
    audited.iloc[:, 0] = "changed afterwards"
    assert_lines_up(run, frame)


def test_objects_stay_objects(tmp_path):
    odd = [i if i % 2 else "n/a" for i in range(N)]
    run = audit(BASE.assign(odd=odd, lists=[[i] for i in range(N)]), tmp_path)
    frame = run.to_pandas()
    assert frame["odd"].tolist() == odd and frame["lists"].tolist() == [[i] for i in range(N)]


CODES = BASE["label"].map({"card": 0, "rate": 1, "login": 2})


@pytest.mark.parametrize("labels", [
    CODES, CODES.astype("int8"), CODES.astype(float), CODES.where(CODES.index > 2), CODES == 0,
    CODES.where(CODES.index > 2).astype("Int64"), BASE["label"].astype("category"),
    BASE["label"].astype("string"), CODES.astype("category")],
    ids=lambda labels: f"{labels.dtype}")
def test_labels_keep_their_type(labels, tmp_path):
    assert_lines_up(audit(BASE.assign(label=labels), tmp_path), BASE.assign(label=labels))


def test_rows_that_are_selected_line_up(tmp_path):
    frame = BASE.sample(frac=1, random_state=2).assign(n=range(N))
    run = audit(frame, tmp_path, where="n % 2 = 1", limit=20, id="n")
    for results in (run.to_pandas(), labelqa.open(run).to_pandas()):
        assert results.index.equals(frame.index[1::2][:20])
        assert results["text"].equals(frame["text"][1::2][:20])
        assert results["row_id"].tolist() == [str(n) for n in range(1, 40, 2)]


def test_columns_of_the_same_name(tmp_path):
    frame = BASE.rename(columns={"label": "y"}).assign(loss=7.5, label="old")
    results = audit(frame, tmp_path, label="y").to_pandas()
    assert results["label"].tolist() == results["y"].tolist() == LABELS
    assert set(results["loss_source"]) == {7.5} and set(results["label_source"]) == {"old"}
    assert results["loss"].max() < 7.5


def test_results_of_a_file(tmp_path):
    BASE.to_csv(tmp_path / "x.csv", index=False)
    results = audit(tmp_path / "x.csv", tmp_path).to_pandas()
    assert results.index.tolist() == list(range(N)) and results["text"].tolist() == TEXTS
    run = audit(tmp_path / "x.csv", tmp_path, no_snapshot=True)
    assert "text" not in run.to_pandas().columns
    with pytest.raises(FileNotFoundError, match="no copy of its source"):
        run.source_columns()


def test_no_library_is_loaded_for_plain_lists(build, tmp_path):
    code = ("import sys, labelqa\n"
            f"labelqa.audit({{'text': {TEXTS!r}, 'label': {LABELS!r}}}, text='text', "
            f"label='label', folds=3, out={str(tmp_path / 'r')!r})\n"
            "assert not {'pandas', 'pyarrow', 'polars'} & set(sys.modules)")
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                           env={**os.environ, "PYTHONPATH": str(build / "python")})
    assert ended.returncode == 0, ended.stderr
