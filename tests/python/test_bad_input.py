"""Bad input ends in an exception that names the argument; unusual input that is fine is used as it
is. Never a crash."""
import re
import subprocess
import sys

import numpy as np
import pytest
from bad_inputs import (K, LABELS, N, P, bad_labels, bad_probabilities, bad_values, changed,
                        fine_labels, fine_probabilities, out_of_range)

import labelqa
from labelqa.cleanlab import count, dataset, filter, rank

NATIVE = {
    "find_label_issues": labelqa.find_label_issues,
    "num_label_issues": labelqa.num_label_issues,
    "get_label_quality_scores": labelqa.get_label_quality_scores,
    "get_label_quality_ensemble_scores":
        lambda labels, p: labelqa.get_label_quality_ensemble_scores(labels, [p, p]),
    "order_label_issues": lambda labels, p: labelqa.order_label_issues(np.ones(N, bool), labels, p),
    "get_confident_thresholds": labelqa.get_confident_thresholds,
    "compute_confident_joint": labelqa.compute_confident_joint,
    "estimate_joint": labelqa.estimate_joint, "estimate_latent": labelqa.estimate_latent,
    "health_summary": lambda labels, p: labelqa.health_summary(labels, p)["joint"],
}
DROP_IN = {
    "find_label_issues": filter.find_label_issues,
    "find_predicted_neq_given": filter.find_predicted_neq_given,
    "num_label_issues": count.num_label_issues,
    "compute_confident_joint": count.compute_confident_joint,
    "get_label_quality_scores": rank.get_label_quality_scores,
    "rank_classes_by_label_quality": dataset.rank_classes_by_label_quality,
}
REFUSED = (ValueError, TypeError, FileNotFoundError)


def same(a, b):
    if isinstance(a, tuple):
        return all(map(same, a, b))
    return np.array_equal(np.asarray(a), np.asarray(b))


@pytest.mark.parametrize("name", NATIVE)
def test_native_refuses_and_names_the_argument(name):
    for case, labels in bad_labels().items():
        with pytest.raises(REFUSED, match="labels"):
            pytest.fail(f"{case}: {NATIVE[name](labels, P)}")
    for case, p in {**bad_probabilities(), **bad_values(), **out_of_range()}.items():
        with pytest.raises(REFUSED, match="pred_probs"):
            pytest.fail(f"{case}: {NATIVE[name](LABELS, p)}")


@pytest.mark.parametrize("name", NATIVE)
def test_other_clothes_give_the_same_bits(name, tmp_path):
    wanted = NATIVE[name](LABELS, P)
    for case, labels in fine_labels(tmp_path).items():
        assert same(NATIVE[name](labels, P), wanted), case
    for case, p in fine_probabilities(tmp_path).items():
        assert same(NATIVE[name](LABELS, p), wanted), case
    pandas, pyarrow = pytest.importorskip("pandas"), pytest.importorskip("pyarrow")
    rows = pyarrow.FixedSizeListArray.from_arrays(pyarrow.array(P.ravel()), K)
    for labels in (pandas.Series(LABELS), pyarrow.array(LABELS), pyarrow.chunked_array([LABELS])):
        for p in (pandas.DataFrame(P), rows):
            assert same(NATIVE[name](labels, p), wanted), (type(labels), type(p))
    for odd in (P.astype(np.float16), P.astype(np.longdouble)):
        NATIVE[name](LABELS, odd)


@pytest.mark.parametrize("name", DROP_IN)
def test_the_drop_in_never_crashes(name, tmp_path):
    function = DROP_IN[name]
    for case, labels in bad_labels().items():
        try:
            function(labels, P)
            # the reference's own check is only in the functions that find and rank
            assert name in ("compute_confident_joint", "rank_classes_by_label_quality"), case
        except (*REFUSED, IndexError, AttributeError):
            pass
    for p in bad_probabilities().values():
        try:
            function(LABELS, p)
        except (*REFUSED, IndexError, AttributeError):
            pass
    for p in bad_values().values():
        function(LABELS, p)  # NaN passes, as in the reference
    wanted = function(LABELS, P)
    for case, labels in fine_labels(tmp_path).items():
        if not (isinstance(labels, list) and name == "get_label_quality_scores"):
            assert same(function(labels, P), wanted), case
    for case, p in {**fine_probabilities(tmp_path), "objects": P.astype(object)}.items():
        assert same(function(LABELS, p), wanted), case


@pytest.mark.parametrize("options, kind, words", [
    ({"filter_by": "x"}, ValueError, "filter_by: 'x'"),
    ({"frac_noise": np.nan}, ValueError, "frac_noise .* nan"),
    ({"frac_noise": "x"}, TypeError, "frac_noise .* 'x'"),
    ({"min_examples_per_class": -1}, ValueError, "min_examples_per_class .* -1"),
    ({"min_examples_per_class": 2**70}, ValueError, "min_examples_per_class"),
    ({"num_to_remove_per_class": [1, 2]}, ValueError, "num_to_remove_per_class .* 3"),
    ({"num_to_remove_per_class": [1, 2, -3]}, ValueError, r"num_to_remove_per_class\[2\] is -3"),
    ({"confident_joint": np.ones((2, 2))}, ValueError, "confident_joint .* 3 x 3"),
    ({"confident_joint": -np.ones((3, 3))}, ValueError, "confident_joint .* -1.0"),
    ({"confident_joint": np.full((3, 3), np.nan)}, ValueError, r"confident_joint\[0, 0\] is nan"),
    ({"ties": "x"}, ValueError, "ties: 'x'"), ({"threads": -1}, ValueError, "threads .* -1"),
    ({"threads": 2**70}, ValueError, "threads"), ({"tolerance": np.nan}, ValueError, "tolerance"),
    ({"return_indices_ranked_by": "x"}, ValueError, "'x' is none of"),
])
def test_options_are_named_with_their_value(options, kind, words):
    with pytest.raises(kind, match=words):
        labelqa.find_label_issues(LABELS, P, **options)


def test_masked_values_are_refused():
    labels = np.ma.array(LABELS, mask=np.arange(N) == 4)
    p = np.ma.array(P, mask=np.arange(N * K).reshape(N, K) == 7)
    for function in NATIVE.values():
        with pytest.raises(ValueError, match=r"labels hold a masked value: labels\[4\]"):
            function(labels, P)
        with pytest.raises(ValueError, match=r"pred_probs\[2, 1\] is masked"):
            function(LABELS, p)
        assert same(function(np.ma.array(LABELS), np.ma.array(P)), function(LABELS, P))
    with pytest.raises(ValueError, match="confident_joint hold a masked value"):
        labelqa.find_label_issues(LABELS, P, confident_joint=np.ma.array(np.eye(K), mask=True))


def test_names_of_arrow_and_frame_columns():
    pandas, pyarrow = pytest.importorskip("pandas"), pytest.importorskip("pyarrow")
    polars = pytest.importorskip("polars")
    classes, wanted = list("abc"), labelqa.find_label_issues(LABELS, P)
    names = [classes[k] for k in LABELS]
    column = pyarrow.array(names)
    for given in (column, column.dictionary_encode(), column.cast(pyarrow.large_string()),
                  pyarrow.chunked_array([names[:5], names[5:]]), pandas.Series(names),
                  pandas.Series(names, dtype="category"), pandas.Series(names, dtype="string"),
                  polars.Series(names), polars.Series(names, dtype=polars.Categorical)):
        assert same(labelqa.find_label_issues(given, P, classes=classes), wanted), type(given)
    missing = [None if row == 3 else name for row, name in enumerate(names)]
    column = pyarrow.array(missing)
    for given in (missing, column, column.dictionary_encode(), polars.Series(missing),
                  pandas.Series(missing), pandas.Series(missing, dtype="category"),
                  pyarrow.array([None if row == 3 else k for row, k in enumerate(LABELS)]),
                  pandas.Series(np.where(np.arange(N) == 3, np.nan, LABELS)).astype("Int64")):
        with pytest.raises(ValueError, match=r"labels\[3\] is"):
            labelqa.find_label_issues(given, P, classes=classes)


def test_rows_to_order_by_number():
    assert labelqa.order_label_issues([], LABELS, P).tolist() == []
    mask = LABELS == 1
    assert same(labelqa.order_label_issues(np.flatnonzero(mask), LABELS, P),
                labelqa.order_label_issues(mask, LABELS, P))
    with pytest.raises(ValueError, match="issues names row 99"):
        labelqa.order_label_issues([99], LABELS, P)


def test_class_names():
    names = np.array(list("abc"))[LABELS]
    assert same(labelqa.find_label_issues(names, P, classes=["a", "b", "c"]),
                labelqa.find_label_issues(LABELS, P))
    for classes in (["a", "b"], ["a", "a", "c"], list("abcd")):
        with pytest.raises(ValueError, match="classes must hold 3 different names"):
            labelqa.find_label_issues(names, P, classes=classes)
    with pytest.raises(ValueError, match="labels holds 'c'"):
        labelqa.find_label_issues(names, P, classes=["a", "b", "d"])


def test_nearly_probabilities_are_scaled_and_said():
    off = P * 1.001
    with pytest.warns(labelqa.LabelqaWarning, match="scaled|sum"):
        scores = labelqa.get_label_quality_scores(LABELS, off)
    np.testing.assert_allclose(scores, P[np.arange(N), LABELS], rtol=1e-12)


@pytest.mark.parametrize("name", [n for n in NATIVE if n != "get_label_quality_ensemble_scores"])
@pytest.mark.parametrize("change", [
    lambda p: p * 1.002, lambda p: p * 0.995, lambda p: changed(p, (4, 1), p[4, 1] + 0.009),
    lambda p: changed(p, 4, [1.002, -0.002, 0])])
def test_every_native_function_scales_within_the_tolerance(name, change):
    with pytest.warns(labelqa.LabelqaWarning, match="did not sum to 1|outside"):
        found = NATIVE[name](LABELS, change(P))
    off = change(P)
    inside = np.clip(off, 0, None)
    wanted = NATIVE[name](LABELS, inside / inside.sum(axis=1, keepdims=True))
    if isinstance(found, tuple):
        found, wanted = found[0], wanted[0]
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("change, words", [
    (lambda p: p * 1.02, r"pred_probs\[0\]|row 0"), (lambda p: p / 3, r"pred_probs\[0\]|row 0"),
    (lambda p: changed(p, (4, 1), -0.02), r"pred_probs\[4, 1\]"),
    (lambda p: changed(p, (4, 1), 1.02), r"pred_probs\[4, 1\]")])
def test_beyond_the_tolerance_the_row_is_named(change, words):
    with pytest.raises(ValueError, match=words):
        labelqa.find_label_issues(LABELS, change(P))


def test_rounding_is_left_as_it_is(recwarn):
    """Sums within 1e-4 of 1 keep their bits; a value of 1.00001 (real models' output) is scaled."""
    p = P * 1.00001
    assert same(labelqa.get_label_quality_scores(LABELS, p), p[np.arange(N), LABELS])
    assert not recwarn.list
    with pytest.warns(labelqa.LabelqaWarning, match="12 of 12 rows"):
        scores = labelqa.get_label_quality_scores(LABELS, np.eye(K)[LABELS] * 1.00001)
    assert (scores == 1).all()


def test_the_tolerance_is_an_option():
    with pytest.raises(ValueError):
        labelqa.get_label_quality_scores(LABELS, P * 1.002, tolerance=1e-3)
    with pytest.warns(labelqa.LabelqaWarning):
        labelqa.get_label_quality_scores(LABELS, P * 1.2, tolerance=0.5)


def test_the_drop_in_refuses_what_cleanlab_refuses():
    for factor, is_fine in ((0.5, True), (1 + 1e-7, True), (1.00001, None)):
        p = np.eye(K)[LABELS] * factor
        if is_fine:
            filter.find_label_issues(LABELS, p)
        else:
            with pytest.raises(ValueError, match="pred_probs"):
                filter.find_label_issues(LABELS, p)


def test_arrow_data_are_not_copied():
    pyarrow = pytest.importorskip("pyarrow")
    from labelqa import _inputs
    numbers = pyarrow.array(P.ravel())
    rows = pyarrow.FixedSizeListArray.from_arrays(numbers, K)
    for column, shape in ((numbers, (N * K,)), (rows, (N, K)), (rows.slice(3, 5), (5, K)),
                          (pyarrow.chunked_array([rows]), (N, K))):
        array = _inputs.to_array(column)
        first = array.__array_interface__["data"][0]
        start = numbers.buffers()[1].address
        assert array.shape == shape and start <= first < start + P.nbytes
        assert not array.flags.writeable
    del numbers, rows, column
    assert array.tolist() == P.tolist()  # the view keeps the memory


def test_matrices_are_not_copied():
    """One row, repeated by a stride of 0: a copy would show in the peak."""
    p = np.broadcast_to(np.array([0.3, 0.7]), (3_000_000, 2))
    labels = np.broadcast_to(np.uint8(0), 3_000_000)
    before = peak_bytes()
    found = labelqa.find_label_issues(labels, p), filter.find_label_issues(labels, p)
    assert not found[0].any() and not found[1].any()
    assert peak_bytes() - before < p.size * 8


def peak_bytes():
    import resource
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def test_neighbours_and_joints():
    for k in (0, -1, N, 2**70):
        with pytest.raises(ValueError, match="k must be"):
            labelqa.nearest_neighbors(P, k=k)
    with pytest.raises(ValueError, match="class_counts has|class_counts must"):
        labelqa.calibrate_confident_joint(np.ones((3, 3)), [1, 2])
    with pytest.raises(ValueError, match="square"):
        labelqa.calibrate_confident_joint(np.ones((2, 3)), [1, 2])
    with pytest.raises(ValueError, match="top must be"):
        labelqa.find_top_issues([1.0, 2.0], top=-1)


@pytest.mark.parametrize("function", [
    labelqa.majority_vote, labelqa.dawid_skene, labelqa.krippendorff_alpha, labelqa.fleiss_kappa])
@pytest.mark.parametrize("votes", [
    None, 3, "x", np.zeros(3), np.zeros((2, 2, 2)), np.zeros((0, 0)), np.full((3, 2), np.nan),
    np.ones((2, 2), complex), np.array([[2**40, 1], [1, 0]]), {"item": [1]},
    {"item": [1], "annotator": ["a"], "label": [0, 1]}], ids=range(11))
def test_votes(function, votes):
    with pytest.raises((ValueError, TypeError)):
        function(votes)


def test_objects_that_were_not_made():
    from labelqa import _labelqa
    for kind in (_labelqa.Problem, _labelqa.Votes, _labelqa.Inspector, _labelqa.Column):
        with pytest.raises(TypeError):
            kind.__new__(kind)
        with pytest.raises(TypeError):
            kind(nothing=1)


def test_arrow_capsules_are_taken_once():
    pyarrow = pytest.importorskip("pyarrow")
    from labelqa import _labelqa
    capsules = pyarrow.array([1.0, 2.0]).__arrow_c_array__()
    assert np.asarray(_labelqa.arrow_array(*capsules)).tolist() == [1, 2]
    with pytest.raises(ValueError, match="taken already"):
        _labelqa.arrow_array(*capsules)
    stream = pyarrow.chunked_array([[1.0], [2.0]]).__arrow_c_stream__()
    assert len(_labelqa.arrow_stream(stream)) == 2
    empty = pyarrow.chunked_array([], pyarrow.int64())
    with pytest.raises(ValueError, match="labels is empty"):
        labelqa.find_label_issues(empty, P)
    for wrong in (None, 3, object()):
        with pytest.raises((TypeError, ValueError)):
            _labelqa.arrow_stream(wrong)


VOTES = np.random.default_rng(0).integers(0, 3, (20, 4))
NAN_PROBABILITIES = np.full((20, 3), np.nan)


@pytest.mark.parametrize("call, kind, words", [
    (lambda: labelqa.LabelInspector(threads=-1), ValueError, "threads .* -1"),
    (lambda: labelqa.LabelInspector(threads="x"), TypeError, "threads .* 'x'"),
    (lambda: labelqa.LabelInspector(frac_noise=np.nan), ValueError, "frac_noise .* nan"),
    (lambda: labelqa.LabelInspector(min_examples_per_class=1.5), TypeError,
     "min_examples_per_class .* 1.5"),
    (lambda: labelqa.LabelInspector(tolerance="x"), TypeError, "tolerance .* 'x'"),
    (lambda: labelqa.find_label_issues_batched(LABELS, P, batch_size="x"), TypeError,
     "batch_size .* 'x'"),
    (lambda: labelqa.find_label_issues_batched(batches=[(LABELS,)]), TypeError, "batches .* pairs"),
    (lambda: labelqa.find_label_issues_batched(LABELS, pred_probs_file="no.npy"),
     FileNotFoundError, "pred_probs: there is no file 'no.npy'"),
    (lambda: labelqa.nearest_neighbors(np.zeros((0, 3))), ValueError, "features has 0 rows"),
    (lambda: labelqa.outlier_scores(np.where(P > 0.6, np.nan, P)), ValueError, "features.* is NaN"),
    (lambda: labelqa.krippendorff_alpha(VOTES, seed=-1), ValueError, "seed .* -1"),
    (lambda: labelqa.fleiss_kappa(VOTES, n_resamples=10**12), ValueError, "n_resamples"),
    (lambda: labelqa.dawid_skene(VOTES, smoothing=-1), ValueError, "smoothing .* -1"),
    (lambda: labelqa.dawid_skene(VOTES, threads=-5), ValueError, "threads .* -5"),
    (lambda: labelqa.crowdlab(VOTES, NAN_PROBABILITIES), ValueError, r"pred_probs\[0, 0\] is nan"),
    (lambda: labelqa.majority_vote(VOTES, pred_probs=NAN_PROBABILITIES), ValueError,
     r"pred_probs\[0, 0\] is nan"),
], ids=range(16))
def test_every_argument_is_named(call, kind, words):
    with pytest.raises(kind, match=words):
        call()


def test_arrays_given_to_an_audit_are_named(tmp_path, monkeypatch):
    pandas = pytest.importorskip("pandas")
    monkeypatch.chdir(tmp_path)
    frame = pandas.DataFrame({"text": [f"row {i}" for i in range(N)], "label": LABELS})
    with pytest.raises(ValueError, match="^pred_probs has 11 rows"):
        labelqa.audit(frame, text="text", label="label", pred_probs=P[:-1])


@pytest.mark.parametrize("array, name", [
    (np.linspace(.1, .9, 40), "p.npy"), (np.linspace(.1, .9, 40)[:, None], "p.npy"),
    (np.full((40, 2), .5), "p.npz")])
def test_the_command_that_converts_probabilities(tmp_path, array, name):
    """One column for the second class, or an archive: the message's command makes it right."""
    (tmp_path / "rows.csv").write_text("text,label\n" + "".join(
        f"the {['apple', 'hammer'][i % 2]} number {i},{i % 2}\n" for i in range(40)))
    (np.save if name == "p.npy" else np.savez)(tmp_path / name, array)
    options = {"text": "text", "label": "label", "out": tmp_path / "run.labelqa"}
    with pytest.raises(ValueError) as failure:
        labelqa.audit(tmp_path / "rows.csv", pred_probs=str(tmp_path / name), **options)
    code = re.search('python3 -c "(.*)"', str(failure.value)).group(1)
    for word in ("FILE.npy" if name == "p.npy" else "FILE.npz", "BOTH.npy", "FILE.npy"):
        made = tmp_path / (name if word.startswith("FILE") and word.endswith(name[-4:])
                           else "both.npy")
        code = code.replace(f"'{word}'", repr(str(made)))
    subprocess.run([sys.executable, "-c", code], check=True)
    run = labelqa.audit(tmp_path / "rows.csv", pred_probs=str(tmp_path / "both.npy"), **options)
    assert run.pred_probs.shape == (40, 2)
