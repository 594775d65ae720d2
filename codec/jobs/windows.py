"""The windows that a clip is cut into, and how bytes and time are shared between them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import ceil

from ncodec.formats import VideoInfo

__all__ = ["longest_window", "scene_starts", "share_bytes", "share_seconds", "split", "unhurried"]

MEMORY = 1 << 30
"""The most bytes of a window's frames as RGB, which a fit holds in memory: 170 frames of 1080p."""

HURRIED = 1e-6
"""Seconds for a pixel of the clip: with fewer there is no time for a network every few seconds."""

SHORTEST = 8
"""The frames of the shortest scene with a window of its own; a shorter one stays with the one
before, as a network of its own costs more."""


def split(frames: int, cuts: Sequence[int], longest: int) -> list[tuple[int, int]]:
    """The (first frame, frame count) of each window, in order, without gaps.

    A window ends at a scene cut, or where it would be longer than `longest`; a scene that has
    to be divided is divided evenly.

    Args:
        frames: the clip's.
        cuts: the first frames of new scenes, ascending.
        longest: the most frames of a window.
    """
    starts = [0]
    for cut in cuts:
        if cut - starts[-1] >= SHORTEST and frames - cut >= SHORTEST:
            starts.append(cut)
    windows = []
    for start, end in zip(starts, [*starts[1:], frames], strict=True):
        pieces = ceil((end - start) / longest)
        edges = [start + (end - start) * i // pieces for i in range(pieces + 1)]
        windows += [(a, b - a) for a, b in pairwise(edges)]
    return windows


def scene_starts(windows: Sequence[tuple[int, int]], cuts: Sequence[int]) -> tuple[int | None, ...]:
    """The index of the first window of each window's scene; None for that one itself.

    Args:
        windows: what `split` made.
        cuts: first frames of new scenes.
    """
    starts: list[int | None] = []
    first, begins = 0, {0, *cuts}
    for index, (frame, _) in enumerate(windows):
        if frame in begins:
            first = index
        starts.append(None if index == first else first)
    return tuple(starts)


def longest_window(info: VideoInfo, frames: int) -> int:
    """The frames of a window: `frames`, or fewer where their RGB would take over `MEMORY` bytes."""
    frame = 3 * info.width * info.height * (1 if info.bit_depth == 8 else 2)
    return max(1, min(frames, MEMORY // frame))


def unhurried(info: VideoInfo, longest: int, seconds: float | None, workers: int) -> int:
    """The frames of a window: `longest`, or more where `seconds` for the clip are so few that one
    network has to do for as many frames as there are, or for a worker's share of them.
    """
    pixels = info.width * info.height * info.frames
    if seconds is None or seconds * workers >= HURRIED * pixels:
        return longest
    return max(longest, longest_window(info, ceil(info.frames / workers)))


def share_bytes(total: int, counts: Sequence[int]) -> list[int]:
    """`total` bytes divided in proportion to `counts`, rounded down."""
    return [total * count // sum(counts) for count in counts]


def share_seconds(
    remaining: float, frames: int, waiting: int, workers: int, behind: int = 0
) -> float:
    """The wall time in seconds for a window of `frames`, of `remaining` seconds for `waiting`
    frames in all.

    `waiting` counts this window. With several workers time is dealt in waves of equal length,
    so that the last wave ends in time.

    Args:
        remaining: the seconds until all must be done.
        frames: the window's.
        waiting: frames that nobody works on yet.
        workers: how many work at a time, as long as there are windows for them.
        behind: windows as long as this one that cannot be begun before it is done.
    """
    share = min(workers * frames / waiting, 1.0)
    if workers == 1:
        return remaining * share
    return remaining / max(ceil(1 / share), 1 + ceil(behind / workers))
