"""Images that are no photographs: screens, text, charts, icons, gradients, masks, noise.

    raw       samples as they are: what an expansion costs at most is a byte
    constant  one pixel
    packed    a palette and as few bits a pixel as number it: dense noise of few colours
    modelled  `simple.pixels`, on the planes that are neither constant nor copies of another
    short     the same with a short header, for icons

A byte says which; docs/simple-tiles.md has every bit.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.formats.entropy import ranges
from ncodec.photo.simple.estimate import looks_synthetic
from ncodec.photo.simple.mixing import Coder
from ncodec.photo.simple.pixels import MOST_COLOURS, WORDS_A_PIXEL, code_pixels
from ncodec.photo.simple.plan import (
    CODED,
    COPY,
    FLAT,
    NOTHING,
    Pixels,
    Plan,
    best_references,
    damaged,
    kinds_of_planes,
)
from ncodec.photo.simple.short import cut_stream, pack_short, uncut_stream, unpack_short

__all__ = ["decode_simple", "encode_simple", "looks_synthetic"]

_RAW, _CONSTANT, _PACKED, _MODELLED, _SHORT = range(5)
_PACKED_COLOURS = 16
_TRIAL = 20_000
"""The number of pixels up to which every plan is tried on all of them."""

_SHORT_PIXELS = 48 * 48
"""The pixels of a tile for which the bytes of a header count."""

_CREDIT = 0.97
"""A plan later in the order of liking is taken where it costs less than this share of the best so
far, on a sample."""


class _Tile:
    """The planes to code as packed colours and as numbers of a palette in the order of first
    appearance; both uint64 [height, width], made from planes [height, width, planes]."""

    def __init__(self, planes: Pixels) -> None:
        self.packed = _fields(planes)
        colours, first, places = np.unique(self.packed, return_index=True, return_inverse=True)
        order = np.argsort(first)
        ranks = np.empty(len(order), dtype=np.uint64)
        ranks[order] = np.arange(len(order), dtype=np.uint64)
        self.first = first[order]
        self.palette = colours[order]
        self.numbers = ranks[places].reshape(self.packed.shape)


def encode_simple(pixels: Pixels) -> bytes:
    """The shortest code of `pixels` that the modes above give."""
    raw = bytes([_RAW]) + _little(pixels).tobytes()
    if (pixels == pixels[0, 0]).all():
        return bytes([_CONSTANT]) + _little(pixels[0, 0]).tobytes()
    planes, levels = kinds_of_planes(pixels)
    coded = pixels[:, :, [i for i, plane in enumerate(planes) if plane == CODED]]
    tile = _Tile(coded)
    best = min(raw, _encode_packed(pixels, tile), key=len)
    plans = [
        Plan(planes, levels, best_references(coded), colours, guessing)
        for colours, guessing in _worthwhile(len(tile.palette), tile.numbers.size)
    ]
    if len(plans) > 1 and tile.numbers.size > _TRIAL:
        plans = _most_promising(plans, _Tile(_bands(coded)), pixels.itemsize)
    for plan in plans:
        best = _encode_modelled(tile, plan, pixels.itemsize, len(best)) or best
    return best


def decode_simple(data: bytes, shape: tuple[int, int, int], dtype: Any) -> Pixels:
    """The pixels, `dtype` (uint8 or uint16) of `shape`. Memory is bounded by the shape.

    Raises:
        DamagedFile: `data` is no code of such pixels.
    """
    kind = np.dtype(dtype)
    if not data or data[0] > _SHORT:
        raise damaged(f"its mode is {data[:1].hex() or 'missing'}")
    mode, rest = data[0], data[1:]
    if mode == _PACKED:
        return _decode_packed(rest, shape, kind)
    if mode == _MODELLED:
        plan, body = Plan.unpack(rest, shape[2], kind.itemsize)
        return _decode_modelled(plan, ranges.to_words(body), shape, kind)
    if mode == _SHORT:
        plan, body = unpack_short(rest, shape[2], kind.itemsize)
        return _decode_modelled(plan, uncut_stream(body), shape, kind)
    stored = shape[2:] if mode == _CONSTANT else shape
    if len(rest) != int(np.prod(stored)) * kind.itemsize:
        raise damaged(f"it holds {len(rest)} bytes of samples")
    samples = np.frombuffer(rest, dtype=kind.newbyteorder("<")).astype(kind).reshape(stored)
    return np.broadcast_to(samples, shape).copy()


def _encode_packed(pixels: Pixels, tile: _Tile) -> bytes:
    """A palette in the order of first appearance, then numbers of 1, 2 or 4 bits, low bits first,
    without gaps at the ends of rows; raw samples if the colours are too many."""
    colours = len(tile.palette)
    if colours > _PACKED_COLOURS:
        return bytes([_RAW]) + _little(pixels).tobytes()
    bits = _number_bits(colours)
    slots = 8 // bits
    numbers = np.zeros(-(-tile.numbers.size // slots) * slots, dtype=np.uint8)
    numbers[: tile.numbers.size] = tile.numbers.ravel()
    shifts = np.arange(0, 8, bits, dtype=np.uint8)
    body = np.bitwise_or.reduce(numbers.reshape(-1, slots) << shifts, axis=1)
    palette: Pixels = _little(pixels.reshape(-1, pixels.shape[2])[tile.first])
    return b"".join([bytes([_PACKED, colours]), palette.tobytes(), body.tobytes()])


def _decode_packed(data: bytes, shape: tuple[int, int, int], kind: np.dtype[Any]) -> Pixels:
    height, width, channels = shape
    colours = data[0] if data else 0
    if not 2 <= colours <= _PACKED_COLOURS:
        raise damaged(f"its palette has {colours} colours")
    bits = _number_bits(colours)
    end = 1 + colours * channels * kind.itemsize
    if len(data) != end + -(-height * width * bits // 8):
        raise damaged(f"it holds {len(data)} bytes for {colours} colours")
    palette = np.frombuffer(data[1:end], dtype=kind.newbyteorder("<")).reshape(colours, channels)
    body = np.frombuffer(data[end:], dtype=np.uint8)
    numbers = body[:, None] >> np.arange(0, 8, bits, dtype=np.uint8) & ((1 << bits) - 1)
    numbers = numbers.ravel()[: height * width]
    if numbers.max() >= colours:
        raise damaged(f"it uses colour {numbers.max()} of {colours}")
    pixels: Pixels = palette[numbers].astype(kind).reshape(shape)
    return pixels


def _number_bits(colours: int) -> int:
    return 1 if colours <= 2 else 2 if colours <= 4 else 4


def _encode_modelled(tile: _Tile, plan: Plan, size: int, limit: int) -> bytes | None:
    """The code, with its mode, if it is shorter than `limit` bytes; samples have `size` bytes."""
    short = pack_short(plan, size) if tile.numbers.size <= _SHORT_PIXELS else None
    head = bytes([_MODELLED]) + plan.pack(size) if short is None else bytes([_SHORT]) + short
    room = max(0, limit - len(head) - 1) // 4
    values = tile.numbers if plan.colours else tile.packed
    words = np.empty(room + WORDS_A_PIXEL * values.shape[1] + 2, dtype=np.uint32)
    coder = Coder(ranges.start_encoding(), words, True)
    if not _code_plan(values.copy(), coder, plan, size, tile.palette.copy(), room):
        return None
    if short is not None:
        code = head + cut_stream(coder.state, words)
        return code if len(code) < limit else None
    count = int(ranges.finish(coder.state, words))
    return head + ranges.to_bytes(words, count) if count <= room else None


def _code_plan(
    values: NDArray[np.uint64],
    coder: Coder,
    plan: Plan,
    size: int,
    palette: NDArray[np.uint64],
    limit: int,
) -> bool:
    """Runs `code_pixels` as the plan says."""
    references = np.array([NOTHING, *plan.references, NOTHING], dtype=np.int64)
    channels = len(plan.coded)
    return code_pixels(
        values,
        coder,
        plan.colours,
        channels,
        8 * size,
        references,
        palette,
        limit,
        plan.guessing,
    )


def _decode_modelled(
    plan: Plan, words: NDArray[np.uint32], shape: tuple[int, int, int], kind: np.dtype[Any]
) -> Pixels:
    height, width, _ = shape
    coder = Coder(ranges.start_decoding(words), words, False)
    values = np.zeros((height, width), dtype=np.uint64)
    palette = np.zeros(max(1, plan.colours), dtype=np.uint64)
    _code_plan(values, coder, plan, kind.itemsize, palette, 0)
    ranges.require_intact(coder.state, words)
    colours = palette[values.astype(np.int64)] if plan.colours else values
    pixels = np.empty(shape, dtype=kind)
    levels = iter(plan.levels)
    depth = 8 * kind.itemsize
    mask = np.uint64((1 << depth) - 1)
    for i, plane in enumerate(plan.planes):
        if plane == CODED:
            shift = np.uint64(depth * plan.coded.index(i))
            pixels[:, :, i] = (colours >> shift) & mask
        else:
            pixels[:, :, i] = next(levels) if plane == FLAT else pixels[:, :, plane - COPY]
    return pixels


def _fields(pixels: Pixels) -> NDArray[np.uint64]:
    """The packed colours, uint64 [height, width], the first channel in the lowest bits."""
    packed = np.zeros(pixels.shape[:2], dtype=np.uint64)
    for i in range(pixels.shape[2]):
        packed |= pixels[:, :, i].astype(np.uint64) << np.uint64(8 * pixels.itemsize * i)
    return packed


def _worthwhile(colours: int, pixels: int) -> list[tuple[int, bool]]:
    """The pairs worth trying: a number of colours, and whether to guess pixels. In this order of
    liking: numbers for what repeats, guesses for what is flat, neither for gradients."""
    if colours <= _PACKED_COLOURS:
        return [(colours, True)]
    if colours > min(MOST_COLOURS, max(256, pixels // 4)):
        return [(0, True), (0, False)]
    return [(colours, True), (0, True), (0, False)]


def _most_promising(plans: list[Plan], sample: _Tile, size: int) -> list[Plan]:
    """The plan that codes a sample best, or none if the sample does not shrink: noise is not worth
    the time. An earlier plan gets some credit for what it learns with more pixels."""
    best: list[Plan] = []
    fewest = float(len(plans[0].coded) * size * sample.packed.size)
    for plan in plans:
        colours = len(sample.palette) if plan.colours else 0
        code = _encode_modelled(sample, replace(plan, colours=colours), size, int(fewest))
        if code is not None:
            best, fewest = [plan], _CREDIT * len(code)
    return best


def _bands(pixels: Pixels) -> Pixels:
    """Four bands of rows, an eighth of the pixels or more."""
    height = pixels.shape[0]
    rows = min(height, max(8, height // 32))
    return np.concatenate([pixels[i * (height - rows) // 3 :][:rows] for i in range(4)])


def _little(samples: Pixels) -> Pixels:
    return samples.astype(samples.dtype.newbyteorder("<"))
