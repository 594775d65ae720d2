"""Samples as files store them: indices of a palette, a colour that is transparent, and samples up
to another maximum."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.media.image import Image, Metadata
from ncodec.media.sample_kind import as_words

__all__ = ["colour_table", "expansion", "indices", "keyed", "packed", "reduced", "scaled"]

_LARGEST_INDICES = (1, 3, 15, 255)
_BAND = 1 << 20
"""The pixels that are looked up at a time."""


def colour_table(colours: bytes, alpha: bytes) -> NDArray[np.uint8]:
    """The palette (entries, 3), or (entries, 4) with `alpha`, that chunks PLTE and tRNS hold."""
    entries = min(len(colours) // 3, 256)
    table = np.full((entries, 4 if alpha else 3), 255, np.uint8)
    table[:, :3] = np.frombuffer(colours, np.uint8, 3 * entries).reshape(-1, 3)
    if alpha:
        table[: len(alpha), 3] = np.frombuffer(alpha[:entries], np.uint8)
    return table


def indices(image: Image) -> NDArray[np.uint8] | None:
    """Indices (height, width, 1) of the palette that the image's file had.

    Of equal entries the first is taken. None where there was no palette, and where a pixel has a
    colour that is not in it, as after a lossy codec.
    """
    metadata, pixels = image.metadata, image.pixels
    if metadata.maximum not in _LARGEST_INDICES or not metadata.chunk("PLTE"):
        return None
    table = colour_table(metadata.chunk("PLTE"), metadata.chunk("tRNS"))[: metadata.maximum + 1]
    if not len(table) or pixels.dtype != np.uint8 or pixels.shape[2] != table.shape[1]:
        return None
    keys = _as_words(table)
    order = np.argsort(keys, kind="stable")
    ranked = keys[order]
    found = np.empty((image.height, image.width, 1), np.uint8)
    rows = max(1, _BAND // image.width)
    for first in range(0, image.height, rows):
        wanted = _as_words(pixels[first : first + rows])
        places = np.minimum(np.searchsorted(ranked, wanted), len(ranked) - 1)
        if not np.array_equal(ranked[places], wanted):
            return None
        found[first : first + rows, :, 0] = order[places]
    return found


def _as_words(colours: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """Colours (..., 3 or 4) as one number each."""
    words = np.zeros((*colours.shape[:-1], 4), np.uint8)
    words[..., : colours.shape[-1]] = colours
    return words.view(np.uint32)[..., 0]


def keyed(pixels: NDArray[Any], key: bytes, depth: int) -> NDArray[Any]:
    """`pixels` with an alpha channel: 0 where they equal the colour that a chunk tRNS holds.

    Args:
        pixels: grey or RGB, expanded to 8 bits from fewer.
        key: 16 bits for each channel, the lower `depth` of which count.
        depth: the bits of a sample in the file.
    """
    colour = np.frombuffer(key, ">u2").astype(np.int64) & ((1 << depth) - 1)
    if depth < 8:
        colour *= 255 // ((1 << depth) - 1)
    top = np.iinfo(pixels.dtype).max
    opaque = (pixels != colour).any(axis=2, keepdims=True)
    return np.concatenate((pixels, (opaque * top).astype(pixels.dtype)), axis=2)


def expansion(maximum: int) -> NDArray[Any]:
    """What samples 0 to `maximum` are of 255, or of 65535 if they need it; no two are the same."""
    dtype = np.uint8 if maximum < 256 else np.uint16
    return _scaled(maximum, int(np.iinfo(dtype).max)).astype(dtype)


def reduced(pixels: NDArray[Any], maximum: int) -> NDArray[Any] | None:
    """The samples of which `expansion` made `pixels`; None where it did not make them all."""
    table = expansion(maximum)
    if pixels.dtype != table.dtype:
        return None
    back = _scaled(int(np.iinfo(table.dtype).max), maximum).astype(table.dtype)
    samples = back[pixels]
    return samples if np.array_equal(table[samples], pixels) else None


def _scaled(maximum: int, to: int) -> NDArray[np.int64]:
    """The numbers 0 to `maximum` times `to` / `maximum`, rounded."""
    return (2 * to * np.arange(maximum + 1, dtype=np.int64) + maximum) // (2 * maximum)


def packed(samples: NDArray[Any], bits: int) -> NDArray[np.uint8]:
    """Rows (height, width) of samples of up to 16 bits as bytes, the first in the top bits."""
    if bits in (8, 16):
        return samples.astype(f">u{bits // 8}").view(np.uint8)
    top = samples.astype(">u2")[:, :, None].view(np.uint8)
    rows = max(1, _BAND // samples.shape[1])
    parts = [
        np.packbits(
            np.unpackbits(top[y : y + rows], axis=2)[:, :, 16 - bits :].reshape(
                -1, samples.shape[1] * bits
            ),
            axis=1,
        )
        for y in range(0, len(top), rows)
    ]
    return np.concatenate(parts)


def scaled(samples: NDArray[Any], bits: int, metadata: Metadata, notices: tuple[str, ...]) -> Image:
    """An image of samples of so many bits, negative for floating-point ones."""
    samples = samples if samples.ndim == 3 else samples[:, :, None]
    if bits < 0:
        kind = replace(metadata.samples, type=samples.dtype.str[1:])
        return Image(as_words(samples), metadata=replace(metadata, samples=kind), notices=notices)
    if bits not in (8, 16):
        top = (1 << bits) - 1
        samples, metadata = expansion(top)[samples], replace(metadata, maximum=top)
    return Image(samples, metadata=metadata, notices=notices)
