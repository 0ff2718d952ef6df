#!/usr/bin/env python3
"""tokens.py - writes tokens.txt: scikit-learn's default tokens of real files, as counts and hashes.

Each line of a file (without its newline) is one text. The hash is SHA-256 over all tokens, each
followed by a newline, in UTF-8. Run with the data folder as argument: tokens.py DATA > tokens.txt
"""
import gzip
import hashlib
import re
import sys
from pathlib import Path

PATTERN = re.compile(r"(?u)\b\w\w+\b")  # TfidfVectorizer's token_pattern
FILES = ["ag_news/official_test.csv", "ag_news/label_conflicts.csv", "stress/sms_spam.tsv",
         "stress/tweets_votes.csv.gz", "banking77/train.csv"]

for name in FILES:
    path = Path(sys.argv[1]) / name
    data = gzip.open(path).read() if path.suffix == ".gz" else path.read_bytes()
    digest, count = hashlib.sha256(), 0
    for line in data.decode("utf-8").split("\n"):
        for token in PATTERN.findall(line.lower()):
            digest.update(token.encode() + b"\n")
            count += 1
    print(name, count, digest.hexdigest())
