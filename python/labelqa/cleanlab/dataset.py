"""cleanlab.dataset over labelqa's core: which classes are noisy, and which overlap. Needs
pandas."""
import numpy as np

from labelqa import _core
from labelqa.cleanlab import _inputs
from labelqa.cleanlab.count import estimate_joint, num_label_issues

__all__ = ["rank_classes_by_label_quality", "find_overlapping_classes",
           "overall_label_health_score", "health_summary"]

_LEAST_MASS = 1e-6


def _refuse_multi_label(multi_label):
    if multi_label:
        raise ValueError("one label a row is needed: multi_label=True is not offered here")


def _count_rows(labels, confident_joint=None):
    if labels is not None:
        return len(labels)
    if confident_joint is None:
        raise ValueError("num_examples is needed without labels and confident_joint")
    return np.sum(confident_joint)


def _joint_of(joint, labels, pred_probs, confident_joint):
    """The joint as a square array: the given one (array, frame, list), or estimated."""
    if joint is None:
        return estimate_joint(labels, pred_probs, confident_joint=confident_joint)
    joint = _inputs.numbers(joint, "joint")
    if joint.ndim != 2 or joint.shape[0] != joint.shape[1]:
        raise ValueError(f"joint must be K x K, one row and column per class, but its shape is "
                         f"{joint.shape}")
    return joint


def _check_summary(class_names, num_examples, n_classes):
    if class_names is not None and len(class_names) != n_classes:
        raise ValueError(f"class_names must hold {n_classes} names, one per class, not "
                         f"{len(class_names)}")
    _inputs.number(num_examples, "num_examples")


def rank_classes_by_label_quality(labels=None, pred_probs=None, *, class_names=None,
                                  num_examples=None, joint=None, confident_joint=None,
                                  multi_label=False):
    """Classes by label quality, worst first.

    From labels (N) and pred_probs (N x K), or from a joint (K x K distribution) with num_examples.
    Returns a pandas frame: Class Index, Label Issues and Inverse Label Issues (estimated rows),
    Label Noise P(true != k | given k), Inverse Label Noise P(given != k | true k), Label Quality
    Score, with Class Name in front where class_names are given. Same as in cleanlab.dataset.
    """
    import pandas
    _refuse_multi_label(multi_label)
    joint = _joint_of(joint, labels, pred_probs, confident_joint)
    if num_examples is None:
        num_examples = _count_rows(labels)
    _check_summary(class_names, num_examples, len(joint))
    given, true, right = joint.sum(axis=1), joint.sum(axis=0), joint.diagonal()
    label_noise = (given - right) / np.maximum(given, _LEAST_MASS)
    frame = pandas.DataFrame({
        "Class Index": np.arange(len(joint)),
        "Label Issues": np.rint((given - right) * num_examples).astype(int),
        "Inverse Label Issues": np.rint((true - right) * num_examples).astype(int),
        "Label Noise": label_noise,
        "Inverse Label Noise": (true - right) / np.maximum(true, _LEAST_MASS),
        "Label Quality Score": 1 - label_noise,
    })
    if class_names is not None:
        frame.insert(0, "Class Name", class_names)
    order = _core.argsort(frame["Label Quality Score"], "compat")
    return frame.iloc[order].reset_index(drop=True)


def _overlaps(joint, asymmetric):
    """(class a, class b, mass) of all pairs: a given and b true, or both ways added up."""
    n = len(joint)
    if asymmetric:
        a, b = np.nonzero(~np.eye(n, dtype=bool))
        return a, b, joint[a, b]
    a, b = np.triu_indices(n, 1)
    return a, b, joint[a, b] + joint[b, a]


def find_overlapping_classes(labels=None, pred_probs=None, *, asymmetric=False, class_names=None,
                             num_examples=None, joint=None, confident_joint=None,
                             multi_label=False):
    """Pairs of classes by the mass given one and truly the other, largest first.

    Returns a pandas frame: Class Index A and B (with names in front where class_names are given),
    Num Overlapping Examples, Joint Probability. asymmetric: keep (given A, true B) and (given B,
    true A) apart. Same as in cleanlab.dataset.
    """
    import pandas
    _refuse_multi_label(multi_label)
    joint = _joint_of(joint, labels, pred_probs, confident_joint)
    if num_examples is None:
        num_examples = _count_rows(labels, confident_joint)
    _check_summary(class_names, num_examples, len(joint))
    a, b, mass = _overlaps(joint, asymmetric)
    columns = {"Class Index A": a, "Class Index B": b,
               "Num Overlapping Examples": np.rint(mass * num_examples).astype(int),
               "Joint Probability": mass}
    if class_names is not None:
        names = {"Class Name A": [class_names[k] for k in a],
                 "Class Name B": [class_names[k] for k in b]}
        columns = {**names, **columns}
    # Descending as pandas sorts: ascending order of the reversed values, then reversed back.
    order = len(mass) - 1 - _core.argsort(mass[::-1], "compat")[::-1]
    return pandas.DataFrame(columns).iloc[order].reset_index(drop=True)


def overall_label_health_score(labels=None, pred_probs=None, *, num_examples=None,
                               confident_joint=None, joint=None, multi_label=False, verbose=True):
    """The share of labels that are right: 1 - num_label_issues / N, or the trace of a joint.

    Returns a float in [0, 1]. Same as in cleanlab.dataset.
    """
    _refuse_multi_label(multi_label)
    if num_examples is None:
        num_examples = _count_rows(labels, confident_joint)
    if pred_probs is None or labels is None:
        score = _joint_of(joint, labels, pred_probs, confident_joint).trace()
        n_issues = np.rint(num_examples * (1 - score)).astype(int)
    else:
        n_issues = num_label_issues(labels, pred_probs, confident_joint=confident_joint)
        score = 1 - n_issues / num_examples
    if verbose:
        print(f"About {1 - score:.0%} of the labels ({n_issues:,} of {num_examples:,}) are "
              f"probably wrong: overall label health score {score:.2f}")
    return score


def health_summary(labels=None, pred_probs=None, *, asymmetric=False, class_names=None,
                   num_examples=None, joint=None, confident_joint=None, multi_label=False,
                   verbose=True):
    """All of this module in one dict: overall_label_health_score, joint (K x K),
    classes_by_label_quality and overlapping_classes (pandas frames). Same as in cleanlab.dataset.
    """
    _refuse_multi_label(multi_label)
    joint = _joint_of(joint, labels, pred_probs, confident_joint)
    if num_examples is None:
        num_examples = _count_rows(labels)
    classes = rank_classes_by_label_quality(labels, pred_probs, class_names=class_names,
                                            num_examples=num_examples, joint=joint)
    overlaps = find_overlapping_classes(labels, pred_probs, asymmetric=asymmetric,
                                        class_names=class_names, num_examples=num_examples,
                                        joint=joint)
    if verbose:
        print(f"{num_examples:,} rows, {len(joint)} classes. Classes by label quality:")
        print(classes, "\n\nClasses that overlap most:", sep="")
        print(overlaps, "\n")
    score = overall_label_health_score(labels, pred_probs, num_examples=num_examples, joint=joint,
                                       confident_joint=confident_joint, verbose=verbose)
    return {"overall_label_health_score": score, "joint": joint,
            "classes_by_label_quality": classes, "overlapping_classes": overlaps}
