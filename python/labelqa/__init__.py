"""labelqa audits labelled data before anyone fine-tunes on it.

    import labelqa
    run = labelqa.audit("tickets.csv", text="body", label="queue")   # files, frames, Arrow
    issues = labelqa.find_label_issues(labels, pred_probs)           # your own out-of-fold model

``labelqa.cleanlab`` holds the same functions under cleanlab's names and signatures. Importing
labelqa loads nothing else: numpy and the compiled parts come with the first function that needs
them.
"""
import importlib

__version__ = "0.1.0"

# Public name -> the module that defines it.
_HOME = {
    **dict.fromkeys((
        "find_label_issues", "num_label_issues", "get_label_quality_scores",
        "get_label_quality_ensemble_scores", "order_label_issues", "find_top_issues",
        "get_confident_thresholds", "compute_confident_joint", "calibrate_confident_joint",
        "estimate_joint", "estimate_latent", "health_summary"), "_confident"),
    **dict.fromkeys((
        "majority_vote", "crowdlab", "active_learning_scores", "dawid_skene",
        "krippendorff_alpha", "fleiss_kappa", "cohen_kappa", "annotator_confusion"),
        "_annotators"),
    **dict.fromkeys(("nearest_neighbors", "outlier_scores", "outlier_scores_from_pred_probs"),
                    "_outliers"),
    **dict.fromkeys(("audit", "open", "command", "Run", "Rows", "Result", "CommandFailed"), "_run"),
    **dict.fromkeys(("annotators", "Study"), "_study"),
    "LabelqaWarning": "_warning",
    **dict.fromkeys(("LabelInspector", "find_label_issues_batched", "parquet_batches"),
                    "_inspector"),
}
_MODULES = ("cleanlab", "training")

__all__ = sorted([*_HOME, *_MODULES])


def __getattr__(name):
    if name in _HOME:
        value = getattr(importlib.import_module(f"labelqa.{_HOME[name]}"), name)
    elif name in _MODULES:
        value = importlib.import_module(f"labelqa.{name}")
    else:
        raise AttributeError(f"module 'labelqa' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__():
    return sorted({*globals(), *__all__})
