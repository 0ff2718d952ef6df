"""Checks of the native API's arguments: an exception names the argument and its value."""
import math
import operator

import numpy as np

from labelqa import _inputs


def number(value, name, low=-math.inf, high=math.inf):
    """A finite float between low and high."""
    try:
        checked = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be a number, not {value!r}") from None
    if not (low <= checked <= high and math.isfinite(checked)):
        limits = f" from {low:g}" * (low > -math.inf) + f" to {high:g}" * (high < math.inf)
        raise ValueError(f"{name} must be a finite number{limits}, not {value!r}")
    return checked


def whole(value, name, low, high=2**63 - 1):
    """An int between low and high."""
    try:
        checked = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be a whole number, not {value!r}") from None
    if not low <= checked <= high:
        limit = f"at least {low}" if high == 2**63 - 1 else f"from {low} to {high}"
        raise ValueError(f"{name} must be {limit}, not {value!r}")
    return checked


def numbers(value, name, shape):
    """A float64 array of that shape, without NaN or infinities."""
    try:
        array = _inputs.unmasked(value, name)
        if array.dtype.kind == "c":
            raise TypeError
        checked = array.astype(np.float64)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must hold numbers") from None
    if checked.shape != shape:
        wanted = " x ".join(map(str, shape))
        raise ValueError(f"{name} must hold {wanted} numbers, but its shape is {checked.shape}")
    if not np.isfinite(checked).all():
        place = tuple(int(i) for i in np.argwhere(~np.isfinite(checked))[0])
        raise ValueError(f"{name}[{', '.join(map(str, place))}] is {checked[place]}")
    return checked


def counts(value, name, n):
    """n whole numbers from 0 as int64; one number stands for all."""
    if np.size(value) == 1:
        value = np.repeat(value, n)
    checked = numbers(value, name, (n,))
    wrong = np.flatnonzero((checked < 0) | (checked % 1 != 0) | (checked > 2**53))
    if len(wrong):
        raise ValueError(f"{name}[{wrong[0]}] is {value[wrong[0]]!r}: whole numbers from 0 are "
                         f"needed")
    return checked.astype(np.int64)


def joint(value, name, n=None):
    """A square matrix (n x n) of numbers from 0, in the memory order it came in."""
    matrix = _inputs.unmasked(value, name)
    if n is None:
        if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or matrix.size == 0:
            raise ValueError(f"{name} must be a square matrix, but its shape is {matrix.shape}")
        n = len(matrix)
    checked = numbers(matrix, name, (n, n))
    if (checked < 0).any() or checked.max() > 2**53:
        raise ValueError(f"{name} must hold counts from 0, but its values go from {checked.min()} "
                         f"to {checked.max()}")
    return checked
