"""Writes votes.txt: answers of independent programs on small random vote tables.

    python tests/reference/votes.py > tests/reference/votes.txt

in an environment of its own with cleanlab 2.9.0, crowd-kit 1.4.2, krippendorff 0.9.0, statsmodels
0.15.0 and scikit-learn (what wrote the file: numpy 2.4.6, pandas 3.1.1, scikit-learn 1.9.1).
tests/unit/test_votes_reference.c reads it. Floating-point answers are C hex floats, votes are wide
tables with -1 for a missing one. Every case is a list of `name values...` lines between `case` and
`end`.
"""
import contextlib
import io
import warnings

import krippendorff
import numpy as np
import pandas as pd
from cleanlab.multiannotator import (get_active_learning_scores, get_label_quality_multiannotator)
from crowdkit.aggregation import DawidSkene, OneCoinDawidSkene
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import aggregate_raters, cohens_kappa, fleiss_kappa


def line(name, values):
    print(name, *values)


def hexes(values):
    return [float(v).hex() for v in np.ravel(values)]


def draw(rng, n_items, n_annotators, n_classes, gaps):
    true = rng.integers(n_classes, size=n_items)
    skill = rng.uniform(.45, .95, size=n_annotators)
    votes = np.where(rng.random((n_items, n_annotators)) < skill, true[:, None],
                     rng.integers(n_classes, size=(n_items, n_annotators)))
    votes[rng.random(votes.shape) < gaps] = -1
    for i in np.flatnonzero((votes >= 0).sum(axis=1) < 2):  # two votes each
        some = rng.choice(n_annotators, 2, replace=False)
        votes[i, some] = true[i]
    votes[:n_classes, 0] = np.arange(n_classes)  # every class occurs
    return true, votes


def to_long(votes):
    items, annotators = np.nonzero(votes >= 0)
    return pd.DataFrame({"task": items, "worker": annotators, "label": votes[items, annotators]})


def emit_cleanlab(votes, probs):
    wide = pd.DataFrame(np.where(votes >= 0, votes, np.nan))
    with contextlib.redirect_stdout(io.StringIO()):
        found = get_label_quality_multiannotator(wide, probs, return_weights=True)
    quality = found["label_quality"]
    line("crowdlab_label", quality["consensus_label"])
    line("crowdlab_quality", hexes(quality["consensus_quality_score"]))
    line("crowdlab_agreement", hexes(quality["annotator_agreement"]))
    line("crowdlab_model_weight", hexes([found["model_weight"]]))
    line("crowdlab_annotator_weight", hexes(found["annotator_weight"]))
    stats = found["annotator_stats"].sort_index()
    line("crowdlab_annotator_quality", hexes(stats["annotator_quality"]))
    line("annotator_agreement", hexes(stats["agreement_with_consensus"]))


def plain_em(votes, n_classes, is_one_coin, smoothing, n_iterations):
    """Dawid and Skene's algorithm as the paper has it, on dense arrays."""
    n_items, n_annotators = votes.shape
    said = np.stack([votes == k for k in range(n_classes)], axis=2).astype(float)
    posterior = said.sum(axis=1) / said.sum(axis=(1, 2))[:, None]
    for _ in range(n_iterations):
        prior = posterior.sum(axis=0) + smoothing
        prior /= prior.sum()
        confusion = np.einsum("ik,iaj->akj", posterior, said) + smoothing
        if is_one_coin:
            right = np.einsum("ik,iak->a", posterior, said) + smoothing
            right /= said.sum(axis=(0, 2)) + 2 * smoothing
            for a in range(n_annotators):
                confusion[a] = (1 - right[a]) / (n_classes - 1)
                np.fill_diagonal(confusion[a], right[a])
        else:
            confusion /= confusion.sum(axis=2, keepdims=True)
        logs = np.log(prior) + np.einsum("iaj,akj->ik", said, np.log(confusion))
        posterior = np.exp(logs - logs.max(axis=1, keepdims=True))
        posterior /= posterior.sum(axis=1, keepdims=True)
    return posterior


def crowdkit(model, votes, n_classes):
    model.fit(to_long(votes))
    probs = model.probas_.reindex(index=range(len(votes)), columns=range(n_classes))
    return probs.fillna(0).to_numpy()


def emit_dawid_skene(votes, n_classes):
    """plain_em's posteriors, and crowd-kit's where it ends at the same fixed point: it puts 1e-10
    into empty cells only, which can lead elsewhere."""
    for name, is_one_coin in (("ds", False), ("coin", True)):
        line(f"{name}_plain", hexes(plain_em(votes, n_classes, is_one_coin, .01, 60)))
        model = (OneCoinDawidSkene if is_one_coin else DawidSkene)(n_iter=400, tol=1e-13)
        found = crowdkit(model, votes, n_classes)
        same = np.abs(found - plain_em(votes, n_classes, is_one_coin, 1e-10, 400)).max() < 1e-5
        line(f"{name}_crowdkit", hexes(found) if same else [])


def emit_agreement(votes, n_classes):
    wide = np.where(votes >= 0, votes, np.nan).T
    for name, level in (("alpha", "nominal"), ("alpha_ordinal", "ordinal"),
                        ("alpha_quadratic", "interval")):
        line(name, hexes([krippendorff.alpha(reliability_data=wide, level_of_measurement=level,
                                             value_domain=list(range(n_classes)))]))
    both = (votes[:, 0] >= 0) & (votes[:, 1] >= 0)
    a, b = votes[both, 0], votes[both, 1]
    for name, weights in (("kappa", None), ("kappa_linear", "linear"),
                          ("kappa_quadratic", "quadratic")):
        value = cohen_kappa_score(a, b, labels=list(range(n_classes)), weights=weights)
        line(name, hexes([value]))
    table = np.zeros((n_classes, n_classes))
    np.add.at(table, (a, b), 1)
    found = cohens_kappa(table)
    line("kappa_interval", hexes([found.kappa_low, found.kappa_upp]))


def emit_complete(votes, probs, n_classes):
    """Without gaps: where votes are missing cleanlab's calibration counts them as votes."""
    complete = np.where(votes >= 0, votes, 0)
    line("complete", complete.ravel())
    line("fleiss_complete", hexes([fleiss_kappa(aggregate_raters(complete, n_classes)[0])]))
    with contextlib.redirect_stdout(io.StringIO()):
        scores, _ = get_active_learning_scores(complete, probs)
    line("active_complete", hexes(scores))


def emit(rng, n_items, n_annotators, n_classes, gaps):
    true, votes = draw(rng, n_items, n_annotators, n_classes, gaps)
    probs = rng.dirichlet(np.ones(n_classes), size=n_items)
    probs = .5 * probs + .5 * np.eye(n_classes)[np.where(rng.random(n_items) < .8, true,
                                                         rng.integers(n_classes, size=n_items))]
    print("case")
    line("shape", [n_items, n_annotators, n_classes])
    line("votes", votes.ravel())
    line("probs", hexes(probs))
    emit_cleanlab(votes, probs)
    emit_dawid_skene(votes, n_classes)
    emit_agreement(votes, n_classes)
    emit_complete(votes, probs, n_classes)
    print("end")


def main():
    warnings.simplefilter("ignore")
    rng = np.random.default_rng(20261126)
    for n_classes in (2, 3, 5):
        for n_annotators, gaps in ((4, .1), (8, .5)):
            for n_items in (40, 90):
                emit(rng, n_items, n_annotators, n_classes, gaps)


if __name__ == "__main__":
    main()
