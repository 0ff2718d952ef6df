"""growth_corpus.py FILE.csv.gz - a corpus for make_text: one "class TAB text" a line.

Where the file is not there, texts of made-up words: four classes that share a Zipf vocabulary in
which each class prefers other words.
"""
import csv
import gzip
import random
import sys
from pathlib import Path

CLASSES = ["World", "Sports", "Business", "Sci/Tech"]
SYLLABLES = "ta ri no ve lo ma si ke du pan gol mer tis fa bru cor len hy jo wed".split()


def real(path):
    csv.field_size_limit(1 << 30)
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield row["class"], " ".join(row["text"].split())


def made_up(n_rows=20000, n_words=20000):
    draw = random.Random(1)
    words = ["".join(draw.choices(SYLLABLES, k=draw.randint(1, 4))) for _ in range(n_words)]
    weights = []
    for k in range(len(CLASSES)):
        weights.append([(4 if i % len(CLASSES) == k and i > 50 else 1) / (i + 3)
                        for i in range(n_words)])
    for _ in range(n_rows):
        k = draw.randrange(len(CLASSES))
        yield CLASSES[k], " ".join(draw.choices(words, weights[k], k=draw.randint(10, 60)))


path = Path(sys.argv[1])
for label, text in real(path) if path.exists() else made_up():
    print(label, text, sep="\t")
