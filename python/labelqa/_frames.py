"""Data in memory on its way into an audit: frames of every library, as one file.

pandas, polars, pyarrow and whatever speaks Arrow's stream interface go to a Parquet file, batch by
batch; _datasets has data sets in parts and plain lists. No library is imported that the data did
not bring along: without pyarrow pandas goes through JSON lines. Columns that no file can hold are
the concern of _columns.
"""
import fnmatch
import itertools
import os
import sys
import warnings

from labelqa import _columns
from labelqa._columns import Unusable
from labelqa._warning import LabelqaWarning

_NAMES = ("text", "label", "id", "split", "time", "label_time", "annotator", "source_column",
          "group", "features", "pred_probs", "item", "wide", "truth", "gold")
_WANTED = ("a path, a list of paths, a data frame (pandas, polars, pyarrow, or anything with "
           "__arrow_c_stream__), a Hugging Face Dataset or DatasetDict, a dict of lists or a list "
           "of dicts")


class Needed:
    """The columns that the options name."""

    def __init__(self, options):
        self._patterns = []
        for name in _NAMES:
            value = options.get(name)
            items = [value] if isinstance(value, (str, int)) else value
            if isinstance(items, (list, tuple)):
                self._patterns += [str(item) for item in items if isinstance(item, (str, int))]
        left_out = options.get("exclude") or ()
        self.label, self._is_quiet = options.get("label"), options.get("quiet")
        self._left_out = [left_out] if isinstance(left_out, str) else list(left_out)

    def __contains__(self, name):
        if name in self._left_out:
            return False
        return any(name == pattern or fnmatch.fnmatchcase(name, pattern)
                   for pattern in self._patterns)

    def refuse_or_tell(self, name, what):
        """A column that cannot be used: an error where it is needed, else a warning."""
        if name in self:
            error = ValueError(f"column '{name}' holds {what}: turn them into text or numbers")
            error.column = name
            raise error
        if self._is_quiet:
            return
        warnings.warn(f"column '{name}' is left out of the run: it holds {what}", LabelqaWarning,
                      stacklevel=6)


class Saved:
    """What was written: path, options that follow from the data, and the data as a pandas frame:
    original() makes it, or is None where the data were a stream."""

    def __init__(self, path, options=None):
        self.path, self.options, self.original = path, options or {}, None


def names_of(columns, needed):
    """Names as texts that differ in more than case, as SQL wants it. Where two do not, the one that
    is needed keeps its name, and the other is told by a number."""
    names = [str(column) for column in columns]
    taken, repeated = set(), []
    for place in sorted(range(len(names)), key=lambda place: (names[place] not in needed, place)):
        key = names[place].lower()
        if key in taken and names[place] in needed:
            raise ValueError(f"data has several columns called '{names[place]}' (in upper or lower "
                             f"case): rename them")
        if key in taken:
            repeated.append(place)
        taken.add(key)
    for place in repeated:
        copies = (f"{names[place]}.{k}" for k in itertools.count(1))
        names[place] = next(name for name in copies if name.lower() not in taken)
        taken.add(names[place].lower())
    return names


# ---- pandas ----

def _pandas_column(column):
    """A pandas column of a type that files hold, or Unusable."""
    dtype = column.dtype
    if dtype.kind == "c":
        raise Unusable("complex numbers")
    if hasattr(dtype, "categories"):
        inner = getattr(dtype.categories, "dtype", None)
        if inner is None or inner.kind in "O" and str(inner) != "str" and not all(
                isinstance(value, str) for value in dtype.categories):
            return _as_texts(column)
        return column
    if str(dtype).startswith("Sparse"):
        return column.sparse.to_dense()
    if dtype == "float16":
        return column.astype("float32")
    if dtype.kind == "O" and not _is_text_type(dtype):
        return _object_column(column) if str(dtype) == "object" else _as_texts(column)
    return column


def _whole_again(column):
    """Labels that were whole numbers before a missing one made pandas turn them into floats."""
    if column.dtype.kind != "f" or str(column.dtype).endswith("]") or not column.isna().any():
        return column
    whole = column.dropna()
    is_whole = len(whole) and (whole % 1 == 0).all() and (whole.abs() < 2**53).all()
    return column.astype("Int64") if is_whole else column


def _is_text_type(dtype):
    return str(dtype).startswith(("str", "string"))


def _as_texts(column):
    import pandas
    return pandas.Series(_columns.texts_of(column), index=column.index, dtype=object)


# What pandas finds in a column of objects that Arrow takes as it is.
_UNIFORM = {"string", "empty", "boolean", "integer", "floating", "decimal", "datetime",
            "datetime64", "date", "bytes", "time", "timedelta", "timedelta64"}


def _object_column(column):
    import pandas
    kind = pandas.api.types.infer_dtype(column, skipna=True)
    if kind in _UNIFORM:
        return column
    nested = (list, tuple, dict)
    if all(isinstance(value, nested) or getattr(value, "ndim", 0) for value in column.dropna()):
        return column
    return _as_texts(column)


def safe_pandas(data, needed):
    """The same frame without index, whose columns are usable."""
    import pandas
    columns = {}
    for place, name in enumerate(names_of(data.columns, needed)):
        column = data.iloc[:, place].reset_index(drop=True)
        try:
            column = _pandas_column(column)
            columns[name] = _whole_again(column) if name == str(needed.label) else column
        except Unusable as error:
            needed.refuse_or_tell(name, error.what)
    return pandas.DataFrame(columns)


def _arrow_column(column):
    """A pandas column as an Arrow array; as texts where pyarrow finds no type for it."""
    import pyarrow
    try:
        return pyarrow.array(column, from_pandas=True)
    except (pyarrow.ArrowException, UnicodeEncodeError, OverflowError, TypeError, ValueError):
        return pyarrow.array(_columns.unicode_of(column), pyarrow.large_string())


def pandas_to_arrow(frame, needed):
    import pyarrow
    arrays = {}
    for name in frame.columns:
        try:
            arrays[name] = _arrow_column(frame[name])
        except Unusable as error:
            needed.refuse_or_tell(name, error.what)
    return pyarrow.table(arrays)


def _has_pyarrow():
    try:
        import pyarrow
    except ImportError:
        return False
    return hasattr(pyarrow.Table, "__arrow_c_stream__")


def _save_pandas(data, folder, needed, save):
    from labelqa import _datasets
    frame = safe_pandas(data, needed)
    if _has_pyarrow():
        return save_arrow(pandas_to_arrow(frame, needed), folder, needed, save)
    return _datasets.save_lists(dict(frame.items()), folder, needed)


# ---- Arrow ----

def _target(kind):
    """The Arrow type to read a column as: its own where DuckDB knows it."""
    import pyarrow
    types = pyarrow.types
    if getattr(kind, "extension_name", "") == "pandas.interval":
        return pyarrow.string()
    if isinstance(kind, pyarrow.BaseExtensionType):
        return _target(kind.storage_type)
    if types.is_float16(kind):
        return pyarrow.float32()
    if types.is_dictionary(kind):
        inner = _target(kind.value_type)
        if types.is_nested(inner):
            return pyarrow.string()
        return kind if inner == kind.value_type else inner
    if types.is_decimal(kind) and not types.is_decimal128(kind):
        small = getattr(types, "is_decimal256", lambda _: True)(kind) is False
        return pyarrow.decimal128(kind.precision, kind.scale) if small else pyarrow.string()
    if types.is_union(kind):
        raise Unusable(f"values of the Arrow type {kind}")
    if types.is_map(kind):
        return pyarrow.map_(_target(kind.key_type), _target(kind.item_type))
    if types.is_struct(kind):
        return pyarrow.struct([kind.field(i).with_type(_target(kind.field(i).type))
                               for i in range(kind.num_fields)])
    for test, make in ((types.is_list, pyarrow.list_), (types.is_large_list, pyarrow.large_list)):
        if test(kind):
            return make(_target(kind.value_type))
    if types.is_fixed_size_list(kind):
        return pyarrow.list_(_target(kind.value_type), kind.list_size)
    if getattr(types, "is_run_end_encoded", lambda _: False)(kind):
        return _target(kind.value_type)
    return kind


def _converted(column, target):
    """An array of another type; intervals of pandas as pandas writes them."""
    import pyarrow
    if column.type == target:
        return column
    inner = getattr(column.type, "value_type", column.type)
    if target == pyarrow.string() and isinstance(inner, pyarrow.BaseExtensionType):
        return pyarrow.array(_columns.texts_of(column.to_pandas()), target)
    if pyarrow.types.is_dictionary(column.type) and pyarrow.types.is_nested(inner):
        return pyarrow.array(_columns.texts_of(column.to_pylist()), target)
    if isinstance(column.type, pyarrow.BaseExtensionType):
        return _converted(column.storage, target)
    if pyarrow.types.is_dictionary(column.type):
        return _converted(column.dictionary_decode(), target)
    if getattr(pyarrow.types, "is_run_end_encoded", lambda _: False)(column.type):
        return _converted(pyarrow.compute.run_end_decode(column), target)
    return column.cast(target)


def _arrow_plan(schema, needed):
    """(names, places, targets) of the usable columns."""
    names, plan = names_of(schema.names, needed), []
    for place, name in enumerate(names):
        try:
            plan.append((name, place, _target(schema.field(place).type)))
        except Unusable as error:
            needed.refuse_or_tell(name, error.what)
    return plan


def _batches(reader, plan, schema):
    import pyarrow
    import pyarrow.compute
    for batch in reader:
        columns = [_converted(batch.column(place), target) for _, place, target in plan]
        yield pyarrow.RecordBatch.from_arrays(columns, schema=schema)


def _safe_arrow(data, needed):
    """A reader of the same rows whose columns are usable, without a copy where all are."""
    import pyarrow
    reader = data if isinstance(data, pyarrow.RecordBatchReader) \
        else pyarrow.RecordBatchReader.from_stream(data)
    plan = _arrow_plan(reader.schema, needed)
    if [(name, target) for name, _, target in plan] == [(f.name, f.type) for f in reader.schema]:
        return reader
    schema = pyarrow.schema([(name, target) for name, _, target in plan], reader.schema.metadata)
    return pyarrow.RecordBatchReader.from_batches(schema, _batches(reader, plan, schema))


def save_arrow(data, folder, needed, save):
    path = os.path.join(folder, "frame.parquet")
    stream = _safe_arrow(data, needed) if _has_pyarrow() else data
    save(stream.__arrow_c_stream__(), path)
    return Saved(path)


# ---- polars ----

def _save_polars(data, folder, needed, save):
    """Columns of Python objects and of 128-bit numbers become texts."""
    polars = sys.modules["polars"]
    for name, kind in list(data.schema.items()):
        if str(kind) not in ("Object", "Int128", "UInt128"):
            continue
        try:
            texts = _columns.texts_of(data[name].to_list())
            data = data.with_columns(polars.Series(name, texts, polars.String))
        except Unusable as error:
            needed.refuse_or_tell(name, error.what)
            data = data.drop(name)
    return save_arrow(data, folder, needed, save)


# ---- all ----

def _capsule_or_none(data):
    if hasattr(data, "__arrow_c_array__") and not hasattr(data, "__arrow_c_stream__"):
        raise TypeError("data is an Arrow array: a table of named columns is needed")
    return hasattr(data, "__arrow_c_stream__")


def is_pandas(data):
    return hasattr(data, "to_csv") and hasattr(data, "iloc") and hasattr(data, "columns")


def _is_lazy(data):
    """polars' LazyFrame."""
    return hasattr(data, "collect_schema") and hasattr(data, "collect") \
        and not hasattr(data, "get_columns")


def _original(data):
    """What makes a pandas frame of the data; None where they cannot be read again."""
    if is_pandas(data):
        from labelqa import _origin
        frame = _origin.copy_of(data)
        return lambda: frame
    return getattr(data, "to_pandas", None)


def save(data, folder, options, save_frame):
    """Writes the data to a file in `folder`; returns Saved. TypeError for what is no table."""
    data = data.collect() if _is_lazy(data) else data
    saved = _save(data, folder, options, save_frame)
    saved.original = saved.original or _original(data)
    return saved


def _save(data, folder, options, save_frame):
    from labelqa import _datasets
    needed = Needed(options)
    if _datasets.is_dataset(data):
        return _datasets.save_parts({"data": data}, folder, options, save_frame)
    if _datasets.is_splits(data):
        return _datasets.save_parts(data, folder, options, save_frame)
    if is_pandas(data):
        return _save_pandas(data, folder, needed, save_frame)
    if type(data).__module__.startswith("polars") and hasattr(data, "get_columns"):
        return _save_polars(data, folder, needed, save_frame)
    if _capsule_or_none(data):
        return save_arrow(data, folder, needed, save_frame)
    if getattr(getattr(data, "dtype", None), "names", None):  # numpy's records
        data = {name: data[name] for name in data.dtype.names}
    if isinstance(data, dict) and data and all(map(_datasets.is_list, data.values())):
        return _datasets.save_lists(data, folder, needed)
    if isinstance(data, (list, tuple)) and data and all(isinstance(row, dict) for row in data):
        return _datasets.save_lists(_datasets.columns_of(data), folder, needed)
    raise TypeError(f"data must be {_WANTED}, not {type(data).__name__}")
