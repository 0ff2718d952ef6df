"""labelqa.annotators: the command from Python, on files and frames, beside the native functions."""
import json
import subprocess

import numpy as np
import pytest

import labelqa

CLASSES = ["cat", "cow", "dog"]


def draw(n_items=60, n_annotators=5, seed=1):
    """An n_items x n_annotators array of class numbers, -1 = missing, and the truth."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(3, size=n_items)
    skill = np.linspace(.5, .95, n_annotators)
    votes = np.where(rng.random((n_items, n_annotators)) < skill, truth[:, None],
                     rng.integers(3, size=(n_items, n_annotators)))
    votes[rng.random(votes.shape) < .2] = -1
    votes[:3, 0] = [0, 1, 2]
    votes[(votes >= 0).sum(axis=1) == 0, 1] = 0
    return votes, truth


@pytest.fixture
def frames():
    pandas = pytest.importorskip("pandas")
    votes, truth = draw()
    item, annotator = np.nonzero(votes >= 0)
    long = pandas.DataFrame({"item": item, "annotator": [f"a{a}" for a in annotator],
                             "label": [CLASSES[k] for k in votes[item, annotator]],
                             "truth": [CLASSES[k] for k in truth[item]]})
    wide = pandas.DataFrame({f"rater_{a}": [CLASSES[k] if k >= 0 else None for k in votes[:, a]]
                             for a in range(votes.shape[1])})
    return long, wide, votes, truth


def test_frames_and_files_give_the_same(frames, tmp_path, labelqa_command):
    long, wide, _, _ = frames
    study = labelqa.annotators(long, method="dawid-skene")
    path = tmp_path / "votes.csv"
    long.to_csv(path, index=False)
    printed = json.loads(subprocess.run(
        [labelqa_command, "annotators", path, "--method", "dawid-skene", "--format", "json",
         "--quiet"], check=True, stdout=subprocess.PIPE).stdout)
    assert {**printed, "source": "frame"} == study.data
    assert study.items["item"] == [str(i) for i in range(60)]
    other = labelqa.annotators(wide, method="dawid-skene", wide="rater_*", classes=CLASSES)
    assert other.items["label"] == study.items["label"]
    assert np.allclose(other.soft_labels, study.soft_labels, atol=1e-6)
    assert "Krippendorff" in str(study) and "60 items" in repr(study)


def test_the_command_and_the_native_functions_agree(frames):
    long, _, votes, _ = frames
    numbers = long.assign(label=long["label"].map(CLASSES.index))
    study = labelqa.annotators(long, method="dawid-skene")
    native = labelqa.dawid_skene(numbers)
    assert study.classes == CLASSES
    assert np.allclose(study.soft_labels, native["posterior"], atol=1e-6)
    alpha = study.data["agreement"]["krippendorff_alpha"]
    assert alpha["value"] == labelqa.krippendorff_alpha(votes)["value"]
    kappa = labelqa.cohen_kappa(votes, 0, 1)
    pair = [study.pairs["first"][i] + study.pairs["second"][i] for i in range(10)].index("a0a1")
    assert study.pairs["kappa"][pair] == pytest.approx(kappa["value"], abs=1e-15)
    assert study.pairs["items"][pair] == kappa["n_items" if "n_items" in kappa else "items"]


def test_probabilities_as_an_array(frames):
    long, _, votes, truth = frames
    probs = np.full((60, 3), .1)
    probs[np.arange(60), truth] = .8
    study = labelqa.annotators(long, pred_probs=probs, truth="truth")
    native = labelqa.crowdlab(votes, probs)
    assert study.data["consensus"]["method"] == "crowdlab"
    assert [CLASSES[k] for k in native["consensus"]] == study.items["label"]
    assert np.allclose(native["quality"], study.items["quality"], atol=1e-6)
    weights = {f"a{a['annotator']}": a["weight"] for a in native["annotators"]}
    assert [weights[a] for a in study.annotators["annotator"]] == pytest.approx(
        study.annotators["weight"], abs=1e-6)
    assert study.data["consensus"]["accuracy"] == pytest.approx(
        (native["consensus"] == truth).mean())


def test_text_trains_a_model(frames):
    long, _, _, truth = frames
    words = [["purr", "whiskers"], ["moo", "milk"], ["bark", "leash"]]
    texts = [f"{words[k][i % 2]} {words[k][0]} number {i}" for i, k in enumerate(truth)]
    long["text"] = [texts[i] for i in long["item"]]
    study = labelqa.annotators(long, text="text", truth="truth")
    assert study.data["consensus"]["model"] == "text model, out of fold"
    plain = labelqa.annotators(long, method="majority", truth="truth")
    assert study.data["consensus"]["accuracy"] >= plain.data["consensus"]["accuracy"]


def test_errors_are_pythons(frames):
    long, _, _, _ = frames
    with pytest.raises(ValueError, match="has no column 'who'"):
        labelqa.annotators(long, annotator="who")
    with pytest.raises(TypeError, match="tables are attributes"):
        labelqa.annotators(long, out="x.csv")
    with pytest.raises(TypeError, match="no option 'colour'"):
        labelqa.annotators(long, colour="red")
    with pytest.raises(ValueError, match="a second time"):
        labelqa.annotators(type(long)({"item": [1, 1], "annotator": ["a", "a"],
                                       "label": ["x", "y"]}))
    with pytest.raises(ValueError, match="none of the 2 classes given"):
        labelqa.annotators(long, classes=["cat", "dog"])
    with pytest.raises(FileNotFoundError):
        labelqa.annotators("absent.csv")
