"""The native API for several annotators: consensus, annotator quality, agreement with intervals.

Labels come wide or long. Wide: an n_items x n_annotators array or frame, NaN (or a negative number,
or None) where an annotator did not label. Long: a frame, or a dict of equal-length sequences, with
the columns item, annotator and label (`task` is taken for item, as in cleanlab). Names of any type
are numbered: items and annotators in order of first appearance, classes in sorted order unless
`classes` gives the order (pred_probs' columns).
"""
import warnings

import numpy as np

from labelqa import _arguments, _docs, _inputs, _votes
from labelqa._warning import LabelqaWarning


class Annotations:
    """Votes with their names: items, annotators and classes."""

    def __init__(self, labels, classes=None, n_classes=0, threads=0):
        threads = _arguments.whole(threads, "threads", 0, 1024)
        self.classes = None if classes is None else list(classes)
        columns = _long_columns(labels)
        if columns is not None:
            self._read_long(*columns, n_classes, threads)
        else:
            self._read_wide(labels, n_classes, threads)
        if self.classes is None:
            self.classes = list(range(self.votes.n_classes))

    def _numbers(self, values):
        """Labels as class numbers, -1 for missing."""
        values = np.asarray(values)
        if values.dtype.kind in "iu" and self.classes is None:
            return values
        missing = _is_missing(values)
        if values.dtype.kind == "f" and self.classes is None:
            return np.where(missing, -1, values)
        if self.classes is None:
            found = {v for v, gone in zip(values.ravel(), missing.ravel()) if not gone}
            try:
                self.classes = sorted(found)
            except TypeError:
                raise TypeError("labels mixes types that have no order: pass classes=[...]") \
                    from None
        number = {name: k for k, name in enumerate(self.classes)}
        flat = [-1 if gone else number.get(v, -2)
                for v, gone in zip(values.ravel().tolist(), missing.ravel())]
        if -2 in flat:
            unknown = values.ravel()[flat.index(-2)]
            raise ValueError(f"labels holds {unknown!r}, which is none of the classes")
        return np.array(flat, np.int32).reshape(values.shape)

    def _read_wide(self, labels, n_classes, threads):
        array = labels.to_numpy() if hasattr(labels, "to_numpy") else _inputs.to_array(labels,
                                                                                       "labels")
        if array.ndim != 2:
            raise ValueError(f"labels must be items x annotators, not of {array.ndim} dimensions")
        if array.dtype.kind not in "biufOUS":
            raise TypeError(f"labels must hold class numbers or names, not {array.dtype}")
        is_frame = hasattr(labels, "columns")
        self.items = list(getattr(labels, "index", ())) if is_frame else []
        self.items = self.items or list(range(len(array)))
        self.annotators = list(labels.columns if is_frame else range(array.shape[1]))
        numbers = self._numbers(array)
        n_classes = n_classes or len(self.classes or ())
        self.votes = _votes.Votes(numbers, n_classes=n_classes, threads=threads)

    def _read_long(self, item, annotator, label, n_classes, threads):
        self.items, item = _number_names(item)
        self.annotators, annotator = _number_names(annotator)
        label = self._numbers(label)
        if (np.asarray(label) < 0).any():
            given = np.asarray(label) >= 0
            item, annotator, label = item[given], annotator[given], label[given]
        n_classes = n_classes or len(self.classes or ())
        self.votes = _votes.Votes(item=item, annotator=annotator, label=label,
                                  n_classes=n_classes, threads=threads)


def _is_missing(values):
    """True where an annotator gave no label: None or NaN."""
    if values.dtype.kind == "f":
        return np.isnan(values)
    if values.dtype.kind != "O":
        return np.zeros(values.shape, bool)
    flat = [v is None or v != v for v in values.ravel()]
    return np.array(flat, bool).reshape(values.shape)


def _long_columns(labels):
    """(item, annotator, label) of long labels, None for wide ones."""
    names = list(labels) if isinstance(labels, dict) else list(getattr(labels, "columns", ()))
    item = "item" if "item" in names else "task"
    if not {item, "annotator", "label"} <= set(map(str, names)):
        if isinstance(labels, dict):
            raise ValueError(f"labels must have the keys item, annotator and label, not {names}")
        return None
    columns = tuple(labels[name].to_numpy() if hasattr(labels[name], "to_numpy")
                    else _inputs.to_array(labels[name], name)
                    for name in (item, "annotator", "label"))
    shapes = [column.shape for column in columns]
    if len(set(shapes)) != 1 or len(shapes[0]) != 1:
        raise ValueError(f"labels: item, annotator and label must be columns of one length, but "
                         f"their shapes are {shapes}")
    return columns


def _models(pred_probs):
    """A list of probability matrices, one per model."""
    several = (isinstance(pred_probs, (list, tuple)) and len(pred_probs) > 0
               and all(np.ndim(p) == 2 for p in pred_probs))
    return [_probabilities(p) for p in (pred_probs if several else [pred_probs])]


def _probabilities(pred_probs):
    """A matrix of probabilities without NaN."""
    pred_probs = _inputs.read_pred_probs(pred_probs)
    if pred_probs.dtype.kind == "f" and np.isnan(pred_probs).any():
        row, column = np.argwhere(np.isnan(pred_probs))[0]
        raise ValueError(f"pred_probs[{row}, {column}] is nan")
    return pred_probs


def _interval_options(confidence, n_resamples, seed):
    return {"confidence": _arguments.number(confidence, "confidence"),
            "n_resamples": _arguments.whole(n_resamples, "n_resamples", 0, 2**31 - 1),
            "seed": _arguments.whole(seed, "seed", 0, 2**64 - 1)}


def _number_names(values):
    """(names in order of first appearance, their numbers)."""
    number, codes = {}, np.empty(len(values), np.int32)
    for i, value in enumerate(values.tolist()):
        codes[i] = number.setdefault(value, len(number))
    return list(number), codes


def _class_numbers(values, name, n):
    """n class numbers as int32; negative ones stay: they mean none."""
    checked = _arguments.numbers(values, name, (n,))
    wrong = np.flatnonzero((checked % 1 != 0) | (np.abs(checked) >= 2**31))
    if len(wrong):
        raise ValueError(f"{name}[{wrong[0]}] is {checked[wrong[0]]}: class numbers are needed")
    return checked.astype(np.int32)


def majority_vote(labels, *, pred_probs=None, classes=None, threads=0):
    """The label most annotators gave to each item.

    Ties go to the most probable class by pred_probs (n_items x n_classes, optional), then to the
    class rarest among all votes, then to the class whose voters agree most with the other items'
    majorities, then to the first class with a LabelqaWarning. Returns class names (numbers where
    labels are numbers), None for an item without votes. Source: cleanlab 2.9's tie rules.
    """
    if pred_probs is not None:
        pred_probs = _probabilities(pred_probs)
    n_classes = 0 if pred_probs is None else pred_probs.shape[1]
    data = Annotations(labels, classes, n_classes, threads)
    label, is_open = data.votes.majority(pred_probs)
    if is_open.any():
        warnings.warn(f"{np.count_nonzero(is_open)} of {len(label)} items are tied to the end: the "
                      f"first of the tied classes was taken", LabelqaWarning, stacklevel=2)
    if classes is None and (label >= 0).all() and data.classes == list(range(len(data.classes))):
        return label.astype(np.int64)
    return np.array([None if k < 0 else data.classes[k] for k in label], dtype=object)


def crowdlab(labels, pred_probs, *, classes=None, calibrate=False, threads=0):
    """Consensus labels from votes and a model, with quality and weights (CROWDLAB).

    pred_probs: n_items x n_classes, or a list of such arrays from several models. calibrate: bring
    each model's confidence to the votes' by a temperature first. Returns a dict: consensus (class
    numbers), quality (posterior of the consensus), agreement (share of the item's votes), posterior
    (n_items x n_classes), annotators (a list of {annotator, weight, agreement, accuracy, n_items}),
    model_weight. Source: Goh, Tkachenko and Mueller, "CROWDLAB" (2022); cleanlab 2.9.
    """
    models = _models(pred_probs)
    data = Annotations(labels, classes, models[0].shape[1], threads)
    if calibrate:
        models = [_votes.temperature_scale(p, data.votes.temperature(p)) for p in models]
    found = data.votes.crowdlab(models)
    confusion = data.votes.confusion(found["consensus"])
    n_labelled = confusion.sum(axis=(1, 2))
    right = np.trace(confusion, axis1=1, axis2=2)
    annotators = [{"annotator": name, "weight": float(found["annotator_weight"][a]),
                   "agreement": float(found["annotator_agreement"][a]),
                   "accuracy": float(right[a] / max(n_labelled[a], 1)),
                   "n_items": int(n_labelled[a])} for a, name in enumerate(data.annotators)]
    rows = np.arange(len(found["consensus"]))
    return {"consensus": found["consensus"].astype(np.int64),
            "quality": found["posterior"][rows, found["consensus"]],
            "agreement": found["agreement"], "posterior": found["posterior"],
            "annotators": annotators, "model_weight": found["model_weight"]}


def active_learning_scores(labels, pred_probs, *, classes=None, threads=0):
    """Which items to have labelled next: n_items scores, low = worth another vote (ActiveLab).

    pred_probs as in crowdlab. Source: Goh and Mueller, "ActiveLab" (2023); cleanlab 2.9.
    """
    models = _models(pred_probs)
    data = Annotations(labels, classes, models[0].shape[1], threads)
    models = [_votes.temperature_scale(p, data.votes.temperature(p)) for p in models]
    found = data.votes.crowdlab(models)
    quality = found["posterior"][np.arange(len(found["consensus"])), found["consensus"]]
    return data.votes.active_scores(found["model_weight"], found["annotator_weight"], quality)


def dawid_skene(labels, *, classes=None, one_coin=False, gold=None, smoothing=0.01,
                max_iterations=200, tolerance=1e-6, threads=0):
    """True labels and every annotator's confusion matrix, estimated together.

    one_coin: one accuracy per annotator, for few votes each. gold: known classes, one per item
    (negative = unknown), which teach the confusions. smoothing: votes added to every cell. Returns
    a dict: label (class numbers), posterior (n_items x n_classes), prior, confusion (n_annotators x
    n_classes x n_classes [true][said]), accuracy, items, annotators, classes (names), iterations,
    converged, log_likelihood. Source: Dawid and Skene, Applied Statistics 28 (1979).
    """
    data = Annotations(labels, classes, 0, threads)
    if gold is not None:
        gold = _class_numbers(gold, "gold", data.votes.n_items)
    found = data.votes.dawid_skene(
        one_coin, _arguments.number(smoothing, "smoothing", 0),
        _arguments.whole(max_iterations, "max_iterations", 1, 2**31 - 1),
        _arguments.number(tolerance, "tolerance", 0), gold)
    if not found["converged"]:
        warnings.warn(f"no convergence in {max_iterations} iterations", LabelqaWarning,
                      stacklevel=2)
    return {"label": found["posterior"].argmax(axis=1), **found, "items": data.items,
            "annotators": data.annotators, "classes": data.classes}


def krippendorff_alpha(labels, *, classes=None, distance="nominal", confidence=0.95,
                       n_resamples=1000, seed=0):
    """Krippendorff's alpha: agreement beyond chance, any votes missing.

    distance: nominal, linear, quadratic (interval scale) or ordinal, in the order of classes.
    n_resamples: bootstrap over items for the interval; 0 = infinitesimal jackknife. Returns a dict:
    value, low, high, observed and expected disagreement, items and votes that counted. Perfect
    agreement is 1, its lower end from an exact bound. Source: Krippendorff, "Content Analysis"
    (2004).
    """
    options = _interval_options(confidence, n_resamples, seed)
    return Annotations(labels, classes).votes.agreement(0, distance=distance, **options)


def fleiss_kappa(labels, *, classes=None, confidence=0.95, n_resamples=1000, seed=0):
    """Fleiss' kappa, for numbers of votes that may differ between items.

    Returns a dict as krippendorff_alpha, with observed and expected agreement. Source: Fleiss
    (1971).
    """
    options = _interval_options(confidence, n_resamples, seed)
    return Annotations(labels, classes).votes.agreement(1, **options)


def cohen_kappa(labels, first, second, *, classes=None, weights="nominal", confidence=0.95):
    """Cohen's kappa of two annotators (by name, or column number) on the items both labelled.

    weights: nominal, linear or quadratic. Returns a dict as fleiss_kappa, with the large-sample
    interval. Source: Cohen (1960); Fleiss, Cohen and Everitt (1969).
    """
    data = Annotations(labels, classes)
    try:
        pair = (data.annotators.index(first), data.annotators.index(second))
    except ValueError:
        raise ValueError(f"{first!r} and {second!r}: both must be annotators") from None
    return data.votes.agreement(2, pair=pair, distance=weights, confidence=confidence)


def annotator_confusion(labels, reference, *, classes=None):
    """Votes of every annotator against a reference: n_annotators x n_classes x n_classes int64
    [reference][said]. reference: one class number per item (a consensus or gold), negative =
    skip."""
    data = Annotations(labels, classes)
    reference = _class_numbers(reference, "reference", data.votes.n_items)
    return data.votes.confusion(reference)


_docs.complete((
    majority_vote, crowdlab, active_learning_scores, dawid_skene, krippendorff_alpha,
    fleiss_kappa, cohen_kappa, annotator_confusion), _docs.ANNOTATORS, _docs.ANNOTATORS_RAISES)
