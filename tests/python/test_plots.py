"""Pictures of a run: what they show is what the run says. They need matplotlib (tools/test-newest);
without it they say so."""
import random
import sys

import numpy as np
import pytest

import labelqa

WORDS = {"colour": "red blue green grey", "animal": "dog cat cow hen", "number": "one two three"}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    chance = random.Random(3)
    kinds = [sorted(WORDS)[i % 3] for i in range(240)]
    texts = [" ".join(chance.choices(WORDS[kind].split(), k=6)) + f" {i}"
             for i, kind in enumerate(kinds)]
    labels = ["colour" if i % 20 == 4 else kind for i, kind in enumerate(kinds)]
    return labelqa.audit({"text": texts, "label": labels}, text="text", label="label",
                         out=tmp_path_factory.mktemp("run") / "r", quiet=True)


@pytest.fixture
def pyplot():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    import matplotlib.pyplot as pyplot
    yield pyplot
    pyplot.close("all")


def test_class_health(run, pyplot):
    ax = run.plot_class_health()
    wanted = {c["label"]: c["label_noise"] for c in run.report["confident_learning"]["per_class"]}
    names = [tick.get_text() for tick in ax.get_yticklabels()]
    assert dict(zip(names, (bar.get_width() for bar in ax.patches))) == pytest.approx(wanted)
    assert wanted[names[-1]] == max(wanted.values())
    assert "the worst 1 of 3" in run.plot_class_health(top=1).get_title()


def test_confusion(run, pyplot):
    ax = run.plot_confusion()
    shown = np.ma.filled(ax.images[0].get_array().astype(float), np.nan)
    labels = [run.classes.index(row["label"]) for row in run.rows()]
    joint = labelqa.compute_confident_joint(labels, run.pred_probs).astype(float)
    assert np.isnan(shown.diagonal()).all()
    np.testing.assert_array_equal(shown[~np.eye(3, dtype=bool)], joint[~np.eye(3, dtype=bool)])
    assert [tick.get_text() for tick in ax.get_yticklabels()] == run.classes
    assert any(text.get_text().isdigit() for text in ax.texts)
    assert "most confused" in run.plot_confusion(top=2).get_title()


def test_trust(run, pyplot):
    ax = run.plot_trust()
    actions = [row["review_action"] for row in run.rows()]
    legend = {text.get_text() for text in ax.get_legend().get_texts()}
    assert legend == {f"{name} ({actions.count(name)})" for name in set(actions)}
    known = [row["p_correct"] for row in run.rows() if row["p_correct"] is not None]
    assert sum(bar.get_height() for bar in ax.patches) == len(known)
    assert ax.get_xlabel() == "p_correct"
    ax = run.plot_trust(column="trust_score")
    assert sum(bar.get_height() for bar in ax.patches) == len(actions)
    assert ax.get_xlabel() == "trust_score"
    with pytest.raises(ValueError, match="p_correct' or 'trust_score', not 'loss'"):
        run.plot_trust(column="loss")


def test_axes_of_the_user(run, pyplot):
    figure, axes = pyplot.subplots(1, 3)
    for ax, draw in zip(axes, (run.plot_class_health, run.plot_confusion, run.plot_trust)):
        assert draw(ax=ax) is ax and ax.has_data()
    figure.canvas.draw()


def test_what_is_refused(run, monkeypatch):
    with pytest.raises(ValueError, match="top must be at least 1"):
        run.plot_confusion(top=0)
    for name in ("matplotlib", "matplotlib.pyplot"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match="pip install matplotlib"):
        run.plot_trust()
