"""Types of the package: see each function's docstring."""
from labelqa import cleanlab as cleanlab, training as training
from labelqa._annotators import (
    active_learning_scores as active_learning_scores,
    annotator_confusion as annotator_confusion,
    cohen_kappa as cohen_kappa,
    crowdlab as crowdlab,
    dawid_skene as dawid_skene,
    fleiss_kappa as fleiss_kappa,
    krippendorff_alpha as krippendorff_alpha,
    majority_vote as majority_vote,
)
from labelqa._confident import (
    calibrate_confident_joint as calibrate_confident_joint,
    compute_confident_joint as compute_confident_joint,
    estimate_joint as estimate_joint,
    estimate_latent as estimate_latent,
    find_label_issues as find_label_issues,
    find_top_issues as find_top_issues,
    get_confident_thresholds as get_confident_thresholds,
    get_label_quality_ensemble_scores as get_label_quality_ensemble_scores,
    get_label_quality_scores as get_label_quality_scores,
    health_summary as health_summary,
    num_label_issues as num_label_issues,
    order_label_issues as order_label_issues,
)
from labelqa._inspector import (
    LabelInspector as LabelInspector,
    find_label_issues_batched as find_label_issues_batched,
    parquet_batches as parquet_batches,
)
from labelqa._outliers import (
    nearest_neighbors as nearest_neighbors,
    outlier_scores as outlier_scores,
    outlier_scores_from_pred_probs as outlier_scores_from_pred_probs,
)
from labelqa._run import (
    CommandFailed as CommandFailed,
    Result as Result,
    Rows as Rows,
    Run as Run,
    audit as audit,
    command as command,
    open as open,
)
from labelqa._study import (
    Study as Study,
    annotators as annotators,
)
from labelqa._warning import (
    LabelqaWarning as LabelqaWarning,
)

__version__: str
__all__ = [
    "CommandFailed", "LabelInspector", "LabelqaWarning", "Result", "Rows", "Run", "Study",
    "active_learning_scores", "annotator_confusion", "annotators", "audit",
    "calibrate_confident_joint", "cleanlab", "cohen_kappa", "command", "compute_confident_joint",
    "crowdlab", "dawid_skene", "estimate_joint", "estimate_latent", "find_label_issues",
    "find_label_issues_batched", "find_top_issues", "fleiss_kappa", "get_confident_thresholds",
    "get_label_quality_ensemble_scores", "get_label_quality_scores", "health_summary",
    "krippendorff_alpha", "majority_vote", "nearest_neighbors", "num_label_issues", "open",
    "order_label_issues", "outlier_scores", "outlier_scores_from_pred_probs", "parquet_batches",
    "training",
]
