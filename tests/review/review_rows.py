"""Rows whose true labels are known, for the tests of the review."""
import csv
import random

WORDS = {
    "fruit": "apple pear plum juice peel sweet ripe tree basket orchard".split(),
    "car": "wheel engine road truck brake diesel gear seat lorry garage".split(),
    "sea": "wave ship sail harbour fish salt tide island anchor gull".split(),
}


def write_rows(path, n=240, wrong=0.1, seed=1):
    """A CSV of n rows; a share of the labels is wrong. Returns the true labels."""
    rng = random.Random(seed)
    truth = [rng.choice(list(WORDS)) for _ in range(n)]
    with open(path, "w", newline="") as out:
        table = csv.writer(out)
        table.writerow(["id", "text", "label", "annotator"])
        for i, true in enumerate(truth):
            text = " ".join(rng.choices(WORDS[true], k=7))
            label = rng.choice(sorted(set(WORDS) - {true})) if rng.random() < wrong else true
            table.writerow([f"r{i}", text, label, rng.choice(["ann", "bob"])])
    return truth
