"""Types of cleanlab.dataset's functions over labelqa's core."""
from typing import Any

from numpy.typing import ArrayLike, NDArray
from pandas import DataFrame  # type: ignore[import-untyped,unused-ignore]

from labelqa._confident import _Floats

__all__ = [
    "rank_classes_by_label_quality", "find_overlapping_classes", "overall_label_health_score",
    "health_summary",
]

def rank_classes_by_label_quality(
    labels: ArrayLike | None = None, pred_probs: _Floats | None = None, *, class_names: Any = None,
    num_examples: int | None = None, joint: NDArray[Any] | None = None,
    confident_joint: NDArray[Any] | None = None, multi_label: bool = False
) -> DataFrame: ...
def find_overlapping_classes(
    labels: ArrayLike | None = None, pred_probs: _Floats | None = None, *,
    asymmetric: bool = False, class_names: Any = None, num_examples: int | None = None,
    joint: NDArray[Any] | None = None, confident_joint: NDArray[Any] | None = None,
    multi_label: bool = False
) -> DataFrame: ...
def overall_label_health_score(
    labels: ArrayLike | None = None, pred_probs: _Floats | None = None, *,
    num_examples: int | None = None, confident_joint: NDArray[Any] | None = None,
    joint: NDArray[Any] | None = None, multi_label: bool = False, verbose: bool = True
) -> float: ...
def health_summary(
    labels: ArrayLike | None = None, pred_probs: _Floats | None = None, *,
    asymmetric: bool = False, class_names: Any = None, num_examples: int | None = None,
    joint: NDArray[Any] | None = None, confident_joint: NDArray[Any] | None = None,
    multi_label: bool = False, verbose: bool = True
) -> dict[str, Any]: ...
