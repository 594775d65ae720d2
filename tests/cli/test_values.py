"""How people write times, sizes and ranges."""

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ncodec.cli.progress import duration
from ncodec.cli.values import DURATION, FRAMES, SIZE


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("90s", 90),
        ("1.5m", 90),
        (".5min", 30),
        ("2h", 7200),
        ("1:30", 90),
        ("1:02:03.5", 3723.5),
        ("0", 0),
    ],
)
def test_times(text, seconds):
    assert DURATION.convert(text, None, None) == seconds


@pytest.mark.parametrize(
    ("text", "size"),
    [("150000", 150000), ("150k", 150000), ("150kB", 150000), ("1.5M", 1500000), ("64KiB", 65536)],
)
def test_sizes(text, size):
    assert SIZE.convert(text, None, None) == size


@pytest.mark.parametrize(
    ("text", "frames"),
    [("10:20", slice(10, 20)), (":50", slice(50)), ("-25:", slice(-25, None)), (":", slice(None))],
)
def test_frames(text, frames):
    assert FRAMES.convert(text, None, None) == frames


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        *((DURATION, text) for text in ("", "-1", "ten", "1d", "nan", "inf", "1:", "1e9")),
        *((SIZE, text) for text in ("", "0", "-5k", "k", "1.2.3", "1T", "0.1", "9" * 400)),
        *((FRAMES, text) for text in ("", "5", "1:2:3", "a:b", "1-2")),
    ],
)
def test_what_is_none_is_refused_with_examples(kind, text):
    with pytest.raises(click.BadParameter, match="write "):
        kind.convert(text, None, None)


@given(st.text(max_size=12))
def test_no_text_does_more_than_be_refused(text):
    for kind in (DURATION, SIZE, FRAMES):
        try:
            kind.convert(text, None, None)
        except click.BadParameter as error:
            assert repr(text) in str(error)  # noqa: PT017


def test_durations_in_words():
    assert [duration(s) for s in (0.4, 59.6, 200, 7500)] == [
        "0 s",
        "1 min 0 s",
        "3 min 20 s",
        "2 h 5 min",
    ]
