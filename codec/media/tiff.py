"""TIFF images, every sample as it is stored (TIFF 6.0, and BigTIFF)."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncodec.errors import InputError
from ncodec.formats.limits import Limits
from ncodec.media.density import INCH, NO_UNIT, density_chunk
from ncodec.media.image import Image, Metadata, left_out
from ncodec.media.sample_kind import SampleKind, as_words
from ncodec.media.sizes import check_alone, check_size
from ncodec.media.stored import expansion
from ncodec.media.tiff_ifd import Directory, exif_data, pages_of
from ncodec.media.tiff_layout import MIN_IS_WHITE, PALETTE, Layout, layout_of
from ncodec.media.tiff_pixels import read_samples

__all__ = ["read_tiff"]

_COLOURS, _XMP, _ICC = 320, 700, 34675
_DENSITY_X, _DENSITY_Y, _DENSITY_UNIT, _SUB_DIRECTORIES = 282, 283, 296, 330
_UNITS = {1: NO_UNIT, 2: INCH, 3: Fraction(1, 100)}


def read_tiff(data: bytes, name: str, limits: Limits, page: int | None = None) -> Image:
    """The image in a TIFF file with one, or that of a page.

    Palettes become RGB, of 16 bits where their colours need them, and samples of fewer than 8 or 16
    bits are scaled to these; the metadata says what they were. A second or fourth channel is
    alpha. Samples of other types and colours, and further bands, are words (`SampleKind`). Tags
    that describe the image become EXIF data.

    Raises:
        InputError: the file is damaged, has several images, or a layout that is not carried.
        LimitExceeded: the image is larger than `limits` allow.
    """
    try:
        pages, others = pages_of(data)
        tags = pages[page or 0]
    except (ValueError, IndexError) as error:
        raise InputError(f"{name} is a damaged TIFF ({error}): get the whole file") from None
    if page is None:
        check_alone(name, len(pages))
    layout = layout_of(tags, name)
    check_size(layout.width, layout.height, name, limits)
    limits.check("frame_pixels", layout.words)
    try:
        samples = read_samples(data, tags, layout)
        pixels, metadata, lost = _image(samples, tags, layout)
    except ValueError:
        raise InputError(
            f"{name} has TIFF image data that cannot be decoded: get the whole file"
        ) from None
    if others and not page:
        lost.append("smaller versions of the picture, or masks")
    return Image(pixels, metadata=metadata, notices=left_out(name, lost))


def _image(
    samples: NDArray[Any], tags: Directory, layout: Layout
) -> tuple[NDArray[Any], Metadata, list[str]]:
    """The pixels of stored samples, the metadata, and what is left out."""
    lost = ["further pictures (SubIFDs)"] if _SUB_DIRECTORIES in tags.fields else []
    chunks, kind, scale = _density(tags), SampleKind(), 0
    maximum = (1 << layout.bits) - 1 if layout.bits < 16 and layout.bits != 8 else 0
    if layout.photometric == PALETTE:
        table, scale = _colours(tags)
        if int(samples.max()) >= len(table):
            raise ValueError("an index outside the palette")
        pixels = table[samples[:, :, 0]]
        maximum = (1 << layout.bits) - 1 if scale else 0
        if scale:
            chunks = (*chunks, ("PLTE", table.tobytes()))
        else:
            lost.append("a palette of 16-bit colours")
    else:
        kind = layout.kind
        if maximum:
            samples = expansion(maximum)[samples]
        pixels = samples if kind.is_plain else as_words(samples)
        if layout.photometric == MIN_IS_WHITE:
            pixels = np.invert(pixels)
    metadata = Metadata(
        icc=tags.blob(_ICC),
        exif=exif_data(tags),
        xmp=tags.blob(_XMP).rstrip(b"\0"),
        chunks=chunks,
        maximum=maximum,
        colour_scale=scale % 257,
        samples=kind,
    )
    return np.ascontiguousarray(pixels), metadata, lost


def _density(tags: Directory) -> tuple[tuple[str, bytes], ...]:
    """The density of pixels for other formats; EXIF data has it as it is."""
    x, y = tags.rational(_DENSITY_X), tags.rational(_DENSITY_Y)
    unit = _UNITS.get(tags.integer(_DENSITY_UNIT, 2), NO_UNIT)
    return density_chunk(x, y, unit) if x and y else ()


def _colours(tags: Directory) -> tuple[NDArray[Any], int]:
    """The palette (entries, 3), of 8 bits where those hold its colours, and what they were
    multiplied by, else 0."""
    table = np.array(tags.integers(_COLOURS), np.uint16).reshape(3, -1).T
    for scale in (257, 256):
        if not (table % scale).any():
            return (table // scale).astype(np.uint8), scale
    return table, 0
