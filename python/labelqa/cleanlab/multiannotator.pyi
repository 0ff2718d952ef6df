"""Types of cleanlab.multiannotator's functions over labelqa's core."""
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame  # type: ignore[import-untyped,unused-ignore]

from labelqa._confident import _Floats

__all__ = [
    "get_label_quality_multiannotator", "get_label_quality_multiannotator_ensemble",
    "get_active_learning_scores", "get_active_learning_scores_ensemble",
    "get_majority_vote_label", "convert_long_to_wide_dataset",
]

def get_label_quality_multiannotator(
    labels_multiannotator: Any, pred_probs: _Floats, *,
    consensus_method: str | list[str] = "best_quality",
    quality_method: Literal["crowdlab", "agreement"] = "crowdlab", calibrate_probs: bool = False,
    return_detailed_quality: bool = True, return_annotator_stats: bool = True,
    return_weights: bool = False, verbose: bool = True,
    label_quality_score_kwargs: Mapping[str, Any] = ...
) -> dict[str, Any]: ...
def get_label_quality_multiannotator_ensemble(
    labels_multiannotator: Any, pred_probs: _Floats, *, calibrate_probs: bool = False,
    return_detailed_quality: bool = True, return_annotator_stats: bool = True,
    return_weights: bool = False, verbose: bool = True,
    label_quality_score_kwargs: Mapping[str, Any] = ...
) -> dict[str, Any]: ...
def get_active_learning_scores(
    labels_multiannotator: Any = None, pred_probs: _Floats | None = None,
    pred_probs_unlabeled: _Floats | None = None
) -> tuple[_Floats, _Floats]: ...
def get_active_learning_scores_ensemble(
    labels_multiannotator: Any = None, pred_probs: _Floats | None = None,
    pred_probs_unlabeled: _Floats | None = None
) -> tuple[_Floats, _Floats]: ...
def get_majority_vote_label(
    labels_multiannotator: Any, pred_probs: _Floats | None = None, verbose: bool = True
) -> NDArray[np.int64]: ...
def convert_long_to_wide_dataset(labels_multiannotator_long: DataFrame) -> DataFrame: ...
