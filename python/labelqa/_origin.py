"""Where a run's rows came from, for results that line up with the user's own frame.

In the process that audited a frame its run keeps the frame's columns (a shallow copy where pandas
copies on write), so that to_pandas() has index, order and types as they were. The run folder keeps
frame.json: the index and each column's type, from which a run that is opened later is put together
again. What its texts cannot tell (objects of mixed types) stays text.
"""
import json
import os
import re

_EVIDENCE_LABELS = ("label", "predicted_label", "corrected_label", "decided_label",
                    "suggested_label")
_ROLES = ("split", "time", "annotator", "group")
_INTERVAL = re.compile(r"[\[(](.+), (.+)[\])]")


def copy_of(frame):
    """The same frame, safe from what is done to the original."""
    import pandas
    copies_on_write = pandas.__version__ >= "3" \
        or pandas.get_option("mode.copy_on_write") is True
    return frame.copy(deep=not copies_on_write)


# ---- frame.json ----

def _described(dtype):
    """A column's type in JSON."""
    name = str(dtype)
    if name == "category":
        categories = dtype.categories
        return {"dtype": name, "ordered": bool(dtype.ordered), "of": _described(categories.dtype),
                "categories": [str(value) for value in categories]}
    if name.startswith("datetime64[") and ", " in name:
        return {"dtype": name, "zone": name[:-1].split(", ")[1]}
    return {"dtype": name}


def _texts(values):
    import pandas
    return [None if pandas.isna(value) else str(value) for value in values]


def _index_in_json(index):
    """None for row numbers; else the levels with their values as texts."""
    import pandas
    if isinstance(index, pandas.RangeIndex) and index.start == 0 and index.step == 1 \
            and index.name is None:
        return None
    levels = [index.get_level_values(i) for i in range(index.nlevels)]
    return {"names": [None if name is None else str(name) for name in index.names],
            "levels": [{**_described(level.dtype), "values": _texts(level)} for level in levels]}


def frame_json(frame, written):
    """What a run folder keeps of a pandas frame, whose columns were written under these names."""
    return {"index": _index_in_json(frame.index), "columns": {
        name: {"name": str(column), **_described(kind)}
        for name, column, kind in zip(written, frame.columns, frame.dtypes)}}


def write(folder, values):
    """frame.json, whole or not at all."""
    path = os.path.join(folder, "frame.json")
    with open(f"{path}.new", "w", encoding="utf-8") as file:
        json.dump({"schema": "labelqa.frame/1", **values}, file)
    os.replace(f"{path}.new", path)


def read(folder):
    """frame.json as a dict; empty where the run came from files."""
    try:
        with open(os.path.join(folder, "frame.json"), encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return {}


# ---- types back from texts ----

def _intervals(texts, name):
    import pandas
    kind, closed = name[len("interval["):-1].split(", ")
    ends = [(None, None) if pandas.isna(text) else _INTERVAL.fullmatch(text).groups()
            for text in texts]
    left, right = (pandas.Series(side).astype(kind) for side in zip(*ends))
    return pandas.arrays.IntervalArray.from_arrays(left, right, closed)


def _categories(texts, kind):
    import pandas
    codes = {text: code for code, text in enumerate(kind["categories"])}
    categories = typed(pandas.Series(kind["categories"], dtype=object), kind["of"])
    return pandas.Categorical.from_codes(
        [codes.get(text, -1) for text in texts], categories=categories, ordered=kind["ordered"])


def _converted(texts, kind):
    import pandas
    name = kind["dtype"]
    if name == "category":
        return _categories(texts, kind)
    if name in ("bool", "boolean"):
        values = texts.map({"true": True, "True": True, "false": False, "False": False})
        return values.astype(name)
    if name.startswith("datetime64"):
        times = pandas.to_datetime(texts, utc="zone" in kind, format="ISO8601")
        return times.dt.tz_convert(kind["zone"]) if "zone" in kind else times.astype(name)
    if name.startswith("timedelta64"):
        return pandas.to_timedelta(texts).astype(name)
    if name.startswith("interval["):
        return _intervals(texts, name)
    if name.startswith("Int") or name.startswith("UInt"):
        return pandas.array([None if pandas.isna(text) else int(text.removesuffix(".0"))
                             for text in texts], dtype=name)
    return texts.astype(name)


def typed(texts, kind):
    """A column of texts in the type it had; as texts where they do not fit it."""
    import pandas
    if kind is None or kind["dtype"] == "object":
        return texts
    if kind["dtype"] == "str" and pandas.__version__ < "3":  # a type that pandas 3 brought
        return texts
    try:
        return pandas.Series(_converted(texts, kind), index=texts.index)
    except (TypeError, ValueError, AttributeError, KeyError, OverflowError):
        return texts


def _labels(texts, kind):
    """Labels that may be missing, or be of a class that the frame's column does not hold."""
    import pandas
    if kind is None or not texts.notna().any():
        return texts
    name = kind["dtype"]
    if texts.isna().any():
        nullable = {"bool": "boolean"}.get(name, name[:1].upper() + name[1:] if name.startswith(
            "int") else "UInt" + name[4:] if name.startswith("uint") else name)
        kind = {**kind, "dtype": nullable}
    if name == "category" and not set(texts.dropna()) <= set(kind["categories"]):
        return texts
    found = typed(texts, kind)
    is_whole = isinstance(found, pandas.Series) and found.notna().sum() == texts.notna().sum()
    return found if is_whole else texts


# ---- the frame of results ----

def _stored_index(kept, rows):
    import pandas
    levels = [typed(pandas.Series(level["values"], dtype=object), level)
              for level in kept["levels"]]
    names = kept["names"]
    if len(levels) == 1:
        return pandas.Index(levels[0], name=names[0]).take(rows)
    return pandas.MultiIndex.from_arrays(levels, names=names).take(rows)


def _stored_columns(run, kept):
    """The source's columns from the run's own copy; none where it has no copy."""
    import pandas
    if not (run.path / "source.parquet").is_file():
        return {}
    kinds = kept.get("columns", {})
    return {kinds.get(name, {}).get("name", name): typed(
        pandas.Series(values, dtype=object), kinds.get(name))
        for name, values in run.source_columns().items()}


def _is_role(name, roles):
    """True if the evidence's column of this name is the source's column of this name."""
    return name in _ROLES and roles.get(name) == name


def join(evidence, columns, roles):
    """The source's columns, then the evidence: the label and what has a role are there once, with
    the source's type; another column of an evidence's name gets the ending _source."""
    import pandas
    label = None if roles.get("class_names") else roles.get("label")  # names, where it has codes
    found = {}
    for name, values in columns.items():
        is_same = name == "label" == label or _is_role(name, roles)
        if name in evidence.columns and not is_same:
            name = f"{name}_source"
        found[name] = values
    rest = [name for name in evidence.columns if name not in found]
    source = pandas.DataFrame({name: getattr(values, "array", values)
                               for name, values in found.items()}, index=evidence.index)
    return pandas.concat([source, evidence[rest]], axis=1)


def to_pandas(run, original, source):
    """The run's rows as a pandas frame; original: the frame that was audited, or None."""
    import pandas
    evidence = pandas.DataFrame(run.rows().columns())
    kept = read(run.path)
    roles, rows = run.manifest.get("roles", {}), evidence["source_row"].to_numpy()
    if original is not None:
        original = original.take(rows)
        kept, index = frame_json(original.iloc[:0], map(str, original.columns)), original.index
    elif kept.get("index"):
        index = _stored_index(kept["index"], rows)
    else:
        index = pandas.Index(evidence["row_number"].array)
    kind = kept.get("columns", {}).get(roles.get("label"))
    kind = None if roles.get("class_names") else kind
    for name in _EVIDENCE_LABELS:
        evidence[name] = _labels(evidence[name], kind)
    evidence.index = index
    if not source:
        return evidence
    columns = _stored_columns(run, kept) if original is None else {
        str(name): original.iloc[:, place] for place, name in enumerate(original.columns)}
    return join(evidence, columns, roles)
