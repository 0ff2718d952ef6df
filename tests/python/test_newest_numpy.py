"""What a newer numpy changes in cleanlab's answers, and that nothing else differs from ours.

From numpy 1.25 on argsort uses the processor's SIMD instructions, and the order of equal scores
depends on them. So cleanlab's flags depend on numpy's version and on the processor; ours are those
of numpy 1.24 everywhere. The rule that explains each difference: with numpy 1.24's order in
argsort's place cleanlab answers as ours. tools/test-newest runs this.
"""
import numpy as np
import pytest
from random_problems import HAS_REFERENCE, IS_NEWEST, TALLY, make

cleanlab = pytest.importorskip("cleanlab")
if not (IS_NEWEST and HAS_REFERENCE and cleanlab.__version__ == "2.9.0"):
    pytest.skip("tools/test-newest runs this", allow_module_level=True)

import cleanlab.count as their_count  # noqa: E402
import cleanlab.filter as their_filter  # noqa: E402
import cleanlab.rank as their_rank  # noqa: E402

from labelqa import _core  # noqa: E402
from labelqa.cleanlab import count, filter, rank  # noqa: E402

FILTERS = ("prune_by_noise_rate", "prune_by_class", "both", "confident_learning",
           "predicted_neq_given", "low_self_confidence", "low_normalized_margin")
OWN_ARGSORT = np.argsort
pytestmark = pytest.mark.filterwarnings("ignore")


def argsort_of_1_24(values, axis=-1, kind=None, order=None, **options):
    values = np.asarray(values)
    if values.ndim == 1 and kind is None and values.dtype.kind in "fiu":
        return _core.argsort(values, "compat")
    return OWN_ARGSORT(values, axis, kind, order, **options)


def answers(module_filter, module_count, labels, p, **jobs):
    found = {method: module_filter.find_label_issues(labels, p, filter_by=method, **jobs)
             for method in FILTERS}
    for by in ("self_confidence", "normalized_margin"):
        found[by] = module_filter.find_label_issues(labels, p, return_indices_ranked_by=by, **jobs)
    found["joint"] = module_count.compute_confident_joint(labels, p)
    return found


@pytest.mark.parametrize("group", range(4))
def test_every_difference_is_the_order_of_equal_scores(group, monkeypatch):
    for seed in range(group * 60, group * 60 + 60):
        _, labels, p = make(seed)
        ours = answers(filter, count, labels, p)
        plain = answers(their_filter, their_count, labels, p, n_jobs=1)
        with monkeypatch.context() as patch:
            patch.setattr(np, "argsort", argsort_of_1_24)
            as_before = answers(their_filter, their_count, labels, p, n_jobs=1)
        for name, answer in ours.items():
            TALLY["comparisons"] += 1
            TALLY["explained"] += not np.array_equal(answer, plain[name])
            assert np.array_equal(answer, as_before[name]), (seed, name)


def test_top_scores_are_equal_scores():
    """find_top_issues sorts by a method of the array, which nobody can replace: the same scores in
    the same places, whatever the rows among equals."""
    for seed in range(1000, 1100):
        _, labels, p = make(seed)
        scores = rank.get_label_quality_scores(labels, p)
        ours, theirs = (module.find_top_issues(scores, top=None) for module in (rank, their_rank))
        TALLY["comparisons"] += 1
        TALLY["explained"] += not np.array_equal(ours, theirs)
        assert np.array_equal(scores[ours], scores[theirs])
        assert np.array_equal(np.sort(ours), np.sort(theirs))
