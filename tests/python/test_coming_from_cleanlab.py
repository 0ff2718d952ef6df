"""docs/coming-from-cleanlab.md: what it calls the same exists, with the same signature, and nothing
of the modules that labelqa covers is missing from it."""
import importlib
import inspect
import re

import pytest

cleanlab = pytest.importorskip("cleanlab")
COVERED = ("count", "dataset", "filter", "multiannotator", "outlier", "rank")


def parameters(function):
    found = [(p.name, p.kind, repr(p.default))
             for p in inspect.signature(function).parameters.values()]
    return [(name, kind, "" if name == "clf" else default) for name, kind, default in found]


def listed(root):
    page = (root / "docs/coming-from-cleanlab.md").read_text()
    return dict(re.findall(r"^\| `([\w.]+)` \| (.+) \|$", page, re.M))


def test_what_is_the_same_is_the_same(root):
    same = [name for name, what in listed(root).items() if what.startswith(("same", "better"))]
    assert len(same) > 30
    for name in same:
        module, _, function = name.rpartition(".")
        ours = getattr(importlib.import_module(f"labelqa.cleanlab.{module}"), function)
        theirs = getattr(importlib.import_module(f"cleanlab.{module}"), function)
        if inspect.isfunction(theirs):
            assert parameters(ours) == parameters(theirs), name


def test_every_function_is_listed(root):
    for name in COVERED:
        module = importlib.import_module(f"cleanlab.{name}")
        for function, value in vars(module).items():
            is_own = getattr(value, "__module__", "") == module.__name__
            if is_own and callable(value) and not function.startswith("_"):
                assert f"{name}.{function}" in listed(root), function
