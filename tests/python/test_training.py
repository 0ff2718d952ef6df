"""PerExampleLossLogger: by hand, in a trainer that only looks like transformers', and in the real
callback machinery where transformers is installed."""
import json
import math
import os
import signal
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

import labelqa
from labelqa.training import PerExampleLossLogger, cross_entropy


def lines(path):
    return [json.loads(line) for line in open(path)]


# ---- by hand ----

def test_lines_are_what_the_command_takes(tmp_path):
    path = tmp_path / "losses.jsonl"
    with PerExampleLossLogger(path) as logger:
        logger.log(["a", "b"], np.float32([0.5, 2]), epoch=1)
        logger.log([7], [0.25], epoch=2, step=9)
    assert lines(path) == [{"id": "a", "epoch": 1, "step": 1, "loss": 0.5},
                           {"id": "b", "epoch": 1, "step": 1, "loss": 2.0},
                           {"id": 7, "epoch": 2, "step": 9, "loss": 0.25}]


def test_every_batch_is_in_the_file_at_once(tmp_path):
    logger = PerExampleLossLogger(tmp_path / "log.jsonl", sync=True)
    for i in range(3):
        logger.log([i], [0.1])
        assert len(lines(logger.path)) == i + 1


def test_lines_survive_a_killed_process(tmp_path, build):
    code = ("import sys, os\nfrom labelqa.training import PerExampleLossLogger\n"
            "l = PerExampleLossLogger(sys.argv[1])\nl.log([1, 2], [3, 4])\n"
            "print(1, flush=True)\nimport time; time.sleep(60)")
    process = subprocess.Popen([sys.executable, "-c", code, tmp_path / "log.jsonl"],
                               stdout=subprocess.PIPE,
                               env={**os.environ, "PYTHONPATH": str(build / "python")})
    process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert [line["loss"] for line in lines(tmp_path / "log.jsonl")] == [3, 4]


def test_a_torn_line_is_cut_off(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_text('{"id": 1, "epoch": 1, "step": 1, "loss": 1}\n{"id": 2, "epo')
    with PerExampleLossLogger(path) as logger:
        logger.log([3], [3.0])
    assert [line["id"] for line in lines(path)] == [1, 3]


def test_bad_batches(tmp_path):
    logger = PerExampleLossLogger(tmp_path / "log.jsonl")
    with pytest.raises(ValueError, match="2 ids but 1 losses"):
        logger.log([1, 2], np.float64(0.7))
    with pytest.raises((TypeError, ValueError)):
        logger.log([1], ["x"])
    with pytest.warns(labelqa.LabelqaWarning, match="example 'b' is nan"):
        logger.log(["a", "b", "c"], [1, math.nan, 2])
    logger.log(["d"], [math.inf])
    assert logger.skipped == 2 and [line["id"] for line in lines(logger.path)] == ["a", "c"]


# ---- losses ----

def test_cross_entropy_of_classification():
    logits = np.array([[2.0, 0, 0], [0, 0, 5]])
    losses = cross_entropy(logits, np.array([0, 1]))
    total = np.log(np.exp(logits).sum(1))
    np.testing.assert_allclose(losses, total - logits[[0, 1], [0, 1]], rtol=1e-14)


def test_cross_entropy_of_a_language_model():
    logits = np.random.default_rng(0).normal(size=(2, 4, 5))
    labels = np.array([[1, 2, 3, -100], [-100, -100, 4, 0]])
    wanted = []
    for i in range(2):
        terms = [np.log(np.exp(logits[i, t]).sum()) - logits[i, t, labels[i, t + 1]]
                 for t in range(3) if labels[i, t + 1] != -100]
        wanted.append(np.mean(terms))
    np.testing.assert_allclose(cross_entropy(logits, labels), wanted, rtol=1e-14)
    with pytest.raises(ValueError, match="pass loss_fn"):
        cross_entropy(np.zeros(3), np.zeros(3))


def test_cross_entropy_of_tensors():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    logits = torch.randn(4, 6, 9, dtype=torch.float64)
    labels = torch.randint(0, 9, (4, 6))
    labels[0, :3] = -100
    np.testing.assert_allclose(cross_entropy(logits, labels).numpy(),
                               cross_entropy(logits.numpy(), labels.numpy()), rtol=1e-5)


# ---- a trainer ----

class FakeTrainer:
    """The order of calls of transformers.Trainer, with a model that needs no torch."""

    def __init__(self, rows, epochs=2, batch=4, **args):
        self.args = SimpleNamespace(process_index=0, **args)
        self.train_dataset = rows
        self.epochs, self.batch = epochs, batch
        self.data_collator = self._collate
        self.model = SimpleNamespace(training=True)
        self.callbacks = []
        self.seen = []

    @staticmethod
    def _collate(examples):
        assert all(set(example) == {"x", "labels"} for example in examples)
        return {"x": np.array([e["x"] for e in examples]),
                "labels": np.array([e["labels"] for e in examples])}

    def add_callback(self, callback):
        self.callbacks.append(callback)

    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        assert set(inputs) == {"x", "labels"}
        outputs = SimpleNamespace(logits=np.stack([inputs["x"], -inputs["x"]], axis=1))
        loss = cross_entropy(outputs.logits, inputs["labels"]).mean()
        return (loss, outputs) if return_outputs else loss

    def fire(self, event, state):
        for callback in self.callbacks:
            getattr(callback, event)(self.args, state, SimpleNamespace(), model=self.model)

    def train(self, start=0, stop_at=None):
        n = len(self.train_dataset)
        steps = -(-n // self.batch)
        state = SimpleNamespace(global_step=start, epoch=start / steps)
        self.fire("on_train_begin", state)
        for epoch in range(start // steps, self.epochs):
            self.fire("on_epoch_begin", state)
            order = np.random.default_rng(epoch).permutation(n)
            for step in range(state.global_step - epoch * steps, steps):
                examples = [self.train_dataset[i]
                            for i in order[step * self.batch:(step + 1) * self.batch]]
                self.fire("on_step_begin", state)
                loss = self.compute_loss(self.model, self.data_collator(examples),
                                         num_items_in_batch=4)
                self.seen.append(float(loss))
                state.global_step += 1
                state.epoch = epoch + (step + 1) / steps
                self.fire("on_step_end", state)
                if state.global_step == stop_at:
                    return
            self.fire("on_epoch_end", state)
        self.fire("on_train_end", state)


def dataset(n=10):
    return [{"x": i / 10, "labels": i % 2, "name": f"row{i}"} for i in range(n)]


class Named(list):
    column_names = ["x", "labels", "name"]


def wanted_loss(i):
    logits = np.array([[i / 10, -i / 10]])
    return float(cross_entropy(logits, np.array([i % 2]))[0])


def test_a_trainer_logs_every_example_once_an_epoch(tmp_path):
    trainer = FakeTrainer(dataset())
    plain = FakeTrainer([{k: v for k, v in row.items() if k != "name"} for row in dataset()])
    plain.train()
    logger = PerExampleLossLogger(tmp_path / "log.jsonl").attach(trainer, id_column="name")
    trainer.train()
    assert trainer.seen == plain.seen, "logging changed the training"
    logged = lines(logger.path)
    assert sorted((line["epoch"], line["id"]) for line in logged) \
        == sorted((epoch, f"row{i}") for epoch in (1, 2) for i in range(10))
    for line in logged:
        assert line["loss"] == pytest.approx(wanted_loss(int(line["id"][3:])), rel=1e-12)
    assert [line["step"] for line in logged] == sorted(line["step"] for line in logged)


def test_without_an_id_column_rows_are_numbered(tmp_path):
    rows = [{k: v for k, v in row.items() if k != "name"} for row in dataset()]
    trainer = FakeTrainer(rows, epochs=1)
    logger = PerExampleLossLogger(tmp_path / "log.jsonl").attach(trainer)
    trainer.train()
    assert sorted(line["row_number"] for line in lines(logger.path)) == list(range(10))


def test_evaluation_is_not_logged(tmp_path):
    trainer = FakeTrainer(dataset(), epochs=1)
    logger = PerExampleLossLogger(tmp_path / "log.jsonl").attach(trainer, id_column="name")
    trainer.train()
    before = len(lines(logger.path))
    trainer.model.training = False
    trainer.compute_loss(trainer.model, trainer.data_collator(dataset(4)))
    others = [{"x": 1.0, "labels": 0}]
    trainer.compute_loss(trainer.model, trainer.data_collator(others))
    assert len(lines(logger.path)) == before


@pytest.mark.parametrize("checkpoint, crash", [(2, 3), (1, 3), (3, 5), (2, 2), (4, 6)])
def test_resumed_training_counts_nothing_twice(tmp_path, checkpoint, crash):
    whole = FakeTrainer(dataset())
    PerExampleLossLogger(tmp_path / "whole.jsonl").attach(whole, id_column="name")
    whole.train()
    path = tmp_path / "log.jsonl"
    first = FakeTrainer(dataset())
    PerExampleLossLogger(path).attach(first, id_column="name")
    first.train(stop_at=crash)
    with open(path, "a") as file:
        file.write('{"id": "row')  # torn by the crash
    second = FakeTrainer(dataset())
    PerExampleLossLogger(path).attach(second, id_column="name")
    second.train(start=checkpoint)
    assert lines(path) == lines(tmp_path / "whole.jsonl")


def test_a_fresh_training_keeps_an_older_log(tmp_path):
    path = tmp_path / "log.jsonl"
    for overwrite in (False, False, True):
        trainer = FakeTrainer(dataset(), epochs=1)
        logger = PerExampleLossLogger(path, overwrite=overwrite).attach(trainer, id_column="name")
        if path.exists() and not overwrite:
            with pytest.raises(FileExistsError, match="another training"):
                trainer.train()
        else:
            trainer.train()
        assert len(lines(logger.path)) == 10


def test_each_process_has_a_log_of_its_own(tmp_path):
    trainer = FakeTrainer(dataset(), epochs=1)
    trainer.args.process_index = 2
    logger = PerExampleLossLogger(tmp_path / "log.jsonl").attach(trainer, id_column="name")
    trainer.train()
    assert logger.path == str(tmp_path / "log.2.jsonl") and len(lines(logger.path)) == 10


def test_what_cannot_be_logged_is_refused(tmp_path):
    with pytest.raises(ValueError, match="packing"):
        PerExampleLossLogger(tmp_path / "a").attach(FakeTrainer(dataset(), packing=True))
    with pytest.raises(ValueError, match="no column 'nome'; it has x, labels, name"):
        PerExampleLossLogger(tmp_path / "a").attach(FakeTrainer(Named(dataset())),
                                                    id_column="nome")


def test_the_run_takes_the_log(tmp_path):
    import csv
    with (tmp_path / "d.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("name", "text", "label"))
        for i in range(40):
            writer.writerow((f"row{i}", f"{'red blue' if i % 2 else 'dog cat'} no{i}", i % 2))
    run = labelqa.audit(tmp_path / "d.csv", text="text", label="label", id="name",
                        out=tmp_path / "run")
    trainer = FakeTrainer(dataset(40), epochs=3)
    logger = PerExampleLossLogger(tmp_path / "log.jsonl").attach(trainer, id_column="name")
    trainer.train()
    assert "120 records of 3 epochs" in str(run.add_losses(logger.path))
    for row in run.rows():
        assert row["loss"] == pytest.approx(wanted_loss(int(row["row_id"][3:])), rel=1e-9)


def test_transformers_is_not_imported(build):
    code = ("import sys, labelqa.training as t; t.PerExampleLossLogger('x');"
            "assert not {'transformers', 'torch', 'numpy'} & set(sys.modules)")
    subprocess.run([sys.executable, "-c", code], check=True,
                   env={**os.environ, "PYTHONPATH": str(build / "python")})


def test_it_is_a_callback_of_transformers(tmp_path):
    transformers = pytest.importorskip("transformers", reason="transformers is not installed")
    from transformers.trainer_callback import CallbackHandler
    logger = PerExampleLossLogger(tmp_path / "log.jsonl")
    assert isinstance(logger, transformers.TrainerCallback)
    handler = CallbackHandler([logger], None, None, None, None)
    state, control = transformers.TrainerState(), transformers.TrainerControl()
    args = SimpleNamespace(process_index=0)
    for event in ("on_init_end", "on_train_begin"):
        handler.call_event(event, args, state, control)
    for epoch in range(2):
        state.epoch = float(epoch)
        handler.on_epoch_begin(args, state, control)
        handler.on_step_begin(args, state, control)
        logger.log(["a", "b"], [1.0, 2.0])
        state.global_step += 1
        handler.on_step_end(args, state, control)
        handler.on_log(args, state, control, {})
        handler.on_epoch_end(args, state, control)
    handler.on_train_end(args, state, control)
    assert [(line["epoch"], line["step"]) for line in lines(logger.path)] \
        == [(1, 1), (1, 1), (2, 2), (2, 2)]
