"""Standard streams that were closed by whoever started ncodec."""

import os
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parents[1] / "golden"
PHOTO, CLIP = GOLDEN / "pc-photo-1-grey.nc", GOLDEN / "ngrid-2-packed.nc"


@pytest.mark.parametrize(
    ("numbers", "arguments", "code"),
    [
        ((1,), ("info", PHOTO), 7),
        ((1,), ("decode", CLIP, "-o", "-"), 7),
        ((2,), ("decode", PHOTO, "-o", "a.png"), 0),
        ((0,), ("info", "-"), 3),
        ((0, 1, 2), ("info", PHOTO), 7),
    ],
)
def test_no_internal_error(fresh, numbers, arguments, code):
    process = fresh(*arguments, preexec_fn=lambda: [os.close(number) for number in numbers])
    _, said = process.communicate()
    assert process.returncode == code
    assert b"internal" not in said
    assert b"Exception" not in said
    assert said.count(b"\n") == (code != 0 and 2 not in numbers)
