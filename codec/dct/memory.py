"""What is learned while coding, as one array: a copy of it is one copy, and a call passes little.

Places in it are constants: the contexts of each decision one behind another, each with its own
line of slots for each key, since keys are few; then weights, maps and taps.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.formats.entropy.lanes import LANES
from ncodec.formats.entropy.logistic import REACH, SQUASH
from ncodec.formats.entropy.signals import TAPS

__all__ = [
    "BEST_MAPS",
    "BEST_SETS",
    "BINS",
    "CONTEXTS",
    "COUNT",
    "LINES_ACROSS",
    "LINES_DOWN",
    "MAPS_AT",
    "MIXED",
    "PLAIN_AT",
    "SIGNALS",
    "TAPS_AT",
    "TURNED",
    "VALUES",
    "WEIGHTS_AT",
    "Memory",
    "map_of",
    "new_memory",
    "part",
    "plain_of",
    "sets_of",
]

Memory = NDArray[np.int32]

MIXED = 0
"""Where the slots of a decision's contexts are put, and behind them their guesses."""
SIGNALS = 2 * LANES
"""Where the signals of a linear prediction are put."""
VALUES, TURNED = SIGNALS + TAPS, SIGNALS + TAPS + 64
"""Where a block's coefficients times their quantisers are, row by row and column by column."""
LINES_DOWN, LINES_ACROSS = TURNED + 64, TURNED + 64 + 32
"""Where the samples of a block's outer rows and columns are put; see `borders`."""
_SLOTS_AT = LINES_ACROSS + 32

_WIDTHS = {
    "inside count": 64,
    "inside": 8,
    "inside sign": 1,
    "edge count": 8,
    "edge": 8,
    "edge sign": 1,
    "dc": 8,
    "dc sign": 1,
}
"""The slots of a line."""

_KEYS = {
    "inside count": (150, 507, 975, 975, 1200, 507, 675),
    "inside": (4704, 6912, 11760, 6144, 5808, 4608, 3072),
    "inside sign": (11025, 11025, 33075, 8085, 33075, 3675, 18375),
    "edge count": (768, 768, 384, 768, 864, 960, 3456),
    "edge": (6720, 8820, 6720, 6720, 5760, 4200, 7680),
    "edge sign": (6510, 6510, 14415, 14415, 11718, 2058, 9114),
    "dc": (4608, 2304, 1152, 3969, 1512, 1152, 1152),
    "dc sign": (108, 300, 675, 300, 2700, 300, 363),
}
"""The keys of each context, all colours together."""

_SETS = {
    "inside count": (3 * 64, 3 * 32, 3 * 25 * 64, 1),
    "inside": (3 * 49 * 8, 3 * 32 * 8, 3 * 12 * 8, 3 * 64 * 8),
    "inside sign": (3 * 49, 3 * 15, 3 * 15, 3 * 5 * 11),
    "edge count": (3 * 2 * 8, 3 * 16, 3 * 2 * 9 * 8, 1),
    "edge": (3 * 14 * 8, 3 * 20 * 8, 3 * 16 * 8, 3 * 64 * 8),
    "edge sign": (3 * 14, 3 * 31, 3 * 31, 3 * 5 * 9),
    "dc": (3 * 3 * 8, 3 * 24 * 8, 3 * 16 * 8, 8),
    "dc sign": (3 * 8, 3 * 25, 3 * 4, 1),
}
"""The weights of a decision that are chosen in four ways, the last two with effort `best` alone."""

BEST_SETS = sum(a + b for a, b, _, _ in _SETS.values())
"""The weights of the first two ways stand twice, those of `best` behind the others."""

_MAPS = {
    "inside count": 6,
    "inside": 8,
    "inside sign": 1,
    "edge count": 3,
    "edge": 8,
    "edge sign": 1,
    "dc": 8,
    "dc sign": 1,
}

BEST_MAPS = sum(_MAPS.values())
"""Maps stand twice, too."""

BINS = 33
"""The points of an adaptive map, from -8 to 8 in the logistic domain."""

_PLAIN = {"inside": 3 * 18 * 32 * 4, "inside sign": 3, "edge": 18 * 65 * 4, "dc": 18 * 24 * 4}
"""The slots of bits that have one context."""

_START = 28_000


def _places() -> tuple[dict[str, tuple[int, ...]], int]:
    at = _SLOTS_AT
    places = {}
    for name, keys in _KEYS.items():
        sizes = [count * _WIDTHS[name] for count in keys]
        places[name] = tuple(at + sum(sizes[:i]) for i in range(len(sizes)))
        at += sum(sizes)
    return places, at


CONTEXTS, PLAIN_AT = _places()
"""CONTEXTS: where the first line of each context of a decision is; lines follow by their keys."""
WEIGHTS_AT = PLAIN_AT + sum(_PLAIN.values())
MAPS_AT = WEIGHTS_AT + LANES * (BEST_SETS + sum(sum(ways) for ways in _SETS.values()))
TAPS_AT = MAPS_AT + BINS * 2 * BEST_MAPS
_SIZE = TAPS_AT + 3 * 64 * TAPS

_PARTS = {
    "best weights": (WEIGHTS_AT + LANES * BEST_SETS, MAPS_AT),
    "best maps": (MAPS_AT + BINS * BEST_MAPS, TAPS_AT),
    "slots": (_SLOTS_AT, WEIGHTS_AT),
    "weights": (WEIGHTS_AT, MAPS_AT),
    "maps": (MAPS_AT, TAPS_AT),
    "taps": (TAPS_AT, _SIZE),
}

COUNT = np.uint32(1023)
"""The bits of a slot that count the bits it has seen; those above are its probability."""


def new_memory() -> Memory:
    """A memory that knows nothing."""
    memory = np.zeros(_SIZE, dtype=np.int32)
    steps = SQUASH[np.clip((np.arange(BINS) - BINS // 2) * 128, -REACH, REACH) + REACH]
    part(memory, "slots")[:] = -(1 << 31)
    part(memory, "weights")[:] = _START
    part(memory, "maps").reshape(-1, BINS)[:] = steps
    return memory


def part(memory: NDArray[Any], name: str) -> NDArray[Any]:
    """A view of what is learned.

    Args:
        name: "slots": 22 bits of probability, 10 of the bits seen; "weights", LANES a set, in
            1/65536; "maps", BINS a map: probabilities in 1/65536; "taps", TAPS a coefficient and
            colour: weights of linear predictions in 1/65536; "best weights" and "best maps": those
            that effort `best` alone has.
    """
    start, stop = _PARTS[name]
    return memory[start:stop]


def sets_of(name: str) -> tuple[int, int, int, int]:
    """The numbers of the first sets of a decision, in all ways: first those of all decisions in the
    first two ways, then the same of `best`, then the others."""
    index = list(_SETS).index(name)
    before = list(_SETS.values())[:index]
    own = _SETS[name]
    a = sum(counts[0] + counts[1] for counts in before)
    c = 2 * BEST_SETS + sum(counts[2] + counts[3] for counts in before)
    return a, a + own[0], c, c + own[2]


def map_of(name: str) -> int:
    """The number of the first map of a decision."""
    return sum(list(_MAPS.values())[: list(_MAPS).index(name)])


def plain_of(name: str) -> int:
    """The number of the first plain slot of a decision."""
    return sum(list(_PLAIN.values())[: list(_PLAIN).index(name)])
