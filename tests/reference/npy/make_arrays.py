"""Writes arrays.txt: small .npy files as numpy itself writes them, with the values they hold.

    python tests/reference/npy/make_arrays.py > tests/reference/npy/arrays.txt      (numpy 1.24.4)

One array a line: name, number of dimensions, rows, columns, the file in hexadecimal, then the values
in row order as C hexadecimal floats ("inf", "-inf", "nan" apart). rows is -1 for files that must be
refused.
"""
import io

import numpy as np
from numpy.lib import format as npy

KINDS = ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"]


def values_of(kind, count):
    if kind[0] == "f":
        info = np.finfo(kind)
        special = [0.0, -0.0, 1.5, -2.25, np.inf, -np.inf, np.nan, info.max, info.tiny,
                   float(info.smallest_subnormal), 0.1, -float(info.smallest_subnormal)]
    else:
        info = np.iinfo(kind)
        special = [0, 1, info.max, info.min, info.max - 1, 2, 3, 5, 7, 11, 13, 17]
    return np.resize(np.array(special, dtype=kind), count)


def as_text(value):
    value = float(value)
    if np.isnan(value):
        return "nan"
    if np.isinf(value):
        return "inf" if value > 0 else "-inf"
    return value.hex()


def line(name, array, version=None, refused=False):
    out = io.BytesIO()
    npy.write_array(out, array, version=version, allow_pickle=True)
    rows = -1 if refused else array.shape[0]
    columns = array.shape[1] if array.ndim > 1 else 1
    values = [] if refused else [as_text(v) for v in array.flatten(order="C")]
    print(name, array.ndim, rows, columns, out.getvalue().hex(), *values)


def main():
    for kind in KINDS:
        for order in "<>":
            flat = values_of(kind, 12).astype(order + kind)
            line(f"{kind}{order}vector", flat)
            line(f"{kind}{order}C", flat.reshape(4, 3))
            line(f"{kind}{order}F", np.asfortranarray(flat.reshape(4, 3)))
    square = np.arange(6, dtype="<f4").reshape(2, 3)
    for version in [(1, 0), (2, 0), (3, 0)]:
        line(f"version{version[0]}", square, version)
    line("norows", np.zeros((0, 3), "<f4"))
    line("nocolumns", np.zeros((3, 0), "<f8"))
    line("empty", np.zeros(0, "<i4"))
    line("object", np.array([1, "a"], dtype=object), refused=True)
    line("text", np.array(["a", "bc"]), refused=True)
    line("bytes", np.array([b"a", b"bc"]), refused=True)
    line("complex", np.zeros(3, "<c8"), refused=True)
    line("longdouble", np.zeros(3, np.longdouble), refused=True)
    line("bool", np.zeros(3, bool), refused=True)
    line("record", np.zeros(3, [("a", "<f4"), ("b", "<i4")]), refused=True)
    line("date", np.zeros(3, "<M8[s]"), refused=True)
    line("cube", np.zeros((2, 2, 2), "<f4"), refused=True)
    line("scalar", np.array(1.0)[()].reshape(()), refused=True)


main()
