"""Writes python311.txt: what CPython 3.11 (Unicode 14) says of every code point.

    python3.11 tests/reference/unicode/make_table.py > tests/reference/unicode/python311.txt

Lines (hexadecimal, inclusive ranges):
    assigned A-B known to Unicode 14 (general category other than Cn)
    word A-B     re's \\w
    space A-B    White_Space: str.isspace() without U+001C..U+001F, which only Python counts
    before A-B   (c + "\u03a3").lower() ends in a final sigma: c is cased and not case-ignorable
    after A-B    ("a\u03a3" + c).lower() has no final sigma: the same property, seen from the left
    through A-B  ("a" + c + "\u03a3").lower() ends in a final sigma: c is cased or case-ignorable
    lower C D... c.lower() where it differs from c
Surrogates are left out. The sigma lines test the rule of str.lower that looks at neighbours.
"""
import re
import sys
import unicodedata

FINAL = "\u03c2"
POINTS = [chr(c) for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]


def ranges(name, holds):
    start = last = None
    for point in POINTS + [None]:
        code = ord(point) if point and holds(point) else None
        if start is not None and code != last + 1:
            print(f"{name} {start:X}-{last:X}")
            start = None
        if code is not None:
            start = code if start is None else start
            last = code


def main():
    if unicodedata.unidata_version != "14.0.0":
        sys.exit(f"Unicode 14.0.0 is needed (CPython 3.11), this is {unicodedata.unidata_version}")
    word = re.compile(r"\w")
    ranges("assigned", lambda c: unicodedata.category(c) != "Cn")
    ranges("word", word.match)
    ranges("space", lambda c: c.isspace() and not "\x1c" <= c <= "\x1f")
    ranges("before", lambda c: (c + "\u03a3").lower()[-1] == FINAL)
    ranges("after", lambda c: ("a\u03a3" + c).lower()[1] != FINAL)
    ranges("through", lambda c: ("a" + c + "\u03a3").lower()[-1] == FINAL)
    for c in POINTS:
        if c.lower() != c:
            print("lower", f"{ord(c):X}", *(f"{ord(d):X}" for d in c.lower()))


main()
