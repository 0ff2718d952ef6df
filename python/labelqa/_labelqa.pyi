"""The numeric core, in C: what ``labelqa`` and ``labelqa.cleanlab`` stand on. Not a public API.

Arrays come in over the buffer protocol without a copy, of any number type, strides and byte order
where a ``_View`` is taken; results go into arrays that the caller made (``out``), C-contiguous and
of the type stated. Enums are numbers: positions in the tuples of ``labelqa._core``. No function
holds the GIL while it computes; those that may take long let signals interrupt them. TypeError: no
array of numbers. ValueError: a shape, value or option that does not fit, with the argument's name.
MemoryError, KeyboardInterrupt as usual.
"""
from typing import Any, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

_View: TypeAlias = object
_Doubles: TypeAlias = NDArray[np.float64]
_Counts: TypeAlias = NDArray[np.int64]
_Codes: TypeAlias = NDArray[np.int32]
_Marks: TypeAlias = NDArray[np.uint8] | NDArray[np.bool_]

@final
class Problem:
    """Labels (N class numbers) and probabilities (N x K), checked once; both stay where they are.

    tolerance: how far rows may be off sum 1 and values off [0, 1]; they are scaled, and ``message``
    says so. Negative: nothing is checked. RuntimeError while another thread uses the object.
    """
    def __new__(cls, labels: _View, pred_probs: _View, ties: int = 0, threads: int = 0,
                tolerance: float = 0.01) -> Problem: ...
    @property
    def n_rows(self) -> int: ...
    @property
    def n_labels(self) -> int: ...
    @property
    def n_scaled(self) -> int: ...
    @property
    def n_classes(self) -> int: ...
    @property
    def message(self) -> str: ...
    def class_counts(self, out: _Counts, /) -> None:
        """out: K, the rows given each class."""
    def thresholds(self, out: _Doubles, /) -> bool:
        """out: K. True where they were computed in float32."""
    def joint(self, out: _Doubles, calibrate: bool, thresholds: _Doubles | None, is_single: bool,
              off_diagonal: NDArray[np.uint8] | None, /) -> bool:
        """out: K x K [given][true]; off_diagonal: N marks. True where sums go by column."""
    def find_issues(self, out: _Marks, filter_by: int, frac_noise: float, min_examples: int,
                    num_to_remove: _Counts | None, joint: _Doubles | None, by_column: bool,
                    /) -> None:
        """out: N marks."""
    def check_range(self) -> None:
        """ValueError where a probability lies outside [-1e-6, 1 + 1e-6]."""
    def count_issues(self) -> int:
        """Rows confidently of another class."""
    def scores(self, out: _Doubles, method: int, adjust: bool, /) -> bool:
        """out: N label quality scores. True where they were computed in float32."""
    def rank(self, out: _Counts, issue: _Marks, method: int, adjust: bool, /) -> None:
        """out: as many row numbers as ``issue`` (N marks) has, worst first."""

@final
class Inspector:
    """A Problem in batches, read three times: thresholds, joint, flags."""
    def __new__(cls, filter_by: int, frac_noise: float, min_examples: int, rank_by: int,
                threads: int, tolerance: float, /) -> Inspector: ...
    @property
    def n_rows(self) -> int: ...
    @property
    def n_classes(self) -> int: ...
    @property
    def n_issues(self) -> int: ...
    @property
    def n_scaled(self) -> int: ...
    @property
    def pass_number(self) -> int: ...
    def add(self, labels: _View, pred_probs: _View, /) -> None:
        """The next rows of this pass; nothing is kept."""
    def next(self) -> int:
        """Ends the pass; the one that begins: 0, 1, 2, or 3 = all are over."""
    def issues(self, out: _Marks, /) -> None:
        """out: n_rows marks, after the last pass."""
    def thresholds(self, out: _Doubles, /) -> None:
        """out: K, after the first pass."""
    def rank(self, out: _Counts, /) -> None:
        """out: the flagged row numbers, worst first."""

@final
class Votes:
    """Votes: (items x annotators, None, None, K or 0, threads), missing = NaN or negative, or three
    int32 columns item, annotator, label."""
    def __new__(cls, first: _View, annotator: _Codes | None, label: _Codes | None, n_classes: int,
                threads: int, /) -> Votes: ...
    @property
    def n_items(self) -> int: ...
    @property
    def n_annotators(self) -> int: ...
    @property
    def n_classes(self) -> int: ...
    @property
    def n_votes(self) -> int: ...
    def majority(self, pred_probs: _View | None, label: _Codes, is_open: _Marks,
                 candidate: _Marks | None, /) -> int:
        """label, is_open: one per item; candidate: items x K. The number of open items."""
    def crowdlab(self, models: list[Any], is_best: bool, consensus: _Codes, agreement: _Doubles,
                 posterior: _Doubles, model_weight: _Doubles, annotator_weight: _Doubles,
                 annotator_agreement: _Doubles, /) -> None:
        """Posteriors (items x K) and weights, of ``consensus``, or of the best one."""
    def active_scores(self, model_weight: _Doubles, annotator_weight: _Doubles, quality: _Doubles,
                      score: _Doubles, /) -> None:
        """score: one per item."""
    def temperature(self, pred_probs: _View, /) -> float:
        """The temperature that brings probabilities nearest to the votes' shares."""
    def dawid_skene(self, one_coin: bool, smoothing: float, max_iterations: int, tolerance: float,
                    gold: _Codes | None, posterior: _Doubles, prior: _Doubles, confusion: _Doubles,
                    accuracy: _Doubles, /) -> tuple[int, bool, float]:
        """(iterations, converged, log-likelihood)"""
    def agreement(self, kind: int, first: int, second: int, distance: int, confidence: float,
                  n_resamples: int, seed: int,
                  /) -> tuple[float, float, float, float, float, int, int]:
        """(value, low, high, observed, expected, items, votes); kind: 0 alpha, 1 Fleiss, 2 Cohen"""
    def confusion(self, reference: _Codes, out: _Counts, /) -> None:
        """out: annotators x K x K [reference][said]"""

@final
class Column:
    """Numbers of an Arrow array, with the buffer protocol: read-only, without a copy."""

def arrow_array(schema: object, array: object, /) -> Column | list[Column] | None:
    """The two capsules of __arrow_c_array__; None for texts, dictionaries and nulls."""

def arrow_stream(stream: object, /) -> list[Column | list[Column] | None]:
    """The capsule of __arrow_c_stream__, chunk by chunk."""

def calibrate(joint: _Doubles, n: int, by_column: bool, counts: _Counts, ties: int, /) -> None:
    """joint: K x K, scaled to the counts of given labels and rounded, in place."""

def latent(joint: _Doubles, n: int, by_column: bool, counts: _Counts, py_method: int,
           converge: bool, py: _Doubles, noise: _Doubles, inverse: _Doubles, /) -> None:
    """py: K; noise, inverse: K x K."""

def argsort(keys: _Doubles, ties: int, out: _Counts, /) -> None:
    """out: positions in ascending order, NaN last."""

def ensemble(problems: list[Problem], method: int, adjust: bool, weights: int,
             custom: _Doubles | None, t_values: _Doubles, score: _Doubles, weight: _Doubles,
             accuracy: _Doubles, /) -> bool:
    """score: N; weight, accuracy: one per problem. True where computed in float32."""

def neighbors(points: _View, queries: _View | None, metric: int, k: int, threads: int,
              distance: _Doubles, index: _Counts, /) -> None:
    """distance, index: n_queries x k, nearest first."""

def distance_scores(distance: _Doubles, metric: int, t: float, scale: float, score: _Doubles,
                    /) -> float:
    """score: N. The scale, which is the median distance where NaN came in."""

def probability_scores(pred_probs: _View, thresholds: _Doubles | None, method: int, m: int,
                       gamma: float, score: _Doubles, /) -> None:
    """score: N."""

def temperature_scale(pred_probs: _View, temperature: float, out: _Doubles, /) -> None:
    """out: N x K, p^(1/T) scaled to sum 1."""
