"""The stubs say what the modules are, and a strict type checker accepts what users write."""
import importlib
import inspect
import os
import subprocess
import sys

import pytest

import labelqa

pytest.importorskip("mypy")

USER = """
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import labelqa
from labelqa.cleanlab import count, filter, rank
from labelqa.cleanlab.outlier import OutOfDistribution
from labelqa.training import PerExampleLossLogger


def audit(file: Path) -> list[str]:
    run = labelqa.audit(file, text="body", label="queue", seed=3, fail_if=["findings.error > 0"],
                        model="trees", features=["a", "b"], severity={"duplicate": "warn"},
                        embeddings=np.eye(3), memory_limit="2GB", C=2, quiet=True)
    labelqa.command("export", run, "cleaned", "x.csv", format="csv")
    labelqa.annotators(file, wide=["a", "b"], method="dawid-skene", quiet=True)
    run.plot_confusion(top=5)
    run.to_pandas(source=False)
    rows: list[str] = [row["row_id"] for row in run.rows()]
    run.export("cleaned", "cleaned.parquet")
    return rows


def issues(labels: list[str], p: NDArray[np.float32]) -> NDArray[np.bool_]:
    order: NDArray[np.int64] = labelqa.find_label_issues(
        labels, p, classes=["a", "b"], return_indices_ranked_by="self_confidence")
    print(order[:3], labelqa.crowdlab([[0, 1], [1, 1]], [p, p])["quality"])
    return labelqa.find_label_issues(labels, "p.npy", classes=["a", "b"])


def drop_in(labels: NDArray[np.int64], p: NDArray[np.float64]) -> float:
    mask: NDArray[np.bool_] = filter.find_label_issues(labels, p)
    worst: NDArray[np.int64] = rank.order_label_issues(mask, labels, p)
    scores = OutOfDistribution({"k": 3}).fit_score(features=p)
    PerExampleLossLogger("losses.jsonl").log(["a"], [0.5], epoch=1)
    return float(scores[worst[0]]) + count.num_label_issues(labels, p)
"""

WRONG = """
import numpy as np

import labelqa

labelqa.find_label_issues([0, 1], np.eye(2), filter_by="prune")
labelqa.find_label_issues([0, 1], np.eye(2), treads=2)
labelqa.audit()
labelqa.no_such_function
answer: int = labelqa.find_label_issues([0, 1], np.eye(2))
labelqa.audit("x.csv", fold=3)
labelqa.audit("x.csv", folds="3")
labelqa.audit("x.csv", model="tree")
labelqa.audit("x.csv", overwrite="yes")
labelqa.command("export", frmat="csv")
labelqa.annotators("x.csv", metod="crowdlab")
"""


def check(folder, build, *arguments):
    environment = {**os.environ, "MYPYPATH": str(build / "python"),
                   "PYTHONPATH": str(build / "python")}
    return subprocess.run([sys.executable, "-m", *arguments], cwd=folder, env=environment,
                          capture_output=True, text=True)


def test_stubs_are_true(build, tmp_path):
    ended = check(tmp_path, build, "mypy.stubtest", "labelqa", "--concise", "--ignore-missing-stub",
                  "--ignore-disjoint-bases")
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_every_module_has_a_stub(build):
    for path in (build / "python" / "labelqa").rglob("*.py"):
        internal = {"_core", "_docs", "_inputs", "_arguments", "_votes", "_options",
                    "__main__"}
        assert path.with_suffix(".pyi").exists() or path.stem in internal, path


def test_options_are_those_of_the_library():
    from labelqa import _options, _run
    for command in _run._library().commands():
        words = {word[2:].replace("-", "_") for word in _run._library().words(command).split()}
        typed = set(getattr(_options, f"{command.title()}Options").__annotations__)
        named = {"audit": labelqa.audit, "annotators": labelqa.annotators}.get(command)
        if named is not None:
            typed |= set(inspect.signature(named).parameters)
        missing = words - typed - {"help", "width", "format"}
        missing -= {"review"} if command == "audit" else set()  # Run.serve()
        assert all(word.startswith("out") for word in missing), (command, missing)
        assert typed - words <= {"data", "options"}, command


def test_a_strict_checker_accepts_what_users_write(build, tmp_path):
    (tmp_path / "user.py").write_text(USER)
    ended = check(tmp_path, build, "mypy", "--strict", "user.py")
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_a_checker_finds_what_is_wrong(build, tmp_path):
    (tmp_path / "wrong.py").write_text(WRONG)
    ended = check(tmp_path, build, "mypy", "wrong.py")
    for line in range(6, 17):
        assert f"wrong.py:{line}: error" in ended.stdout, ended.stdout


PUBLIC = [name for name in labelqa.__all__ if callable(getattr(labelqa, name))]


@pytest.mark.parametrize("name", PUBLIC)
def test_docstrings_name_every_argument(name):
    value = getattr(labelqa, name)
    assert value.__doc__, name
    if inspect.isclass(value) and name != "LabelInspector":
        return  # made by functions
    for parameter in inspect.signature(value).parameters:
        assert parameter in value.__doc__, parameter


@pytest.mark.parametrize("name", [n for n in PUBLIC if inspect.isfunction(getattr(labelqa, n))])
def test_docstrings_say_what_comes_back(name):
    text = f"{getattr(labelqa, name).__doc__}"
    assert any(word in text for word in (
        "Returns", "scores", "int64", "float64", "values", "row numbers")), text


@pytest.mark.parametrize("module", ["count", "dataset", "filter", "multiannotator", "rank"])
def test_the_drop_in_is_documented(module):
    module = importlib.import_module(f"labelqa.cleanlab.{module}")
    for name in module.__all__:
        assert "cleanlab" in getattr(module, name).__doc__, name
