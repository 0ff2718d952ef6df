"""cleanlab.experimental.label_issues_batched over labelqa's core.

Same answers as cleanlab's, which differ from find_label_issues': thresholds are means of batch
means, issues are counted by the most probable class alone, and flagged rows come in row order. For
the answer of find_label_issues on data larger than memory use labelqa.find_label_issues_batched.
"""
import os

import numpy as np

from labelqa import _core
from labelqa.cleanlab import _inputs
from labelqa.cleanlab.rank import _as_cleanlab, _check_method, find_top_issues

__all__ = ["find_label_issues_batched", "LabelInspector"]

_EPS = 1e-6
_THRESHOLD_FLOOR = 2e-6


def _load(path, name, other):
    if other is not None:
        raise ValueError(f"{name} and {name}_file were both given: pass one")
    if not isinstance(path, str):
        raise ValueError(f"{name}_file must be the path of a .npy file, as str")
    return np.load(path, mmap_mode="r")


def _slices(labels, pred_probs, batch_size):
    return [(labels[i:i + batch_size], pred_probs[i:i + batch_size, :])
            for i in range(0, len(labels), batch_size)]


def find_label_issues_batched(labels=None, pred_probs=None, *, labels_file=None,
                              pred_probs_file=None, batch_size=10000, n_jobs=1, verbose=True,
                              quality_score_kwargs=None, num_issue_kwargs=None, return_mask=False):
    """Flags the rows whose label is probably wrong, reading some rows at a time.

    labels (N) and pred_probs (N x K), or their .npy files, which are mapped. Returns row numbers in
    row order, or with return_mask N booleans. The matrix is never copied. Same as in
    cleanlab.experimental.label_issues_batched, but for the progress bar.
    """
    if labels_file is not None:
        labels = _load(labels_file, "labels", labels)
    if pred_probs_file is not None:
        pred_probs = _load(pred_probs_file, "pred_probs", pred_probs)
        if verbose:
            print(f"mmap-loaded numpy arrays have: {len(pred_probs)} examples, "
                  f"{pred_probs.shape[1]} classes")
    if labels is None:
        raise ValueError("labels or labels_file is needed")
    if pred_probs is None:
        raise ValueError("pred_probs or pred_probs_file is needed")
    if len(labels) != len(pred_probs):
        raise ValueError(f"labels has {len(labels)} values but pred_probs has {len(pred_probs)} "
                         f"rows")
    inspector = LabelInspector(num_class=pred_probs.shape[1], verbose=verbose, n_jobs=n_jobs,
                               quality_score_kwargs=quality_score_kwargs,
                               num_issue_kwargs=num_issue_kwargs)
    batches = _slices(labels, pred_probs, batch_size)
    for batch in batches:
        inspector.update_confident_thresholds(*batch)
    beaten = np.empty(len(labels), bool)  # by another class, by more than rounding
    row = 0
    for batch in batches:
        inspector.score_label_quality(*batch)
        problem = _inputs.open_problem(np.asarray(batch[0]), batch[1])
        beaten[row:row + len(batch[0])] = problem.find_issues("predicted_neq_given")
        row += len(batch[0])
    mask = np.zeros(len(labels), bool)
    mask[inspector.get_label_issues()] = True
    mask &= beaten
    return mask if return_mask else np.flatnonzero(mask)


class LabelInspector:
    """Label issues from batches: first every batch to update_confident_thresholds, then every batch
    to score_label_quality, then get_label_issues. Same as in
    cleanlab.experimental.label_issues_batched; n_jobs changes nothing.
    """

    def __init__(self, *, num_class, store_results=True, verbose=True, quality_score_kwargs=None,
                 num_issue_kwargs=None, n_jobs=1):
        self.num_class = num_class
        self.store_results = store_results
        self.verbose = verbose
        self.quality_score_kwargs = quality_score_kwargs or {}
        self.num_issue_kwargs = num_issue_kwargs or {}
        self.n_jobs = n_jobs or os.cpu_count()
        method = self.num_issue_kwargs.get("estimation_method")
        self.off_diagonal_calibrated = method == "off_diagonal_calibrated"
        if self.off_diagonal_calibrated:
            self.prune_counts = np.zeros(num_class)
            self.class_counts = np.zeros(num_class)
            self.normalization = np.zeros(num_class)
        else:
            self.prune_count = 0
        self._scores = []
        self.confident_thresholds = np.zeros(num_class)
        self.examples_per_class = np.zeros(num_class)
        self.examples_processed_thresh = 0
        self.examples_processed_quality = 0

    def _say(self, what, n, silent=False):
        if self.verbose and not silent:
            print(f"Total number of examples {what}: {n}")

    def _check_batch(self, labels, pred_probs):
        labels = np.asarray(labels)
        if len(labels) != pred_probs.shape[0]:
            raise ValueError(f"labels has {len(labels)} values but pred_probs has "
                             f"{pred_probs.shape[0]} rows")
        if pred_probs.shape[1] != self.num_class:
            raise ValueError(f"pred_probs has {pred_probs.shape[1]} columns but num_class is "
                             f"{self.num_class}")
        return labels

    def _check_scored(self):
        if self.examples_processed_quality < 1:
            raise ValueError("no labels were scored yet: call score_label_quality() first")

    def _check_stored(self):
        if not self.store_results:
            raise ValueError("scores were not kept: make the LabelInspector with "
                             "store_results=True, or collect what score_label_quality() returns")

    @property
    def label_quality_scores(self):
        """The scores so far."""
        return [score for batch in self._scores for score in batch]

    def get_confident_thresholds(self, silent=False):
        """K class thresholds of the rows so far."""
        if self.examples_processed_thresh < 1:
            raise ValueError("no rows were seen yet: call update_confident_thresholds() first")
        self._say("used to estimate confident thresholds", self.examples_processed_thresh, silent)
        return self.confident_thresholds

    def get_num_issues(self, silent=False):
        """How many of the rows so far have a wrong label, estimated."""
        self._check_scored()
        self._say("whose labels have been evaluated", self.examples_processed_quality, silent)
        if not self.off_diagonal_calibrated:
            return self.prune_count
        scaled = self.prune_counts * self.class_counts / np.maximum(self.normalization, _EPS)
        return np.rint(np.sum(scaled)).astype("int")

    def get_quality_scores(self):
        """Label quality scores of the rows so far."""
        self._check_stored()
        return np.concatenate(self._scores) if self._scores else np.asarray([])

    def get_label_issues(self):
        """Row numbers of the worst labels, as many as get_num_issues() says, worst first."""
        self._check_stored()
        self._check_scored()
        self._say("whose labels have been evaluated", self.examples_processed_quality)
        return find_top_issues(self.get_quality_scores(), top=self.get_num_issues(silent=True))

    def update_confident_thresholds(self, labels, pred_probs):
        """A batch of n labels and n x K probabilities for the thresholds."""
        labels = self._check_batch(labels, pred_probs)
        problem = _inputs.open_checked(labels, pred_probs, allow_one_class=True)
        problem.check_range()
        counts = problem.class_counts()
        seen = self.examples_per_class
        total = seen * self.confident_thresholds + counts * problem.thresholds()
        self.confident_thresholds = np.maximum(total / np.maximum(seen + counts, 1),
                                               _THRESHOLD_FLOOR)
        self.examples_per_class = seen + counts
        self.examples_processed_thresh += len(labels)

    def _score(self, labels, pred_probs, method="self_confidence", adjust_pred_probs=False):
        _check_method(method, adjust_pred_probs)
        if adjust_pred_probs:
            lowered = pred_probs - self.confident_thresholds
            lowered += self.confident_thresholds.max()
            pred_probs = lowered / lowered.sum(axis=1)[:, None]
        scores = _inputs.open_problem(labels, pred_probs).scores(method)
        return _as_cleanlab(scores, method, False, pred_probs)

    def score_label_quality(self, labels, pred_probs, *, update_num_issues=True):
        """Label quality scores of a batch: n values."""
        labels = self._check_batch(labels, pred_probs)
        self.get_confident_thresholds(silent=True)
        scores = self._score(labels, pred_probs, **self.quality_score_kwargs)
        if update_num_issues:
            self._count_issues(labels, pred_probs)
        self.examples_processed_quality += len(labels)
        if self.store_results:
            self._scores.append(scores)
        return scores

    def _count_issues(self, labels, pred_probs):
        best = np.argmax(pred_probs, axis=1)
        is_confident = (pred_probs[np.arange(len(labels)), best]
                        >= (self.confident_thresholds - _EPS)[best])
        is_issue = is_confident & (best != labels)
        if not self.off_diagonal_calibrated:
            self.prune_count += np.sum(is_issue)
            return
        self.class_counts += np.bincount(labels, minlength=self.num_class)
        self.normalization += np.bincount(labels[is_confident], minlength=self.num_class)
        self.prune_counts += np.bincount(labels[is_issue], minlength=self.num_class)
