"""Labels and probabilities that are not what they should be, or unusual and fine, by name."""
import numpy as np

K = 3
LABELS = np.array([0, 1, 2, 0, 1, 2, 0, 1, 2, 1, 0, 2])
N = len(LABELS)


def probabilities(n_rows=N, n_classes=K, seed=5):
    p = np.random.default_rng(seed).dirichlet(np.ones(n_classes), n_rows)
    p[np.arange(min(n_rows, N)), LABELS[:n_rows] % n_classes] += 1
    return p / p.sum(axis=1, keepdims=True)


P = probabilities()


def changed(array, index, value):
    copy = array.copy()
    copy[index] = value
    return copy


def read_only(array):
    copy = array.copy()
    copy.flags.writeable = False
    return copy


def unaligned(array):
    raw = np.zeros(array.nbytes + 1, np.uint8)
    view = raw[1:].view(array.dtype).reshape(array.shape)
    view[...] = array
    return view


def every_other(array):
    wide = np.zeros((2 * len(array), *array.shape[1:]), array.dtype)
    wide[::2] = array
    return wide[::2]


def mapped(array, folder, name):
    np.save(folder / f"{name}.npy", array)
    return np.load(folder / f"{name}.npy", mmap_mode="r")


def fine_labels(folder):
    """Labels that are LABELS in other clothes."""
    kinds = {np.dtype(t).name: LABELS.astype(t) for t in
             ("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8")}
    return {**kinds, "big-endian": LABELS.astype(">i4"), "read-only": read_only(LABELS),
            "strided": every_other(LABELS), "reversed": LABELS[::-1].copy()[::-1],
            "unaligned": unaligned(LABELS), "mapped": mapped(LABELS, folder, "labels"),
            "list": LABELS.tolist()}


def fine_probabilities(folder):
    """Probabilities that are P in other clothes: the same bits."""
    columns = np.zeros((N, 2 * K))
    columns[:, ::2] = P
    return {"big-endian": P.astype(">f8"), "read-only": read_only(P), "strided": every_other(P),
            "columns": columns[:, ::2], "fortran": np.asfortranarray(P),
            "reversed": P[::-1].copy()[::-1], "turned": P[:, ::-1].copy()[:, ::-1],
            "unaligned": unaligned(P), "mapped": mapped(P, folder, "p"),
            "broadcast": np.broadcast_to(P, P.shape)}


def bad_labels():
    """Labels that are wrong for every function."""
    return {
        "0-d": np.array(1), "2-d": LABELS.reshape(-1, 1), "3-d": LABELS.reshape(2, 3, 2),
        "empty": np.array([], int), "short": LABELS[:-1], "long": np.append(LABELS, 0),
        "nan": changed(LABELS.astype(float), 3, np.nan),
        "inf": changed(LABELS.astype(float), 3, np.inf),
        "fraction": changed(LABELS.astype(float), 3, 0.5),
        "negative": changed(LABELS, 3, -1), "very negative": changed(LABELS, 3, -2**63),
        "too large": changed(LABELS, 3, K), "huge": changed(LABELS, 3, 2**62),
        "huge unsigned": changed(LABELS.astype(np.uint64), 3, 2**64 - 1),
        "names": np.array(list("abcabcabcabc")), "bytes": np.array([b"a"] * N),
        "none": None, "nones": np.array([None] * N), "mixed": np.array([0, "a"] * 6, object),
        "complex": LABELS.astype(complex), "dates": np.array(["2026-01-01"] * N, "M8[D]"),
        "spans": LABELS.astype("m8[s]"), "record": np.zeros(N, [("a", "i4"), ("b", "f8")]),
        "void": np.zeros(N, "V4"), "number": 3, "text": "labels", "object": object(),
        "dict": {"a": 1}, "nested": [[0, 1], [2]], "set": set(LABELS.tolist()),
        "function": len, "objects": np.array([object() for _ in range(N)]),
    }


def bad_probabilities():
    """Probabilities that are wrong for every function."""
    return {
        "0-d": np.array(0.5), "1-d": P[:, 0].copy(), "3-d": P.reshape(2, 6, K),
        "empty": np.zeros((0, K)), "no columns": np.zeros((N, 0)), "nothing": np.zeros((0, 0)),
        "short": P[:-1], "long": np.vstack([P, P[:1]]), "few columns": P[:, :2].copy(),
        "objects": P.astype(object), "names": np.array([["a"] * K] * N),
        "nones": np.array([[None] * K] * N), "complex": P.astype(complex),
        "dates": np.zeros((N, K), "M8[D]"), "record": np.zeros((N, K), [("a", "f4")]),
        "void": np.zeros((N, K), "V8"), "none": None, "number": 0.5, "text": "p.npy",
        "object": object(), "dict": {}, "ragged": [[0.5, 0.5], [1.0]], "function": len,
    }


def bad_values():
    """Probabilities that only the native API refuses."""
    return {"nan": changed(P, (4, 1), np.nan), "all nan": np.full((N, K), np.nan),
            "nan row": changed(P, 4, np.nan)}


def out_of_range():
    """Probabilities beyond every tolerance."""
    return {"inf": changed(P, (4, 1), np.inf), "negative inf": changed(P, (4, 1), -np.inf),
            "negative": changed(P, (4, 1), -0.5), "above one": changed(P, (4, 1), 1.5),
            "logits": np.log(P), "percent": P * 100, "huge": changed(P, (4, 1), 1e308)}
