"""What a pixel may be: what followed its neighbourhood before, else one of its neighbours.

A cache's entry is the pixel that followed a neighbourhood, in `followers`, uint64 [CACHES, 2**k],
and in `checks`, uint32 [CACHES, 2**k], 24 bits of the neighbourhood's hash above a count of how
often in a row it did, 0 for an empty entry. The functions are inlined and take arrays one by one:
a tuple of arrays would cost their reference counts for every pixel.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ncodec.formats.entropy.kernels import kernel
from ncodec.photo.simple.mixing import slot, stir

__all__ = ["CACHES", "CANDIDATES", "SOURCES", "look_around", "remember"]

CANDIDATES = 3
"""The most candidates that a pixel has; all are different."""

CACHES = 3
"""The number of caches: of neighbourhoods of 12, 6 and 2 pixels."""

SOURCES = CACHES + 4
"""The sources of candidates: the caches, then west, north, north-east and north-west."""

_ONE = np.uint64(1)
_CHECK = np.uint64((1 << 24) - 1)
_REPEATS, _REPEAT_BITS = np.uint32(255), np.uint32(8)


@kernel(inline="always")
def look_around(
    padded: Any,
    y: Any,
    x: Any,
    followers: Any,
    checks: Any,
    shift: Any,
    hashes: Any,
    near: Any,
    candidates: Any,
    sources: Any,
    repeats: Any,
) -> Any:
    """The number of candidates, and the hash of 4 pixels around.

    Fills in `hashes`, uint64 [CACHES], `near`, uint64 [5]: west, north, north-west, north-east,
    west-west, and of the candidates the pixels, sources and the caches' counts.
    """
    near[0], near[1] = padded[y, x - 1], padded[y - 1, x]
    near[2], near[3], near[4] = padded[y - 1, x - 1], padded[y - 1, x + 1], padded[y, x - 2]
    hash_2 = stir(stir(_ONE, near[0]), near[1])
    hash_4 = stir(stir(hash_2, near[2]), near[3])
    hash_6 = stir(stir(hash_4, near[4]), padded[y - 2, x])
    hash_9 = stir(stir(hash_6, padded[y - 2, x + 1]), padded[y - 1, x + 2])
    hash_9 = stir(hash_9, padded[y - 1, x - 2])
    hash_12 = stir(stir(hash_9, padded[y - 2, x - 1]), padded[y, x - 3])
    hashes[0], hashes[1], hashes[2] = stir(hash_12, padded[y - 3, x]), hash_6, hash_2
    count = 0
    for source in range(SOURCES):
        times = np.int64(0)
        if source < CACHES:
            entry = slot(hashes[source], 0, shift)
            check = checks[source, entry]
            times = np.int64(check & _REPEATS)
            if times == 0 or check >> _REPEAT_BITS != np.uint32(hashes[source] & _CHECK):
                continue
            pixel = followers[source, entry]
        else:
            # West, north, north-east, north-west.
            place = source - CACHES
            pixel = near[place if place < 2 else 5 - place]
        new = count < CANDIDATES
        for k in range(count):
            new = new and candidates[k] != pixel
        if new:
            candidates[count] = pixel
            sources[count] = source
            repeats[count] = times
            count += 1
    return count, hash_4


@kernel(inline="always")
def remember(hashes: Any, followers: Any, checks: Any, shift: Any, pixel: Any) -> None:
    """Notes in the caches which pixel followed the neighbourhoods of `hashes`."""
    for cache in range(CACHES):
        entry = slot(hashes[cache], 0, shift)
        check = checks[cache, entry]
        name = np.uint32(hashes[cache] & _CHECK)
        repeats = check & _REPEATS
        same = check >> _REPEAT_BITS == name and repeats > 0
        if same and followers[cache, entry] == pixel:
            repeats = min(repeats + np.uint32(1), _REPEATS)
        elif same and repeats > 1:
            # One surprise does not unseat what came often.
            repeats >>= np.uint32(1)
        else:
            followers[cache, entry] = pixel
            repeats = np.uint32(1)
        checks[cache, entry] = name << _REPEAT_BITS | repeats
