"""Pixels in raster order, each one of a few candidates or a colour of its own.

What drawn images repeat is neighbourhoods: a glyph, an icon, a dither pattern. Three caches
remember which pixel followed a neighbourhood of 12, 6 or 2 pixels. Their answers, then the
neighbours themselves, are the candidates; a bit each says whether it is the pixel. If none is,
the pixel is a colour seen before, by its number, or a new one, by its channels.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ncodec.formats.entropy.kernels import kernel
from ncodec.photo.simple.candidates import (
    CACHES,
    CANDIDATES,
    SOURCES,
    look_around,
    remember,
)
from ncodec.photo.simple.colours import (
    COLOUR_SETS,
    code_colour,
    code_number,
    magnitude,
)
from ncodec.photo.simple.mixing import (
    CONTEXTS,
    Coder,
    Mixture,
    code_bit,
    mixture,
    slot,
    stir,
)

__all__ = ["MOST_COLOURS", "WORDS_A_PIXEL", "code_pixels"]

MOST_COLOURS = 1 << 16
"""The most colours that can be numbered."""

WORDS_A_PIXEL = 64
"""An encoder's bound: 4 channels of at most 21 bits, at most 16 bits each, and the rest."""

_TOP, _SIDE = 3, 3
"""The rows above and the columns beside the image that neighbourhoods reach into."""

_MISSED = CANDIDATES
"""The rank of a pixel that is no candidate."""

_NEW = COLOUR_SETS
"""The set of weights for the bit that says whether a colour is new."""


class _Scene(NamedTuple):
    """What both sides know while they code.

    Attributes:
        ranks: uint8 [rows, columns]: which candidate each pixel was, or _MISSED.
        residuals: int32 [4, 2, columns]: differences of the row above and of this one.
        followers, checks: the caches, [CACHES, 2**k].
        shift: uint64, 64 - k.
        palette: uint64 [colours]: colours by number.
        hashes: uint64 [CACHES]: this pixel's neighbourhoods.
        near: uint64 [5]: the pixels west, north, north-west, north-east, west-west.
        candidates, sources, repeats: [CANDIDATES]: of this pixel: what it may be, the cache or
            the neighbour that says so, the cache's count.
        contexts: uint64 [CONTEXTS]: scratch.
    """

    hits: Mixture
    misses: Mixture
    ranks: NDArray[np.uint8]
    residuals: NDArray[np.int32]
    followers: NDArray[np.uint64]
    checks: NDArray[np.uint32]
    shift: np.uint64
    palette: NDArray[np.uint64]
    hashes: NDArray[np.uint64]
    near: NDArray[np.uint64]
    candidates: NDArray[np.uint64]
    sources: NDArray[np.int64]
    repeats: NDArray[np.int64]
    contexts: NDArray[np.uint64]


def code_pixels(
    pixels: NDArray[np.uint64],
    coder: Coder,
    colours: int,
    channels: int,
    depth: int,
    references: NDArray[np.int64],
    palette: NDArray[np.uint64],
    limit: int,
    guessing: bool,
) -> bool:
    """Code an image; whether it took no more than `limit` words, else only part of it is coded.

    An encoder needs room for `limit` + WORDS_A_PIXEL * width words.

    Args:
        pixels: uint64 [height, width]: packed colours, `channels` fields of `depth` bits; with
            `colours`, their numbers in the order of first appearance. A decoder fills it in.
        coder: the stream, at its start.
        colours: how many there are, at most MOST_COLOURS, or 0 to code colours without numbers.
        references: as in `code_colour`.
        palette: uint64 [max(1, colours)]: the colours by number; a decoder fills it in.
        guessing: whether a pixel may be a candidate; else every colour is coded.
    """
    bits = min(20, max(10, (2 * pixels.size - 1).bit_length()))
    padded = np.zeros((pixels.shape[0] + _TOP, pixels.shape[1] + 2 * _SIDE), dtype=np.uint64)
    inside = padded[_TOP:, _SIDE:-_SIDE]
    inside[:] = pixels
    scene = _Scene(
        hits=mixture(pixels.size, CANDIDATES * SOURCES * 16),
        misses=mixture(pixels.size, COLOUR_SETS + 1),
        ranks=np.zeros(padded.shape, dtype=np.uint8),
        residuals=np.zeros((4, 2, padded.shape[1]), dtype=np.int32),
        followers=np.zeros((CACHES, 1 << bits), dtype=np.uint64),
        checks=np.zeros((CACHES, 1 << bits), dtype=np.uint32),
        shift=np.uint64(64 - bits),
        palette=palette,
        hashes=np.zeros(CACHES, dtype=np.uint64),
        near=np.zeros(5, dtype=np.uint64),
        candidates=np.zeros(CANDIDATES, dtype=np.uint64),
        sources=np.zeros(CANDIDATES, dtype=np.int64),
        repeats=np.zeros(CANDIDATES, dtype=np.int64),
        contexts=np.zeros(CONTEXTS, dtype=np.uint64),
    )
    within = _code(
        padded, coder, scene, colours, channels, depth, references, np.uint64(limit), guessing
    )
    pixels[:] = inside
    return bool(within)


@kernel
def _code(
    padded: Any,
    coder: Any,
    scene: Any,
    colours: Any,
    channels: Any,
    depth: Any,
    references: Any,
    limit: Any,
    guessing: Any,
) -> Any:
    rows, columns = padded.shape
    hits = scene.hits
    misses = scene.misses
    ranks = scene.ranks
    residuals = scene.residuals
    followers = scene.followers
    checks = scene.checks
    shift = scene.shift
    palette = scene.palette
    hashes = scene.hashes
    near = scene.near
    candidates = scene.candidates
    sources = scene.sources
    repeats = scene.repeats
    contexts = scene.contexts
    seen = 0
    for y in range(_TOP, rows):
        for i in range(_SIDE):
            padded[y, i] = padded[y - 1, _SIDE]
            padded[y - 1, columns - 1 - i] = padded[y - 1, columns - 1 - _SIDE]
            ranks[y, i] = ranks[y - 1, _SIDE]
        for channel in range(residuals.shape[0]):
            for x in range(residuals.shape[2]):
                residuals[channel, 0, x] = residuals[channel, 1, x]
                residuals[channel, 1, x] = 0
        for x in range(_SIDE, columns - _SIDE):
            pixel = padded[y, x]
            count, hash_4 = look_around(
                padded, y, x, followers, checks, shift, hashes, near, candidates, sources, repeats
            )
            # A place that defied the candidates all around is not worth the bits.
            missed = ranks[y, x - 1] + ranks[y - 1, x] + ranks[y - 1, x + 1] + ranks[y - 1, x - 1]
            rank = _MISSED
            known = False
            if (
                guessing
                and (missed < 4 * _MISSED or 0 < colours <= 4)
                and (seen > 0 or colours == 0)
            ):
                last = colours - 1 if seen == colours else 0
                rank, pixel, known = _code_rank(
                    padded,
                    y,
                    x,
                    coder,
                    hits,
                    ranks,
                    hashes,
                    near,
                    candidates,
                    sources,
                    repeats,
                    count,
                    hash_4,
                    pixel,
                    last,
                )
            if not known:
                fresh = True
                if colours > 0:
                    _set_contexts(contexts, near, hashes, hash_4)
                    fresh = seen < colours
                    if 0 < seen < colours:
                        for i in range(CONTEXTS):
                            misses.places[i] = slot(contexts[i], 0, misses.shift)
                        fresh = code_bit(coder, misses, _NEW, np.int64(pixel == seen)) == 1
                    if not fresh:
                        number = code_number(coder, misses, contexts, np.int64(pixel), seen)
                        pixel = np.uint64(number)
                    else:
                        for i in range(5):
                            # Nothing is seen yet: the border's number 0 has no colour.
                            near[i] = palette[near[i]] if seen > 0 else np.uint64(0)
                if fresh:
                    colour = palette[seen] if colours > 0 else pixel
                    colour = code_colour(
                        coder,
                        misses,
                        contexts,
                        colour,
                        near,
                        residuals,
                        x,
                        channels,
                        depth,
                        references,
                    )
                    if colours > 0:
                        palette[seen] = colour
                        pixel = np.uint64(seen)
                        seen += 1
                    else:
                        pixel = colour
                for k in range(count):
                    if candidates[k] == pixel:
                        rank = k
            padded[y, x] = pixel
            ranks[y, x] = rank
            remember(hashes, followers, checks, shift, pixel)
        if coder.encoding and coder.state[2] > limit:
            return False
    return True


@kernel(inline="always")
def _code_rank(
    padded: Any,
    y: Any,
    x: Any,
    coder: Any,
    hits: Any,
    ranks: Any,
    hashes: Any,
    near: Any,
    candidates: Any,
    sources: Any,
    repeats: Any,
    count: Any,
    hash_4: Any,
    pixel: Any,
    last: Any,
) -> Any:
    """Code which candidate the pixel is, if any: its rank, the pixel, whether it is known.

    `last` is the greatest colour number once every colour was seen, else 0: when all colours but
    one are ruled out, it is that one.
    """
    west, north, corner, east = near[0], near[1], near[2], near[3]
    shape = np.int64(west == north) | np.int64(north == east) << 1
    shape |= np.int64(corner == north) << 2 | np.int64(west == corner) << 3
    shape |= np.int64(near[4] == west) << 4 | np.int64(padded[y - 2, x] == north) << 5
    shape |= np.int64(padded[y - 2, x + 1] == east) << 6
    shape |= np.int64(padded[y - 1, x - 2] == corner) << 7
    history = np.int64(ranks[y, x - 1]) | np.int64(ranks[y - 1, x]) << 2
    history |= np.int64(ranks[y - 1, x + 1]) << 4 | np.int64(ranks[y - 1, x - 1]) << 6
    places, shift = hits.places, hits.shift
    others = last * (last + 1) // 2
    for k in range(count):
        candidate = candidates[k]
        source = sources[k]
        trust = magnitude(repeats[k])
        same = np.int64(candidate == west) | np.int64(candidate == north) << 1
        same |= np.int64(candidate == corner) << 2 | np.int64(candidate == east) << 3
        origin = (min(trust, 5) << 3 | source) << 2 | k
        asked = stir(np.uint64(k + 1), candidate)
        places[0] = slot(asked ^ hashes[2], 1, shift)
        places[1] = slot(asked ^ hash_4, 2, shift)
        places[2] = slot(asked ^ hashes[1], 3, shift)
        places[3] = slot(asked ^ hashes[0], 4, shift)
        places[4] = slot(np.uint64((shape << 4 | same) << 2 | k), 5, shift)
        places[5] = slot(np.uint64(history << 8 | origin), 6, shift)
        places[6] = slot(np.uint64(same << 8 | origin) ^ stir(np.uint64(7), west), 7, shift)
        row = (k * SOURCES + source) * 16 + (trust if source < CACHES else same)
        if code_bit(coder, hits, row, np.int64(pixel == candidate)):
            return k, candidate, True
        others -= np.int64(candidate)
        if last > 0 and k + 1 == last:
            return _MISSED, np.uint64(others), True
    return _MISSED, pixel, False


@kernel(inline="always")
def _set_contexts(contexts: Any, near: Any, hashes: Any, hash_4: Any) -> None:
    """The contexts of a colour's number: none, then neighbourhoods of 1 to 6 pixels."""
    contexts[0] = np.uint64(11)
    contexts[1] = stir(np.uint64(12), near[0])
    contexts[2] = stir(np.uint64(13), near[1])
    contexts[3] = hashes[2]
    contexts[4] = hash_4
    contexts[5] = hashes[1]
    contexts[6] = stir(stir(np.uint64(14), near[1]), near[3])
