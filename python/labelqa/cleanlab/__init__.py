"""cleanlab's functions over labelqa's core: change one import, get the same answers.

    from labelqa.cleanlab.filter import find_label_issues

instead of ``from cleanlab.filter import find_label_issues``. Names, signatures, defaults, exception
and warning types and return types are those of cleanlab 2.9.0; results are equal index for index,
with equal scores in the order of numpy 1.24's argsort (``compat``). What differs, and what is not
offered, is in docs/coming-from-cleanlab.md.
"""
import importlib

_MODULES = ("count", "dataset", "experimental", "filter", "multiannotator", "outlier", "rank")
__version__ = "2.9.0"  # the version whose names, signatures and results these are
__all__ = list(_MODULES)


def __getattr__(name):
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}: it offers "
                         f"{', '.join(_MODULES)} (docs/coming-from-cleanlab.md)")


def __dir__():
    return sorted([*globals(), *_MODULES])
