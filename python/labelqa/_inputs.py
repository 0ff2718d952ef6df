"""What the native API takes for labels and probabilities: arrays, frames, Arrow data, .npy
files."""
import os

import numpy as np

from labelqa import _labelqa


def _from_arrow(value):
    """A numpy view of Arrow data (__arrow_c_array__ or __arrow_c_stream__), None if it cannot be
    one.

    One chunk without nulls is not copied: a column of numbers, or a fixed-size list of them as a
    matrix. Several chunks, or a table's columns, are put together in one copy."""
    if hasattr(value, "__arrow_c_array__"):
        chunks = [_labelqa.arrow_array(*value.__arrow_c_array__())]
    else:
        chunks = _labelqa.arrow_stream(value.__arrow_c_stream__())
    if not chunks or any(chunk is None for chunk in chunks):
        return None
    arrays = [np.column_stack([np.asarray(column) for column in chunk])
              if isinstance(chunk, list) else np.asarray(chunk) for chunk in chunks]
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)


def load(path, name):
    """A .npy file, memory-mapped."""
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        raise FileNotFoundError(f"{name}: there is no file {os.fspath(path)!r}") from None
    except (ValueError, EOFError) as error:
        raise ValueError(f"{name}: {os.fspath(path)!r} is no .npy file of numbers: "
                         f"{error}") from None


def unmasked(value, name):
    """A masked array's values; masked ones are refused."""
    if not isinstance(value, np.ma.MaskedArray):
        return np.asarray(value)
    if np.ma.is_masked(value):
        where = np.argwhere(np.ma.getmaskarray(value))[0]
        place = "".join(f"[{', '.join(map(str, where))}]" if value.ndim else "")
        raise ValueError(f"{name} hold a masked value: {name}{place} is masked; fill masked values "
                         f"or leave their rows out")
    return np.ma.getdata(value)


def _has_arrow(value):
    return hasattr(value, "__arrow_c_array__") or hasattr(value, "__arrow_c_stream__")


def _from_objects(items, name):
    """An array of Arrow values that are no plain numbers: names, dictionaries, what has nulls."""
    missing = next((row for row, item in enumerate(items) if is_missing(item)), None)
    if missing is not None:
        raise ValueError(f"{name}[{missing}] is null: every row needs a value")
    return np.asarray(items)


def to_array(value, name="data"):
    """A numpy view of an array, frame, Arrow data or nested list; errors name the argument."""
    if isinstance(value, np.ndarray):
        return unmasked(value, name)
    if _has_arrow(value):
        array = _from_arrow(value)
        if array is not None:
            return array
        for method in ("to_pylist", "to_list"):  # pyarrow's columns, polars' columns
            if hasattr(value, method) and not hasattr(value, "columns"):
                return _from_objects(getattr(value, method)(), name)
    if hasattr(value, "to_numpy"):
        return unmasked(value.to_numpy(), name)
    try:
        return np.asarray(value)
    except Exception as error:
        raise ValueError(f"{name} cannot be made an array: {error}") from None


def read_pred_probs(pred_probs):
    """A 2-dimensional float array, where it lies: a path is memory-mapped."""
    if isinstance(pred_probs, (str, os.PathLike)):
        pred_probs = load(pred_probs, "pred_probs")
    pred_probs = to_array(pred_probs, "pred_probs")
    if pred_probs.ndim != 2:
        raise ValueError(f"pred_probs must have 2 dimensions (rows x classes), not "
                         f"{pred_probs.ndim}")
    if pred_probs.dtype.kind not in "fiu":
        raise TypeError(f"pred_probs must hold numbers, not {pred_probs.dtype}")
    if pred_probs.dtype.kind == "f" and pred_probs.dtype.itemsize > 8:
        pred_probs = pred_probs.astype(np.float64)
    return pred_probs


def is_missing(value):
    """None, NaN, NaT, pandas.NA."""
    if value is None or type(value).__name__ == "NAType":
        return True
    try:
        return bool(value != value)
    except Exception:
        return False


def _are_whole(objects):
    """True for whole numbers of any Python type: int, Fraction, Decimal."""
    from decimal import Decimal
    from numbers import Real
    return all(isinstance(value, (Real, Decimal)) and value % 1 == 0 for value in objects)


def _code_names(labels, classes, n_classes):
    """Class numbers of labels given as names."""
    missing = next((row for row, label in enumerate(labels) if is_missing(label)), None)
    if missing is not None:
        raise ValueError(f"labels[{missing}] is {labels[missing]!r}: every row needs a label")
    if classes is None:
        raise ValueError("labels are names, not class numbers: pass classes=[...] in the order of "
                         "pred_probs' columns")
    try:
        number = {name: k for k, name in enumerate(classes)}
    except TypeError:
        raise TypeError(f"classes must be a list of names, not {classes!r}") from None
    if len(number) != n_classes or len(classes) != n_classes:
        raise ValueError(f"classes must hold {n_classes} different names, one per column of "
                         f"pred_probs, but holds {list(classes)!r}")
    try:
        return np.fromiter((number[label] for label in labels), np.int64, len(labels))
    except (KeyError, TypeError):
        row, wrong = next((row, label) for row, label in enumerate(labels)
                          if label.__hash__ is None or label not in number)
        raise ValueError(f"labels[{row}]: labels holds {wrong!r}, none of the classes") from None


def read_labels(labels, n_classes, classes=None):
    """A 1-dimensional integer array with values in [0, n_classes)."""
    if isinstance(labels, (str, os.PathLike)):
        labels = load(labels, "labels")
    labels = to_array(labels, "labels")
    if labels.ndim != 1:
        raise ValueError(f"labels must have one dimension, not {labels.ndim}")
    if labels.size == 0:
        raise ValueError("labels is empty")
    if labels.dtype.kind == "O" and _are_whole(labels):
        labels = labels.astype(np.int64)
    if labels.dtype.kind in "OUSTV":
        labels = _code_names(labels.tolist(), classes, n_classes)
    elif labels.dtype.kind == "f":
        if np.isnan(labels).any():
            raise ValueError(f"labels[{np.argmax(np.isnan(labels))}] is NaN: every row needs a "
                             f"label")
        if not (labels % 1 == 0).all():
            raise ValueError("labels must be whole numbers")
        labels = labels.astype(np.int64)
    elif labels.dtype.kind == "b":
        labels = labels.view(np.uint8)
    elif labels.dtype.kind not in "iu":
        raise TypeError(f"labels must be class numbers or names, not {labels.dtype}")
    if labels.dtype.kind == "i" and labels.min() < 0:
        row = int(np.argmax(labels < 0))
        raise ValueError(f"labels[{row}] is {labels[row]}: class numbers start at 0")
    return labels
