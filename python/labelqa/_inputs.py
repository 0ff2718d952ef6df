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
    if any(chunk is None for chunk in chunks):
        return None
    arrays = [np.column_stack([np.asarray(column) for column in chunk])
              if isinstance(chunk, list) else np.asarray(chunk) for chunk in chunks]
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)


def to_array(value):
    if isinstance(value, np.ndarray):
        return value
    if hasattr(value, "__arrow_c_array__") or hasattr(value, "__arrow_c_stream__"):
        array = _from_arrow(value)
        if array is not None:
            return array
    if hasattr(value, "to_numpy"):
        return value.to_numpy()
    return np.asarray(value)


def read_pred_probs(pred_probs):
    """A 2-dimensional float array, where it lies: a path is memory-mapped."""
    if isinstance(pred_probs, (str, os.PathLike)):
        pred_probs = np.load(pred_probs, mmap_mode="r", allow_pickle=False)
    pred_probs = to_array(pred_probs)
    if pred_probs.ndim != 2:
        raise ValueError(f"pred_probs must have 2 dimensions (rows x classes), not "
                         f"{pred_probs.ndim}")
    if pred_probs.dtype.kind not in "fiu":
        raise TypeError(f"pred_probs must hold numbers, not {pred_probs.dtype}")
    if pred_probs.dtype.kind == "f" and pred_probs.dtype.itemsize > 8:
        pred_probs = pred_probs.astype(np.float64)
    return pred_probs


def _code_names(labels, classes):
    """Class numbers of labels given as names."""
    if classes is None:
        raise ValueError("labels are names, not class numbers: pass classes=[...] in the order of "
                         "pred_probs' columns")
    number = {name: k for k, name in enumerate(classes)}
    try:
        return np.fromiter((number[label] for label in labels), np.int64, len(labels))
    except KeyError as missing:
        raise ValueError(f"labels holds {missing.args[0]!r}, none of the classes") from None


def read_labels(labels, n_classes, classes=None):
    """A 1-dimensional integer array with values in [0, n_classes)."""
    if isinstance(labels, (str, os.PathLike)):
        labels = np.load(labels, mmap_mode="r", allow_pickle=False)
    labels = to_array(labels)
    if labels.ndim != 1:
        raise ValueError(f"labels must have one dimension, not {labels.ndim}")
    if labels.size == 0:
        raise ValueError("labels is empty")
    if labels.dtype.kind in "OUSTV":
        labels = _code_names(labels.tolist(), classes)
    elif labels.dtype.kind == "f":
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
