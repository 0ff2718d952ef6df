"""Commands on files and data frames, and the run folders they write.

The library does the work in this process, without the GIL; Ctrl-C stops it and leaves no half-made
run. Files are read where they lie. A data frame goes through Arrow's C stream interface into a
temporary Parquet file (its batches are not copied on the way), which the audit reads as any other
source and whose content stays in the run as source.parquet; arrays of probabilities or embeddings
go through a temporary .npy file. Temporary files are in the system's temporary folder
(tempfile.tempdir) and gone when the call returns.
"""
import json
import logging
import os
import tempfile
import warnings
from pathlib import Path

from labelqa._warning import LabelqaWarning

_LOG = logging.getLogger("labelqa")

# What only makes sense where results are printed (export's --format is another matter).
_FOR_TERMINALS = {"help", "width"}
# Options that take an array in place of a .npy file.
_ARRAYS = {"pred-probs", "embeddings"}


def _library():
    """The extension that brings DuckDB and XGBoost along, loaded when it is first needed."""
    from labelqa import _library
    return _library


class CommandFailed(RuntimeError):
    """A command did its work, and the outcome is a failure all the same.

    status: 1 a fail_if condition holds, 5 the endpoint failed, 6 the budget was reached (the
    command's exit code). result: what the command returned. run: its Run, or None.
    """

    def __init__(self, message, status, result):
        super().__init__(message)
        self.status = status
        self.result = result
        self.run = result.run


class Result:
    """What a command says: text for people (also str(result)), data (parsed JSON) for programs, run
    (a Run, or None)."""

    def __init__(self, text, data, run):
        self.text, self.data, self.run = text, data, run

    def __str__(self):
        return self.text

    def __repr__(self):
        return f"<labelqa.Result run={self.run!r}>"


def _as_text(value):
    if isinstance(value, bytes):
        raise TypeError("bytes are no text")
    if isinstance(value, (str, os.PathLike)):
        return os.fspath(value)
    if isinstance(value, float):
        return repr(value)
    return str(value)


def _quoted(text):
    """An item for a comma-separated option, as CSV has it."""
    if any(letter in text for letter in ',"\n\r'):
        return '"' + text.replace('"', '""') + '"'
    return text


def _is_array(value):
    return (hasattr(value, "__array__") or hasattr(value, "__arrow_c_array__")
            or (isinstance(value, list) and value and isinstance(value[0], (list, tuple))))


def _save_array(value, name, folder):
    """An array as a .npy file that the library reads; the path."""
    import numpy as np
    from labelqa import _inputs
    array = _inputs.to_array(value)
    if array.ndim != 2:
        raise ValueError(f"{name.replace('-', '_')} must have 2 dimensions, not {array.ndim}")
    if array.dtype.kind == "c":
        raise TypeError(f"{name.replace('-', '_')} must hold real numbers, not {array.dtype}")
    if array.dtype.kind not in "fiu" or array.dtype.itemsize > 8:
        array = array.astype(np.float64)
    path = os.path.join(folder, f"{name}.npy")
    np.save(path, array, allow_pickle=False)
    return path


def _split_at_commas(command, library):
    """Options of a command that the library splits at commas: items of a Python list are quoted for
    it."""
    if command not in library.commands():
        return set()
    return {row["name"] for row in json.loads(library.options(command)) if row["split_commas"]}


def _option_items(name, value, folder, split):
    """The (name, text) pairs that set one option; split: names of those that hold commas."""
    if value is None or value is False:
        return []
    if value is True:
        return [(name, None)]
    if name in _ARRAYS and isinstance(value, (list, tuple)) and not value:
        raise ValueError(f"{name.replace('-', '_')} is empty: leave it out, or give one row of "
                         "numbers for each row of the data")
    if name in _ARRAYS and _is_array(value):
        value = Path(_save_array(value, name, folder))
    if isinstance(value, dict):
        texts = [f"{_as_text(key)}={_as_text(item)}" for key, item in value.items()]
        return [(name, _quoted(text) if name in split else text) for text in texts]
    if isinstance(value, (list, tuple, set, frozenset)):
        texts = [_as_text(item) for item in value]
        return [(name, _quoted(text) if name in split else text) for text in texts]
    text = _as_text(value)
    return [(name, _quoted(text) if name in split and isinstance(value, os.PathLike) else text)]


def _check_names(command, options, library):
    if command not in library.commands():
        return  # the library's own error names the nearest
    known = {word[2:] for word in library.words(command).split()} - _FOR_TERMINALS
    for name in options:
        if name.replace("_", "-") not in known:
            raise TypeError(f"labelqa {command} has no option {name!r}; it has "
                            f"{', '.join(sorted(word.replace('-', '_') for word in known))}")


def _tell(remarks):
    """Remarks of the library: warnings are warnings, the rest is logged."""
    for remark in remarks.splitlines():
        if remark.startswith("1"):
            warnings.warn(remark[1:], LabelqaWarning, stacklevel=4)
        else:
            _LOG.info("%s", remark[1:])


def _named_as_given(text, folder):
    """A message about an array's temporary file, about the argument instead."""
    for name in _ARRAYS:
        text = text.replace(f"'{os.path.join(folder, name)}.npy'", name.replace("-", "_"))
    return text


def _call(name, arguments, options):
    from labelqa import _notebook
    library, options = _library(), dict(options)
    is_quiet = bool(options.pop("quiet", False))
    _check_names(name, options, library)
    with tempfile.TemporaryDirectory(prefix="labelqa-") as folder:
        split = _split_at_commas(name, library)
        pairs = [pair for key, value in options.items()
                 for pair in _option_items(key.replace("_", "-"), value, folder, split)]
        try:
            with _notebook.progress(name, is_quiet) as progress:
                status, why, text, data, run, remarks = library.call(
                    name, pairs, [_as_text(argument) for argument in arguments], progress)
        except (ValueError, OSError) as error:
            error.args = (_named_as_given(str(error), folder),)
            raise
    if not is_quiet:
        _tell(remarks)
    result = Result(text, json.loads(data) if data else None, Run(run) if run else None)
    if status:
        raise CommandFailed(why, status, result)
    return result


def command(name, *arguments, **options):
    """Runs any command of ``labelqa`` by name: labelqa.command("evaluate", run, truth="label").

    arguments: its positionals (a Run stands for its folder). options: by their long names with _
    for -; True for a flag, a list for what may be repeated, a dict for ID=VALUE lists; quiet=True
    for no remarks and, in a notebook, no progress bar.

    Returns a Result. Raises TypeError for an unknown option, ValueError for wrong values and bad
    data (with attributes file, row, column, reason where they apply), FileNotFoundError,
    FileExistsError, PermissionError, IsADirectoryError, OSError, MemoryError, KeyboardInterrupt
    after Ctrl-C, CommandFailed where the work was done and the outcome is a failure. Keys and
    endpoints of the judge come from the environment, as for the command.
    """
    return _call(name, arguments, options)


def _save_frame(data, folder, options):
    """Data in memory as a temporary file: _frames.Saved, with all options."""
    from labelqa import _frames
    saved = _frames.save(data, folder, options, _library().save_frame)
    saved.options = {**options, "source_name": options.get("source_name") or "frame",
                     **saved.options}
    return saved


def _finished(name, arguments, options):
    """(run, CommandFailed or None) of an audit that came to its end."""
    try:
        return _call(name, arguments, options).run, None
    except CommandFailed as error:
        return error.run, error


def _audit_frame(data, options):
    """Audits data in memory; the run remembers the frame it came from."""
    from labelqa import _frames, _notebook, _origin
    kept, owner = {}, _notebook.cell() if options["out"] is None else None
    if options["out"] is None:
        options["out"] = "frame.labelqa"
    if owner is not None:
        kept["unnamed"] = owner
        options["out"], is_own = _notebook.unnamed_run(options["out"], owner)
        options["overwrite"] = is_own or options.get("overwrite")
    with tempfile.TemporaryDirectory(prefix="labelqa-") as folder:
        saved = _save_frame(data, folder, options)
        run, failure = _finished("audit", [saved.path], saved.options)
    if run is not None:
        run._original = saved.original
        if _frames.is_pandas(data):
            names = _frames.names_of(data.columns, _frames.Needed(options))
            kept.update(_origin.frame_json(data, names))
        if kept:
            _origin.write(run.path, kept)
    if failure is not None:
        raise failure
    return run


def _audit_files(sources, options):
    """Audits files; in a notebook an unnamed run of the same cell is replaced."""
    from labelqa import _notebook, _origin
    owner = _notebook.cell() if options["out"] is None else None
    if owner is None:
        return _call("audit", sources, options).run
    try:
        run, failure = _finished("audit", sources, options)
    except FileExistsError as error:
        folder = getattr(error, "file", "")
        if not folder or _origin.read(folder).get("unnamed") != owner:
            raise
        run, failure = _finished("audit", sources, {**options, "out": folder, "overwrite": True})
    if run is not None:
        _origin.write(run.path, {"unnamed": owner})
    if failure is not None:
        raise failure
    return run


def _is_path(value):
    return isinstance(value, (str, os.PathLike))


def audit(data, *, text=None, label=None, pred_probs=None, out=None, quiet=False, **options):
    """Audits labelled data and writes a run folder: ``labelqa audit``.

    data: a path, glob or URL, a list of them, or data in memory: a frame of pandas, polars or
    pyarrow, anything with ``__arrow_c_stream__``, a Hugging Face Dataset or DatasetDict, a dict of
    lists, a list of dicts. text, label: column names (text may be a list; both are
    guessed where not given). pred_probs: rows x classes probabilities of your own out-of-fold
    model, as an array, a .npy path or a list of columns; without them a model is trained. out: the
    run folder, by default named after the source in the current folder (frame.labelqa for data in
    memory; in a notebook running the cell again replaces the run it made, and another cell's is
    left alone).
    quiet: no remarks and, in a notebook, no progress bar. options: those of the command, with _ for
    -: id, split, features, classes, model, folds, seed, threads, overwrite, checks, fail_if, ...;
    severity and set also take a dict.

    Returns the Run. Choices the library made go to the logger "labelqa", what you should look at to
    LabelqaWarning. Raises as ``command``; FileExistsError where `out` exists and not
    overwrite=True; CommandFailed (its .run is complete) where a fail_if condition holds. After
    Ctrl-C nothing is left behind.
    """
    options = {"text": text, "label": label, "pred_probs": pred_probs, "out": out, "quiet": quiet,
               **options}
    if _is_path(data):
        return _audit_files([data], options)
    if isinstance(data, (list, tuple)) and data and all(_is_path(item) for item in data):
        return _audit_files(data, options)
    if options.get("no_snapshot"):
        raise ValueError("no_snapshot: a data frame cannot be read again later, so its run keeps "
                         "a snapshot; write the frame to a file and audit that")
    return _audit_frame(data, options)


def open(run):
    """Opens a run folder: labelqa.open("tickets.labelqa"). Returns a Run.

    Raises FileNotFoundError where there is none, ValueError where the folder is no run.
    """
    path = Path(os.fspath(run))
    if not path.is_dir():
        raise FileNotFoundError(f"there is no run folder '{path}'")
    if not (path / "manifest.json").is_file():
        raise ValueError(f"'{path}' is no run: it holds no manifest.json")
    return Run(path)


class Rows:
    """The rows of a run, in source order: iterate for dicts, or hand it to pyarrow.table(),
    polars.DataFrame() or whatever else takes an Arrow stream. Read from the file each time."""

    def __init__(self, path, as_texts=False):
        self._path = path
        self._as_texts = as_texts

    def __iter__(self):
        batches = _library().Batches(self._path, self._as_texts)
        names = batches.names
        for columns in batches:
            for values in zip(*columns):
                yield dict(zip(names, values))

    def __len__(self):
        return sum(len(columns[0]) for columns in _library().Batches(self._path))

    def __arrow_c_stream__(self, requested_schema=None):
        return _library().load_frame(self._path)

    def columns(self):
        """A dict of column name to the list of its values."""
        batches = _library().Batches(self._path, self._as_texts)
        names = batches.names
        values = [[] for _ in names]
        for columns in batches:
            for column, more in zip(values, columns):
                column.extend(more)
        return dict(zip(names, values))

    def __repr__(self):
        return f"<labelqa.Rows of {str(self._path)!r}>"


class Run:
    """A run folder. Everything is read from its files when asked for, and so always up to date."""

    _original = None  # makes the pandas frame that was audited, in the process that did

    def __init__(self, path):
        self._path = Path(path)

    def __repr__(self):
        return f"<labelqa.Run {str(self._path)!r}>"

    def __fspath__(self):
        return os.fspath(self._path)

    def __eq__(self, other):
        return isinstance(other, Run) and self._path.resolve() == other.path.resolve()

    def __hash__(self):
        return hash(self._path.resolve())

    def _json(self, name):
        with (self._path / name).open(encoding="utf-8") as file:
            return json.load(file)

    @property
    def path(self):
        """The folder (pathlib.Path)."""
        return self._path

    @property
    def report(self):
        """report.json as a dict: findings, confident learning, actions, error rate."""
        return self._json("report.json")

    @property
    def manifest(self):
        """manifest.json as a dict: version, options, sources with checksums, timings."""
        return self._json("manifest.json")

    @property
    def classes(self):
        """The labels in the order of pred_probs' columns (list of str)."""
        found = self._json("classes.json")
        return found["classes"] if isinstance(found, dict) else found

    @property
    def pred_probs(self):
        """Out-of-fold probabilities, rows x classes float32, memory-mapped and read-only; NaN where
        a row could not be scored."""
        import numpy as np
        return np.load(self._path / "pred_probs.npy", mmap_mode="r", allow_pickle=False)

    def rows(self):
        """All rows with their evidence, in source order (Rows: iterate for dicts, or Arrow).

        Values are str, int, float, bool, list of str or None; the columns are those of
        rows.parquet (docs/run-folder.md)."""
        return Rows(self._path / "rows.parquet")

    def review(self):
        """The rows a person should look at, most suspicious first: a list of dicts with row_id,
        row_number, text (first 200 characters), label, suggested_label, trust_score,
        review_action, reasons and more. The same as review.csv, with its values' own types."""
        with tempfile.TemporaryDirectory(prefix="labelqa-") as folder:
            path = Path(folder) / "review.parquet"
            _call("export", [self, "review", path], {"quiet": True})
            return list(Rows(path))

    def source_columns(self):
        """The source's columns as read, all texts: a dict of column name to the list of its
        values, in the order of the rows. Raises FileNotFoundError for a run with no_snapshot."""
        path = self._path / "source.parquet"
        if not path.is_file():
            raise FileNotFoundError(f"'{self._path}' has no copy of its source (no_snapshot)")
        return Rows(path, as_texts=True).columns()

    def to_pandas(self, *, source=True):
        """rows() as a pandas DataFrame with the index of the frame that was audited (row numbers
        for files), after the source's own columns with the types they had; source=False leaves
        those out. A column of the source that has the name of an evidence column gets the ending
        _source, but for the label itself. Needs pandas only."""
        from labelqa import _origin
        original = self._original() if self._original is not None else None
        return _origin.to_pandas(self, original, source)

    def plot_class_health(self, *, ax=None, top=30):
        """Bars of the share of labels that are estimated wrong, for the `top` worst classes. ax: a
        matplotlib Axes to draw on; None = a new figure. Returns the Axes. Needs matplotlib."""
        from labelqa import _plots
        return _plots.class_health(self, ax, top)

    def plot_confusion(self, *, ax=None, top=20):
        """A heat map of how many rows given one class are estimated to be of another (the confident
        joint off its diagonal), for the `top` most confused classes. Otherwise as
        plot_class_health."""
        from labelqa import _plots
        return _plots.confusion(self, ax, top)

    def plot_trust(self, *, column="p_correct", ax=None):
        """Histograms of p_correct, or of ``column="trust_score"``, by review_action. Otherwise as
        plot_class_health."""
        from labelqa import _plots
        return _plots.trust(self, ax, column)

    def _repr_html_(self):
        """What a notebook shows: a summary and the rows to doubt first."""
        from labelqa import _html
        try:
            return _html.of_run(self._path, self.report, self.review())
        except (OSError, ValueError):
            return None  # the folder is gone or damaged: its repr() will do

    def export(self, what, file, *, format=None, apply=None, repair=None):
        """Writes relabel, review, cleaned, weights, decisions, fixed or labeling-config to `file`:
        ``labelqa export``. format: csv, jsonl, parquet, or a labelling tool's (label-studio,
        argilla, prodigy); None = from the suffix. Returns the path."""
        _call("export", [self, what, file], {"format": format, "apply": apply, "repair": repair})
        return Path(file)

    def serve(self, *, open=False, reviewer=None, blind=False, second_review=None, lease=None,
              guidelines=None, against=None, port=0):
        """Serves the review page on 127.0.0.1 (``labelqa review``) until ``stop()`` or the end of
        this process. Returns a ReviewPage, which a notebook shows as a link. Decisions are on disk
        when the page counts them; the run's files are made again at the end."""
        from labelqa import _page
        return _page.serve(self._path, {
            "open": open, "reviewer": reviewer, "blind": blind, "second_review": second_review,
            "lease": lease, "guidelines": guidelines, "against": against, "port": port})

    def add_losses(self, *files):
        """Adds training logs (id, epoch, loss): ``labelqa losses``. PerExampleLossLogger writes
        them. Returns the Result."""
        return _call("losses", [self, *files], {})
