"""labelqa.annotators: the command's study of several annotators, with its tables at hand."""
import os
import tempfile

from labelqa import _run


class Study(_run.Result):
    """What several annotators' votes say. text (also str(study)) and data (parsed JSON) as every
    Result; items, annotators, pairs and confusion are dicts of columns (see docs/annotators.md:
    pandas.DataFrame(study.items)); soft_labels is an n_items x n_classes float32 array, columns as
    in classes."""

    def __init__(self, result, tables, soft_labels):
        super().__init__(result.text, result.data, None)
        self.items, self.annotators = tables["out"], tables["out_annotators"]
        self.pairs, self.confusion = tables["out_pairs"], tables["out_confusion"]
        self.soft_labels = soft_labels
        self.classes = result.data["classes"]

    def __repr__(self):
        return (f"<labelqa.Study of {self.data['items']} items, {self.data['annotators']} "
                f"annotators, {self.data['votes']} votes>")


_TABLES = ("out", "out_annotators", "out_pairs", "out_confusion")


def _study(sources, options):
    import numpy as np
    own = [name for name in (*_TABLES, "out_probs") if options.get(name) is not None]
    if own:
        raise TypeError(f"{own[0]}: the tables are attributes of what annotators() returns; "
                        f"labelqa.command('annotators', ..., {own[0]}=FILE) writes files")
    with tempfile.TemporaryDirectory(prefix="labelqa-") as folder:
        files = {name: os.path.join(folder, f"{name}.parquet") for name in _TABLES}
        soft = os.path.join(folder, "soft.npy")
        result = _run._call("annotators", sources, {**options, **files, "out_probs": soft})
        tables = {name: _run.Rows(path).columns() for name, path in files.items()}
        return Study(result, tables, np.load(soft, allow_pickle=False))


def annotators(data, *, item=None, annotator=None, label=None, wide=None, pred_probs=None,
               quiet=False, **options):
    """Several annotators per item: consensus, annotator quality, agreement: ``labelqa annotators``.

    data: a path, glob or URL, a list of them, or a data frame (pandas, polars, pyarrow, anything
    with ``__arrow_c_stream__``). Long data have a vote a row: item, annotator and label are its
    columns; wide data an item a row: wide is a list of one column per annotator, or a pattern such
    as "rater_*". Both are guessed where not given. pred_probs: n_items x n_classes probabilities
    of your own model (an array with items in order of first appearance, a path, or a list of
    columns). quiet: no remarks and, in a notebook, no progress bar. options: those of the command,
    with _ for -: method, truth, gold, time, text, classes, repeats, missing, distance, confidence,
    resamples, seed, threads, ...

    Returns a Study. Guesses go to the logger "labelqa", what you should look at to LabelqaWarning.
    Raises as ``command``. Sources of the methods: docs/annotators.md.
    """
    options = {"item": item, "annotator": annotator, "label": label, "wide": wide,
               "pred_probs": pred_probs, "quiet": quiet, **options}
    if _run._is_path(data):
        return _study([data], options)
    if isinstance(data, (list, tuple)) and data and all(_run._is_path(one) for one in data):
        return _study(data, options)
    with tempfile.TemporaryDirectory(prefix="labelqa-") as folder:
        saved = _run._save_frame(data, folder, options)
        return _study([saved.path], saved.options)
