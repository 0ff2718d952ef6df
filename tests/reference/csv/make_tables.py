"""Random tables as Python's csv module writes and reads them: the reference of test_csv.c.

    python3 tests/reference/csv/make_tables.py > tests/reference/csv/tables.txt

A table is a line "table DELIMITER QUOTE SIZE" (characters as decimal codes), SIZE bytes of text, and per
record a line "record N" followed by N lines "SIZE bytes". Texts hold delimiters, quotes, line breaks
and letters of several scripts. Python 3.11.
"""
import csv
import io
import random
import sys

ALPHABET = ["a", "b", "word", " ", "\"", "'", ",", ";", "\t", "|", "\n", "\r\n", "é", "漢字", "😀", "-1.0"]


def random_cell(rng):
    return "".join(rng.choice(ALPHABET) for _ in range(rng.choice([0, 1, 1, 2, 3, 8])))


def emit(data):
    sys.stdout.buffer.write(data)


def main():
    rng = random.Random(20240607)
    for number in range(60):
        dialect = {
            "delimiter": rng.choice([",", ";", "\t", "|"]),
            "quotechar": rng.choice(["\"", "\"", "'"]),
            "lineterminator": rng.choice(["\n", "\r\n"]),
            "quoting": rng.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
        }
        width = rng.choice([2, 3, 5])
        rows = [[f"column {i}" for i in range(width)]]
        rows += [[random_cell(rng) for _ in range(width)] for _ in range(rng.randint(1, 12))]
        text = io.StringIO(newline="")
        csv.writer(text, **dialect).writerows(rows)
        reader = csv.reader(io.StringIO(text.getvalue(), newline=""), delimiter=dialect["delimiter"],
                            quotechar=dialect["quotechar"], strict=True)
        assert list(reader) == rows, number
        data = text.getvalue().encode()
        emit(f"table {ord(dialect['delimiter'])} {ord(dialect['quotechar'])} {len(data)}\n".encode())
        emit(data + b"\n")
        for row in rows:
            emit(f"record {len(row)}\n".encode())
            for cell in row:
                emit(f"{len(cell.encode())} ".encode() + cell.encode() + b"\n")


main()
