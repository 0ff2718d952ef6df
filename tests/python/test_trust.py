"""p_correct end to end: opinions that do not fit, judges that verify nothing, contents of all kinds
that are trained on again, and what the report says where they are not."""
import csv
import json
import random
import sqlite3

import pytest

labelqa = pytest.importorskip("labelqa")
numpy = pytest.importorskip("numpy")
parquet = pytest.importorskip("pyarrow.parquet")

WORDS = {"fruit": "apple pear plum cherry grape melon fig".split(),
         "tool": "hammer saw drill wrench chisel file pliers".split(),
         "animal": "horse cow sheep goat pig hen duck".split()}
CLASSES = list(WORDS)


class Data:
    """Rows whose words or numbers follow their class; some labels are another class."""

    def __init__(self, folder, n=300, classes=CLASSES, wrong=.1):
        rng = random.Random(1)
        self.folder, self.truth, self.label, self.text = folder, [], [], []
        for i in range(n):
            truth = classes[i % len(classes)]
            others = [c for c in classes if c != truth]
            label = rng.choice(others) if rng.random() < wrong else truth
            words = WORDS.get(truth, [f"{truth}{j}" for j in range(5)])
            self.truth.append(truth)
            self.label.append(label)
            noise = rng.choices(sum(WORDS.values(), []), k=2)
            self.text.append(" ".join(rng.choices(words, k=2) + noise + [f"n{i}"]))
        rows = numpy.random.default_rng(1)
        centre = {c: rows.normal(size=8) * 2 for c in classes}
        self.vectors = numpy.array([centre[t] + rows.normal(size=8) for t in self.truth],
                                   dtype="f4")

    def audit(self, name="rows", columns=None, **options):
        columns = columns or {"text": self.text}
        path = self.folder / f"{name}.csv"
        with open(path, "w", newline="") as file:
            table = csv.writer(file)
            table.writerow(["id", "label", *columns])
            table.writerows(zip(range(len(self.label)), self.label, *columns.values()))
        self.run = self.folder / f"{name}.labelqa"
        folds = None if "pred_probs" in options else min(3, len(self.label))
        labelqa.command("audit", path, label="label", id="id", out=self.run,
                        **({"folds": folds} if folds else {}), **options)
        return self.report()

    def report(self):
        return json.loads((self.run / "report.json").read_text())["trust"]

    def p_correct(self):
        return parquet.read_table(self.run / "rows.parquet")["p_correct"].to_numpy()

    def suggested(self):
        return parquet.read_table(self.run / "rows.parquet")["suggested_label"].to_pylist()

    def judge(self, says, rows, model="simulated"):
        """Verdicts as `labelqa judge` writes them: says(row) is a class, or None for UNKNOWN."""
        with sqlite3.connect(self.run / "run.db") as db:
            session = db.execute("INSERT INTO judge_run(made_utc, model, protocol)"
                                 " VALUES ('', ?, 'verify')", (model,)).lastrowid
            for row in rows:
                said = says(row)
                verdict = ("UNKNOWN" if said is None else
                           "YES" if said == self.label[row] else "NO")
                db.execute("INSERT INTO verdict(row_number, row_key, label, verdict, corrected,"
                           " judge_run, made_utc, kind, inclusion)"
                           " VALUES (?, ?, ?, ?, ?, ?, '', 'random', .5)",
                           (row, f"id:{row}", self.label[row], verdict,
                            said if verdict == "NO" else None, session))
        labelqa.command("report", self.run)
        return self.report()


@pytest.fixture
def data(tmp_path):
    return Data(tmp_path)


def right(data, share):
    rng = random.Random(2)
    classes = sorted(set(data.truth))
    return lambda row: (data.truth[row] if rng.random() < share else
                        rng.choice([c for c in classes if c != data.truth[row]]))


def test_a_judge_right_in_40_of_100_answers(data):
    data.audit(text="text")
    before = data.p_correct()
    trust = data.judge(right(data, .4), range(0, 300, 2))
    judge, = trust["judges"]
    assert judge["left_out"] and not judge["constant"] and judge["accuracy"] < .65
    assert not trust["calibrated"] and "chance" in trust["rank_because"]
    assert trust["n_verified"] == 0 and trust["basis"] == "model"
    assert (data.p_correct() == before).all()  # as if it had not been asked
    page = (data.run / "report.md").read_text().replace("\\", "")
    assert "hardly better than chance, so p_correct ignores its answers" in page


def test_a_judge_that_says_the_same_of_all(data):
    data.audit(text="text")
    before = data.p_correct()
    for says in (lambda row: "tool", lambda row: data.label[row]):
        trust = data.judge(says, range(0, 300, 2), "constant")
        judge, = trust["judges"]
        assert judge["constant"] and judge["left_out"] and judge["n"] == 150
        assert (data.p_correct() == before).all()


def test_a_good_judge_beside_a_bad_one(data):
    data.audit(text="text")
    data.judge(right(data, .3), range(1, 300, 2), "bad")
    trust = data.judge(right(data, .95), range(0, 300, 2), "good")
    judges = {j["model"]: j for j in trust["judges"]}
    assert judges["bad"]["left_out"] and not judges["good"]["left_out"]
    assert trust["n_verified"] == 150 and trust["ece"]
    assert "rank_because" not in trust or "judge" not in (trust["rank_because"] or "")


def test_contradictory_decisions_the_newest_counts(data):
    data.audit(text="text")
    sheet = data.folder / "sheet.csv"
    for by, decision in (("anna", "tool"), ("bert", "fruit"), ("anna", "animal")):
        sheet.write_text(f"row_id,decision,by\n7,{decision},{by}\n")
        labelqa.command("decide", data.run, sheet)
    rows = parquet.read_table(data.run / "rows.parquet").to_pylist()
    assert rows[7]["decided_label"] == "animal" == rows[7]["suggested_label"]
    assert rows[7]["p_correct"] == (data.label[7] == "animal")


def test_verdicts_on_classes_that_are_gone(data):
    data.audit(text="text")
    trust = data.judge(lambda row: "vegetable", range(0, 60))
    assert trust["n_verified"] == 0 and trust["judges"] == []
    assert numpy.isfinite(data.p_correct()).all()


def test_all_rows_judged(data):
    data.audit(text="text")
    trust = data.judge(right(data, .97), range(300))
    assert trust["n_verified"] == 300 and trust["calibrated"]
    assert sum(s == t for s, t in zip(data.suggested(), data.truth)) >= 285


def test_none_wrong(tmp_path):
    data = Data(tmp_path, wrong=0)
    data.audit(text="text")
    trust = data.judge(lambda row: data.label[row], range(0, 300, 2))
    assert trust["mean_p_wrong"] < .1
    sheet = data.folder / "sheet.csv"  # people may say so of every row
    sheet.write_text("row_id,decision,by\n"
                     + "".join(f"{i},{label},anna\n" for i, label in enumerate(data.label)))
    labelqa.command("decide", data.run, sheet)
    assert (data.p_correct() == 1).all() and data.report()["basis"] == "reviewed"


def test_few_rows_and_small_classes(tmp_path):
    data = Data(tmp_path, n=60)
    data.label[:3] = ["rare"] * 3
    trust = data.audit(text="text")
    assert numpy.isfinite(data.p_correct()).all() and trust is not None
    trust = data.judge(right(data, .95), range(20))
    assert trust["n_verified"] == 20
    two = Data(tmp_path, n=2, classes=["fruit", "tool"], wrong=0)
    assert two.audit("two", text="text", model="naive-bayes") is None  # fewer than 50 rows
    assert numpy.isnan(two.p_correct()).all()
    assert "fewer than 50 rows" in (two.run / "report.md").read_text()


def test_400_classes(tmp_path):
    classes = [f"c{i:03}" for i in range(400)]
    data = Data(tmp_path, n=1600, classes=classes, wrong=.02)
    data.audit(text="text")
    trust = data.judge(right(data, .95), range(0, 1600, 8))
    assert trust["n_verified"] == 200 and trust["judges"][0]["accuracy"] > .8
    assert trust["channel"] is None  # too many cells to be of use
    assert numpy.isfinite(data.p_correct()).all()


def test_given_probabilities_are_not_trained_again(data):
    p = numpy.full((300, 3), .05, "f4")
    order = sorted(CLASSES)
    p[range(300), [order.index(t) for t in data.truth]] = .9
    numpy.save(data.folder / "p.npy", p)
    data.audit(text="text", pred_probs=data.folder / "p.npy", classes=order)
    trust = data.judge(right(data, .95), range(0, 300, 2))
    assert trust["refit_rounds"] == 0
    assert trust["not_refitted_because"] == "the probabilities were given"
    page = (data.run / "report.md").read_text().replace("\\", "")
    assert "not trained on them again: the probabilities were given" in page


@pytest.mark.parametrize("kind", ["text", "table", "embeddings"])
def test_systematic_confusion_of_every_kind(tmp_path, kind):
    """Of 45 in 100 rows of a class the label is another: some verified rows show it."""
    data = Data(tmp_path, n=900, wrong=0)
    rng = random.Random(5)
    for i, truth in enumerate(data.truth):
        if truth == "fruit" and rng.random() < .45:
            data.label[i] = "tool"
    if kind == "text":
        data.audit(text="text")
    elif kind == "table":
        columns = {f"x{j}": data.vectors[:, j] for j in range(8)}
        data.audit(columns=columns, features=list(columns))
    else:
        numpy.save(tmp_path / "e.npy", data.vectors)
        data.audit(columns={"note": [""] * 900}, embeddings=tmp_path / "e.npy")
    trust = data.judge(right(data, .95), range(0, 900, 7))
    assert trust["refit_rounds"] > 0 and trust["not_refitted_because"] is None
    found = [c for c in trust["suspected_confusions"]
             if (c["label"], c["true_label"]) == ("tool", "fruit")]
    assert found and .3 < found[0]["rate"] < .6
    assert sum(s == t for s, t in zip(data.suggested(), data.truth)) >= 850
    if kind == "embeddings":  # the file is another one now
        numpy.save(tmp_path / "e.npy", data.vectors + 1)
        labelqa.command("report", data.run)
        assert "not the same" in data.report()["not_refitted_because"]
