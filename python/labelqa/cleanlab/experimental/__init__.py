"""cleanlab.experimental: label_issues_batched only."""
import importlib

__all__ = ["label_issues_batched"]


def __getattr__(name):
    if name in __all__:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *__all__])
