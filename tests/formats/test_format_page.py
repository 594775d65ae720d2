"""docs/format.md says what the code does."""

import io
import re
from dataclasses import fields
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from ncodec.formats import Header, Limits, Segment, VideoInfo, Writer, integer_hash
from ncodec.formats.short import long_of

PAGE = (Path(__file__).parents[2] / "docs" / "format.md").read_text(encoding="utf-8")


def example():
    out = io.BytesIO()
    writer = Writer(out, Header("example", 1, "image", VideoInfo(4, 2, 1, Fraction(1), "gray")))
    digest = integer_hash([np.array([1, 2, 3])])
    writer.segment(Segment(0, 0, 1, (b"\x01\x02\x03",), digest))
    writer.finish()
    return out.getvalue()


LONG = long_of(example())


@pytest.mark.parametrize(
    ("start", "data"), [("[0-9a-f]{4}", LONG), ("short [0-9a-f]{2}", example())]
)
def test_the_worked_example_has_exactly_these_bytes(start, data):
    rows = re.findall(rf"^{start}  ((?:[0-9a-f]{{2}} ?)+)$", PAGE, re.MULTILINE)
    assert bytes.fromhex("".join(rows)) == data


@pytest.mark.parametrize(
    ("offset", "cells"), re.findall(r"^\| ([0-9a-f]{2}) \| `(.*?)` \|", PAGE, re.MULTILINE)
)
def test_each_line_of_the_example_stands_at_its_offset(offset, cells):
    start = re.sub(r'"(\w+)"', lambda m: m[1].encode().hex(), cells.split("..")[0])
    found = bytes.fromhex(start)
    assert LONG[int(offset, 16) :].startswith(found)


def test_the_limits_are_listed_with_their_defaults():
    listed = {}
    table = PAGE[PAGE.index("## 5.") : PAGE.index("## 6.")]
    for names, default in re.findall(r"^\| ([a-z_, ]+) \| ([\d,^]+) \|", table, re.MULTILINE):
        base, _, power = default.replace(",", "").partition("^")
        for name in names.split(", "):
            listed[name] = int(base) ** int(power or 1)
    assert listed == {field.name: field.default for field in fields(Limits)}
