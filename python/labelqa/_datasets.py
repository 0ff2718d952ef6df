"""Data sets in parts and plain lists on their way into an audit: Hugging Face's Dataset and
DatasetDict, dicts of frames by split, dicts of lists, lists of dicts.

The library datasets is not imported: its objects bring what is needed along (features,
with_format, iter), and their classes' names travel in the Arrow schema's metadata. Lists go to JSON
lines, which needs no library at all.
"""
import itertools
import json
import os

from labelqa import _columns
from labelqa._columns import Unusable
from labelqa._frames import (Needed, Saved, is_pandas, names_of, pandas_to_arrow, safe_pandas,
                             save_arrow)

_BATCH_ROWS = 10_000
# Columns of Hugging Face data sets that hold files, not text or numbers.
_FILES = {"Image", "Audio", "Video", "Pdf", "Nifti"}


# ---- Hugging Face ----

def is_dataset(data):
    """A Dataset or IterableDataset of the library datasets."""
    return hasattr(data, "with_format") and hasattr(data, "features") and hasattr(data, "iter")


def is_splits(data):
    """A DatasetDict, or a dict of frames by split."""
    return isinstance(data, dict) and bool(data) and all(
        is_dataset(part) or (hasattr(type(part), "columns") and not hasattr(part, "tolist"))
        for part in data.values())


def _dataset_tables(data, needed):
    """The data set's rows as Arrow tables, files of images and sounds left out."""
    features = data.features or {}
    drop = [name for name, kind in features.items()
            if type(kind).__name__ in _FILES and name not in needed]
    if drop:
        data = data.remove_columns(drop)
    return data.with_format("arrow").iter(_BATCH_ROWS)


def _part_tables(part, needed):
    """The rows of one part as Arrow tables."""
    import pyarrow
    if is_dataset(part):
        return _dataset_tables(part, needed)
    if is_pandas(part):
        return [pandas_to_arrow(safe_pandas(part, needed), needed)]
    return [pyarrow.table(part)]


def _with_split(table, column, split):
    import pyarrow
    if column is None:
        return table
    return table.append_column(column, pyarrow.array([split] * len(table), pyarrow.string()))


def _split_column(parts, options):
    """The name of the column that tells the splits apart; None where the parts have one."""
    if options.get("split") is not None or len(parts) < 2:
        return None
    first = next(iter(parts.values()))
    names = {str(name) for name in getattr(first, "column_names", None) or first.columns}
    return next(name for name in ("split", "data_split", "dataset_split") if name not in names)


def _common_schema(schemas):
    """All columns of all parts, each as the first part that has it holds it."""
    import pyarrow
    fields = {}
    for schema in schemas:
        for field in schema:
            fields.setdefault(field.name, field)
    return pyarrow.schema(list(fields.values()), schemas[0].metadata)


def _conformed(table, schema):
    """A table with all columns of the schema: a part may lack one, or hold it in another type."""
    import pyarrow
    arrays = [table[field.name].cast(field.type) if field.name in table.column_names
              else pyarrow.nulls(len(table), field.type) for field in schema]
    return pyarrow.table(arrays, schema=schema)


def _joined(parts, column):
    """All parts as one pandas frame, rows numbered through."""
    import pandas
    frames = []
    for split, part in parts.items():
        frame = part if is_pandas(part) else part.to_pandas()
        frames.append(frame if column is None else frame.assign(**{column: str(split)}))
    return pandas.concat(frames, ignore_index=len(frames) > 1)


def save_parts(parts, folder, options, save):
    """Parts of a data set, one behind the other, with a column that names the part."""
    import pyarrow
    parts = {split: part.collect() if hasattr(part, "collect") else part
             for split, part in parts.items()}
    needed, column = Needed(options), _split_column(parts, options)
    started = []  # the first table of each part tells its columns
    for split, part in parts.items():
        tables = iter(_part_tables(part, needed))
        first = next(tables, None)
        if first is not None:
            started.append((str(split), first, tables))
    if not started:
        raise ValueError("data has no rows")
    schema = _common_schema([_with_split(first, column, "").schema for _, first, _ in started])

    def batches():
        for split, first, tables in started:
            for table in itertools.chain([first], tables):
                yield from _conformed(_with_split(table, column, split), schema).to_batches()

    reader = pyarrow.RecordBatchReader.from_batches(schema, batches())
    saved = save_arrow(reader, folder, needed, save)
    saved.original = lambda: _joined(parts, column)
    if column is not None:
        saved.options["split"] = column
    return saved


# ---- lists and dicts ----

def columns_of(rows):
    """A list of dicts as a dict of lists; a key that a row lacks is missing there."""
    names = list(dict.fromkeys(key for row in rows for key in row))
    return {name: [row.get(name) for row in rows] for name in names}


def _json_column(values):
    if getattr(getattr(values, "mask", None), "any", bool)():
        raise Unusable("masked values")
    if str(getattr(values, "dtype", "")) in ("float16", "float32"):
        values = [float(str(value)) for value in getattr(values, "array", values)]
    elif hasattr(values, "to_pylist"):
        values = values.to_pylist()
    kinds = {type(value) for value in values if not _columns.is_missing(value)}
    nested = (list, tuple, dict)
    is_mixed = len(kinds) > 1 and not all(issubclass(kind, nested) for kind in kinds)
    found = _columns.texts_of(values) if is_mixed else [_columns.plain(value) for value in values]
    if str in kinds or is_mixed:
        _columns.check_unicode(found)
    return found


def _check_lengths(columns):
    sizes = {name: len(values) for name, values in columns.items()}
    if len(set(sizes.values())) > 1:
        raise ValueError("data: columns differ in length: "
                         + ", ".join(f"'{name}' has {n} rows" for name, n in sizes.items()))
    if not any(sizes.values()):
        raise ValueError("data has no rows")


def save_lists(columns, folder, needed):
    _check_lengths(columns)
    usable = {}
    for name, column in zip(names_of(columns, needed), columns.values()):
        try:
            usable[name] = _json_column(column)
        except Unusable as error:
            needed.refuse_or_tell(name, error.what)
    path = os.path.join(folder, "frame.jsonl")
    with open(path, "w", encoding="ascii") as file:
        for values in zip(*usable.values()):
            json.dump(dict(zip(usable, values)), file)
            file.write("\n")
    return Saved(path)


def is_list(values):
    return isinstance(values, (list, tuple)) or (
        hasattr(values, "__len__") and hasattr(values, "__iter__")
        and getattr(values, "ndim", 1) == 1 and not isinstance(values, (str, bytes, dict)))
