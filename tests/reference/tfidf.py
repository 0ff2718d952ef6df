#!/usr/bin/env python3
"""tfidf.py - writes tfidf.txt: scikit-learn's TfidfVectorizer on the small corpus tfidf_corpus.txt.

One text a line. For each setting a line "case analyzer lo hi min_df max_features sublinear", then a
line "term IDF TEXT" per column in order and a line "value ROW COLUMN VALUE" per non-zero, then "end".
max_features is only asked where no tie in frequency decides.
"""
from pathlib import Path

from sklearn.feature_extraction.text import TfidfVectorizer

here = Path(__file__).parent
texts = (here / "tfidf_corpus.txt").read_text(encoding="utf-8").split("\n")[:-1]
CASES = [("word", 1, 2, 2, 0, 0), ("word", 1, 1, 1, 0, 1), ("word", 2, 3, 1, 0, 0),
         ("char_wb", 2, 5, 2, 0, 0), ("char_wb", 1, 3, 2, 0, 1)]

with open(here / "tfidf.txt", "w", encoding="utf-8") as out:
    for analyzer, lo, hi, min_df, most, sublinear in CASES:
        vectorizer = TfidfVectorizer(analyzer=analyzer, ngram_range=(lo, hi), min_df=min_df,
                                     max_features=most or None, sublinear_tf=bool(sublinear))
        matrix = vectorizer.fit_transform(texts).tocsr()
        matrix.sort_indices()
        print("case", analyzer, lo, hi, min_df, most, sublinear, file=out)
        for term, idf in zip(vectorizer.get_feature_names_out(), vectorizer.idf_):
            print("term", repr(float(idf)), term + "|", file=out)
        for row in range(matrix.shape[0]):
            for at in range(matrix.indptr[row], matrix.indptr[row + 1]):
                print("value", row, matrix.indices[at], f"{matrix.data[at]:.9g}", file=out)
        print("end", file=out)
