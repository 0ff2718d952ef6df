"""Per-example training losses, logged while a model is fine-tuned, for ``labelqa losses RUN FILE``.

    from labelqa.training import PerExampleLossLogger

    logger = PerExampleLossLogger("losses.jsonl")
    logger.attach(trainer, id_column="ticket_id")     # transformers.Trainer, TRL's SFTTrainer ...
    trainer.train()
    labelqa.open("tickets.labelqa").add_losses("losses.jsonl")

In a loop of your own call ``logger.log(ids, losses, epoch=epoch)`` after each batch. Rows whose
loss stays high over the epochs are hard, or mislabelled. Nothing heavy is imported: transformers
and torch are used only where your program has imported them.
"""
import functools
import json
import math
import os
import sys
import tempfile
import warnings

from labelqa._warning import LabelqaWarning

__all__ = ["PerExampleLossLogger"]

_ROW = "labelqa_row"


def _to_list(values):
    """Numbers or texts of a tensor, array or sequence as a plain list."""
    for step in ("detach", "cpu"):
        if hasattr(values, step):
            values = getattr(values, step)()
    if str(getattr(values, "dtype", "")) == "torch.bfloat16":
        values = values.float()
    values = values.tolist() if hasattr(values, "tolist") else list(values)
    return values if isinstance(values, list) else [values]


def _torch_losses(logits, labels):
    from torch.nn import functional
    if logits.dim() == 2 and labels.dim() == 1:
        return functional.cross_entropy(logits.float(), labels, reduction="none")
    if logits.dim() == 3 and labels.dim() == 2:
        logits, labels = logits[:, :-1], labels[:, 1:]
        losses = functional.cross_entropy(logits.float().transpose(1, 2), labels,
                                          reduction="none", ignore_index=-100)
        return losses.sum(1) / (labels != -100).sum(1).clamp(min=1)
    return None


def _array_losses(logits, labels):
    import numpy as np
    logits, labels = np.asarray(logits, np.float64), np.asarray(labels)
    is_text = logits.ndim == 3 and labels.ndim == 2
    if is_text:
        logits, labels = logits[:, :-1], labels[:, 1:]
    elif not (logits.ndim == 2 and labels.ndim == 1):
        return None
    top = logits.max(axis=-1, keepdims=True)
    total = np.log(np.exp(logits - top).sum(axis=-1)) + top[..., 0]
    own = np.take_along_axis(logits, np.maximum(labels, 0)[..., None], -1)[..., 0]
    losses = np.where(labels == -100, 0, total - own)
    return losses.sum(1) / np.maximum((labels != -100).sum(1), 1) if is_text else losses


def cross_entropy(logits, labels):
    """The loss of every example, a 1-dimensional tensor or array.

    logits: examples x classes with labels: examples (classification), or examples x tokens x
    vocabulary with labels: examples x tokens (language models: labels are shifted by one, -100 is
    ignored, an example's loss is the mean over its tokens). ValueError for other shapes.
    """
    is_torch = type(logits).__module__.split(".")[0] == "torch"
    losses = (_torch_losses if is_torch else _array_losses)(logits, labels)
    if losses is None:
        raise ValueError(f"logits of shape {tuple(logits.shape)} and labels of shape "
                         f"{tuple(labels.shape)} are neither classification nor a language model: "
                         f"pass loss_fn")
    return losses


class _Numbered:
    """A data set whose examples carry their row number."""

    def __init__(self, dataset):
        self.dataset = dataset

    def __len__(self):
        return len(self.dataset)

    def __getitem__(self, i):
        return {**self.dataset[i], _ROW: int(i)}


def _keep_line(line, step):
    try:
        return json.loads(line).get("step", 0) <= step
    except (ValueError, AttributeError, TypeError):
        return False


class PerExampleLossLogger:
    """Writes one JSON line per example and step: {"id", "epoch", "step", "loss"}.

    A TrainerCallback of transformers (and so of TRL): a real subclass where transformers is
    imported, otherwise an object with the same methods.

    path: the log; in distributed training every process but the first appends its number to the
    name (losses.1.jsonl; ``labelqa losses`` takes all files). loss_fn(outputs, labels): losses of a
    batch, in place of cross_entropy over outputs.logits. overwrite: begin anew where a fresh
    training meets an older log, which otherwise is a FileExistsError. sync: force each batch to the
    disk (fsync), to survive a power cut too; without it lines survive the process, and reach the
    disk at each epoch and checkpoint.

    A batch is written with one call before the next begins. Training resumed from a checkpoint
    drops the lines behind the checkpoint, so nothing counts twice; a line torn by a crash is cut
    off.
    """

    def __new__(cls, *args, **kwargs):
        transformers = sys.modules.get("transformers")
        base = getattr(transformers, "TrainerCallback", None)
        if base is not None and not issubclass(cls, base):
            cls = type(cls.__name__, (cls, base), {"__module__": cls.__module__})
        return object.__new__(cls)

    def __init__(self, path, *, loss_fn=None, overwrite=False, sync=False):
        self.path = os.fspath(path)
        self.loss_fn = loss_fn
        self.overwrite = overwrite
        self.sync = sync
        self.epoch = None
        self.step = 0
        self.skipped = 0
        self._file = None
        self._id_key = "id"

    # ---- the file ----

    def _open(self, keep):
        """Opens the log, with the lines up to step `keep`; None keeps all whole lines."""
        if os.path.exists(self.path) and os.path.getsize(self.path) > 0:
            if keep == 0 and not self.overwrite:
                raise FileExistsError(f"'{self.path}' holds the losses of another training: pass "
                                      f"overwrite=True, or another path")
            self._trim(keep)
        self._file = open(self.path, "ab", buffering=0)

    def _trim(self, keep):
        """Rewrites the log at once, without lines behind step `keep` and without a torn end."""
        folder = os.path.dirname(os.path.abspath(self.path))
        handle, temporary = tempfile.mkstemp(prefix=".losses-", dir=folder)
        try:
            with open(self.path, "rb") as old, os.fdopen(handle, "wb") as new:
                for line in old:
                    if line.endswith(b"\n") and (keep is None or _keep_line(line, keep)):
                        new.write(line)
                new.flush()
                os.fsync(new.fileno())
            os.replace(temporary, self.path)
        except BaseException:
            if os.path.exists(temporary):
                os.unlink(temporary)
            raise

    def _sync(self):
        if self._file is not None:
            os.fsync(self._file.fileno())

    def close(self):
        """Ends the log; logging again opens it and appends."""
        if self._file is not None:
            self._sync()
            self._file.close()
            self._file = None

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    # ---- logging ----

    def log(self, ids, losses, *, epoch=None, step=None):
        """Logs a batch: ids (the run's row ids, str or int) and as many losses, as tensors, arrays
        or sequences. epoch: a number, by default the trainer's current one, else 1. step: the
        optimizer's step the batch belongs to. Losses that are not finite are left out, with a
        LabelqaWarning the first time (`skipped` counts them). ValueError where lengths differ."""
        ids, losses = _to_list(ids), _to_list(losses)
        if len(ids) != len(losses):
            raise ValueError(f"{len(ids)} ids but {len(losses)} losses: one loss per example is "
                             f"needed, not their mean")
        epoch = epoch if epoch is not None else self.epoch if self.epoch is not None else 1
        step = step if step is not None else self.step + 1
        lines = []
        for name, loss in zip(ids, losses):
            loss = float(loss)
            if math.isfinite(loss):
                lines.append(json.dumps({self._id_key: name, "epoch": epoch, "step": step,
                                         "loss": loss}) + "\n")
            else:
                self._skip(name, loss)
        self._write("".join(lines).encode())

    def _skip(self, name, loss):
        self.skipped += 1
        if self.skipped == 1:
            warnings.warn(f"the loss of example {name!r} is {loss}: such losses are not logged",
                          LabelqaWarning, stacklevel=3)

    def _write(self, data):
        if self._file is None:
            self._open(None)
        while data:
            data = data[self._file.write(data):]
        if self.sync:
            self._sync()

    # ---- a trainer ----

    def attach(self, trainer, *, id_column=None):
        """Makes a transformers or TRL trainer log every training example; returns the logger.

        id_column: the training set's column with the run's row ids; without it the position in the
        training set is logged as row number. The trainer's batches then carry the ids, which are
        taken out again before the model sees them. ValueError where a data set lacks the column or
        examples are packed together.
        """
        if getattr(trainer.args, "packing", False):
            raise ValueError("packing puts several examples into one: train with packing=False to "
                             "log losses per example")
        key = id_column or _ROW
        self._id_key = "id" if id_column else "row_number"
        self._prepare_data(trainer, id_column)
        if hasattr(trainer, "_set_signature_columns_if_needed"):
            trainer._set_signature_columns_if_needed()
            trainer._signature_columns = [*trainer._signature_columns, key]
        trainer.data_collator = self._carry_ids(trainer.data_collator, key)
        trainer.compute_loss = self._record(trainer.compute_loss, key)
        if hasattr(trainer, "add_callback"):
            trainer.add_callback(self)
        return self

    @staticmethod
    def _prepare_data(trainer, id_column):
        dataset = trainer.train_dataset
        if id_column is None:
            trainer.train_dataset = (dataset.add_column(_ROW, list(range(len(dataset))))
                                     if hasattr(dataset, "add_column") else _Numbered(dataset))
            return
        names = getattr(dataset, "column_names", None) or dataset[0].keys()
        if id_column not in names:
            raise ValueError(f"id_column: the training set has no column {id_column!r}; it has "
                             f"{', '.join(map(str, names))}")

    @staticmethod
    def _carry_ids(collate, key):
        """A collator that keeps ids away from padding and puts them beside the batch."""
        @functools.wraps(collate)
        def with_ids(examples, *args, **kwargs):
            if any(key not in example for example in examples):
                return collate(examples, *args, **kwargs)  # another data set, for evaluation
            ids = [example[key] for example in examples]
            plain = [{name: value for name, value in example.items() if name != key}
                     for example in examples]
            batch = collate(plain, *args, **kwargs)
            batch[key] = ids
            return batch
        return with_ids

    def _record(self, compute_loss, key):
        @functools.wraps(compute_loss)
        def with_log(model, inputs, return_outputs=False, **kwargs):
            inputs = dict(inputs)
            ids = inputs.pop(key, None)
            labels = inputs.get("labels")
            if ids is None or not getattr(model, "training", True):
                return compute_loss(model, inputs, return_outputs=return_outputs, **kwargs)
            loss, outputs = compute_loss(model, inputs, return_outputs=True, **kwargs)
            self.log(ids, self._losses_of(outputs, labels))
            return (loss, outputs) if return_outputs else loss
        return with_log

    def _losses_of(self, outputs, labels):
        if self.loss_fn is not None:
            return self.loss_fn(outputs, labels)
        logits = outputs["logits"] if isinstance(outputs, dict) else outputs.logits
        if labels is None:
            raise ValueError("the batch has no 'labels': pass loss_fn to say what an example's "
                             "loss is")
        return cross_entropy(logits, labels)

    # ---- TrainerCallback ----

    def on_train_begin(self, args, state, control, **kwargs):
        """Opens the log, or takes it up where the checkpoint was made."""
        rank = getattr(args, "process_index", 0)
        if rank:
            stem, suffix = os.path.splitext(self.path)
            if not stem.endswith(f".{rank}"):
                self.path = f"{stem}.{rank}{suffix}"
        self.close()
        self.step = state.global_step
        self._open(self.step)
        if self.step == 0 and self.overwrite:
            self._file.truncate(0)

    def on_epoch_begin(self, args, state, control, **kwargs):
        self.epoch = math.floor((state.epoch or 0) + 1e-6) + 1

    def on_step_end(self, args, state, control, **kwargs):
        self.step = state.global_step

    def on_epoch_end(self, args, state, control, **kwargs):
        self._sync()

    def on_save(self, args, state, control, **kwargs):
        self._sync()

    def on_train_end(self, args, state, control, **kwargs):
        self.close()

    def __getattr__(self, name):
        """The trainer's other events, today's and later ones, need nothing."""
        if name.startswith("on_"):
            return lambda *args, **kwargs: None
        raise AttributeError(f"'{type(self).__name__}' object has no attribute {name!r}")
