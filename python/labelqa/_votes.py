"""Between numpy and the extension, for the labels of several annotators."""
import numpy as np

from labelqa import _labelqa

DISTANCES = ("nominal", "linear", "quadratic", "ordinal")


class Votes:
    """Votes by item and annotator; one method per result of the library."""

    def __init__(self, wide=None, *, item=None, annotator=None, label=None, n_classes=0, threads=0):
        if wide is not None:
            arguments = (np.asarray(wide), None, None)
        else:
            arguments = tuple(np.ascontiguousarray(v, np.int32) for v in (item, annotator, label))
        self.handle = _labelqa.Votes(*arguments, n_classes, threads)
        self.n_items, self.n_annotators = self.handle.n_items, self.handle.n_annotators
        self.n_classes = self.handle.n_classes

    def majority(self, pred_probs=None, want_candidates=False):
        """(label, is_open): int32 winners, -1 without votes, and what is tied to the end. With
        want_candidates the second is n_items x n_classes: the tied classes of open items."""
        label, is_open = np.empty(self.n_items, np.int32), np.empty(self.n_items, np.bool_)
        candidates = None
        if want_candidates:
            candidates = np.empty((self.n_items, self.n_classes), np.bool_)
        self.handle.majority(pred_probs, label, is_open, candidates)
        return label, candidates if want_candidates else is_open

    def crowdlab(self, models, consensus=None):
        """CROWDLAB's arrays as a dict; without `consensus` the one of best quality is found."""
        out = {
            "consensus": np.empty(self.n_items, np.int32),
            "agreement": np.empty(self.n_items),
            "posterior": np.empty((self.n_items, self.n_classes)),
            "model_weight": np.empty(len(models)),
            "annotator_weight": np.empty(self.n_annotators),
            "annotator_agreement": np.empty(self.n_annotators),
        }
        if consensus is not None:
            out["consensus"][:] = consensus
        self.handle.crowdlab(list(models), consensus is None, *out.values())
        return out

    def active_scores(self, model_weight, annotator_weight, quality):
        score = np.empty(self.n_items)
        self.handle.active_scores(*(np.ascontiguousarray(v, np.float64)
                                    for v in (model_weight, annotator_weight, quality)), score)
        return score

    def temperature(self, pred_probs):
        return self.handle.temperature(pred_probs)

    def dawid_skene(self, one_coin, smoothing, max_iterations, tolerance, gold):
        k = self.n_classes
        out = {"posterior": np.empty((self.n_items, k)), "prior": np.empty(k),
               "confusion": np.empty((self.n_annotators, k, k)),
               "accuracy": np.empty(self.n_annotators)}
        gold = None if gold is None else np.ascontiguousarray(gold, np.int32)
        ending = self.handle.dawid_skene(one_coin, smoothing, max_iterations, tolerance, gold,
                                         *out.values())
        return {**out, "iterations": ending[0], "converged": ending[1], "log_likelihood": ending[2]}

    def agreement(self, kind, *, pair=(0, 0), distance="nominal", confidence=0.95,
                  n_resamples=1000, seed=0):
        if distance not in DISTANCES:
            raise ValueError(f"distance: {distance!r} is none of {DISTANCES}")
        numbers = self.handle.agreement(kind, *pair, DISTANCES.index(distance), confidence,
                                        n_resamples, seed)
        names = ("value", "low", "high", "observed", "expected", "items", "votes")
        return dict(zip(names, numbers))

    def confusion(self, reference):
        out = np.empty((self.n_annotators, self.n_classes, self.n_classes), np.int64)
        self.handle.confusion(np.ascontiguousarray(reference, np.int32), out)
        return out


def temperature_scale(pred_probs, temperature):
    out = np.empty(pred_probs.shape)
    _labelqa.temperature_scale(pred_probs, temperature, out)
    return out
