"""What cleanlab accepts and refuses, in its order and with its exception types."""
import operator
import sys

import numpy as np

from labelqa._core import Problem


def _is_pandas(value, name):
    """True if value is a pandas object of that class, without importing pandas."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(value, getattr(pandas, name))


def refuse_mask(array, name):
    """cleanlab fails on a masked value where it looks at labels, and reads what is under the mask
    elsewhere."""
    if np.ma.is_masked(array):
        place = ", ".join(str(i) for i in np.argwhere(np.ma.getmaskarray(array))[0])
        raise TypeError(f"{name}[{place}] is masked: fill masked values or leave their rows out")


def labels_to_array(labels):
    """Labels as a numpy array of whatever type they have."""
    if isinstance(labels, np.ma.MaskedArray):
        refuse_mask(labels, "labels")
    if _is_pandas(labels, "Series"):
        return labels.to_numpy()
    if _is_pandas(labels, "DataFrame"):
        if labels.shape[1] != 1:
            raise ValueError(f"labels has {labels.shape[1]} columns: one is needed")
        return labels.to_numpy().ravel()
    try:
        return np.asarray(labels)
    except Exception:
        raise ValueError("labels cannot be made a one-dimensional array") from None


def _check_type(labels):
    accepted = isinstance(labels, (list, np.ndarray, np.generic))
    if not accepted and not _is_pandas(labels, "Series") and not _is_pandas(labels, "DataFrame"):
        raise TypeError(f"labels must be a numpy array, a pandas Series or a list, not "
                        f"{type(labels).__name__}")


def _check_values(labels):
    if labels.ndim != 1:
        raise ValueError(f"labels must have one dimension, not {labels.ndim}")
    if labels.dtype.kind in "US" or (labels.dtype.kind == "O"
                                     and any(isinstance(label, str) for label in labels)):
        raise ValueError("labels must be class numbers 0 to K-1, not strings")
    if labels.dtype.kind not in "iub" and not np.equal(np.mod(labels, 1), 0).all():
        raise ValueError("labels must be whole numbers 0 to K-1")
    if labels.size == 0:
        raise ValueError("labels is empty")
    if labels.dtype.kind != "u" and labels.min() < 0:
        raise ValueError(f"labels must not be negative, but the smallest is {labels.min()}")


def check_labels(labels, allow_one_class=False):
    """assert_valid_class_labels: the array of labels, checked."""
    labels = labels_to_array(labels)
    _check_values(labels)
    if not allow_one_class and labels.min() == labels.max():
        raise ValueError("labels must hold at least 2 classes")
    return labels


def check_pred_probs(pred_probs, n_rows, highest_label):
    if pred_probs is None:
        raise ValueError("pred_probs is None: N x K probabilities are needed")
    if not isinstance(pred_probs, (np.ndarray, np.generic)):
        raise TypeError(f"pred_probs must be a numpy array, not {type(pred_probs).__name__}")
    if len(pred_probs) != n_rows:
        raise ValueError(f"pred_probs has {len(pred_probs)} rows but labels has {n_rows}")
    if pred_probs.ndim != 2:
        raise ValueError(f"pred_probs must have 2 dimensions (rows x classes), not "
                         f"{pred_probs.ndim}")
    if pred_probs.shape[1] <= highest_label:
        raise ValueError(f"pred_probs has {pred_probs.shape[1]} columns but the largest label is "
                         f"{highest_label}")


def indexable(labels):
    """Labels that can stand for columns: cleanlab fails on others when it indexes with them."""
    if labels.ndim == 0:
        raise ValueError(f"labels must be N class numbers, not {labels.item()!r}")
    if labels.dtype.kind in "iu":
        return labels
    if labels.dtype.kind == "f" and np.isnan(labels).any():
        raise ValueError(f"labels[{np.argmax(np.isnan(labels))}] is nan: class numbers are needed")
    kind = IndexError if labels.dtype.kind in "fb" else ValueError
    raise kind(f"labels must be of an integer type to stand for columns, not {labels.dtype}")


def _are_whole(labels):
    try:
        return bool(np.equal(np.mod(labels, 1), 0).all())
    except TypeError:
        return False


def class_numbers(labels):
    """Labels as integers where they are whole numbers of another type; for functions that make no
    other check."""
    labels = labels_to_array(labels)
    if labels.dtype.kind in "bfO" and labels.ndim == 1 and _are_whole(labels):
        labels = labels.astype(np.int64)
    if labels.dtype.kind == "i" and labels.size and labels.min() < 0:
        raise ValueError(f"labels must not be negative, but the smallest is {labels.min()}")
    return labels


def readable(pred_probs, name="pred_probs"):
    """Types that the library reads; a long double is rounded to double."""
    refuse_mask(pred_probs, name)
    pred_probs = np.asarray(pred_probs)
    if pred_probs.dtype.kind == "O":
        return numbers(pred_probs, name)
    if pred_probs.dtype.kind == "f" and pred_probs.dtype.itemsize > 8:
        return pred_probs.astype(np.float64)
    return pred_probs


def threads_of(n_jobs):
    if n_jobs is None:
        return 0
    assert n_jobs >= 1, f"n_jobs must be at least 1, not {n_jobs}"
    return min(whole(n_jobs, "n_jobs"), 1024)


def numbers(values, name):
    """A float64 array; complex numbers and texts are none."""
    array = np.asarray(values)
    if array.dtype.kind in "cUSMm":
        raise TypeError(f"{name} must hold numbers, not {array.dtype}")
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must hold numbers, but holds {values!r}") from None


def number(value, name):
    """A float."""
    try:
        return float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be a number, not {value!r}") from None


def whole(value, name):
    """An int, from a float too where it is whole."""
    if isinstance(value, (float, np.floating)) and value == value // 1:
        return int(value)
    try:
        return operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be a whole number, not {value!r}") from None


def counts(values, name, n):
    """n whole numbers, negative ones too, as int64; one number stands for all."""
    array = numbers(values, name)
    if array.size == 1 or array.shape == (1, n):
        array = np.broadcast_to(array.ravel(), n)
    if array.shape != (n,):
        raise ValueError(f"{name} must hold {n} numbers, one per class, but its shape is "
                         f"{array.shape}")
    wrong = np.flatnonzero(~(np.abs(array) < 2**53) | (array % 1 != 0))
    if len(wrong):
        raise ValueError(f"{name}[{wrong[0]}] is {array[wrong[0]]}: a whole number is needed")
    return array.astype(np.int64)


def square(value, name, n):
    """An n x n matrix in the memory order it came in."""
    matrix = np.asarray(value)
    if matrix.shape != (n, n):
        raise ValueError(f"{name} must be {n} x {n}, one row and column per class, but its shape "
                         f"is {matrix.shape}")
    return numbers(matrix, name)


def open_problem(labels, pred_probs, *, threads=0):
    """A problem without any check beyond types: cleanlab's compute functions make none."""
    return Problem(indexable(labels), readable(pred_probs), ties="compat", threads=threads,
                   tolerance=-1.0)


def open_checked(labels, pred_probs, *, allow_one_class=False, threads=0, any_type=False):
    """assert_valid_inputs, but for the range of pred_probs, which the next step checks on its way.

    any_type: whole numbers of any type do, for functions that do not index with labels."""
    _check_type(labels)
    labels = check_labels(labels, allow_one_class)
    check_pred_probs(pred_probs, len(labels), labels.max())
    if any_type:
        labels = class_numbers(labels)
    return open_problem(labels, pred_probs, threads=threads)


def is_all_zero(labels):
    """cleanlab takes a single class where every label is 0."""
    if not isinstance(labels, np.ndarray) and not all(isinstance(label, int) for label in labels):
        return False
    labels = np.asarray(labels)
    return labels.ndim == 1 and labels.size > 0 and labels.dtype.kind in "iub" and not labels.any()
