"""Columns of every kind that frames hold, as values that a file can hold.

A column is used as it is where Arrow and the library know its type. What they do not know becomes
text where its values have a text (mixed types, Enum, Decimal of any size, Interval, Period), and is
Unusable where they have none (complex numbers, plain objects): refused by name where the audit
needs the column, left out of the run with a LabelqaWarning otherwise.
"""
import math
import re

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+>")


class Unusable(ValueError):
    """A column that no file can hold. what: the values, in words."""

    def __init__(self, what):
        super().__init__(what)
        self.what = what


def is_missing(value):
    """None, NaN, NaT, pandas.NA."""
    if value is None or type(value).__name__ in ("NAType", "NaTType", "MaskedConstant"):
        return True
    return isinstance(value, float) and math.isnan(value)


def _has_own_text(value):
    kind = type(value)
    return kind.__str__ is not object.__str__ or kind.__repr__ is not object.__repr__


def text_of(value):
    """The text of one value as a person would write it; None for a missing one."""
    if isinstance(value, str):
        return str.__str__(value)  # numpy's texts and Enums of texts, too
    if is_missing(value):
        return None
    if isinstance(value, bytes):
        return _decoded(value)
    if isinstance(value, complex) or type(value).__name__.startswith("complex"):
        raise Unusable("complex numbers")
    if hasattr(type(value), "__members__"):  # an Enum
        return value.name
    text = str(value) if _has_own_text(value) else ""
    if not text or _ADDRESS.search(text):
        raise Unusable(f"objects of type {type(value).__name__}, which have no text")
    return text


def _decoded(value):
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        raise Unusable("bytes that are no UTF-8 text") from None


def texts_of(values):
    """text_of for each; lists and dicts as JSON."""
    return [_json(value) if isinstance(value, (list, tuple, dict)) or hasattr(value, "tolist")
            and getattr(value, "ndim", 0) else text_of(value) for value in values]


def _json(value):
    import json
    try:
        return json.dumps(plain(value), ensure_ascii=False)
    except (TypeError, ValueError) as error:
        raise Unusable(f"nested values that JSON has not ({error})") from None


def plain(value):
    """A value as JSON has it: numbers, text, bool, None, lists and dicts of them."""
    if isinstance(value, (bool, str)) or value is None:
        return text_of(value) if isinstance(value, str) else value
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if type(value).__name__ in ("float16", "float32"):
        value = float(str(value))
    if hasattr(value, "tolist"):  # numpy's arrays and scalars
        value = value.tolist()
        return plain(value) if isinstance(value, list) else plain_number(value)
    if is_missing(value):
        return None
    return plain_number(value)


def plain_number(value):
    """A number as JSON has it; what is none as text."""
    if isinstance(value, (int, float)):
        return None if is_missing(value) else value
    return text_of(value)


def check_unicode(texts):
    for row, text in enumerate(texts):
        try:
            if isinstance(text, str):
                text.encode("utf-8")
        except UnicodeEncodeError:
            raise Unusable(f"text that is no Unicode, in row {row} (a lone surrogate)") from None


def unicode_of(values):
    """texts_of, all of them Unicode."""
    texts = texts_of(values)
    check_unicode(texts)
    return texts
