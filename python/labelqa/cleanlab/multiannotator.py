"""cleanlab.multiannotator over labelqa's core: consensus labels and annotator quality. Needs
pandas.

labels_multiannotator is an items x annotators array or pandas frame of class numbers, NaN where an
annotator did not label.
"""
import warnings

import numpy as np

from labelqa import _votes
from labelqa.cleanlab import _inputs
from labelqa.cleanlab.rank import get_label_quality_scores

__all__ = ["get_label_quality_multiannotator", "get_label_quality_multiannotator_ensemble",
           "get_active_learning_scores", "get_active_learning_scores_ensemble",
           "get_majority_vote_label", "convert_long_to_wide_dataset"]


# ---- input ----

def _read(labels_multiannotator):
    """(float array, annotator names or None, item index or None)."""
    import pandas
    if isinstance(labels_multiannotator, pandas.DataFrame):
        array = labels_multiannotator.replace({pandas.NA: np.nan}).astype(float).to_numpy()
        return array, labels_multiannotator.columns, labels_multiannotator.index
    if isinstance(labels_multiannotator, np.ndarray):
        return labels_multiannotator, None, None
    raise ValueError("labels_multiannotator must be a numpy array or a pandas DataFrame")


def _check_probs(pred_probs, name, n_dims):
    if not isinstance(pred_probs, np.ndarray):
        raise TypeError(f"{name} must be a numpy array, not {type(pred_probs).__name__}")
    if pred_probs.ndim != n_dims:
        other = "the ensemble function" if n_dims == 2 else "the function for one model"
        raise ValueError(f"{name} must have {n_dims} dimensions, not {pred_probs.ndim} "
                         f"(use {other} otherwise)")


def _check_gaps(labels, names):
    missing = np.isnan(labels)
    for axis, what in ((1, "items"), (0, "annotators")):
        empty = np.flatnonzero(missing.all(axis=axis))
        if len(empty):
            if axis == 0 and names is not None:
                empty = list(names[empty])
            raise ValueError(f"labels_multiannotator: {what} {list(empty)} have no label at all")


def _check_several(labels):
    if labels.shape[1] <= 1:
        raise ValueError("labels_multiannotator has one annotator only: use "
                         "rank.get_label_quality_scores")
    if ((~np.isnan(labels)).sum(axis=1) == 1).all():
        raise ValueError("every item has one label only: collapse them into a vector and use "
                         "rank.get_label_quality_scores")
    ordered = np.sort(labels, axis=1)
    if not (ordered[:, 1:] == ordered[:, :-1]).any():
        warnings.warn("no two annotators agree on any item: check the input")


def _check(labels, pred_probs=None, *, names=None, n_dims=2, allow_single=False):
    if labels.ndim != 2:
        raise ValueError("labels_multiannotator must have 2 dimensions: items x annotators")
    if labels.dtype.kind in "USO" and any(isinstance(v, str) for v in labels.ravel()):
        raise ValueError("labels must be class numbers 0 to K-1, not strings")
    _check_gaps(labels, names)
    if not allow_single:
        _check_several(labels)
    _inputs.check_labels(labels[~np.isnan(labels)], allow_one_class=True)
    if pred_probs is None:
        return
    _check_probs(pred_probs, "pred_probs", n_dims)
    if pred_probs.shape[n_dims - 2] != len(labels):
        raise ValueError(f"pred_probs has {pred_probs.shape[n_dims - 2]} rows for "
                         f"{len(labels)} items")
    highest = np.nanmax(labels)
    if pred_probs.shape[-1] <= highest:
        raise ValueError(f"pred_probs has {pred_probs.shape[-1]} columns but the largest label is "
                         f"{int(highest)}")


# ---- majority vote ----

def _draw_open(votes, pred_probs, label):
    """Draws among the classes of items that are tied to the end, from numpy's global generator."""
    candidates = votes.majority(pred_probs, want_candidates=True)[1]
    tied = np.flatnonzero(candidates.any(axis=1))
    warnings.warn(f"items {list(tied)} are tied to the end and drawn at random: set numpy's seed "
                  f"to get the same again")
    for item in tied:
        label[item] = np.random.choice(np.flatnonzero(candidates[item]))


def _fill_unlabelled(labels, n_classes, pred_probs, label):
    """Items without votes, which only verbose=False lets pass: every class is tied there."""
    frequency = np.bincount(labels[labels >= 0].astype(int), minlength=n_classes)
    for item in np.flatnonzero(label < 0):
        tied = np.arange(n_classes)
        if pred_probs is not None:
            tied = np.flatnonzero(pred_probs[item] == pred_probs[item].max())
        tied = tied[frequency[tied] == frequency[tied].min()] if len(tied) > 1 else tied
        label[item] = tied[0] if len(tied) == 1 else np.random.choice(tied)


def _majority(votes, pred_probs):
    label, is_open = votes.majority(pred_probs)
    label = label.astype(np.int64)
    if is_open.any():
        _draw_open(votes, pred_probs, label)
    return label


def _tell_lost_classes(labels, consensus, method):
    lost = np.setdiff1d(np.unique(labels[~np.isnan(labels)]), consensus)
    if len(lost):
        print(f"CAUTION: no consensus label (by {method!r}) is of the classes {lost.astype(int)}, "
              f"which annotators did use: a model trained on the consensus never sees them")


def get_majority_vote_label(labels_multiannotator, pred_probs=None, verbose=True):
    """The label most annotators gave to each item: n_items class numbers.

    Ties: pred_probs (n_items x n_classes) if given, then the rarest class, then the class whose
    voters agree most with the other items, then a draw from numpy's global generator with a
    warning. Same as cleanlab.multiannotator.get_majority_vote_label.
    """
    labels, names, _ = _read(labels_multiannotator)
    if verbose:
        _check(labels, pred_probs, names=names)
    pred_probs = None if pred_probs is None else _inputs.readable(pred_probs)
    n_classes = pred_probs.shape[1] if pred_probs is not None else int(np.nanmax(labels) + 1)
    votes = _votes.Votes(labels, n_classes=n_classes)
    label = _majority(votes, pred_probs)
    _fill_unlabelled(labels, n_classes, pred_probs, label)
    if verbose:
        _tell_lost_classes(labels, label, "majority_vote")
    return label


def convert_long_to_wide_dataset(labels_multiannotator_long):
    """A frame with columns task, annotator and label as items x annotators. Same as in
    cleanlab.multiannotator."""
    wide = labels_multiannotator_long.pivot(index="task", columns="annotator", values="label")
    return wide.rename_axis(index=None, columns=None)


# ---- consensus ----

def _as_counted(labels):
    """Where cleanlab counts an item's votes: with float labels (always so in a frame) the item's
    distinct labels take the first columns, in order, whatever classes they are. It decides its
    temperature and its quality_method="agreement", so it is followed here; the native API counts
    votes under their own class."""
    if labels.dtype.kind != "f":
        return labels
    order = np.argsort(labels, axis=1)
    ascending = np.take_along_axis(labels, order, axis=1)
    is_new = np.zeros(labels.shape, int)
    is_new[:, 1:] = ascending[:, 1:] != ascending[:, :-1]
    out = np.empty(labels.shape)
    np.put_along_axis(out, order, np.cumsum(is_new, axis=1).astype(float), axis=1)
    return np.where(np.isnan(labels), np.nan, out)


def _temperature(labels, pred_probs):
    votes = _votes.Votes(_as_counted(labels), n_classes=pred_probs.shape[1])
    return votes.temperature(pred_probs)


def _calibrate(labels, pred_probs):
    return _votes.temperature_scale(pred_probs, _temperature(labels, pred_probs))


def _agreement_quality(labels, votes, consensus):
    """The posterior of quality_method="agreement": shares of votes."""
    counts = np.zeros((len(labels), votes.n_classes))
    items, columns = np.nonzero(~np.isnan(labels))
    np.add.at(counts, (items, _as_counted(labels)[items, columns].astype(int)), 1)
    n_votes = counts.sum(axis=1)
    agreement = (labels == consensus[:, None]).sum(axis=1) / n_votes
    return {"agreement": agreement, "posterior": counts / n_votes[:, None], "quality": agreement,
            "model_weight": None, "annotator_weight": None}


def _tell_lonely(labels, verbose):
    """cleanlab prints the annotators who share no item with others."""
    shared = (~np.isnan(labels)).sum(axis=1) > 1
    lonely = np.flatnonzero(np.isnan(labels[shared]).all(axis=0))
    if verbose and len(lonely):
        print(f"Annotators {list(lonely)} share no item with others: the others' average agreement "
              f"is taken for theirs")


def _assess(labels, votes, models, consensus, options):
    """What speaks for a consensus: agreement, posterior, quality and weights."""
    if options["quality_method"] == "agreement":
        return _agreement_quality(labels, votes, consensus)
    if options["quality_method"] != "crowdlab":
        raise ValueError(f"quality_method: {options['quality_method']!r} is none of "
                         f"('crowdlab', 'agreement')")
    _tell_lonely(labels, options["verbose"])
    found = votes.crowdlab(models, consensus)
    found["quality"] = get_label_quality_scores(consensus, found["posterior"],
                                                **options["label_quality_score_kwargs"])
    if not options["is_ensemble"]:
        found["model_weight"] = found["model_weight"][0]
    return found


def _best(posterior, majority):
    """The class of largest posterior where there is one, else the majority's."""
    largest = posterior.max(axis=1, keepdims=True)
    is_only = (posterior == largest).sum(axis=1) == 1
    return np.where(is_only, posterior.argmax(axis=1), majority)


def _frame(consensus, found, num_annotations, index):
    import pandas
    return pandas.DataFrame({"consensus_label": consensus,
                             "consensus_quality_score": found["quality"],
                             "annotator_agreement": found["agreement"],
                             "num_annotations": num_annotations}, index=index)


def _detailed(labels, posterior, kwargs):
    """Quality of every single vote, NaN where there is none."""
    out = np.full(labels.shape, np.nan)
    if not kwargs:
        items, columns = np.nonzero(~np.isnan(labels))
        out[items, columns] = posterior[items, labels[items, columns].astype(int)]
        return out
    for a in range(labels.shape[1]):
        given = ~np.isnan(labels[:, a])
        out[given, a] = get_label_quality_scores(labels[given, a].astype(int), posterior[given],
                                                 **kwargs)
    return out


def _share_right(labels, consensus):
    """Per annotator the share of votes that are the consensus, NaN without votes."""
    given = ~np.isnan(labels)
    n_given = given.sum(axis=0)
    n_right = (labels == consensus[:, None]).sum(axis=0)
    with np.errstate(invalid="ignore"):
        return n_right / n_given


def _annotator_quality(labels, consensus, found, detailed, num_annotations, quality_method):
    several = num_annotations != 1
    agreement = _share_right(labels[several], consensus[several])
    if quality_method == "agreement":
        return agreement
    mean_quality = np.nanmean(detailed, axis=0)
    weights = found["annotator_weight"]
    others = np.sum(weights) * (np.mean(num_annotations) / len(weights))
    model_weight = np.mean(found["model_weight"])
    w = model_weight / (model_weight + others)
    return w * mean_quality + (1 - w) * agreement


def _worst_class(labels, consensus, quality):
    """The class an annotator gets wrong most often; on ties the one they gave most, then the one of
    highest mean consensus quality, then the first."""
    worst = np.empty(labels.shape[1], int)
    for a in range(labels.shape[1]):
        given = ~np.isnan(labels[:, a])
        votes = labels[given, a].astype(int)
        classes, code, counts = np.unique(votes, return_inverse=True, return_counts=True)
        accuracy = np.bincount(code, votes == consensus[given]) / counts
        tied = np.flatnonzero(accuracy == accuracy.min())
        tied = tied[counts[tied] == counts[tied].max()]
        if len(tied) > 1:
            mean = np.array([quality[given][code == c].mean() for c in tied])
            tied = tied[mean == mean.max()] if not np.isnan(mean).any() else tied
        worst[a] = classes[tied[0]]
    return worst


def _annotator_stats(labels, consensus, found, detailed, names, num_annotations, quality_method):
    import pandas
    if detailed is None and quality_method == "crowdlab":
        detailed = _detailed(labels, found["posterior"], {})
    frame = pandas.DataFrame({
        "annotator_quality": _annotator_quality(labels, consensus, found, detailed,
                                                num_annotations, quality_method),
        "agreement_with_consensus": _share_right(labels, consensus),
        "worst_class": _worst_class(labels, consensus, found["quality"]),
        "num_examples_labeled": (~np.isnan(labels)).sum(axis=0),
    }, index=names)
    return frame.sort_values(by=["annotator_quality", "agreement_with_consensus"])


def _consensus_of(method, labels, votes, models, majority, first, options):
    """(labels, what speaks for them) of one consensus method."""
    if method == "majority_vote":
        return majority, first
    if method == "best_quality":
        label = _best(first["posterior"], majority)
        return label, _assess(labels, votes, models, label, options)
    raise ValueError(f"consensus_method: {method!r} is none of ('best_quality', 'majority_vote')")


def _results(labels, names, index, consensus, found, options):
    """The dict of frames for the main consensus method."""
    import pandas
    num_annotations = (~np.isnan(labels)).sum(axis=1)
    detailed = None
    out = {"label_quality": _frame(consensus, found, num_annotations, index)}
    if options["return_detailed_quality"]:
        detailed = _detailed(labels, found["posterior"], options["label_quality_score_kwargs"])
        frame = pandas.DataFrame(detailed, index=index, columns=names)
        out["detailed_label_quality"] = frame.add_prefix("quality_annotator_")
    if options["return_annotator_stats"]:
        out["annotator_stats"] = _annotator_stats(labels, consensus, found, detailed, names,
                                                  num_annotations, options["quality_method"])
    return out


def get_label_quality_multiannotator(labels_multiannotator, pred_probs, *,
                                     consensus_method="best_quality", quality_method="crowdlab",
                                     calibrate_probs=False, return_detailed_quality=True,
                                     return_annotator_stats=True, return_weights=False,
                                     verbose=True, label_quality_score_kwargs={}):
    """Consensus labels, their quality, and the annotators'.

    pred_probs: n_items x n_classes of a model trained on consensus labels. consensus_method:
    best_quality, majority_vote or a list of both (the first is the main one). quality_method:
    crowdlab or agreement. Returns a dict of pandas frames: label_quality, detailed_label_quality,
    annotator_stats, and model_weight and annotator_weight with return_weights. Same as
    cleanlab.multiannotator.get_label_quality_multiannotator.
    """
    labels, names, index = _read(labels_multiannotator)
    if return_weights and quality_method != "crowdlab":
        raise ValueError("return_weights needs quality_method='crowdlab'")
    if pred_probs is None:
        raise ValueError("pred_probs is None: get_majority_vote_label needs none")
    _check(labels, pred_probs, names=names)
    options = {"quality_method": quality_method, "verbose": verbose, "is_ensemble": False,
               "label_quality_score_kwargs": label_quality_score_kwargs,
               "return_detailed_quality": return_detailed_quality,
               "return_annotator_stats": return_annotator_stats}
    pred_probs = _inputs.readable(pred_probs)
    votes = _votes.Votes(labels, n_classes=pred_probs.shape[1])
    if calibrate_probs:
        pred_probs = _calibrate(labels, pred_probs)
    methods = consensus_method if isinstance(consensus_method, list) else [consensus_method]
    if not methods:
        raise ValueError("consensus_method is an empty list")
    majority = _majority(votes, pred_probs)
    first = _assess(labels, votes, [pred_probs], majority, options)
    out = None
    for method in methods:
        consensus, found = _consensus_of(method, labels, votes, [pred_probs], majority, first,
                                         options)
        if verbose:
            _tell_lost_classes(labels, consensus, method)
        if out is None:
            out = _results(labels, names, index, consensus, found, options)
        else:
            frame = out["label_quality"]
            frame[f"consensus_label_{method}"] = consensus
            frame[f"consensus_quality_score_{method}"] = found["quality"]
            frame[f"annotator_agreement_{method}"] = found["agreement"]
    if return_weights:
        out["model_weight"] = found["model_weight"]
        out["annotator_weight"] = found["annotator_weight"]
    return out


def get_label_quality_multiannotator_ensemble(labels_multiannotator, pred_probs, *,
                                              calibrate_probs=False,
                                              return_detailed_quality=True,
                                              return_annotator_stats=True, return_weights=False,
                                              verbose=True, label_quality_score_kwargs={}):
    """get_label_quality_multiannotator for several models: pred_probs n_models x n_items x
    n_classes.

    Same as in cleanlab.multiannotator, but pred_probs is never changed and
    label_quality_score_kwargs works.
    """
    labels, names, index = _read(labels_multiannotator)
    _check(labels, pred_probs, names=names, n_dims=3)
    options = {"quality_method": "crowdlab", "verbose": verbose, "is_ensemble": True,
               "label_quality_score_kwargs": label_quality_score_kwargs,
               "return_detailed_quality": return_detailed_quality,
               "return_annotator_stats": return_annotator_stats}
    votes = _votes.Votes(labels, n_classes=pred_probs.shape[2])
    models = [_inputs.readable(p) for p in pred_probs]
    if calibrate_probs:
        models = [_calibrate(labels, p) for p in models]
    majority = _majority(votes, np.mean(models, axis=0))
    first = _assess(labels, votes, models, majority, options)
    consensus, found = _consensus_of("best_quality", labels, votes, models, majority, first,
                                     options)
    if verbose:
        _tell_lost_classes(labels, consensus, "crowdlab")
    out = _results(labels, names, index, consensus, found, options)
    if return_weights:
        out["model_weight"] = found["model_weight"]
        out["annotator_weight"] = found["annotator_weight"]
    return out


# ---- active learning ----

def _check_active(labels_multiannotator, pred_probs, pred_probs_unlabeled, n_dims):
    if pred_probs is None and pred_probs_unlabeled is None:
        raise ValueError("pred_probs and pred_probs_unlabeled are both None: one is needed")
    for name, value in (("pred_probs", pred_probs), ("pred_probs_unlabeled", pred_probs_unlabeled)):
        if value is not None:
            _check_probs(value, name, n_dims)
    if (pred_probs is not None and pred_probs_unlabeled is not None
            and pred_probs.shape[-1] != pred_probs_unlabeled.shape[-1]):
        raise ValueError("pred_probs and pred_probs_unlabeled must have the same number of classes")
    if pred_probs is not None and labels_multiannotator is None:
        raise ValueError("labels_multiannotator is needed with pred_probs")


def _active_single(labels, votes, models):
    """Every item has one vote: nothing to weigh by."""
    _check(labels, models[0], allow_single=True)
    mean = models[0] if len(models) == 1 else np.mean(models, axis=0)
    quality = get_label_quality_scores(_majority(votes, mean), mean)
    return quality, np.ones(len(models)), np.ones(labels.shape[1]), np.ones(len(models))


def _active_several(labels, models, is_ensemble):
    temperatures = np.array([_temperature(labels, p) for p in models])
    models = [_votes.temperature_scale(p, t) for p, t in zip(models, temperatures)]
    options = {"return_annotator_stats": False, "return_detailed_quality": False,
               "return_weights": True}
    if is_ensemble:
        info = get_label_quality_multiannotator_ensemble(labels, np.stack(models), **options)
    else:
        info = get_label_quality_multiannotator(labels, models[0], **options)
    quality = info["label_quality"]["consensus_quality_score"].to_numpy()
    return quality, np.atleast_1d(info["model_weight"]), info["annotator_weight"], temperatures


def _active_labelled(labels_multiannotator, models, is_ensemble):
    """(scores, model weights, mean annotator weight, temperatures) of the labelled items."""
    labels, _, _ = _read(labels_multiannotator)
    models = [_inputs.readable(p) for p in models]
    if labels.ndim != 2:
        raise ValueError("labels_multiannotator must have 2 dimensions: items x annotators")
    n_classes = models[0].shape[1]
    if ((~np.isnan(labels)).sum(axis=1) == 1).all():
        weights = _active_single(labels, _votes.Votes(labels, n_classes=n_classes), models)
    else:
        _check(labels, np.stack(models) if is_ensemble else models[0],
               n_dims=3 if is_ensemble else 2)
        weights = _active_several(labels, models, is_ensemble)
    quality, model_weight, annotator_weight, temperatures = weights
    votes = _votes.Votes(labels, n_classes=n_classes)
    scores = votes.active_scores(model_weight, annotator_weight, quality)
    return scores, model_weight, np.mean(annotator_weight), temperatures


def get_active_learning_scores(labels_multiannotator=None, pred_probs=None,
                               pred_probs_unlabeled=None):
    """(scores of labelled items, scores of unlabelled items): low = worth another vote.

    pred_probs: of the labelled items, n_items x n_classes; pred_probs_unlabeled: of items nobody
    has labelled. Either may be None (then its scores are empty). Same as in
    cleanlab.multiannotator.
    """
    _check_active(labels_multiannotator, pred_probs, pred_probs_unlabeled, 2)
    scores, model_weight, doubt, temperature = np.array([]), np.ones(1), 1.0, np.ones(1)
    if pred_probs is not None:
        scores, model_weight, doubt, temperature = _active_labelled(labels_multiannotator,
                                                                    [pred_probs], False)
    if pred_probs_unlabeled is None:
        return scores, np.array([])
    scaled = _votes.temperature_scale(_inputs.readable(pred_probs_unlabeled), temperature[0])
    total = model_weight[0] + doubt
    unlabelled = (scaled.max(axis=1) * model_weight[0] + doubt / scaled.shape[1]) / total
    return scores, unlabelled


def get_active_learning_scores_ensemble(labels_multiannotator=None, pred_probs=None,
                                        pred_probs_unlabeled=None):
    """get_active_learning_scores for several models: arrays n_models x n_items x n_classes.

    Same as in cleanlab.multiannotator, but the arrays are never changed.
    """
    _check_active(labels_multiannotator, pred_probs, pred_probs_unlabeled, 3)
    n_models = len(pred_probs if pred_probs is not None else pred_probs_unlabeled)
    scores, model_weight, doubt = np.array([]), np.ones(n_models), 1.0
    temperature = np.ones(n_models)
    if pred_probs is not None:
        scores, model_weight, doubt, temperature = _active_labelled(labels_multiannotator,
                                                                    list(pred_probs), True)
    if pred_probs_unlabeled is None:
        return scores, np.array([])
    scaled = np.stack([_votes.temperature_scale(_inputs.readable(p), t)
                       for p, t in zip(pred_probs_unlabeled, temperature)])
    consensus = get_majority_vote_label(scaled.argmax(axis=2).T.astype(float),
                                        scaled.mean(axis=0))
    even = np.full((1, *scaled.shape[1:]), 1 / scaled.shape[2])
    mixed = np.average(np.concatenate([scaled, even]), axis=0,
                       weights=np.concatenate([model_weight, [doubt]]))
    return scores, get_label_quality_scores(consensus, mixed)
