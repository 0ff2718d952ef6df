"""The commands of the library, in C; brings DuckDB along. Not a public API: see ``labelqa._run``.
"""
from collections.abc import Callable
from os import PathLike
from typing import Any, final

@final
class Batches:
    """A Parquet file of labelqa's: items are batches, one list of values a column."""
    def __new__(cls, path: str | PathLike[str], as_texts: bool = ..., /) -> Batches: ...
    def __iter__(self) -> Batches: ...
    def __next__(self) -> list[list[Any]]: ...
    @property
    def names(self) -> list[str]: ...

def call(command: str, options: list[tuple[str, str | None]], positionals: list[str],
         progress: Callable[[str, float], object] | None = None,
         /) -> tuple[int, str, str | None, str | None, str | None, str]:
    """progress(stage, fraction from 0 to 1, negative if unknown) is called now and then. (status, why, text, JSON, run folder, remarks): status 0, or an exit code whose work was
    done all the same. Other failures raise, by their kind."""

def words(command: str, /) -> str:
    """The options of a command, one a line. ValueError: no such command."""

def options(command: str, /) -> str:
    """The options of a command as JSON: a list of {name, kind, split_commas, ...}."""

def commands() -> list[str]:
    """Their names."""

def save_frame(stream: object, path: str | PathLike[str], /) -> None:
    """Writes an Arrow stream (a capsule) to a Parquet file."""

def load_frame(path: str | PathLike[str], /) -> object:
    """A Parquet file as an Arrow stream (a capsule)."""
