"""Label issues of a matrix that does not fit in memory: batches, .npy files, Parquet columns."""
import warnings

import numpy as np

from labelqa import _arguments, _core, _inputs, _labelqa
from labelqa._warning import LabelqaWarning

_PASSES = ("thresholds", "joint", "flags", "done")
_BATCH_BYTES = 4 << 20
_MIN_BATCH_ROWS = 4096


class LabelInspector:
    """Finds label issues in batches of rows, read three times, forwards.

        inspector = labelqa.LabelInspector()
        for labels, pred_probs in inspector.passes(batches):   # batches: a list, or a function
            inspector.add(labels, pred_probs)                  # that starts them again
        inspector.label_issues()

    The answer equals find_label_issues(labels, pred_probs, return_indices_ranked_by=...) on all
    rows at once, index for index, wherever the batches are cut (ties="stable"). Kept in memory:
    a byte a row, K x K numbers, up to 64 KB a class, and some 50 bytes for each row that the
    quotas take.

    filter_by: prune_by_noise_rate, prune_by_class or both. rank_by: a method of
    get_label_quality_scores. frac_noise, min_examples_per_class, classes, threads and tolerance as
    in find_label_issues. ValueError for options that do not fit.
    """

    def __init__(self, *, filter_by="prune_by_noise_rate", rank_by="self_confidence",
                 frac_noise=1.0, min_examples_per_class=1, classes=None, threads=0,
                 tolerance=_core.DEFAULT_TOLERANCE):
        self._classes = classes
        self._handle = _labelqa.Inspector(
            _core.code_of(filter_by, _core.FILTERS, "filter_by"),
            _arguments.number(frac_noise, "frac_noise", 0),
            _arguments.whole(min_examples_per_class, "min_examples_per_class", 0),
            _core.code_of(rank_by, _core.METHODS, "rank_by"),
            _arguments.whole(threads, "threads", 0, 1024),
            _arguments.number(tolerance, "tolerance", 0, 1))

    @property
    def pass_name(self):
        """What the batches are read for: thresholds, joint, flags; done = the answer is there."""
        return _PASSES[self._handle.pass_number]

    @property
    def n_rows(self):
        """Rows of the first pass, so far."""
        return self._handle.n_rows

    @property
    def n_classes(self):
        return self._handle.n_classes

    def add(self, labels, pred_probs):
        """The next rows of this pass: n labels and n x K probabilities, as find_label_issues takes
        them; nothing of them is kept. ValueError: another number of classes, another type, or more
        rows than the first pass had."""
        pred_probs = _inputs.read_pred_probs(pred_probs)
        labels = _inputs.read_labels(labels, pred_probs.shape[1], self._classes)
        self._handle.add(labels, pred_probs)

    def next_pass(self):
        """Ends the pass; False once there is nothing left to read. ValueError: the rows were not
        those of the first pass."""
        is_first = self._handle.pass_number == 0
        more = self._handle.next() < 3
        if is_first and self._handle.n_scaled:
            warnings.warn(f"{self._handle.n_scaled} of {self.n_rows} rows of pred_probs did not "
                          f"sum to 1: scaled", LabelqaWarning, stacklevel=3)
        return more

    def passes(self, batches):
        """Yields every batch of every pass, and ends the passes. batches: something that can be
        iterated several times, or a function that returns a new iterator."""
        if not callable(batches) and iter(batches) is batches:
            raise TypeError("batches are read three times: pass a list or a function that starts "
                            "them again, not an iterator")
        more = True
        while more:
            yield from batches() if callable(batches) else batches
            more = self.next_pass()

    def thresholds(self):
        """K class thresholds, after the first pass."""
        out = np.empty(self.n_classes)
        self._handle.thresholds(out)
        return out

    def num_label_issues(self):
        """The number that num_label_issues gives, after the second pass."""
        if self._handle.pass_number < 2:
            raise RuntimeError("issues are counted once the second pass is over")
        return self._handle.n_issues

    def mask(self):
        """N booleans: the label is probably wrong."""
        out = np.empty(self.n_rows, np.bool_)
        self._handle.issues(out)
        return out

    def label_issues(self):
        """Row numbers of the flagged rows, worst first."""
        out = np.empty(np.count_nonzero(self.mask()), np.int64)
        self._handle.rank(out)
        return out


def _load(path, name, other):
    if other is not None:
        raise ValueError(f"{name} and {name}_file were both given: pass one")
    return _inputs.load(path, name)


def _slices(labels, pred_probs, batch_size):
    for row in range(0, len(pred_probs), batch_size):
        yield labels[row:row + batch_size], pred_probs[row:row + batch_size]


def parquet_batches(path, label, pred_probs, batch_size=65536):
    """Batches of a Parquet file for LabelInspector: a function that starts them anew.

    path: the file. label: its column of labels. pred_probs: the K columns of probabilities, in
    class order. batch_size: rows read at a time. Returns what find_label_issues_batched takes as
    batches. Needs pyarrow. KeyError for a column that the file does not have.
    """
    from pyarrow import parquet
    columns = [label, *pred_probs]
    missing = [name for name in columns if name not in parquet.read_schema(path).names]
    if missing:
        raise KeyError(f"{path} has no column {missing[0]!r}")

    def start():
        with parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=batch_size, columns=columns):
                if any(column.null_count for column in batch.columns):
                    raise ValueError(f"{path} has empty cells among {columns}")
                yield (batch.column(label).to_numpy(zero_copy_only=False),
                       np.column_stack([batch.column(name).to_numpy() for name in pred_probs]))
    return start


def find_label_issues_batched(labels=None, pred_probs=None, *, labels_file=None,
                              pred_probs_file=None, batches=None, batch_size=None,
                              return_mask=False, **options):
    """find_label_issues for matrices that do not fit in memory: flagged row numbers, worst first.

    labels and pred_probs: arrays, memory-mapped ones too; or labels_file and pred_probs_file: .npy
    files, which are mapped; or batches: (labels, pred_probs) pairs that can be iterated several
    times, or a function that starts them again (parquet_batches makes one). batch_size: rows read
    at a time (None = some megabytes). return_mask: N booleans instead. options: LabelInspector's.
    Same answer as find_label_issues(..., return_indices_ranked_by="self_confidence").
    """
    if labels_file is not None:
        labels = _load(labels_file, "labels", labels)
    if pred_probs_file is not None:
        pred_probs = _load(pred_probs_file, "pred_probs", pred_probs)
    if batches is None:
        if labels is None or pred_probs is None:
            raise ValueError("labels and pred_probs are needed, as arrays or files, or batches")
        pred_probs = _inputs.read_pred_probs(pred_probs)
        labels = _inputs.to_array(labels)
        if len(labels) != len(pred_probs):
            raise ValueError(f"labels has {len(labels)} values but pred_probs has "
                             f"{len(pred_probs)} rows")
        if batch_size is None:
            row_bytes = max(1, pred_probs.shape[1] * pred_probs.dtype.itemsize)
            batch_size = max(_MIN_BATCH_ROWS, _BATCH_BYTES // row_bytes)
        batch_size = _arguments.whole(batch_size, "batch_size", 1)
        batches = lambda: _slices(labels, pred_probs, batch_size)  # noqa: E731
    elif labels is not None or pred_probs is not None:
        raise ValueError("batches were given beside labels or pred_probs: pass one")
    inspector = LabelInspector(**options)
    for batch in inspector.passes(batches):
        if not isinstance(batch, (tuple, list)) or len(batch) != 2:
            raise TypeError("batches must give (labels, pred_probs) pairs")
        inspector.add(*batch)
    return inspector.mask() if return_mask else inspector.label_issues()
