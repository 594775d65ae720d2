"""Where a clip is cut, and how bytes and seconds are shared."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ncodec.formats import VideoInfo
from ncodec.jobs.windows import (
    SHORTEST,
    longest_window,
    scene_starts,
    share_bytes,
    share_seconds,
    split,
    unhurried,
)


@given(st.data(), st.integers(1, 500), st.integers(1, 300))
def test_windows_cover_the_clip_and_none_is_too_long(data, frames, longest):
    cuts = sorted(data.draw(st.sets(st.integers(1, max(frames - 1, 1)), max_size=20)))
    windows = split(frames, [cut for cut in cuts if cut < frames], longest)
    assert [first for first, _ in windows] == [
        sum(n for _, n in windows[:i]) for i in range(len(windows))
    ]
    assert sum(count for _, count in windows) == frames
    assert all(1 <= count <= longest for _, count in windows)


@pytest.mark.parametrize(
    ("frames", "cuts", "longest", "windows"),
    [
        (20, [], 240, [(0, 20)]),
        (20, [10], 240, [(0, 10), (10, 10)]),
        (20, [3, 10], 240, [(0, 10), (10, 10)]),
        (20, [10, 15], 240, [(0, 10), (10, 10)]),
        (250, [], 240, [(0, 125), (125, 125)]),
        (20, [8], 6, [(0, 4), (4, 4), (8, 6), (14, 6)]),
        (1, [], 1, [(0, 1)]),
    ],
)
def test_a_window_ends_at_a_scene_cut_unless_the_scene_is_short(frames, cuts, longest, windows):
    assert SHORTEST == 8
    assert split(frames, cuts, longest) == windows


@pytest.mark.parametrize(
    ("frames", "cuts", "starts"),
    [
        (10, [], (None,)),
        (40, [], (None, 0, 0, 0)),
        (40, [10], (None, None, 1, 1)),
        (40, [20, 30], (None, 0, None, None)),
        (40, [3, 20], (None, 0, None, 2)),
    ],
)
def test_windows_of_a_scene_start_from_its_first(frames, cuts, starts):
    assert scene_starts(split(frames, cuts, longest=10), cuts) == starts


@given(st.integers(0, 10**9), st.lists(st.integers(1, 1000), min_size=1, max_size=50))
def test_bytes_are_shared_by_frames_and_never_exceeded(total, counts):
    shares = share_bytes(total, counts)
    assert total - len(counts) < sum(shares) <= total
    assert all(abs(s - total * n / sum(counts)) < 1 for s, n in zip(shares, counts, strict=True))


@given(st.lists(st.integers(1, 300), min_size=1, max_size=20), st.floats(0, 1e5))
def test_windows_one_after_the_other_take_the_whole_time(counts, seconds):
    remaining = seconds
    for i, count in enumerate(counts):
        remaining -= share_seconds(remaining, count, sum(counts[i:]), workers=1)
    assert remaining == pytest.approx(0, abs=1e-6 * max(seconds, 1))


def test_workers_get_waves_of_equal_length():
    assert share_seconds(60, 10, 40, workers=2) == 30
    assert share_seconds(60, 10, 50, workers=2) == 20
    assert share_seconds(60, 10, 10, workers=2) == 60


def test_windows_that_wait_for_another_get_a_wave_after_it():
    assert share_seconds(60, 10, 20, workers=2, behind=1) == 30
    assert share_seconds(60, 10, 31, workers=2, behind=2) == 30
    assert share_seconds(60, 10, 40, workers=2, behind=3) == 20
    assert share_seconds(60, 10, 20, workers=1, behind=1) == 30


def test_little_time_makes_windows_longer():
    info = VideoInfo(640, 360, 1000, Fraction(1, 25), "yuv420p")
    assert unhurried(info, 240, None, 1) == 240
    assert unhurried(info, 240, 300.0, 1) == 240
    assert unhurried(info, 240, 30.0, 1) == 1000
    assert unhurried(info, 240, 30.0, 2) == 500
    large = replace(info, width=3840, height=2160)
    assert unhurried(large, 40, 30.0, 1) == longest_window(large, 1000) < 1000
