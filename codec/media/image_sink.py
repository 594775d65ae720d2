"""Writes still images into files that hold every sample."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ncodec.errors import OutputError
from ncodec.formats.output import atomic_output
from ncodec.media.bmp import write_bmp
from ncodec.media.image import Image, Metadata
from ncodec.media.pfm import write_pfm
from ncodec.media.png_writer import write_png
from ncodec.media.pnm import write_pnm
from ncodec.media.sample_kind import SampleKind
from ncodec.media.stored import reduced
from ncodec.media.tiff_ifd import parse_tiff
from ncodec.media.tiff_writer import write_tiff

__all__ = ["OUTPUT_SUFFIXES", "are_pages", "suffix_for", "unheld", "write_image"]

_WEBP_SIDE = 16383
_WEBP_METHOD = 4
_LARGEST_BMP = 1 << 31
"""The bytes of the largest BMP: decoders read the sizes in its header as 32 bits with a sign."""


@dataclass(frozen=True, slots=True)
class _Format:
    """What a file format holds exactly.

    Attributes:
        layouts: pairs (channels, bits a sample).
        metadata: the names of the fields of `Metadata`, and types of chunks where it has no place
            for any chunk; "comment" and "scale" for text with these keywords; "thumbnail" for
            that of EXIF data.
    """

    write: Callable[[BinaryIO, Image], None]
    layouts: frozenset[tuple[int, int]]
    metadata: frozenset[str] = frozenset()


def _write_webp(stream: BinaryIO, image: Image) -> None:
    meta = image.metadata
    stream.write(
        _by_pillow(
            image,
            "WEBP",
            lossless=True,
            exact=True,  # keeps the colour under transparent pixels
            quality=80,
            method=_WEBP_METHOD,
            icc_profile=meta.icc,
            exif=meta.exif,
            xmp=meta.xmp,
        )
    )


def _by_pillow(image: Image, name: str, **options: object) -> bytes:
    """A function that writes pixels of 8 bits in a format of Pillow's."""
    from PIL import Image as PillowImage

    held = BytesIO()
    pixels = image.pixels[:, :, 0] if image.channels == 1 else image.pixels
    PillowImage.fromarray(pixels).save(held, name, **options)
    return held.getvalue()


def _write_npy(stream: BinaryIO, image: Image) -> None:
    samples = image.samples
    pixels = samples[:, :, 0] if samples.shape[2] == 1 else samples
    np.lib.format.write_array(stream, pixels, allow_pickle=False)


_ANY = frozenset((channels, bits) for channels in (1, 2, 3, 4) for bits in (8, 16))
_PNG = _Format(write_png, _ANY, frozenset(("icc", "exif", "xmp", "text", "chunks", "photoshop")))
_TIFF = _Format(
    write_tiff,
    _ANY,
    frozenset(("icc", "exif", "xmp", "photoshop", "pHYs", "PLTE", "extra")),
)
_ANY_SAMPLES = frozenset((".npy", ".tif", ".tiff"))
"""The formats of samples of all types and of any number of bands."""
_LARGEST_TIFF = 1 << 32
"""The bytes of a TIFF, whose offsets have 32 bits; deflate may add a little."""
_COMMENT = frozenset(("comment",))
_FORMATS = {
    ".png": _PNG,
    ".tif": _TIFF,
    ".tiff": _TIFF,
    ".webp": _Format(
        _write_webp, frozenset(((3, 8), (4, 8))), frozenset(("icc", "exif", "xmp", "thumbnail"))
    ),
    ".pbm": _Format(partial(write_pnm, suffix=".pbm"), frozenset(((1, 8),)), _COMMENT),
    ".pgm": _Format(partial(write_pnm, suffix=".pgm"), frozenset(((1, 8), (1, 16))), _COMMENT),
    ".ppm": _Format(partial(write_pnm, suffix=".ppm"), frozenset(((3, 8), (3, 16))), _COMMENT),
    ".pnm": _Format(
        partial(write_pnm, suffix=".pnm"),
        frozenset(((1, 8), (1, 16), (3, 8), (3, 16))),
        _COMMENT,
    ),
    ".pam": _Format(partial(write_pnm, suffix=".pam"), _ANY, _COMMENT),
    ".bmp": _Format(write_bmp, frozenset(((1, 8), (3, 8))), frozenset(("pHYs", "PLTE"))),
    ".npy": _Format(_write_npy, _ANY),
    ".pfm": _Format(write_pfm, frozenset(((1, 16), (3, 16))), frozenset(("scale",))),
}
_TEXTS = {"Comment": "comment", "Scale": "scale"}
_WORDS = {
    "scale": "scale of a PFM",
    "PLTE": "palette",
    "pHYs": "density",
    "comment": "text",
    "extra": "the meaning of its alpha, which is premultiplied or unknown",
}

OUTPUT_SUFFIXES = frozenset(_FORMATS)
"""The extensions that `write_image` knows."""


def write_image(
    destination: str | Path | BinaryIO, image: Image, suffix: str | None = None
) -> tuple[str, ...]:
    """Writes `image` in the format that the extension names.

    A file appears whole or not at all; one that is there already is replaced in one step.

    Args:
        destination: a path, or a stream that is open for writing.
        suffix: ".png" or another extension of `OUTPUT_SUFFIXES`; a path's own if not given, and
            ".png" for a stream.

    Returns:
        What of `image.metadata` the format has no place for, in words.

    Raises:
        OutputError: the format does not hold these samples exactly, or the file cannot be written.
    """
    if isinstance(destination, str | Path):
        path = Path(destination)
        suffix = path.suffix if suffix is None else suffix
        data_format = _format_of(suffix, image, str(path))
        with atomic_output(path) as stream:
            data_format.write(stream, image)
    else:
        suffix = suffix or ".png"
        _format_of(suffix, image, "the output").write(destination, image)
    return unheld(suffix, image.metadata)


def suffix_for(image: Image, wished: str) -> str:
    """`wished` where that format holds samples and metadata of `image`, else ".png", or ".tif"
    where PNG does not."""
    kind = image.metadata.samples
    best = ".png" if kind.is_plain and not kind.extra else ".tif"
    if wished.lower() in (".npy", "") or not _holds(wished.lower(), image):
        return best
    return best if unheld(wished, image.metadata) else wished


def are_pages(images: Sequence[Image]) -> bool:
    """Whether one TIFF holds them all."""
    fits = all(_holds(".tif", image) for image in images)
    return fits and sum(image.pixels.nbytes for image in images) < _LARGEST_TIFF


def unheld(suffix: str, metadata: Metadata) -> tuple[str, ...]:
    """What `metadata` has that a file with this extension has no place for, in words."""
    held = _FORMATS[suffix.lower()].metadata
    extra = {"extra"} if metadata.samples.extra else set()
    if "chunks" in held:
        return tuple(_WORDS[each] for each in extra)
    kinds = {kind for kind, _ in metadata.chunks}
    if "tRNS" in kinds:
        held -= {"PLTE"}
    texts = {_TEXTS.get(keyword, "text") for keyword, _ in metadata.text}
    thumbnail = {"thumbnail"} if _has_thumbnail(metadata.exif) else set()
    blobs = {key for key in ("icc", "exif", "xmp", "photoshop") if getattr(metadata, key)}
    # The opacity that tRNS gives is in the samples.
    lost = (blobs | texts | kinds | thumbnail | extra) - held - {"tRNS"}
    return tuple(sorted({_WORDS.get(each, each) for each in lost}))


def _has_thumbnail(exif: bytes) -> bool:
    """Whether EXIF data has a second directory, which is of the thumbnail."""
    try:
        return parse_tiff(exif).next_offset > 0
    except ValueError:
        return False


def _format_of(suffix: str, image: Image, name: str) -> _Format:
    data_format = _FORMATS.get(suffix.lower())
    if data_format is not None and _holds(suffix.lower(), image):
        return data_format
    able = [key for key in _FORMATS if _holds(key, image)]
    reason = (
        f"has the extension {suffix!r}, in which ncodec cannot keep every sample"
        if data_format is None
        else f"cannot hold this image of {image.width}x{image.height} {_samples(image)} exactly"
    )
    raise OutputError(f"{name} {reason}: use {', '.join(able)}")


def _samples(image: Image) -> str:
    kind = image.metadata.samples
    return kind.words or image.pixel_format


def _holds(suffix: str, image: Image) -> bool:
    data_format = _FORMATS.get(suffix)
    if data_format is None or (image.channels, image.bit_depth) not in data_format.layouts:
        return False
    kind = image.metadata.samples
    if suffix == ".pfm":
        return kind == SampleKind("f4")
    if not kind.is_plain:
        return suffix in _ANY_SAMPLES
    if suffix == ".webp":
        # libwebp drops alpha that is opaque everywhere.
        kept = image.channels == 3 or bool((image.pixels[..., 3] < 255).any())
        return kept and max(image.width, image.height) <= _WEBP_SIDE
    if suffix == ".pbm":
        return reduced(image.pixels, 1) is not None
    largest = {".bmp": _LARGEST_BMP, ".tif": _LARGEST_TIFF, ".tiff": _LARGEST_TIFF}
    return image.pixels.nbytes < largest.get(suffix, image.pixels.nbytes + 1)
